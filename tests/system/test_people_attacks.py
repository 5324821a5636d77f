"""What somebody tries who has read the documentation in order to get more than he should: many steps
at the same moment, names that look alike, the same thing again and again, and nonsense."""

import io
import itertools
import json
import re
import signal
import subprocess
import threading
import zipfile

import pytest

import client
from client import fresh, insist, single
from conftest import PASSWORD
from instance import SERVICES, SLOWNESS, eventually

NEW_PASSWORD = "another-horse-battery"
WHY = {"reason": "because"}


def together(parley, *calls):
    """The answers to calls (method, path, body, token) that are made at the same moment."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def make(i, method, path, body, token):
        rest = client.Rest(parley.url)
        gate.wait()
        answers[i] = rest.call(method, path, body, token=token)

    threads = [threading.Thread(target=make, args=(i, *call)) for i, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def missed(parley):
    """How often Redis did not answer user, which then counts nothing for a second."""
    return int(re.search(r"^parley_cache_errors_total (\d+)", parley.metrics("user"), re.M)[1])


def send(session, recipient):
    return session.post("/api/messages", {
        "type": 1, "to": recipient.id, "message_id": fresh(), "content": {"text": "x"}})


def friends(session):
    return {row["user_id"] for row in session.get("/api/friends").ok()["friends"]}


# ---- Sessions


MANY = 20  # log-ins of one thread: those of all four are fewer than the sessions that one may have


def change_password(parley, alice, _):
    insist(lambda: alice.post("/api/password", {
        "old_password": PASSWORD, "new_password": NEW_PASSWORD})).ok()


def reset_password(parley, alice, admin):
    admin.post(f"/v1/admin/users/{alice.id}/password", {"new_password": NEW_PASSWORD, **WHY}).ok()


def ban(parley, alice, admin):
    admin.post(f"/v1/admin/users/{alice.id}/ban", WHY).ok()


@pytest.mark.parametrize("shut_out", [change_password, reset_password, ban])
def test_who_logs_in_at_the_same_moment_does_not_slip_through(parley, user, admin, shut_out):
    alice = user()
    sessions, started = [], threading.Semaphore(0)

    def log_in_until_refused():
        rest, done = client.Rest(parley.url), 0
        while done < MANY:
            answer = rest.call("POST", "/api/login", {
                "username": alice.username, "password": PASSWORD})
            if answer.code == 50301:  # without Redis nobody can be let in
                continue
            if answer.code != 0:
                assert answer.code in (40101, 40103, 40301, 42901), answer
                return
            sessions.append(answer.data)
            started.release()
            done += 1

    threads = [threading.Thread(target=log_in_until_refused) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        assert started.acquire(timeout=30 * SLOWNESS)
    shut_out(parley, alice, admin)
    for thread in threads:
        thread.join()
    assert len(sessions) >= 6
    for session in sessions:
        eventually(lambda: parley.rest.call("GET", "/api/users/me", token=session["token"]).status
                   == 401, what="the end of a session")
        assert parley.rest.call("POST", "/api/refresh", {
            "refresh_token": session["refresh_token"]}).status in (401, 403)
    assert alice.get("/api/users/me").status == (200 if shut_out is change_password else 401)


def test_fifty_who_refresh_at_once_get_one_successor_and_a_thief_ends_it(parley, user):
    first = user().refresh_token
    body = {"refresh_token": first}
    answers = together(parley, *[("POST", "/api/refresh", body, None)] * 50)
    second = {answer.ok()["refresh_token"] for answer in answers}
    assert len(second) == 1
    last = parley.rest.call("POST", "/api/refresh", {"refresh_token": second.pop()}).ok()
    answers = together(parley, *[("POST", "/api/refresh", body, None)] * 10)
    assert {answer.code for answer in answers} == {40101}
    eventually(lambda: parley.rest.call("GET", "/api/groups/my", token=last["token"]).status == 401,
               what="the end of the stolen session")


# ---- Names


def test_names_that_are_one_name_make_one_account(parley):
    name = fresh("n")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in name)
    same = [name, name.upper(), wide, f"{name[:3]}\u200b{name[3:]}", f"{name}\u00ad"]
    answers = together(parley, *[("POST", "/api/register", {
        "username": each, "password": PASSWORD}, None) for each in same * 2])
    assert sorted(answer.code for answer in answers) == [0] + [40902] * 9
    assert parley.count("accounts", {"username": name}) == 1


def test_the_name_of_a_grave_is_nobodys(parley, user):
    alice = user()
    grave = f"deleted-{alice.id[-16:].lower()}"
    for name in (grave, grave.upper(), "ｄｅｌｅｔｅｄ-x", "delet\u200bed-y"):
        parley.rest.call("POST", "/api/register", {
            "username": name, "password": PASSWORD}).refused(40902, "username")
    insist(lambda: alice.post("/api/account/delete", {"password": PASSWORD})).ok()
    eventually(lambda: parley.mongo["accounts"].find_one({"_id": alice.id})["username"] == grave,
               20, "the end of the account")
    assert "password_hash" not in parley.mongo["accounts"].find_one({"_id": alice.id})


# ---- Between two people


def test_four_answers_to_one_request_at_the_same_moment_leave_one_truth(parley, user):
    for _ in range(4):
        alice, bob = user(), user()
        request_id = alice.post("/api/friend_requests", {"user_id": bob.id}).ok()["request_id"]
        path = f"/api/friend_requests/{request_id}"
        answers = together(
            parley, ("POST", f"{path}/accept", {}, bob.token), ("DELETE", path, None, alice.token),
            ("POST", f"{path}/reject", {}, bob.token),
            ("POST", "/api/blocks", {"user_id": alice.id}, bob.token))
        codes = [answer.code for answer in answers]
        assert set(codes[:3]) <= {0, 40401} and codes[3] == 0 and codes[:3].count(0) <= 1
        assert friends(alice) == ({bob.id} if codes[0] == 0 else set())
        assert friends(bob) == ({alice.id} if codes[0] == 0 else set())
        for person, direction in ((alice, "outgoing"), (bob, "incoming")):
            page = person.get(f"/api/friend_requests?direction={direction}").ok()
            assert page["total"] == len(page["requests"]) <= (0 if 0 in codes[:3] else 1)


TOLD = [  # of what does not say 40302, he must not be able to tell them apart
    ("GET", "/api/users/{id}", None),
    ("GET", "/api/users?query={name}", None),
    ("GET", "/api/messages/private/{id}", None),
    ("GET", "/api/friends", None),
    ("GET", "/api/blocks", None),
    ("GET", "/api/friend_requests?direction=incoming", None),
    ("DELETE", "/api/friends/{id}", None),
    ("PATCH", "/api/friends/{id}", {"remark": "x"}),
    ("POST", "/api/blocks", {"user_id": "{id}"}),
    ("GET", "/api/users/{id}", None),
    ("DELETE", "/api/blocks/{id}", None),
]


def test_the_blocked_one_cannot_tell_who_blocks_him_by_anything_else(parley, user):
    alice = user()
    answers = []
    for blocks in (True, False):
        bob, mallory = user(nickname="the same"), user()
        if blocks:
            bob.post("/api/blocks", {"user_id": mallory.id}).ok()
        profile = eventually(lambda: parley.mongo["users"].find_one({"_id": bob.id}), what="Bob")
        plain = {bob.id: "ID", bob.username: "NAME", str(profile["created_at"]): "TIME"}

        def same(text):
            for word, instead in plain.items():
                text = text.replace(word, instead)
            return text

        answers.append([])
        for method, path, body in TOLD:
            text = json.dumps(body).replace("{id}", bob.id) if body else None
            answer = mallory.call(method, path.format(id=bob.id, name=bob.username),
                                  raw=text.encode() if text else None)
            answers[-1].append((path, answer.status, same(answer.raw.decode())))
    assert answers[0] == answers[1]
    assert alice.get("/api/blocks").ok()["total"] == 0


def test_asking_and_taking_it_back_again_and_again_is_stopped(parley, user):
    alice, bob = user(), user()
    device = bob.device()
    before, n = missed(parley), 0
    while True:
        answer = alice.post("/api/friend_requests", {"user_id": bob.id, "greeting": "buy this"})
        if answer.code != 0:
            break
        alice.delete(f"/api/friend_requests/{answer.data['request_id']}").ok()
        n += 1
    answer.refused(42901)
    assert n == 5 or (n > 5 and missed(parley) > before)
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    bob.post("/api/friend_requests", {"user_id": alice.id}).ok()  # his own count
    device.wait_for(lambda f: f["type"] == 3 and f["content"].get("direction") == "outgoing")
    asked = [f for f in device.frames if f["type"] == 3
             and f["content"].get("direction") == "incoming"]
    assert len(asked) == n


def test_blinking_is_stopped(parley, user):
    alice = user()
    before = missed(parley)
    for n in itertools.count():
        answer = alice.patch("/api/users/me", {"invisible": n % 2 == 0})
        if answer.code != 0:
            break
    answer.refused(42901, "invisible")
    assert n == 10 or (n > 10 and missed(parley) > before)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    as_it_is = {"invisible": n % 2 == 1, "bio": "b"}
    assert alice.patch("/api/users/me", as_it_is).ok()["bio"] == "b"


def test_devices_that_disagree_on_being_seen_leave_friends_with_what_is_stored(parley, user):
    alice = user()
    device = alice.device()

    def told(bob):
        return [f["online"] for f in device.frames if f["type"] == 40 and f["user_id"] == bob.id]

    for _ in range(6):
        bob = user()
        request_id = bob.post("/api/friend_requests", {"user_id": alice.id}).ok()["request_id"]
        alice.post(f"/api/friend_requests/{request_id}/accept").ok()
        bob.device()
        eventually(lambda: told(bob)[-1:] == [True], 20, "Bob's coming")
        together(parley, *[("PATCH", "/api/users/me", {"invisible": i % 2 == 0}, bob.token)
                           for i in range(6)])
        invisible = bob.get("/api/users/me").ok()["invisible"]
        eventually(lambda: told(bob)[-1] is not invisible, 20, "the last word on Bob")


FORGED = [
    {"type": 40, "user_id": "{alice}", "online": False, "last_seen": 1},
    {"type": 3, "to": "{bob}", "content": {"event": "session.ended", "session_id": "x"}},
    {"type": 3, "content": {"event": "friend.accepted", "user_id": "{alice}"}, "to": "{bob}"},
    {"type": 1, "to": "{bob}", "msg_type": 3, "content": {"event": "friend.accepted"},
     "message_id": "forged-by-mallory-1"},
]


def test_nobody_says_what_only_the_server_may_say(user):
    alice, bob, mallory = user(), user(), user()
    receiver, device = bob.device(), mallory.device()
    for frame in FORGED:
        start = len(device.frames)
        device.send(json.loads(json.dumps(frame).replace("{alice}", alice.id).replace(
            "{bob}", bob.id)))
        assert device.wait_for(lambda f: f["type"] == 30, after=start)["code"] == 40001
    ack = device.say("fence", to=bob)
    receiver.message(ack["message_id"])
    assert [f["type"] for f in receiver.frames] == [1]


# ---- Much, and long

LONGEST = "漢" * 10000


def test_who_is_sent_the_longest_messages_still_gets_his_archive(user):
    alice, mallory = user(), user()
    device = mallory.device()
    sent = [device.say(LONGEST, to=alice)["message_id"]]
    sent += [device.post({"type": 1, "to": alice.id, "content": {"text": LONGEST}})
             for _ in range(79)]
    for message_id in sent:
        assert device.ack(message_id)["code"] == 0
    answer = alice.get("/api/account/export", timeout=60)
    assert answer.status == 200, answer
    with zipfile.ZipFile(io.BytesIO(answer.raw)) as archive:
        name, = (each for each in archive.namelist() if each.startswith("messages/"))
        messages = json.loads(archive.read(name))
    assert [message["message_id"] for message in messages] == sent


def more_of_the_same(parley, alice, bob, n):
    """n more friends of Alice's who wrote to her what Bob wrote: copies of his documents."""
    documents = [(name, list(parley.mongo[name].find(query))) for name, query in (
        ("users", {"_id": bob.id}), ("relations", {"friends": bob.id}),
        ("conversations", {"_id": single(alice, bob)}),
        ("conversation_users", {"_id": f"{alice.id}/{single(alice, bob)}"}),
        ("messages", {"conversation_id": single(alice, bob)}))]
    assert all(found for _, found in documents)
    for i in range(n):
        # Of the same length, and on the same side of Alice's.
        other = bob.id[:-4] + f"{i:04d}"
        if (other < alice.id) != (bob.id < alice.id) or other == bob.id:
            continue
        for name, found in documents:
            text = json.dumps(found).replace(bob.id, other).replace(
                bob.username, f"{bob.username}{i}")
            parley.mongo[name].insert_many(json.loads(text))


