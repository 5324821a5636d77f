"""The devices that one is logged in on, how they end, and the keys that sign for them."""

import concurrent.futures
import os
import subprocess
import threading
import time

import pytest

from client import Device, fresh
from conftest import PASSWORD
from instance import SLOWNESS, eventually
from tokens import claims_of, header_of

DAY = 24 * 3600 * 1000
EVERYWHERE = ("/api/sessions", "/api/users/me", "/api/groups/my", "/api/conversations")


def sid(session):
    return claims_of(session.token)["sid"]


def sessions(of):
    return of.get("/api/sessions").ok()["sessions"]


def refresh(session, token=None):
    return session.parley.rest.call("POST", "/api/refresh",
                                    {"refresh_token": token or session.refresh_token})


def now():
    return int(time.time() * 1000)


def is_over(session, within=10):
    """Is it refused by every service, also as a socket and at its refresh? Each hears of it by itself."""
    for path in EVERYWHERE:
        eventually(lambda: session.get(path).code != 0, within, f"the refusal of {path}")
        session.get(path).refused(40101)
    refresh(session).refused(40101)
    with pytest.raises(Exception, match="401"):
        Device(session).open()
    return True


# ---- The list


@pytest.mark.smoke
def test_lists_the_devices_that_are_logged_in_the_newest_first(parley, user):
    before = now()
    phone = user()
    tablet = phone.again("Anna's tablet 🐚")
    rows = sessions(phone)
    assert [row["session_id"] for row in rows] == [sid(tablet), sid(phone)]
    assert [row["current"] for row in rows] == [False, True]
    assert set(rows[0]) == {"session_id", "device", "address", "user_agent", "created_at",
                            "seen_at", "current"}
    assert rows[0]["device"] == "Anna's tablet 🐚" and rows[0]["address"] == "127.0.0.1"
    assert rows[0]["user_agent"].startswith("python-requests/")
    assert before - 1000 < rows[1]["created_at"] <= rows[1]["seen_at"] < now() + 1000
    refresh(phone).ok()
    assert sessions(phone)[1]["seen_at"] > rows[1]["seen_at"]


def test_pages_through_sessions(user):
    alice = user()
    all_of_them = [sid(alice.again()) for _ in range(4)][::-1] + [sid(alice)]
    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"/api/sessions?limit=2&cursor={cursor}").ok()
        assert page["total"] == 5 and len(page["sessions"]) <= 2
        found += [row["session_id"] for row in page["sessions"]]
        cursor = page["next_cursor"]
    assert found == all_of_them
    for query, field in (("limit=0", "limit"), ("limit=101", "limit"), ("cursor=$", "cursor"),
                         ("cursor=abc", "cursor")):
        alice.get(f"/api/sessions?{query}").refused(40001, field)


def test_an_address_that_the_client_makes_up_is_not_believed(parley, user):
    alice = user()
    headers = {"X-Real-IP": "203.0.113.9", "X-Forwarded-For": "203.0.113.9"}
    parley.rest.call("POST", "/api/login", {"username": alice.username, "password": PASSWORD},
                     headers=headers).ok()
    assert {row["address"] for row in sessions(alice)} == {"127.0.0.1"}


# ---- Ends


@pytest.mark.smoke
def test_ending_a_session_logs_that_device_out_everywhere_within_a_second(user):
    alice = user()
    lost = alice.again("lost phone")
    socket, staying = lost.device(), alice.device()
    started = time.monotonic()
    alice.delete(f"/api/sessions/{sid(lost)}").ok()
    assert socket.wait_closed() == 1008
    assert time.monotonic() - started < 1 * SLOWNESS
    assert is_over(lost, within=1)
    assert [row["session_id"] for row in sessions(alice)] == [sid(alice)]
    assert staying.heartbeat() and alice.get("/api/users/me").ok()
    alice.delete(f"/api/sessions/{sid(lost)}").refused(40401)


def test_what_is_not_ones_own_session_is_not_there(user):
    alice, mallory = user(), user()
    device = alice.device()
    for path in (sid(alice), "session_01K9Q4M7ZT3N6P8R2V5X7YABCD", "x", "%00", "%7B%7D", "a%2Fb"):
        assert mallory.delete(f"/api/sessions/{path}").code in (40000, 40001, 40401), path
    mallory.delete(f"/api/sessions/{sid(alice)}").refused(40401)
    assert alice.get("/api/sessions").ok()["total"] == 1 and device.heartbeat()


