"""Every route of every service, tried as nobody, as a stranger, as the owner and as an administrator.

RULES says for each route what they must get. A route that is missing there fails the test, so that
none is added unseen: say to whom its thing belongs, and what others are told."""

import dataclasses
import json
import subprocess
import zlib

import pytest

from client import fresh
from conftest import ADMIN, PASSWORD
from instance import SERVICES, eventually

pytestmark = pytest.mark.smoke  # every handler once
UNKNOWN_GROUP = "group_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_REQUEST = "request_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_SESSION = "session_01ARZ3NDEKTSV4RRFFQ69G5FAV"
UNKNOWN_USER = "user_01ARZ3NDEKTSV4RRFFQ69G5FAV"
SECRETS = [fresh("secret-") for _ in range(4)]  # of the owner: in no answer to anybody else
GREETING, REMARK, TEXT, DEVICE = SECRETS
EMAIL = f"{fresh()}@example.org"


class World:
    """An owner with a friend, a group and conversations; a stranger to all of it; an admin."""

    def __init__(self, parley):
        self.parley = parley
        self.stranger, self.friend, self.owner = (parley.register() for _ in range(3))
        self.admin = parley.login(ADMIN)
        self.owner.patch("/api/users/me", {"email": EMAIL}).ok()
        parley.login(self.owner.username, device=DEVICE)
        self.befriend(self.owner, self.friend)
        self.owner.patch(f"/api/friends/{self.friend.id}", {"remark": REMARK}).ok()
        self.group_id = self.owner.create_group(self.friend)
        for to in ({"type": 1, "to": self.friend.id}, {"type": 2, "group_id": self.group_id}):
            eventually(lambda: self.owner.post("/api/messages", {
                **to, "message_id": fresh(), "content": {"text": TEXT}}).code == 0)
        self.owner.post("/api/blocks", {"user_id": self.newcomer().id}).ok()
        self.request(self.newcomer(), self.owner)
        self.request(self.owner, self.newcomer())

    def newcomer(self):
        return self.parley.register()

    @staticmethod
    def request(asker, asked):
        return asker.post("/api/friend_requests", {
            "user_id": asked.id, "greeting": GREETING}).ok()["request_id"]

    def befriend(self, a, b):
        b.post(f"/api/friend_requests/{self.request(a, b)}/accept").ok()


@dataclasses.dataclass
class Rule:
    stranger: int = 0  # codes
    owner: int = 0
    admin: int = None  # None: as the stranger, since only /v1/admin makes a difference
    nobody: int = 40101
    body: callable = None  # (world, who) -> the body
    names: callable = None  # (world) -> the path's parameters, of things of the owner's
    unknown: dict = None  # the same of what does not exist: the stranger must see no difference
    query: callable = None  # (world) -> the query string
    hides: callable = lambda world: ()  # more that others must not read in their answers
    people: bool = False  # whoever calls is not the same any more
    form: bytes = None  # a body that is no JSON


def own(**more):
    """What it does, it does with the caller's own things."""
    return Rule(**more)


def public(**more):
    return Rule(nobody=more.pop("nobody", 0), **more)


def thing(names, unknown, **more):
    """Of the owner's: to all others as if it did not exist."""
    return Rule(stranger=40401, names=names, unknown=unknown, **more)


def admins(body=None, **more):
    return Rule(stranger=40301, owner=40301, admin=0, names=more.pop("names", an_account),
                body=None if body is None else lambda world, who: {"reason": "because", **body},
                **more)


def an_account(world):
    return {"user_id": world.newcomer().id}


def hubot(world):
    found = eventually(lambda: [
        row for row in world.stranger.get("/api/users?query=hubot").ok()["users"]
        if row["username"] == "hubot"], what="hubot")
    return {"user_id": found[0]["user_id"]}


def a_service(world):
    made = world.admin.post("/v1/admin/services", {"username": fresh(), "reason": "because"}).ok()
    return {"user_id": made["service"]["user_id"]}


def the_group(world):
    return {"group_id": world.group_id}


def the_member(world):
    return {"group_id": world.group_id, "user_id": world.friend.id}


def the_friend(world):
    return {"user_id": world.friend.id}


def a_friend(world):
    friend = world.newcomer()
    world.befriend(world.owner, friend)
    return {"user_id": friend.id}


def a_session(world):
    page = world.parley.login(world.owner.username).get("/api/sessions").ok()
    return {"session_id": next(row["session_id"] for row in page["sessions"] if row["current"])}


def an_incoming_request(world):
    return {"request_id": world.request(world.newcomer(), world.owner)}


def an_outgoing_request(world):
    return {"request_id": world.request(world.owner, world.newcomer())}


