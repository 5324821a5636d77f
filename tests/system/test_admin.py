"""Administrators: what they may do to accounts, what becomes of those, and the log of it."""

import json
import os
import re
import subprocess
import threading
import time

import pytest

from client import fresh
from conftest import ADMIN, PASSWORD
from instance import ROOT, eventually

UNKNOWN_USER = "user_01ARZ3NDEKTSV4RRFFQ69G5FAV"
HOUR_MS = 3_600_000
WHY = {"reason": "because"}
ACTIONS = [
    ("POST", "ban", WHY), ("POST", "unban", WHY), ("POST", "mute", {**WHY, "seconds": 60}),
    ("POST", "unmute", WHY), ("POST", "logout", WHY),
    ("POST", "password", {**WHY, "new_password": "another-horse-battery"}),
    ("PUT", "role", {**WHY, "role": "user"}),
]


def path_of(someone, action=""):
    return f"/v1/admin/users/{getattr(someone, 'id', someone)}" + (f"/{action}" if action else "")


def act(actor, action, someone, **body):
    method = "PUT" if action == "role" else "POST"
    return actor.call(method, path_of(someone, action), {**WHY, **body})


def promote(admin, someone, role):
    """Give him the role, and a token that says so."""
    act(admin, "role", someone, role=role).ok()
    return someone.again()