def test_ending_the_session_that_asks_is_a_log_out(user):
    alice = user()
    device = alice.device()
    answer = alice.delete(f"/api/sessions/{sid(alice)}")
    answer.ok()
    assert len([cookie for cookie in answer.cookies if "Max-Age=0" in cookie]) == 2
    assert device.wait_closed() == 4401
    assert is_over(alice)


def test_logs_out_everywhere(parley, user):
    alice, bob = user(), user()
    others = [alice.again() for _ in range(3)]
    sockets = [session.device() for session in (alice, *others)]
    alice.post("/api/logout", {"everywhere": True}).ok()
    assert [socket.wait_closed() for socket in sockets] == [4401, 1008, 1008, 1008]
    assert all(is_over(session) for session in (alice, *others))
    reasons = {row["_id"]: row["end_reason"] for row in parley.mongo["sessions"].find(
        {"user_id": alice.id})}
    assert reasons == {sid(alice): "logout", **{sid(other): "everywhere" for other in others}}
    assert alice.again().get("/api/sessions").ok()["total"] == 1
    assert bob.get("/api/sessions").ok()["total"] == 1


def test_log_out_refuses_a_body_that_is_not_one(user):
    alice = user()
    alice.post("/api/logout", {"everywhere": "yes"}).refused(40001, "everywhere")
    alice.call("POST", "/api/logout", raw=b"{").refused(40000)
    assert alice.get("/api/users/me").ok()


def test_a_hundred_and_first_session_replaces_the_one_not_seen_for_longest(parley, user):
    alice = user()
    old, used = alice.again(), alice.again()
    parley.mongo["sessions"].update_one({"_id": sid(old)}, {"$inc": {"seen_at": -2 * DAY}})
    parley.mongo["sessions"].update_one({"_id": sid(alice)}, {"$inc": {"seen_at": -DAY}})
    parley.mongo["sessions"].insert_many([
        {"_id": fresh("session_"), "user_id": alice.id, "family_hash": fresh(),
         "refresh_hash": fresh(), "created_at": now(), "seen_at": now(), "ended_at": 0,
         "announced": False} for _ in range(97)])
    socket = old.device()
    assert alice.get("/api/sessions?limit=1").ok()["total"] == 100
    newest = alice.again()
    assert socket.wait_closed() == 1008
    assert is_over(old)
    assert newest.get("/api/sessions?limit=1").ok()["total"] == 100
    assert alice.get("/api/users/me").ok() and used.get("/api/users/me").ok()
    ended = parley.mongo["sessions"].find_one({"_id": sid(old)})
    assert ended["end_reason"] == "replaced"


def test_a_stolen_refresh_token_ends_the_session_whoever_comes_first(parley, user):
    alice = user()
    stays = alice.again()
    socket = alice.device()
    stolen = alice.refresh_token
    mine = refresh(alice, stolen).ok()  # the owner goes on
    mine = refresh(alice, mine["refresh_token"]).ok()
    refresh(alice, stolen).refused(40101)  # the thief comes
    assert socket.wait_closed() == 1008
    refresh(alice, mine["refresh_token"]).refused(40101)
    assert is_over(alice)
    assert [row["session_id"] for row in sessions(stays)] == [sid(stays)]


def test_a_banned_account_and_a_deleted_one_come_in_by_no_door(parley, user):
    alice, bob = user(), user()
    accounts = parley.mongo["accounts"]
    accounts.update_one({"_id": alice.id}, {"$set": {"banned": True, "ban_reason": "spam"}})
    accounts.update_one({"_id": bob.id}, {"$set": {"deleted_at": now()}})

    def login(session):
        return parley.rest.call("POST", "/api/login", {
            "username": session.username, "password": PASSWORD})

    assert "spam" in login(alice).refused(40301).body["message"]
    refresh(alice).refused(40301)
    login(bob).refused(40101)
    refresh(bob).refused(40101)
    wrong = parley.rest.call("POST", "/api/login", {
        "username": alice.username, "password": "a-wrong-password"})
    wrong.refused(40103)  # strangers do not hear of the ban
    accounts.update_one({"_id": alice.id}, {"$set": {"banned_until": now() - 1}})
    login(alice).ok()
    assert parley.count("sessions", {"user_id": bob.id, "ended_at": 0}) == 1  # that of before