def test_the_list_of_friends_stands_the_longest_last_messages(parley, user):
    alice, bob = user(), user()
    request_id = bob.post("/api/friend_requests", {"user_id": alice.id}).ok()["request_id"]
    alice.post(f"/api/friend_requests/{request_id}/accept").ok()
    bob.device().say(LONGEST, to=alice)
    more_of_the_same(parley, alice, bob, 90)

    def whole():  # without what message was too slow for
        page = alice.get("/api/friends?limit=100").ok()["friends"]
        return page if all(row["last_message"] for row in page) else None

    page = eventually(whole, 30, "all last messages")
    assert len(page) > 75
    assert {row["last_message"]["content"]["text"] for row in page} == {LONGEST}
    assert {row["unread_count"] for row in page} == {1}


# ---- While parts are away


def test_what_was_decided_while_the_broker_was_dead_holds_once_it_is_back(parley, user, admin):
    banned, muted, blocker, blocked, changed = (user() for _ in range(5))
    lost = changed.again()
    sockets = [banned.device(), lost.device()]
    send(blocked, blocker).ok()  # message remembers for a while that he may
    parley.signal("rabbitmq", signal.SIGKILL)
    admin.post(f"/v1/admin/users/{banned.id}/ban", WHY).ok()
    admin.post(f"/v1/admin/users/{muted.id}/mute", {"seconds": 600, **WHY}).ok()
    blocker.post("/api/blocks", {"user_id": blocked.id}).ok()
    change_password(parley, changed, None)
    parley.wait_whole()
    for socket in sockets:
        assert socket.wait_closed(10 * SLOWNESS) == 1008
    for path in ("/api/users/me", "/api/groups/my", "/api/conversations", "/api/sessions"):
        for session in (banned, lost):
            eventually(lambda: session.get(path).status == 401, what=f"{path} refuses")
        assert changed.get(path).status == 200
    eventually(lambda: send(muted, blocker).code == 40303, what="the mute")
    eventually(lambda: send(blocked, blocker).code == 40302, what="the block")