def a_blocked_user(world):
    blocked = world.newcomer()
    world.owner.post("/api/blocks", {"user_id": blocked.id}).ok()
    return {"user_id": blocked.id}


def no_provider(world):
    return {"provider": "nobody"}


def friend_id(world):
    return [world.friend.id]


def the_message(world):
    """Of the owner's, in his group."""
    message_id = world.owner.post("/api/messages", {
        "type": 2, "group_id": world.group_id, "content": {"text": TEXT}}).ok()["message_id"]
    return {"conversation_id": f"group:{world.group_id}", "message_id": message_id}


def the_conversation(world):
    return {"conversation_id": f"group:{world.group_id}"}


def a_file(world):
    return {"file_id": world.parley.rest.call(
        "POST", "/api/files", raw=FORM, headers=FORM_HEADERS,
        token=world.owner.token).ok()["file_id"]}


FORM_HEADERS = {"Content-Type": "multipart/form-data; boundary=xyz"}
FORM = (b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        + TEXT.encode() + b"\r\n--xyz--\r\n")
FILE = {"file_id": "file_01ARZ3NDEKTSV4RRFFQ69G5FAV"}
GROUP = {"group_id": UNKNOWN_GROUP}
CONVERSATION = {"conversation_id": f"group:{UNKNOWN_GROUP}"}
MESSAGE = {"conversation_id": f"group:{UNKNOWN_GROUP}", "message_id": "m" * 16}
REQUEST = {"request_id": UNKNOWN_REQUEST}
USER = {"user_id": UNKNOWN_USER}