# ---- The password


def change(session, **body):
    return session.post("/api/password", body)


@pytest.mark.smoke
def test_a_new_password_ends_every_other_session(parley, user):
    alice = user()
    other = alice.again()
    socket, staying = other.device(), alice.device()
    change(alice, old_password=PASSWORD, new_password="purple-monkey-7").ok()
    assert socket.wait_closed() == 1008
    assert is_over(other)
    assert staying.heartbeat() and refresh(alice).ok()
    eventually(lambda: parley.count("accounts", {"_id": alice.id, "ending_at": {"$gt": 0}}) == 0,
               what="the end of the ending")
    entry = {"username": alice.username, "password": PASSWORD}
    parley.rest.call("POST", "/api/login", entry).refused(40103)
    parley.rest.call("POST", "/api/login", {**entry, "password": "purple-monkey-7"}).ok()


def test_nobody_slips_in_by_the_old_password_beside_its_change(parley, user):
    alice = user()
    entry = {"username": alice.username, "password": PASSWORD}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        logins = [pool.submit(parley.rest.call, "POST", "/api/login", entry) for _ in range(24)]
        eventually(lambda: logins[0].done())
        change(alice, old_password=PASSWORD, new_password="purple-monkey-7").ok()
    for answer in (each.result() for each in logins):
        assert answer.code in (0, 40101, 40103, 42901), answer
        if answer.code == 0:
            refresh(alice, answer.data["refresh_token"]).refused(40101)
            eventually(lambda: parley.rest.call(  # as soon as `user` has heard of it
                "GET", "/api/users/me", token=answer.data["token"]).code == 40101)
    assert [row["session_id"] for row in sessions(alice)] == [sid(alice)]


@pytest.mark.parametrize("body, code, field", [
    ({"old_password": PASSWORD}, 40001, "new_password"),
    ({"new_password": "purple-monkey-7"}, 40001, "old_password"),
    ({"old_password": PASSWORD, "new_password": "7chars!"}, 40001, "new_password"),
    ({"old_password": PASSWORD, "new_password": "x" * 129}, 40001, "new_password"),
    ({"old_password": PASSWORD, "new_password": "password123"}, 40001, "new_password"),
    ({"old_password": "a-wrong-one", "new_password": "purple-monkey-7"}, 40103, None),
    ({"old_password": None, "new_password": "purple-monkey-7"}, 40001, "old_password"),
])
def test_refuses_a_change_of_password_and_ends_nothing(user, body, code, field):
    alice = user()
    other = alice.again()
    change(alice, **body).refused(code, field)
    assert other.get("/api/users/me").ok() and alice.again()


def test_guessing_the_old_password_is_slowed_down_as_a_log_in_is(parley, user):
    alice = user()
    for _ in range(5):
        change(alice, old_password="a-wrong-one", new_password="purple-monkey-7").refused(40103)
    answer = change(alice, old_password=PASSWORD, new_password="purple-monkey-7").refused(42901)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    parley.rest.call("POST", "/api/login", {
        "username": alice.username, "password": PASSWORD}).refused(42901)


def test_of_two_changes_at_once_one_wins(parley, user):
    alice = user()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        codes = [answer.code for answer in pool.map(
            lambda new: change(alice, old_password=PASSWORD, new_password=new),
            ("purple-monkey-7", "orange-monkey-8"))]
    assert sorted(codes) in ([0, 40103], [0, 40903]), codes


def test_who_has_no_password_sets_the_first_one_soon_after_his_log_in(parley, user):
    alice = user()
    late = alice.again()
    parley.mongo["accounts"].update_one({"_id": alice.id}, {"$unset": {"password_hash": 1}})
    parley.mongo["sessions"].update_one({"_id": sid(late)}, {"$inc": {"created_at": -601_000}})
    assert "log in again" in change(late, new_password="purple-monkey-7").refused(
        40301).body["message"]
    change(alice, new_password="purple-monkey-7").ok()
    change(alice, new_password="orange-monkey-8").refused(40001, "old_password")
    parley.rest.call("POST", "/api/login", {
        "username": alice.username, "password": "purple-monkey-7"}).ok()