# ---- Nonsense, to every route that there is

BODIES = [
    b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xef\xbb\xbf{}", b'{"a":' * 40 + b"1" + b"}" * 40,
    json.dumps({
        "user_id": -1, "username": {"$gt": ""}, "password": None, "refresh_token": 9, "name": 0,
        "nickname": [1], "member_ids": {"0": "x"}, "content": [], "type": 1.5, "role": [],
        "reason": {}, "until": 2**63, "seconds": -2**63, "old_password": [], "new_password": {},
        "everywhere": 2, "redirect": 7, "device": False, "greeting": [], "remark": {},
        "invisible": "yes"}).encode(),
    b'{"reason":"\\u0000","user_id":"\\ud800"}', b'{"reason":"\xff"}',
    b'{"user_id":"x","user_id":"y"}', b'{"until":1e400,"seconds":-0.0,"reason":"x"}',
    b'{"user_id":"' + b"A" * 70000 + b'"}',
    b'{"name":"n","member_ids":[' + b'"x",' * 3000 + b'"x"]}',
]
QUERIES = [
    "limit=-1", "limit=9223372036854775808", "limit=&cursor=&query=&user_ids=&direction=",
    "cursor=%00", "cursor=%F0%9F", "cursor=" + "A" * 300, "query=%25%24%7B", "query=%EF%BB%BF",
    "from=-1&until=x&actor_id=%27", "state=%22&code=%0a&error=%3C", "redirect=//x&device=%00",
    "user_ids=" + ",".join(["user_x"] * 120), "%00=1", "&".join(f"a{i}=b" for i in range(90)),
]
IDS = ["user_01ARZ3NDEKTSV4RRFFQ69G5FAV", "%00", "%F0", "..", "a" * 200]
ENDS_THE_SESSION = {"/api/logout"}  # by a body that it need not read


def routes_of(parley, service):
    return json.loads(subprocess.run([parley.bin / f"parley-{service}", "--routes"], check=True,
                                     capture_output=True).stdout)


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in ("push", "bot")])
def test_nonsense_is_refused_in_the_envelope_by_every_route(parley, user, admin, service):
    someone = user()
    asked = 0
    for route in routes_of(parley, service):
        with_body = route["method"] in ("POST", "PUT", "PATCH")
        if route["path"] in ENDS_THE_SESSION:
            continue
        token = (admin if route["right"] else someone).token
        for thing in IDS if "{" in route["path"] else [""]:
            parts = [thing if part.startswith("{") else part for part in route["path"].split("/")]
            for text in BODIES if with_body else QUERIES:
                path = "/".join(parts) + ("" if with_body else f"?{text}")
                answer = parley.rest.call(route["method"], path, raw=text if with_body else None,
                                          token=token)
                what = (route["method"], path[:80], text[:40], answer)
                assert answer.status < 500, what
                assert answer.status in (200, 302) or answer.refused(answer.code), what
                asked += 1
    assert asked > 50
    assert someone.get("/api/users/me").ok()