RULES = {
    # auth
    ("POST", "/api/register"): public(body=lambda world, who: {
        "username": fresh(), "password": PASSWORD}),
    ("POST", "/api/login"): public(nobody=40103, stranger=40103, body=lambda world, who: {
        "username": world.owner.username,
        "password": PASSWORD if who == "owner" else "wrong-horse-battery"}),
    ("POST", "/api/refresh"): public(nobody=40101, stranger=40101, body=lambda world, who: {
        "refresh_token": world.owner.refresh_token if who == "owner" else "x" * 43}),
    ("POST", "/api/logout"): own(people=True),
    ("GET", "/api/sessions"): own(),
    ("DELETE", "/api/sessions/{session_id}"): thing(a_session, {"session_id": UNKNOWN_SESSION}),
    ("POST", "/api/password"): own(people=True, body=lambda world, who: {
        "old_password": PASSWORD, "new_password": "another-horse-battery"}),
    ("GET", "/.well-known/jwks.json"): public(),
    ("GET", "/api/account/export"): own(people=True),
    ("POST", "/api/account/delete"): own(people=True, body=lambda world, who: {
        "password": PASSWORD}),
    # Of providers there are none here.
    ("GET", "/api/oauth"): public(),
    ("GET", "/api/oauth/{provider}"): public(nobody=40401, stranger=40401, owner=40401,
                                             names=no_provider),
    ("GET", "/api/oauth/{provider}/callback"): public(nobody=40401, stranger=40401, owner=40401,
                                                      names=no_provider),
    ("POST", "/api/oauth/{provider}/link"): own(stranger=40401, owner=40401, names=no_provider),
    ("GET", "/api/identities"): own(),
    ("DELETE", "/api/identities/{provider}"): own(stranger=40401, owner=40401, names=no_provider),

    ("GET", "/v1/admin/overview"): admins(names=None),
    ("GET", "/v1/admin/users"): admins(names=None),
    ("GET", "/v1/admin/audit"): admins(names=None),
    ("GET", "/v1/admin/users/{user_id}"): admins(),
    ("GET", "/v1/admin/users/{user_id}/sessions"): admins(),
    ("POST", "/v1/admin/users/{user_id}/export"): admins({}),
    ("GET", "/v1/admin/services"): admins(names=None),
    ("POST", "/v1/admin/services"): Rule(
        stranger=40301, owner=40301, admin=0,
        body=lambda world, who: {"username": fresh(), "reason": "because"}),
    ("POST", "/v1/admin/services/{user_id}/token"): admins({}, names=a_service),
    ("DELETE", "/v1/admin/services/{user_id}"): admins(
        names=a_service, query=lambda world: "reason=because"),
    ("GET", "/v1/admin/messages/{conversation_id}/{message_id}"): admins(
        names=the_message, query=lambda world: "reason=because"),
    ("DELETE", "/v1/admin/messages/{conversation_id}/{message_id}"): admins(
        names=the_message, query=lambda world: "reason=because"),
    ("POST", "/v1/admin/users/{user_id}/ban"): admins({}),
    ("POST", "/v1/admin/users/{user_id}/unban"): admins({}),
    ("POST", "/v1/admin/users/{user_id}/mute"): admins({"seconds": 60}),
    ("POST", "/v1/admin/users/{user_id}/unmute"): admins({}),
    ("POST", "/v1/admin/users/{user_id}/logout"): admins({}),
    ("POST", "/v1/admin/users/{user_id}/password"): admins(
        {"new_password": "another-horse-battery"}),
    ("POST", "/v1/admin/users/{user_id}/delete"): admins({}),
    ("PUT", "/v1/admin/users/{user_id}/role"): admins({"role": "moderator"}),

    # user
    ("GET", "/api/users/me"): own(),
    ("PATCH", "/api/users/me"): own(body=lambda world, who: {"bio": "x"}),
    ("GET", "/api/users/{user_id}"): own(names=lambda world: {"user_id": world.owner.id}),
    ("GET", "/api/users"): own(query=lambda world: f"query={world.owner.username}"),
    ("GET", "/api/bots/{user_id}"): own(names=hubot),
    ("GET", "/api/presence"): own(query=lambda world: f"user_ids={world.owner.id}",
                                  hides=lambda world: [world.owner.id]),
    ("GET", "/api/friends"): own(hides=friend_id),
    ("DELETE", "/api/friends/{user_id}"): thing(a_friend, USER),
    ("PATCH", "/api/friends/{user_id}"): thing(the_friend, USER, body=lambda world, who: {
        "remark": REMARK}),
    ("POST", "/api/friend_requests"): own(body=lambda world, who: {
        "user_id": world.newcomer().id}),
    ("GET", "/api/friend_requests"): own(query=lambda world: "direction=incoming"),
    ("POST", "/api/friend_requests/{request_id}/accept"): thing(an_incoming_request, REQUEST),
    ("POST", "/api/friend_requests/{request_id}/reject"): thing(an_incoming_request, REQUEST),
    ("DELETE", "/api/friend_requests/{request_id}"): thing(an_outgoing_request, REQUEST),
    ("GET", "/api/blocks"): own(),
    ("POST", "/api/blocks"): own(body=lambda world, who: {"user_id": world.newcomer().id}),
    ("DELETE", "/api/blocks/{user_id}"): thing(a_blocked_user, USER),

    # group
    ("POST", "/api/groups"): own(body=lambda world, who: {"name": "x"}),
    ("GET", "/api/groups/my"): own(hides=lambda world: [world.group_id]),
    ("GET", "/api/groups/{group_id}"): thing(the_group, GROUP),
    ("GET", "/api/groups/{group_id}/members"): thing(the_group, GROUP, hides=friend_id),
    ("POST", "/api/groups/{group_id}/leave"): thing(
        lambda world: {"group_id": world.owner.create_group(world.friend)}, GROUP),
    ("PUT", "/api/groups/{group_id}/members/{user_id}/role"): thing(
        the_member, {**GROUP, **USER}, body=lambda world, who: {"role": "admin"}),
    ("POST", "/api/groups/{group_id}/transfer"): thing(
        lambda world: {"group_id": world.owner.create_group(world.friend)}, GROUP,
        body=lambda world, who: {"user_id": world.friend.id}),
    # Open to whoever knows its id.
    ("POST", "/api/groups/{group_id}/join"): own(
        names=lambda world: {"group_id": world.owner.create_group(world.friend)}),

    # message
    ("GET", "/api/conversations"): own(hides=lambda world: [world.group_id]),
    ("GET", "/api/messages/private/{user_id}"): own(names=the_friend),
    ("GET", "/api/messages/group/{group_id}"): thing(the_group, GROUP),
    ("GET", "/api/conversations/{conversation_id}/messages/{message_id}"): thing(
        the_message, MESSAGE),
    ("PATCH", "/api/conversations/{conversation_id}/messages/{message_id}"): thing(
        the_message, MESSAGE, body=lambda world, who: {"content": {"text": TEXT}}),
    ("DELETE", "/api/conversations/{conversation_id}/messages/{message_id}"): thing(
        the_message, MESSAGE, query=lambda world: "scope=all"),
    ("POST", "/api/conversations/{conversation_id}/messages/{message_id}/forward"): thing(
        the_message, MESSAGE, body=lambda world, who: {"to": world.newcomer().id}),
    ("POST", "/api/conversations/{conversation_id}/messages/{message_id}/reactions"): thing(
        the_message, MESSAGE, body=lambda world, who: {"emoji": "👍"}),
    ("DELETE", "/api/conversations/{conversation_id}/messages/{message_id}/reactions"): thing(
        the_message, MESSAGE, query=lambda world: "emoji=x"),
    ("PUT", "/api/conversations/{conversation_id}/messages/{message_id}/pin"): thing(
        the_message, MESSAGE),
    ("DELETE", "/api/conversations/{conversation_id}/messages/{message_id}/pin"): thing(
        the_message, MESSAGE),
    ("GET", "/api/conversations/{conversation_id}/messages/{message_id}/receipts"): thing(
        the_message, MESSAGE),
    ("PATCH", "/api/conversations/{conversation_id}"): thing(
        the_conversation, CONVERSATION, body=lambda world, who: {"pinned": True}),
    ("DELETE", "/api/conversations/{conversation_id}"): thing(the_conversation, CONVERSATION),
    ("GET", "/api/sync"): own(hides=lambda world: [world.group_id]),
    ("GET", "/api/messages/search"): own(query=lambda world: f"q={TEXT}",
                                         hides=lambda world: [world.group_id]),
    ("POST", "/api/files"): own(form=FORM),
    ("GET", "/api/files/{file_id}"): thing(a_file, FILE),
    ("GET", "/api/files/{file_id}/thumbnail"): thing(a_file, FILE),
    ("PUT", "/api/conversations/{conversation_id}/timer"): thing(
        the_conversation, CONVERSATION, body=lambda world, who: {"seconds": 3600}),
    ("POST", "/api/messages"): Rule(stranger=40401, body=lambda world, who: {
        "type": 2, "group_id": world.group_id, "message_id": fresh(), "content": {"text": "x"}}),
}