# ---- What a crash left undone


def test_ends_and_restrictions_that_a_crash_left_undone_are_made_up_for(parley, user):
    alice, promoted, idle = user(), user(), user()
    other = alice.again()
    sockets = other.device(), idle.device()
    accounts = parley.mongo["accounts"]
    parley.mongo["sessions"].update_one({"_id": sid(idle)}, {"$inc": {"seen_at": -31 * DAY}})
    parley.kill("auth")  # it looks for unused sessions when it starts
    accounts.update_one({"_id": alice.id}, {"$set": {
        "ending_at": now(), "ending_reason": "password", "ending_except": sid(alice)}})
    accounts.update_one({"_id": promoted.id}, {"$set": {
        "generation": 1, "restricted_at": now(), "restriction_announced": False}})
    assert [socket.wait_closed() for socket in sockets] == [1008, 4401]
    eventually(lambda: other.get("/api/users/me").code == 40101)
    eventually(lambda: promoted.get("/api/users/me").code == 40102)
    assert alice.get("/api/users/me").ok()
    entry = refresh(promoted).ok()  # the new generation
    assert parley.rest.call("GET", "/api/users/me", token=entry["token"]).ok()
    refresh(idle).refused(40101)
    ended = parley.mongo["sessions"].find_one({"_id": sid(idle)})
    assert ended["end_reason"] == "expired"
    eventually(lambda: accounts.find_one({"_id": alice.id})["ending_at"] == 0)


# ---- Keys


class Requests(threading.Thread):
    """Asks every service again and again, with the newest token."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session = session
        self.token = session.token
        self.stopping = threading.Event()
        self.n = 0
        self.refused = []

    def run(self):
        while not self.stopping.is_set():
            entry = self.session.again()  # a new token is used at once
            for token in (self.session.token, entry.token):
                for path in EVERYWHERE:
                    answer = self.session.parley.rest.call("GET", path, token=token)
                    self.n += 1
                    if answer.code != 0:
                        self.refused.append((path, answer))
            Device(entry).open().close()
            entry.post("/api/logout").ok()


def rotate_keys(parley):
    return subprocess.run(
        [parley.bin / "parley-auth", "--rotate-keys"], capture_output=True, text=True, check=False,
        env={**os.environ, "AUTH_KEY_FILE": str(parley.var / "data/auth.key")})


def until_another_key_signs(session, old_kid):
    """Refresh until then, 10 s; the last token exchanged for one of the old key, and what came."""
    while True:
        used, entry = session.refresh_token, refresh(session).ok()
        if header_of(refresh(session, used).ok()["token"])["kid"] != old_kid:
            return used, entry
        session.refresh_token = entry["refresh_token"]
        time.sleep(0.1)  # a second would do as well: this is no waiting for an event


def test_keys_rotate_and_nobody_is_logged_out(parley, user):
    alice, carol = user(), user()
    old_kid = header_of(alice.token)["kid"]
    yesterday = time.time() - 24 * 3600  # as where it has been running for long
    os.utime(parley.var / "data/auth.key", (yesterday, yesterday))
    requests = Requests(alice)
    requests.start()
    try:
        done = rotate_keys(parley)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert (parley.var / "data/auth.key").stat().st_mode & 0o777 == 0o600
        again = rotate_keys(parley)
        assert again.returncode == 1 and "so that nobody is logged out" in again.stderr
        used, entry = until_another_key_signs(carol, old_kid)
    finally:
        requests.stopping.set()
        requests.join()
    assert not requests.refused and requests.n > 20, requests.refused[:3]
    repeated = refresh(carol, used).ok()  # by the new key, what the old one had given out
    assert repeated["refresh_token"] == entry["refresh_token"]
    jwks = parley.rest.call("GET", "/.well-known/jwks.json").body["keys"]
    assert [key["kid"] for key in jwks][:2] == [header_of(repeated["token"])["kid"], old_kid]
    assert alice.get("/api/users/me").ok()
