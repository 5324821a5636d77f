"""The contract in schemas/, judged by tools that share nothing with our C."""

import json
import os
import pathlib
import re
import subprocess

import jsonschema
import jsonschema_rs
import openapi_spec_validator
import pytest

import judge
from client import Session, fresh
from instance import eventually
from judge import ROOT, SCHEMAS

EXAMPLES = SCHEMAS / "examples"
BIN = pathlib.Path(os.environ.get("BIN", ROOT / "build/bin"))
SERVICES = ("auth", "user", "group", "message", "push", "bot")


# ---- Without a server


@pytest.mark.parametrize("record", judge.RECORDS)
def test_each_schema_is_json_schema(record):
    jsonschema.Draft202012Validator.check_schema(judge.read(record))


@pytest.mark.parametrize("record", [*judge.RECORDS, "frame"])
def test_the_independent_judge_agrees_about_each_example(record):
    wrong = []
    for path in sorted((EXAMPLES / record).iterdir()):
        raw = path.read_bytes()
        verdict = judge.is_valid_frame(raw) if record == "frame" else judge.is_valid(raw, record)
        if verdict != path.name.startswith("valid-"):
            wrong.append(path.name)
    assert not wrong


def test_an_unknown_word_in_a_schema_is_a_mistake():
    known = {"$schema", "$id", "$ref", "title", "description", "type", "properties", "required",
             "items", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems",
             "maxItems", "default", "anyOf", "x-max-bytes"}

    def words(schema):
        yield from schema
        for child in schema.get("properties", {}).values():
            yield from words(child)
        if "items" in schema:
            yield from words(schema["items"])

    assert {word for record in judge.RECORDS for word in words(judge.read(record))} <= known


def test_asyncapi_is_asyncapi():
    """By the project's own schema; the document is read as it says in its first line."""
    document = judge.read("asyncapi")
    schema = json.loads((ROOT / "tests/contract/asyncapi/node_modules/@asyncapi/specs/schemas"
                         / f"{document['asyncapi']}.json").read_text())
    faults = list(jsonschema_rs.Draft7Validator(schema).iter_errors(document))  # 200 times as fast
    assert not faults, str(faults[0])[:2000]


def test_whatever_asyncapi_refers_to_is_there_and_nothing_is_left_over():
    text = (SCHEMAS / "asyncapi.json").read_text()
    document = json.loads(text)
    used = set()
    for reference in re.findall(r'"\$ref": "([^"]+)"', text):
        file, _, place = reference.partition("#")
        at = judge.read(file.removesuffix(".json")) if file else document
        for step in place.split("/")[1:]:
            at = at[step]
        used.add(reference)
    messages = {f"#/components/messages/{name}" for name in document["components"]["messages"]}
    assert messages <= used
    channels = {f"#/channels/{name}" for name in document["channels"]}
    assert channels <= used, "a channel without an operation"


def test_each_example_in_asyncapi_fits_its_message():
    examples = [(name, example["payload"]) for name, message in judge.read("asyncapi")[
        "components"]["messages"].items() for example in message.get("examples", ())]
    assert "inbound_message" in dict(examples)
    for name, payload in examples:
        assert not judge.faults(payload, {
            "$ref": f"asyncapi.json#/components/messages/{name}/payload"}), name


def test_each_kind_of_envelope_is_in_asyncapi():
    kinds = re.findall(r"^    ENVELOPE_\w+ = (\d+),", (ROOT / "libs/wire/envelope.h").read_text(),
                       re.M)
    document = judge.read("asyncapi")
    known = {str(message.get("x-envelope")) for message in
             document["components"]["messages"].values()}
    known |= {kind for channel in document["channels"].values()
              for kind in channel.get("x-envelopes", {})}
    assert set(kinds) == known - {"None"}


def test_each_call_by_nng_is_in_a_table_and_says_what_it_is():
    named = {name for header in (ROOT / "libs/wire").glob("*.h")
             for name in re.findall(r'^#define RPC_\w+ "([^"]+)"', header.read_text(), re.M)}
    methods = [method for service in SERVICES for method in json.loads(subprocess.run(
        [BIN / f"parley-{service}", "--methods"], capture_output=True, check=True).stdout)]
    assert sorted(method["name"] for method in methods) == sorted(named)
    for method in methods:
        assert method["about"] and method["wait_ms"] > 0, method
        assert {method["request"], method["reply"]} <= set(judge.RECORDS), method