def audit(admin, **query):
    """The entries that fit, newest first."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return admin.get(f"/v1/admin/audit?limit=100&{text}").ok()["entries"]


def let_ban_end(parley, someone):
    """Of an hour, which goes by."""
    parley.mongo["accounts"].update_one({"_id": someone.id}, {"$inc": {"banned_until": -HOUR_MS}})


@pytest.fixture
def moderator(admin, user):
    return promote(admin, user(), "moderator")


# ---- Roles and rights


def test_each_role_gets_what_it_has_a_right_to(parley, admin, moderator, user, routes_of_admin):
    someone, plain = user(), user()
    moderators = {"overview.read", "users.read", "users.ban", "users.mute", "users.logout",
                  "messages.recall"}
    for route in routes_of_admin:
        path = route["path"].replace("{user_id}", UNKNOWN_USER)
        for session, rights in ((plain, set()), (moderator, moderators)):
            answer = session.call(route["method"], path)
            if route["right"] in rights:
                assert answer.code != 40301, (route, answer)
            else:
                answer.refused(40301)
                assert route["right"] in answer.body["message"]
        parley.rest.call(route["method"], path).refused(40101)
        assert admin.call(route["method"], path).code != 40301, route
    assert someone.get("/api/users/me").ok()


@pytest.fixture(scope="module")
def routes_of_admin(parley):
    printed = subprocess.run([parley.bin / "parley-auth", "--routes"], capture_output=True,
                             check=True, timeout=20)
    found = [route for route in json.loads(printed.stdout) if route["path"].startswith("/v1/")]
    assert len(found) >= 11 and all(route["right"] for route in found)
    return found


def test_nobody_acts_upon_himself_or_his_betters(parley, admin, moderator, user):
    other = promote(admin, user(), "moderator")
    for action, body in (("ban", {}), ("mute", {"seconds": 60}), ("logout", {})):
        act(moderator, action, other, **body).refused(40301)
        act(moderator, action, admin, **body).refused(40301)
    for method, action, body in ACTIONS:
        if action != "logout":
            admin.call(method, path_of(admin, action), body).refused(40301)
    act(admin, "mute", other, seconds=1).ok()  # an admin acts upon everyone
    session = admin.again()
    act(session, "logout", moderator).ok()
    act(other, "logout", other).ok()  # even he


def test_an_unknown_user_is_404_and_a_deleted_one_409(parley, admin, user):
    gone = user()
    parley.mongo["accounts"].update_one({"_id": gone.id}, {"$set": {"deleted_at": 1700000000000}})
    for method, action, body in ACTIONS:
        admin.call(method, path_of(UNKNOWN_USER, action), body).refused(40401)
        admin.call(method, path_of(gone, action), body).refused(40903)
    assert admin.get(path_of(gone)).ok()["user"]["deleted_at"] == 1700000000000
    assert not audit(admin, target_id=UNKNOWN_USER)


def test_bad_input_is_refused_by_its_field_and_leaves_no_entry(admin, user):
    someone = user()
    now = int(time.time() * 1000)
    for action, body, field in (
            ("ban", {"reason": ""}, "reason"), ("ban", {"reason": " "}, "reason"),
            ("ban", {"reason": "x" * 501}, "reason"), ("ban", {"until": now - 1}, "until"),
            ("ban", {"until": -1}, "until"), ("mute", {}, "until"),
            ("mute", {"until": now + 9999, "seconds": 9}, "until"), ("mute", {"until": 5}, "until"),
            ("mute", {"seconds": 10**9}, "seconds"), ("role", {"role": "king"}, "role"),
            ("password", {"new_password": "short"}, "new_password")):
        act(admin, action, someone, **body).refused(40001, field)
    assert not audit(admin, target_id=someone.id)
    act(admin, "password", someone, new_password="password123").refused(40001, "new_password")
    assert [entry["failure"][:6] for entry in audit(admin, target_id=someone.id)
            if entry["failure"]] == ["40001:"]


# ---- Looking


def test_accounts_are_found_by_name_role_and_state(parley, admin, user):
    prefix = fresh("adm")[:16]
    people = {name: user(username=f"{prefix}.{name}")
              for name in ("active", "banned", "gone", "moderator", "muted", "once")}
    act(admin, "ban", people["banned"]).ok()
    act(admin, "ban", people["once"], until=int(time.time() * 1000) + HOUR_MS).ok()
    let_ban_end(parley, people["once"])
    act(admin, "mute", people["muted"], seconds=600).ok()
    act(admin, "role", people["moderator"], role="moderator").ok()
    parley.mongo["accounts"].update_one({"_id": people["gone"].id}, {"$set": {"deleted_at": 5}})

    def names(query=""):
        page = admin.get(f"/v1/admin/users?query=%EF%BC%A1{prefix[1:].upper()}&{query}").ok()
        assert page["total"] == len(page["users"]) and page["next_cursor"] is None
        return [row["username"].split(".")[1] for row in page["users"]]

    assert names() == sorted(people)
    assert names("status=active") == ["active", "moderator", "once"]
    assert names("status=banned") == ["banned"]
    assert names("status=muted") == ["muted"]
    assert names("status=deleted") == ["gone"]
    assert names("role=moderator") == ["moderator"]
    assert names("role=moderator&status=banned") == []
    assert names("role=&status=") == sorted(people)
    admin.get("/v1/admin/users?role=king").refused(40001, "role")
    admin.get("/v1/admin/users?status=happy").refused(40001, "status")
    row = admin.get(path_of(people["once"])).ok()["user"]
    assert (row["banned"], row["banned_until"], row["ban_reason"]) == (False, 0, None)

    seen, cursor = [], ""
    while True:
        page = admin.get(f"/v1/admin/users?query={prefix}&limit=4&cursor={cursor}").ok()
        assert page["total"] == len(people)
        seen += [row["username"] for row in page["users"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == [f"{prefix}.{name}" for name in sorted(people)]


def test_one_account_and_its_sessions(admin, user):
    someone = user()
    session = someone.again("Anna's phone")
    session.post("/api/logout").ok()
    found = admin.get(path_of(someone)).ok()
    assert found["session_count"] == 1
    assert found["user"]["user_id"] == someone.id and found["user"]["role"] == "user"
    assert "password_hash" not in found["user"]
    page = admin.get(path_of(someone, "sessions") + "?limit=1").ok()
    assert page["total"] == 2 and page["sessions"][0]["device"] == "Anna's phone"
    assert page["sessions"][0]["ended_at"] and page["sessions"][0]["end_reason"] == "logout"
    rest = admin.get(path_of(someone, "sessions") + f"?cursor={page['next_cursor']}").ok()
    assert [row["ended_at"] for row in rest["sessions"]] == [0] and rest["next_cursor"] is None
    admin.get(path_of(someone, "sessions") + "?cursor=abc").refused(40001, "cursor")
    assert rest["sessions"][0]["address"] == "127.0.0.1"
    admin.get(path_of(UNKNOWN_USER)).refused(40401)
    admin.get(path_of(UNKNOWN_USER, "sessions")).refused(40401)


# ---- Ban


def test_who_is_banned_is_thrown_out_and_stays_out_until_he_is_let_in(parley, moderator, user):
    someone = user()
    device = someone.device()
    row = act(moderator, "ban", someone, reason="spam everywhere").ok()
    assert row["banned"] and row["ban_reason"] == "spam everywhere" and row["banned_until"] == 0
    assert device.wait_closed() == 1008
    for path in ("/api/users/me", "/api/groups/my", "/api/conversations"):
        eventually(lambda: someone.get(path).code == 40101)
    assert "spam everywhere" in parley.answer_to_login(*someone.account).refused(40301).body["message"]
    parley.rest.call("POST", "/api/refresh", {"refresh_token": someone.refresh_token}).refused(40101)
    assert not act(moderator, "unban", someone).ok()["banned"]
    someone.again().get("/api/users/me").ok()


def test_a_wrong_password_of_a_banned_account_tells_nothing(parley, admin, user):
    someone = user()
    act(admin, "ban", someone).ok()
    parley.answer_to_login(someone.username, "wrong-horse-battery").refused(40103)


def test_a_ban_ends_with_its_day(parley, admin, user):
    someone = user()
    act(admin, "ban", someone, until=int(time.time() * 1000) + HOUR_MS).ok()
    parley.answer_to_login(*someone.account).refused(40301)
    let_ban_end(parley, someone)
    parley.answer_to_login(*someone.account).ok()


def test_a_ban_holds_although_its_author_died_on_the_way(parley, user):
    someone = user()
    device = someone.device()
    parley.mongo["accounts"].update_one({"_id": someone.id}, {
        "$set": {"banned": True, "ban_reason": "x", "restriction_announced": False,
                 "restricted_at": int(time.time() * 1000), "ending_reason": "banned",
                 "ending_at": int(time.time() * 1000)}, "$inc": {"generation": 1}})
    assert device.wait_closed() == 1008
    eventually(lambda: someone.get("/api/users/me").code == 40101)


# ---- Mute


@pytest.mark.smoke
def test_who_is_muted_sends_nothing_anywhere_and_reads_as_before(parley, moderator, user):
    someone, other = user(), user()
    group_id = someone.create_group(other)
    device, others = someone.device(), other.device()
    kept = device.say("before", to=other)
    row = act(moderator, "mute", someone, seconds=3600).ok()
    assert row["muted_until"] > time.time() * 1000
    frame = {"type": 1, "to": other.id, "content": {"text": "x"}}
    eventually(lambda: device.ack(device.post(frame))["code"] == 40303)
    until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(row["muted_until"] // 1000))
    assert device.refusal(frame)["message"] == f"you are muted until {until}"
    assert device.refusal({"type": 2, "group_id": group_id, "content": {"text": "x"}})[
        "code"] == 40303
    someone.post("/api/messages", {**frame, "message_id": fresh()}).refused(40303)
    # What is stored already is acknowledged as ever; a stranger's group is still unknown.
    again = device.ack(device.post({**frame, "message_id": kept["message_id"]}), count=2)[-1]
    assert (again["code"], again["seq"]) == (0, kept["seq"])
    assert device.refusal({"type": 2, "group_id": "group_nowhere", "content": {"text": "x"}})[
        "code"] == 40401
    device.send({"type": 33, "to": other.id})
    fence = others.say("can you read me?", to=someone)
    device.message(fence["message_id"])
    act(moderator, "unmute", someone).ok()
    eventually(lambda: device.ack(device.post(frame))["code"] == 0)
    others.wait_for(lambda f: f["type"] == 1 and f["content"]["text"] == "x")
    assert not [f for f in others.frames if f["type"] == 33]


def test_a_mute_ends_with_its_day_and_outlives_the_messages_service(parley, admin, user):
    someone, other = user(), user()
    frame = {"type": 1, "to": other.id, "content": {"text": "x"}}
    device = someone.device()
    act(admin, "mute", someone, until=int(time.time() * 1000) + HOUR_MS).ok()
    eventually(lambda: device.ack(device.post(frame))["code"] == 40303)
    act(admin, "mute", someone, seconds=1).ok()
    eventually(lambda: device.ack(device.post(frame))["code"] == 0)
    act(admin, "mute", someone, seconds=600).ok()
    parley.kill("message")
    eventually(lambda: someone.post("/api/messages", {**frame, "message_id": fresh()}).code
               == 40303)


# ---- Log-out, password, role


def test_a_log_out_ends_all_sessions_but_not_the_account(parley, moderator, user):
    someone = user()
    devices = [someone.device(), someone.again().device()]
    act(moderator, "logout", someone).ok()
    assert [device.wait_closed() for device in devices] == [1008, 1008]
    eventually(lambda: someone.get("/api/users/me").code == 40101)
    someone.again().get("/api/users/me").ok()


def test_a_new_password_ends_all_sessions_and_the_old_one(parley, admin, user):
    someone = user()
    device = someone.device()
    act(admin, "password", someone, new_password="another-horse-battery").ok()
    assert device.wait_closed() == 1008
    parley.answer_to_login(*someone.account).refused(40103)
    parley.login(someone.username, "another-horse-battery").get("/api/users/me").ok()
    entry = audit(admin, target_id=someone.id)[0]
    assert entry["action"] == "users.password" and "another-horse" not in json.dumps(entry)


def test_a_new_role_counts_at_once_and_everywhere_and_keeps_the_socket(parley, admin, user):
    someone = user()
    device = someone.device()
    someone.get("/v1/admin/users").refused(40301)
    act(admin, "role", someone, role="moderator").ok()
    account = parley.mongo["accounts"].find_one({"_id": someone.id})
    assert account["restriction_announced"]  # with the answer, not by the sweeper, later
    for path in ("/api/users/me", "/api/groups/my", "/api/conversations", "/v1/admin/users"):
        eventually(lambda: someone.get(path).code == 40102)
    pair = parley.rest.call("POST", "/api/refresh", {
        "refresh_token": someone.refresh_token}).ok()
    parley.rest.call("GET", "/v1/admin/users", token=pair["token"]).ok()
    device.heartbeat()
    act(admin, "role", someone, role="user").ok()
    eventually(lambda: parley.rest.call("GET", "/v1/admin/users", token=pair["token"]).code == 40102)
    pair = parley.rest.call("POST", "/api/refresh", {
        "refresh_token": pair["refresh_token"]}).ok()
    parley.rest.call("GET", "/v1/admin/users", token=pair["token"]).refused(40301)


def test_a_bot_has_no_other_role_and_no_password(admin, hubot):
    act(admin, "role", hubot, role="admin").refused(40301)
    act(admin, "password", hubot, new_password="another-horse-battery").refused(40301)


# ---- The last administrator


@pytest.fixture
def alone(parley, admin, user):
    """alone(n) makes n admins, the only ones that there are while the test runs."""
    demoted = set()

    def make(n):
        made = [promote(admin, user(), "admin") for _ in range(n)]
        others = {"role": "admin", "_id": {"$nin": [each.id for each in made]}}
        demoted.update(row["_id"] for row in parley.mongo["accounts"].find(others))
        parley.mongo["accounts"].update_many(others, {"$set": {"role": "user"}})
        return made

    yield make
    parley.mongo["accounts"].update_many({"role": "admin"}, {"$set": {"role": "user"}})
    parley.mongo["accounts"].update_many({"_id": admin.id}, {"$set": {"role": "admin"}})


@pytest.mark.parametrize("action", ["role", "ban"])
def test_two_admins_who_undo_each_other_leave_one(parley, alone, admin, action):
    body = {"role": "user"} if action == "role" else {}
    for _ in range(4):
        pair = alone(2)
        barrier = threading.Barrier(2)
        codes = []

        def strike(me, other):
            barrier.wait()
            codes.append(act(me, action, other, **body).code)

        threads = [threading.Thread(target=strike, args=each) for each in (pair, pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = parley.count("accounts", {"role": "admin", "banned": {"$ne": True}})
        assert left >= 1 and left == 2 - codes.count(0), codes
        assert set(codes) <= {0, 40101, 40102, 40301, 40903}
        parley.mongo["accounts"].update_one({"_id": admin.id}, {"$set": {"role": "admin"}})


def test_the_last_admin_is_no_one_to_demote_or_ban(parley, alone):
    """The other admin is banned, so he does not count; and who is banned acts no more."""
    one, other = alone(2)
    parley.mongo["accounts"].update_one({"_id": other.id}, {"$set": {"banned": True}})
    act(other, "role", one, role="user").refused(40301)
    act(other, "ban", one).refused(40301)
    parley.mongo["accounts"].update_one({"_id": other.id}, {"$set": {"banned": False}})
    act(one, "ban", other).ok()
    act(one, "unban", other).ok()


# ---- The log


@pytest.mark.smoke
def test_every_action_is_in_the_log_with_all_that_matters(parley, admin, user):
    someone = user()
    until = int(time.time() * 1000) + 60000
    answer = act(admin, "ban", someone, reason="spam", until=until)
    answer.ok()
    for method, action, body in ACTIONS[1:]:
        admin.call(method, path_of(someone, action), body).ok()
    entries = audit(admin, target_id=someone.id)
    assert [entry["action"] for entry in entries] == [
        f"users.{action}" for _, action, _ in reversed(ACTIONS)]
    first = entries[-1]
    at = first.pop("at")
    assert abs(at - time.time() * 1000) < 60000
    assert first.pop("entry_id").startswith("audit_")
    assert first == {
        "actor_id": admin.id, "actor_username": ADMIN, "actor_role": "admin",
        "action": "users.ban", "target_id": someone.id, "target_username": someone.username,
        "reason": "spam", "details": f"until={until}", "address": "127.0.0.1",
        "request_id": answer.headers["X-Request-Id"], "attempt_id": None, "failure": None}


def test_the_log_says_of_a_mute_for_so_many_seconds_when_it_ends(admin, user):
    someone = user()
    row = act(admin, "mute", someone, seconds=600).ok()
    entry, = audit(admin, target_id=someone.id)
    assert entry["details"] == f"until={row['muted_until']}"


def test_what_was_refused_is_in_the_log_with_its_reason(admin, moderator):
    act(moderator, "ban", admin).refused(40301)
    failure, attempt = audit(admin, actor_id=moderator.id)
    assert attempt["failure"] is None and attempt["actor_role"] == "moderator"
    assert failure["attempt_id"] == attempt["entry_id"]
    assert failure["failure"] == "40301: this user's role is not below yours"
    moderator.get("/v1/admin/audit").refused(40301)


def test_the_log_is_filtered_and_paged(admin, user):
    someone, other = user(), user()
    for _ in range(3):
        act(admin, "mute", someone, seconds=60).ok()
    act(admin, "logout", someone).ok()
    act(admin, "logout", other).ok()
    assert len(audit(admin, target_id=someone.id)) == 4
    assert len(audit(admin, target_id=someone.id, action="users.mute")) == 3
    assert not audit(admin, target_id=someone.id, actor_id=other.id)
    times = [entry["at"] for entry in audit(admin, target_id=someone.id)]
    assert times == sorted(times, reverse=True)
    assert len(audit(admin, target_id=someone.id, **{"from": times[0]})) >= 1
    assert not audit(admin, target_id=someone.id, **{"from": times[0] + 1})
    assert not audit(admin, target_id=someone.id, until=times[-1])
    seen, cursor = [], ""
    for _ in range(4):
        page = admin.get(f"/v1/admin/audit?target_id={someone.id}&limit=1&cursor={cursor}").ok()
        assert page["total"] == 4
        seen += [entry["entry_id"] for entry in page["entries"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == [entry["entry_id"] for entry in audit(admin, target_id=someone.id)]
    admin.get("/v1/admin/audit?cursor=nonsense").refused(40001, "cursor")


def test_each_filter_of_the_log_and_of_accounts_has_its_index(parley, admin, user):
    act(admin, "ban", user()).ok()
    for collection, query, order in (
            ("audit", {}, [("at", -1), ("_id", -1)]),
            ("audit", {"actor_id": {"$gte": "a", "$lte": "a"}}, [("at", -1), ("_id", -1)]),
            ("audit", {"target_id": {"$gte": "a", "$lte": "a"}}, [("at", -1), ("_id", -1)]),
            ("audit", {"action": {"$gte": "a", "$lte": "a"}}, [("at", -1), ("_id", -1)]),
            ("accounts", {"role": {"$in": ["admin"]}}, [("username", 1)]),
            ("accounts", {"banned": True}, [("username", 1)]),
            ("accounts", {"username": {"$gte": "a", "$lt": "a~"}}, [("username", 1)]),
            ("sessions", {"user_id": "user_1"}, None)):
        cursor = parley.mongo[collection].find(query)
        plan = json.dumps((cursor.sort(order) if order else cursor).explain()["queryPlanner"][
            "winningPlan"])
        assert "IXSCAN" in plan and "COLLSCAN" not in plan, (collection, query)
        assert '"SORT"' not in plan, (collection, query)


def test_what_cannot_be_logged_does_not_happen(parley, admin, user):
    someone = user()
    refuse_all = {"there_is_none": {"$exists": True}}
    act(admin, "logout", user()).ok()  # so that the collection is there
    parley.mongo.command("collMod", "audit", validator=refuse_all)
    try:
        for method, action, body in ACTIONS:
            assert admin.call(method, path_of(someone, action), body).status == 500
    finally:
        parley.mongo.command("collMod", "audit", validator={})
    row = admin.get(path_of(someone)).ok()
    assert not row["user"]["banned"] and not row["user"]["muted_until"]
    assert row["session_count"] == 1
    someone.again().get("/api/users/me").ok()


def test_nothing_in_the_code_touches_an_entry_again():
    """One file adds to the collection, and reads it; others read at most."""
    for path in (ROOT / "services").glob("*/*.c"):
        text = path.read_text()
        if path.name == "audit.c":
            calls = set(re.findall(r"\bstore_\w+(?=\([^)]*\bAUDIT\b)", text))
            assert calls == {"store_index", "store_insert", "store_count", "store_find"}
        else:
            assert set(re.findall(r'\b(store_\w+)\([^;]*?"audit"', text)) <= {"store_find"}, path


# ---- The first administrator


class Auth:
    """One more process of auth beside the instance's."""

    def __init__(self, parley, **settings):
        environment = {
            **os.environ, "LISTEN": "127.0.0.1:0", "INTERNAL_LISTEN": "127.0.0.1:0",
            "RPC_LISTEN": "127.0.0.1:0", "NODE_ID": fresh("auth-"),
            "AUTH_RPC": f"127.0.0.1:{parley.base + 10}",
            "AUTH_KEY_FILE": str(parley.var / "data/auth.key"), **parley.credentials("auth"),
            **settings}
        self.lines = []
        self.process = subprocess.Popen([parley.bin / "parley-auth"], env=environment, text=True,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == "serving":
                self.process.terminate()
        self.status = self.process.wait(60)

    def events(self, level):
        return [line for line in self.lines if line["level"] == level]


def test_the_first_admin_is_made_at_start(parley, admin):
    admin.get("/v1/admin/users").ok()
    entry = audit(admin, target_id=admin.id, action="users.role")[-1]
    assert (entry["actor_id"], entry["details"]) == ("system", "role=admin")
    pid = parley.pid("auth")
    with open(f"/proc/{pid}/cmdline", "rb") as line:
        assert PASSWORD.encode() not in line.read()
    for name in ("user", "nginx", "mongod", "rabbitmq"):
        with open(f"/proc/{parley.pid(name)}/environ", "rb") as environment:
            assert b"ADMIN_PASSWORD" not in environment.read(), name


def test_an_account_that_exists_is_promoted_by_its_password_only(parley, admin, user, tmp_path):
    someone, other = user(), user()
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    done = Auth(parley, ADMIN_USERNAME=someone.username.upper(), ADMIN_PASSWORD_FILE=str(path))
    assert done.status == 0 and not done.events("error")
    someone.again().get("/v1/admin/users").ok()
    assert audit(admin, target_id=someone.id)[0]["actor_username"] == "system"
    again = Auth(parley, ADMIN_USERNAME=someone.username, ADMIN_PASSWORD="changed-since-then")
    assert again.status == 0 and not again.events("error")  # he is one
    assert len(audit(admin, target_id=someone.id)) == 1
    act(admin, "role", someone, role="user").ok()

    wrong = Auth(parley, ADMIN_USERNAME=other.username, ADMIN_PASSWORD="wrong-horse-battery")
    assert wrong.status == 0
    assert [line["event"] for line in wrong.events("error")] == [
        "ADMIN_USERNAME is not made an administrator"]
    other.again().get("/v1/admin/users").refused(40301)
    assert not audit(admin, target_id=other.id)
    assert "horse" not in json.dumps(done.lines + again.lines + wrong.lines)


def test_a_first_admin_who_is_banned_does_not_count_as_one_silently(parley, admin, user):
    someone = promote(admin, user(), "admin")
    act(admin, "ban", someone).ok()
    done = Auth(parley, ADMIN_USERNAME=someone.username, ADMIN_PASSWORD=PASSWORD)
    assert done.status == 0
    assert [line["event"] for line in done.events("error")] == [
        "ADMIN_USERNAME is not made an administrator"]


def test_auth_starts_although_the_first_admin_is_gone(parley, user):
    someone = user()
    someone.post("/api/account/delete", {"password": PASSWORD}).ok()
    eventually(lambda: not parley.mongo["accounts"].find_one({"username": someone.username}), 20)
    done = Auth(parley, ADMIN_USERNAME=someone.username, ADMIN_PASSWORD=PASSWORD)
    assert done.status == 0
    assert [line["event"] for line in done.events("error")] == [
        "ADMIN_USERNAME is not made an administrator"]


@pytest.mark.parametrize("settings, status, told", [
    ({"ADMIN_USERNAME": "root", "ADMIN_PASSWORD": "a-short"[:7]}, 2, "ADMIN_PASSWORD"),
    ({"ADMIN_USERNAME": "a b", "ADMIN_PASSWORD": PASSWORD}, 2, "ADMIN_USERNAME"),
    ({"ADMIN_USERNAME": "root"}, 2, "belong together"),
    ({"ADMIN_PASSWORD": PASSWORD}, 2, "belong together"),
    ({"ADMIN_USERNAME": fresh(), "ADMIN_PASSWORD": "password123"}, 2, "ADMIN_PASSWORD"),
])
def test_a_faulty_first_admin_is_a_fault_of_the_configuration(parley, settings, status, told):
    done = Auth(parley, **settings)
    assert done.status == status
    text = json.dumps(done.lines)
    assert told in text and settings.get("ADMIN_PASSWORD", PASSWORD) not in text