def routes_of(parley, service):
    printed = subprocess.run([parley.bin / f"parley-{service}", "--routes"], capture_output=True,
                             check=True, timeout=20)
    return json.loads(printed.stdout)


@pytest.fixture(scope="module")
def routes(parley):
    return {(route["method"], route["path"]): route
            for service in SERVICES for route in routes_of(parley, service)}


@pytest.fixture(scope="module")
def world(parley):
    parley.wait_whole()
    return World(parley)


def code_of(answer):
    """Also of answers without an envelope: keys, files."""
    return 0 if answer.status == 200 and not answer.raw.startswith(b'{"code"') else answer.code


def readable(answer):
    """What an answer says, and what is packed in it."""
    text, at = answer.raw, answer.raw.find(b"PK\x03\x04")
    while at >= 0:
        start = at + 30 + int.from_bytes(answer.raw[at + 26:at + 28], "little") + int.from_bytes(
            answer.raw[at + 28:at + 30], "little")
        try:
            text += zlib.decompressobj(-15).decompress(answer.raw[start:])
        except zlib.error:
            pass  # stored as it is
        at = answer.raw.find(b"PK\x03\x04", start)
    return text.decode(errors="replace")


def test_every_route_has_its_rule_and_every_rule_its_route(routes):
    assert set(RULES) == set(routes), "say in RULES who may do what there"
    for (method, path), route in routes.items():
        rule = RULES[method, path]
        assert (route["access"] == "public") == (rule.nobody != 40101 or path == "/api/refresh")
        assert path.startswith("/v1/admin/") == (rule.stranger == 40301) == bool(route["right"])


@pytest.mark.parametrize("method, path", RULES)
def test_everyone_gets_what_is_his(world, method, path):
    rule = RULES[method, path]
    names = rule.names(world) if rule.names else {}
    query = "?" + rule.query(world) if rule.query else ""
    secret = [*SECRETS, EMAIL, *rule.hides(world)]

    def call(who, session, named=names):
        body = rule.body(world, who) if rule.body else None
        return world.parley.rest.call(method, path.format(**named) + query, body, raw=rule.form,
                                      headers=rule.form and FORM_HEADERS,
                                      token=session and session.token)

    def someone(session):
        return world.newcomer() if rule.people else session

    nobody = call("nobody", None)
    assert code_of(nobody) == rule.nobody, nobody
    answers = [nobody]
    stranger = someone(world.stranger)
    if rule.stranger:  # admins, too, are strangers, and neither changes anything
        answers.append(call("stranger", stranger))
        assert code_of(answers[-1]) == rule.stranger, answers[-1]
    if rule.unknown:
        assert call("stranger", stranger, rule.unknown).raw == answers[-1].raw
    wanted = rule.stranger if rule.admin is None else rule.admin
    if not rule.people:  # the administrator is still needed
        answers.append(call("admin", world.admin))
        assert code_of(answers[-1]) == wanted, answers[-1]
        if rule.admin is not None:
            answers.pop()  # may say what it likes
    if not rule.stranger:
        answers.append(call("stranger", stranger))
        assert code_of(answers[-1]) == 0, answers[-1]
    for answer in answers:
        assert not [text for text in secret if text in readable(answer)], answer
    owners = call("owner", someone(world.owner))
    assert code_of(owners) == rule.owner, owners