@pytest.fixture(scope="session")
def openapi():
    """The document that the edge serves, as tools/gen-openapi makes it."""
    made = subprocess.run([ROOT / "tools/gen-openapi"], capture_output=True, check=True)
    return json.loads(made.stdout)


def test_the_openapi_document_is_valid(openapi):
    assert openapi["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(openapi)


def operations(document):
    return {(method.upper(), path): operation for path, item in document["paths"].items()
            for method, operation in item.items()}


def test_each_error_that_an_operation_names_is_in_the_table(openapi):
    codes = {error["code"]: error["http"] for error in judge.read("errors")}
    for operation in operations(openapi).values():
        for status, answer in operation["responses"].items():
            schemas = [content["schema"] for content in answer.get("content", {}).values()]
            for part in [part for schema in schemas for part in schema.get("allOf", [])]:
                for code in part.get("properties", {}).get("code", {}).get("enum", []):
                    assert codes[code] == int(status)


def routes_of(service):
    printed = subprocess.run([BIN / f"parley-{service}", "--routes"], capture_output=True,
                             check=True, timeout=20)
    return json.loads(printed.stdout)


@pytest.fixture(scope="session")
def routes():
    return [dict(route, service=service) for service in SERVICES for route in routes_of(service)]


def test_each_route_is_an_operation_and_each_operation_a_route(openapi, routes):
    described = {key for key, operation in operations(openapi).items()
                 if not operation.get("x-static")}
    assert {(route["method"], route["path"]) for route in routes} == described


def test_operations_and_routes_say_the_same(openapi, routes):
    documented = operations(openapi)
    for route in routes:
        operation = documented[route["method"], route["path"]]
        assert operation["tags"] == [route["service"]], route
        assert (operation.get("security") == []) == (route["access"] == "public"), route
        assert operation.get("x-request") == route["request"], route
        assert operation.get("x-reply") == route["reply"], route
        assert operation.get("x-right", "") == route["right"], route
        assert operation.get("x-services", False) == route["services"], route


def test_the_generated_docs_are_up_to_date(tmp_path):
    subprocess.run([ROOT / "tools/gen-docs", tmp_path], check=True,
                   env={**os.environ, "BUILD": str(BIN.parent)})
    for page in tmp_path.iterdir():
        assert page.read_text() == (ROOT / "docs" / page.name).read_text(), "run make docs"


# ---- With a server


class Caller:
    """Calls by the document's paths; holds each answer against the document."""

    def __init__(self, rest, document):
        self.rest = rest
        self.document = document
        self.called = set()

    def __call__(self, session, method, path, body=None, *, query="", raw=None, headers=None,
                 **names):
        self.called.add((method, path))
        return eventually(lambda: self.served(method, path, self.rest.call(
            method, path.format(**names) + query, body, raw=raw, headers=headers,
            token=session and session.token)), 20, path)

    def served(self, method, path, answer):
        """None: it says "try again", as the document foresees."""
        kind = answer.headers["Content-Type"]
        if kind == "application/json":
            assert not judge.faults_of_answer(answer.body, self.document, method, path,
                                              answer.status)
        else:
            known = self.document["paths"][path][method.lower()]["responses"]
            known = known[str(answer.status)].get("content", {})
            assert kind in known or "*/*" in known or not answer.raw
        return None if answer.status == 503 else answer


@pytest.fixture
def caller(rest, openapi):
    return Caller(rest, openapi)


def test_the_edge_serves_the_document(rest, openapi):
    answer = rest.call("GET", "/openapi.json")
    assert answer.status == 200 and answer.body == openapi
    assert answer.headers["Content-Type"].startswith("application/json")


def call_sessions(call, ada):
    """Every operation about one's own devices."""
    other, path = ada.again(), "/api/sessions/{session_id}"
    found = call(ada, "GET", "/api/sessions", query="?limit=1").ok()
    assert found["total"] == 2 and found["next_cursor"]
    page = call(other, "GET", "/api/sessions").ok()["sessions"]
    own = next(row["session_id"] for row in page if row["current"])
    call(ada, "DELETE", path, session_id="session_nowhere").refused(40401)
    call(ada, "DELETE", path, session_id=own).ok()
    call(ada, "POST", "/api/password", {"old_password": "wrong horse",
                                        "new_password": "another-horse"}).refused(40103)
    call(ada, "POST", "/api/password", {"old_password": ada.account[1],
                                        "new_password": "password123"}).refused(
        40001, "new_password")
    call(ada, "POST", "/api/password", {"old_password": ada.account[1],
                                        "new_password": "another-horse"}).ok()


def call_friends(call, ada, ben):
    """Every operation about friends, requests and blocks."""
    request, accept, reject = ("/api/friend_requests/{request_id}" + tail
                               for tail in ("", "/accept", "/reject"))

    def ask():
        asked = call(ada, "POST", "/api/friend_requests", {"user_id": ben.id, "greeting": "Hi"})
        return asked.ok()["request_id"]

    call(ada, "DELETE", request, request_id=ask()).ok()
    call(ben, "POST", accept, request_id="request_nowhere").refused(40401)
    waiting = ask()
    call(ben, "GET", "/api/friend_requests", query="?direction=incoming").ok()
    call(ben, "POST", accept, request_id=waiting).ok()
    call(ada, "PATCH", "/api/friends/{user_id}", {"remark": "tea"}, user_id=ben.id).ok()
    call(ada, "GET", "/api/friends").ok()
    call(ada, "DELETE", "/api/friends/{user_id}", user_id=ben.id).ok()
    call(ben, "POST", reject, request_id=ask()).ok()
    call(ada, "POST", "/api/friend_requests", {"user_id": ben.id}).refused(42901)
    call(ben, "POST", "/api/blocks", {"user_id": ada.id}).ok()
    call(ada, "POST", "/api/friend_requests", {"user_id": ben.id}).refused(40302)
    call(ben, "GET", "/api/blocks").ok()
    call(ben, "DELETE", "/api/blocks/{user_id}", user_id=ada.id).ok()


def call_admin(call, admin, someone):
    """Every operation about other people's accounts."""
    path = "/v1/admin/users/{user_id}"
    why, names = {"reason": "why"}, {"user_id": someone.id}
    for body, action in ((why, "ban"), (why, "unban"), ({**why, "seconds": 9}, "mute"),
                         (why, "unmute"), (why, "logout"),
                         ({**why, "new_password": "another-horse"}, "password")):
        call(admin, "POST", f"{path}/{action}", body, **names).ok()
        call(admin, "POST", f"{path}/{action}", body, user_id="user_nobody").refused(40401)
        call(admin, "POST", f"{path}/{action}", {**body, "reason": ""}, **names).refused(
            40001, "reason")
    call(admin, "PUT", f"{path}/role", {**why, "role": "moderator"}, **names).ok()
    call(admin, "PUT", f"{path}/role", {**why, "role": "king"}, **names).refused(40001, "role")
    call(admin, "PUT", f"{path}/role", {**why, "role": "user"}, user_id=admin.id).refused(40301)
    call(admin, "GET", "/v1/admin/overview").ok()
    call(admin, "GET", "/v1/admin/users", query="?role=moderator&status=active").ok()
    call(admin, "GET", path, **names).ok()
    call(admin, "GET", f"{path}/sessions", **names).ok()
    call(admin, "GET", "/v1/admin/audit", query=f"?target_id={someone.id}").ok()
    call(admin, "GET", "/v1/admin/audit", query="?limit=0").refused(40001, "limit")
    call_services(call, admin)


def call_moderation(call, admin, sent):
    path = "/v1/admin/messages/{conversation_id}/{message_id}"
    names = {name: sent[name] for name in ("conversation_id", "message_id")}
    call(admin, "GET", path, query="?reason=why", **names).ok()
    call(admin, "GET", path, **names).refused(40001, "reason")
    call(admin, "DELETE", path, query="?reason=why", **names).ok()
    call(admin, "DELETE", path, query="?reason=why", conversation_id=sent["conversation_id"],
         message_id=fresh()).refused(40401)


def call_services(call, admin):
    """Every operation about service accounts."""
    all_of_them, one = "/v1/admin/services", "/v1/admin/services/{user_id}"
    wanted = {"username": fresh("shop-"), "nickname": "The shop", "reason": "why"}
    names = {"user_id": call(admin, "POST", all_of_them, wanted).ok()["service"]["user_id"]}
    nobody = {"user_id": "user_nobody"}
    call(admin, "POST", all_of_them, wanted).refused(40902)
    call(admin, "POST", all_of_them, {**wanted, "username": "a b c"}).refused(40001, "username")
    call(admin, "POST", all_of_them, {**wanted, "reason": ""}).refused(40001, "reason")
    call(admin, "GET", all_of_them, query="?limit=1").ok()
    call(admin, "GET", all_of_them, query="?limit=0").refused(40001, "limit")
    call(admin, "POST", one + "/token", {"reason": "why"}, **names).ok()
    call(admin, "POST", one + "/token", {"reason": "why"}, **nobody).refused(40401)
    call(admin, "DELETE", one, query="?reason=why", **nobody).refused(40401)
    call(admin, "DELETE", one, **names).refused(40001, "reason")
    call(admin, "DELETE", one, query="?reason=why", **names).ok()
    call(admin, "DELETE", one, query="?reason=why", **names).refused(40903)


def call_data_rights(call, ada, ben, admin):
    """Every operation about taking one's data along, and going."""
    for session in (ada, admin):
        assert call(session, "GET", "/api/account/export").status == 200
        call(session, "GET", "/api/account/export").refused(42901)
    export, delete = ("/v1/admin/users/{user_id}/export", "/v1/admin/users/{user_id}/delete")
    assert call(admin, "POST", export, {"reason": "why"}, user_id=ada.id).status == 200
    call(admin, "POST", export, {"reason": "why"}, user_id="user_nobody").refused(40401)
    call(admin, "POST", export, {}, user_id=ada.id).refused(40001, "reason")
    call(admin, "POST", delete, {"reason": "why"}, user_id=admin.id).refused(40301)
    call(admin, "POST", delete, {"reason": "why"}, user_id=ben.id).ok()
    call(admin, "POST", delete, {"reason": "why"}, user_id=ben.id).refused(40903)
    call(ada, "POST", "/api/account/delete", {"password": "wrong horse"}).refused(40103)
    call(ada, "POST", "/api/account/delete", {"password": ada.account[1]}).ok()


def call_oauth(call, ada):
    """Every operation about logging in by others, as far as it goes without them."""
    start, back, link, unlink = ("/api/oauth/{provider}", "/api/oauth/{provider}/callback",
                                 "/api/oauth/{provider}/link", "/api/identities/{provider}")
    call(None, "GET", "/api/oauth").ok()
    assert call(None, "GET", start, provider="github").status == 302
    call(None, "GET", start, provider="nobody").refused(40401)
    call(None, "GET", start, query="?redirect=//a", provider="github").refused(40001, "redirect")
    call(None, "GET", back, query="?state=x&code=y", provider="github").refused(40001, "state")
    call(ada, "POST", link, {"redirect": "/mine", "password": ada.account[1]},
         provider="github").ok()
    call(ada, "POST", link, {"password": "wrong horse"}, provider="github").refused(40103)
    call(ada, "GET", "/api/identities").ok()
    call(ada, "DELETE", unlink, provider="github").refused(40401)


def call_changes(call, ada, sent):
    path = "/api/conversations/{conversation_id}/messages/{message_id}"
    names = {name: sent[name] for name in ("conversation_id", "message_id")}
    call(ada, "GET", path, **names).ok()
    call(ada, "PATCH", path, {"content": {"text": "See you soon?"}}, **names).ok()
    call(ada, "PATCH", path, {"content": {"text": ""}}, **names).refused(40001, "content.text")
    call(ada, "POST", path + "/forward", {"to": ada.id}, **names).ok()
    call(ada, "POST", path + "/forward", {}, **names).refused(40001, "to")
    call(ada, "POST", path + "/reactions", {"emoji": "👍"}, **names).ok()
    call(ada, "DELETE", path + "/reactions", query="?emoji=👍", **names).ok()
    call(ada, "PUT", path + "/pin", **names).ok()
    call(ada, "DELETE", path + "/pin", **names).ok()
    timer, names_it = "/api/conversations/{conversation_id}/timer", {
        "conversation_id": sent["conversation_id"]}
    call(ada, "PUT", timer, {"seconds": 3600}, **names_it).ok()
    call(ada, "PUT", timer, {"seconds": 4}, **names_it).refused(40001, "seconds")
    call(ada, "PUT", timer, {"seconds": 0}, **names_it).ok()
    call(ada, "GET", path + "/receipts", **names).ok()
    call_conversation(call, ada, names_it)
    call(ada, "DELETE", path, query="?scope=everywhere", **names).refused(40001, "scope")
    call(ada, "DELETE", path, query="?scope=all", **names).ok()


def call_conversation(call, ada, names):
    path = "/api/conversations/{conversation_id}"
    call(ada, "PATCH", path, {"pinned": True, "draft": "and then"}, **names).ok()
    call(ada, "PATCH", path, {"read_seq": -1}, **names).refused(40001, "read_seq")
    call(ada, "DELETE", path, **names).ok()
    call(ada, "DELETE", path, conversation_id="group:nobodys").refused(40401)
    cursor = call(ada, "GET", "/api/sync").ok()["cursor"]
    call(ada, "GET", "/api/sync", query=f"?cursor={cursor}").ok()
    call(ada, "GET", "/api/sync", query="?cursor=unknown").refused(40001, "cursor")
    call(ada, "GET", "/api/messages/search", query="?q=soon").ok()
    call(ada, "GET", "/api/messages/search").refused(40001, "q")


def call_files(call, ada, ben):
    """Up, down, and what strangers are told."""
    file, thumbnail = "/api/files/{file_id}", "/api/files/{file_id}/thumbnail"
    boundary = {"Content-Type": "multipart/form-data; boundary=xyz"}
    head = b'--xyz\r\nContent-Disposition: form-data; name="%s"; filename="a.txt"\r\n\r\n'
    form = (head + b"hello\r\n--xyz--\r\n")
    call(ada, "POST", "/api/files", raw=form % b"other", headers=boundary).refused(40001, "file")
    found = call(ada, "POST", "/api/files", raw=form % b"file", headers=boundary).ok()
    name = {"file_id": found["file_id"]}
    for path in (file, thumbnail):
        assert call(ada, "GET", path, **name).status == 200
        assert call(ada, "GET", path, headers={"Range": "bytes=1-2"}, **name).status == 206
        call(ada, "GET", path, headers={"Range": "bytes=9999-"}, **name).refused(41601)
        assert call(ada, "GET", path, headers={"If-None-Match": "*"}, **name).status == 304
        call(ben, "GET", path, **name).refused(40401)


def test_the_answer_of_each_operation_fits_the_document(caller, user, admin, hubot, openapi):
    ada, ben = user(), user()
    name = fresh("contract-")
    call = caller

    call(None, "POST", "/api/register", {"username": name, "password": "correct horse"}).ok()
    call(None, "POST", "/api/register", {"username": name, "password": "correct horse"}).refused(
        40902)
    login = {"username": name, "password": "correct horse", "device": "contract"}
    session = Session(ada.parley, None, call(None, "POST", "/api/login", login).ok())
    call(None, "POST", "/api/login", {**login, "password": "wrong horse"}).refused(40103)
    call(None, "POST", "/api/refresh", {"refresh_token": session.refresh_token}).ok()
    call(session, "POST", "/api/logout").ok()
    call(None, "GET", "/.well-known/jwks.json")

    call(ada, "GET", "/api/users/me").ok()
    call(ada, "PATCH", "/api/users/me", {"nickname": "Ada", "bio": "I count.",
                                         "birthday": "1990-12-10"}).ok()
    call(ada, "GET", "/api/users/{user_id}", user_id=ben.id).ok()
    call(ada, "GET", "/api/users/{user_id}", user_id="user_nobody").refused(40401)
    call(ada, "GET", "/api/users", query=f"?query={ben.username}").ok()
    call(ada, "GET", "/api/users").refused(40001, "query")

    call_sessions(call, user())
    call_friends(call, ada, ben)
    call(ada, "GET", "/api/presence", query=f"?user_ids={ada.id},{ben.id}").ok()
    call(ada, "GET", "/api/presence").refused(40001, "user_ids")

    group = call(ada, "POST", "/api/groups", {"name": "Tea at four"}).ok()["group_id"]
    call(ben, "GET", "/api/groups/{group_id}", group_id=group).refused(40401)
    call(ben, "POST", "/api/groups/{group_id}/join", group_id=group).ok()
    call(ben, "GET", "/api/groups/{group_id}", group_id=group).ok()
    call(ben, "GET", "/api/groups/my").ok()
    call(ben, "GET", "/api/groups/{group_id}/members", group_id=group).ok()
    call(ada, "PUT", "/api/groups/{group_id}/members/{user_id}/role", {"role": "admin"},
         group_id=group, user_id=ben.id).ok()
    call(ben, "PUT", "/api/groups/{group_id}/members/{user_id}/role", {"role": "member"},
         group_id=group, user_id=ada.id).refused(40301)
    call(ada, "POST", "/api/groups/{group_id}/transfer", {"user_id": ben.id}, group_id=group).ok()

    send = {"type": 1, "message_id": fresh(), "to": ben.id, "content": {"text": "See you?"}}
    sent = call(ada, "POST", "/api/messages", send).ok()
    assert call(ada, "POST", "/api/messages", send).ok() == sent
    call(ada, "POST", "/api/messages", {**send, "to": "user_nobody"}).refused(40401)
    call(ada, "POST", "/api/messages", {**send, "content": {}}).refused(40001, "content.text")
    call_changes(call, ada, sent)
    call_moderation(call, admin, sent)
    call_files(call, ada, ben)
    call(ada, "GET", "/api/bots/{user_id}", user_id=hubot).ok()
    call(ada, "GET", "/api/bots/{user_id}", user_id=ben.id).refused(40401)
    call(ben, "GET", "/api/conversations").ok()
    call(ben, "GET", "/api/messages/private/{user_id}", user_id=ada.id).ok()
    call(ben, "GET", "/api/messages/group/{group_id}", group_id=group).ok()
    call(ben, "POST", "/api/groups/{group_id}/leave", group_id=group).ok()
    call(ben, "POST", "/api/groups/{group_id}/leave", group_id=group).refused(40401)

    call_oauth(call, ada)
    call_admin(call, admin, user())
    call_data_rights(call, user(), user(), admin)

    static = {key for key, operation in operations(openapi).items() if operation.get("x-static")}
    assert caller.called == set(operations(openapi)) - static


def test_each_operation_refuses_as_the_document_says(caller, user, admin, openapi):
    ada = user()
    names = {"user_id": ada.id, "group_id": "group_nowhere", "request_id": "request_nowhere",
             "session_id": "session_nowhere", "provider": "github", "file_id": "file_nowhere",
             "conversation_id": "group:group_nowhere", "message_id": "m" * 16}
    for (method, path), operation in operations(openapi).items():
        is_public = operation.get("security") == []
        if not is_public:
            caller(None, method, path, **names).refused(40101)
        if "requestBody" not in operation:
            continue
        session = None if is_public else admin if operation.get("x-right") else ada
        caller(session, method, path, raw=b"{", **names).refused(40000)
        if operation.get("x-upload"):
            continue
        caller(session, method, path, raw=b"[]", **names).refused(40001)
        for member in judge.read(operation["x-request"])["required"] if (
                operation["requestBody"]["required"]) else ():
            caller(session, method, path, {member: [7]}, **names).refused(40001)


def test_each_frame_from_the_server_fits_asyncapi(user):
    ada, ben = user(), user()
    a, b = ada.device(), ben.device()
    group = ada.create_group(ben)

    a.say("hi", to=ben)
    message = a.say("hi all", group_id=group)
    b.message(message["message_id"])
    a.refusal({"type": 1, "to": ben.id, "content": {}})
    a.send_raw("{")
    a.error()
    a.send({"type": 33, "to": ben.id})
    b.wait_for(lambda frame: frame["type"] == 33)
    b.send({"type": 30, "conversation_id": message["conversation_id"], "seq": message["seq"]})
    a.heartbeat()
    b.heartbeat()
    ben.post("/api/logout").ok()
    b.wait_closed()

    types = set()
    for raw in a.raw + b.raw:
        assert judge.is_valid_frame(raw.encode(), "send"), raw
        types.add(json.loads(raw)["type"])
    assert {1, 2, 3, 30, 33, 100} <= types
