"""Accounts, sessions and tokens."""

import concurrent.futures
import secrets
import time

import pytest

from client import Device, run
from conftest import PASSWORD
from instance import SLOWNESS
from test_sessions import is_over
from tokens import claims_of, header_of


def name():
    return f"u{secrets.token_hex(8)}"


def register(rest, **body):
    return rest.call("POST", "/api/register", body)


def login(rest, username, password, **more):
    return rest.call("POST", "/api/login", {"username": username, "password": password}, **more)


@pytest.mark.smoke
def test_registers_and_logs_in_with_the_fields_of_the_protocol(parley, rest):
    username = name()
    data = register(rest, username=username, nickname="Ännchen 🐚", password=PASSWORD).ok()
    assert set(data) == {"user_id", "username", "nickname"}
    assert data["user_id"].startswith("user_") and len(data["user_id"]) == 5 + 26
    assert (data["username"], data["nickname"]) == (username, "Ännchen 🐚")

    before = time.time() * 1000
    answer = login(rest, username, PASSWORD, headers={"X-Forwarded-Proto": "http"})
    entry = answer.ok()
    assert set(entry) == {"user_id", "username", "nickname", "token", "refresh_token",
                          "expires_at", "websocket_url", "role"}
    assert entry["user_id"] == data["user_id"] and entry["nickname"] == "Ännchen 🐚"
    assert 14 * 60e3 < entry["expires_at"] - before < 16 * 60e3
    assert entry["websocket_url"] == parley.ws_url

    assert header_of(entry["token"])["alg"] == "ES256"
    claims = claims_of(entry["token"])
    assert {"sub", "sid", "role", "exp", "iat", "iss", "aud"} <= set(claims)
    assert claims["sub"] == entry["user_id"] and claims["exp"] - claims["iat"] == 15 * 60


def test_a_nickname_left_out_is_the_username(rest):
    username = name()
    assert register(rest, username=username, password=PASSWORD).ok()["nickname"] == username


def test_sets_cookies_that_no_script_and_no_foreign_page_can_use(rest):
    username = name()
    register(rest, username=username, password=PASSWORD).ok()
    answer = login(rest, username, PASSWORD)
    cookies = {cookie.partition("=")[0]: cookie.lower() for cookie in answer.cookies}
    access, refresh = cookies["access_token"], cookies["refresh_token"]
    assert "httponly" in access and "samesite=lax" in access and "path=/" in access
    assert "httponly" in refresh and "samesite=strict" in refresh
    assert "path=/api/refresh" in refresh
    assert "secure" not in access  # the test's origin has no TLS

    token = answer.data["token"]
    mine = rest.call("GET", "/api/users/me", headers={"Cookie": f"access_token={token}"})
    assert mine.ok()["username"] == username


@pytest.mark.parametrize("body, field", [
    ({"password": PASSWORD}, "username"),
    ({"username": "ab", "password": PASSWORD}, "username"),
    ({"username": "a" * 33, "password": PASSWORD}, "username"),
    ({"username": "with space", "password": PASSWORD}, "username"),
    ({"username": "ünder", "password": PASSWORD}, "username"),
    ({"username": "a/b/c", "password": PASSWORD}, "username"),
    ({"username": "ａｂ／ｃ", "password": PASSWORD}, "username"),
    ({"username": "straße​!", "password": PASSWORD}, "username"),
    ({"username": "ﬃﬃﬃﬃﬃﬃﬃﬃﬃﬃﬃ", "password": PASSWORD}, "username"),
    ({"username": "­­­", "password": PASSWORD}, "username"),
    ({"username": 7, "password": PASSWORD}, "username"),
    ({"username": None, "password": PASSWORD}, "username"),
    ({"username": ["abc"], "password": PASSWORD}, "username"),
    ({"username": "somebody"}, "password"),
    ({"username": "somebody", "password": "1234567"}, "password"),
    ({"username": "somebody", "password": "x" * 129}, "password"),
    ({"username": "somebody", "password": PASSWORD, "nickname": ""}, "nickname"),
    ({"username": "somebody", "password": PASSWORD, "nickname": 1}, "nickname"),
    ({"username": "somebody", "password": PASSWORD, "nickname": "n" * 1000}, "nickname"),
])
def test_refuses_a_registration_outside_the_limits_and_names_the_field(parley, rest, body, field):
    before = parley.count("accounts")
    register(rest, **body).refused(40001, field)
    assert parley.count("accounts") == before


def test_takes_names_and_passwords_at_their_limits(rest):
    for username, password in ((secrets.token_hex(2)[:3], "8 chars!"),
                               (f"a.b_c-{secrets.token_hex(13)}", "x" * 128),
                               (name(), "пароль-密码-🐚")):
        register(rest, username=username, password=password).ok()
        login(rest, username, password).ok()


def test_a_username_is_taken_whatever_its_case(rest):
    username = name()
    register(rest, username=username, password=PASSWORD).ok()
    register(rest, username=username, password="another-password").refused(40902, "username")
    register(rest, username=username.upper(), password=PASSWORD).refused(40902, "username")
    assert login(rest, username.upper(), PASSWORD).ok()["username"] == username


def test_of_many_who_want_a_name_at_once_one_gets_it(rest):
    username = name()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: register(rest, username=username, password=PASSWORD),
                                range(8)))
    assert sorted(answer.code for answer in answers) == [0] + [40902] * 7


def test_a_wrong_user_and_a_wrong_password_get_the_same_answer(rest):
    username = name()
    register(rest, username=username, password=PASSWORD).ok()
    wrong_password = login(rest, username, "wrong-password").refused(40103)
    wrong_user = login(rest, name(), "wrong-password").refused(40103)
    assert wrong_password.raw == wrong_user.raw
    assert not wrong_password.cookies and not wrong_user.cookies


def test_an_unknown_user_costs_as_much_as_a_wrong_password(parley, rest):
    """In the time of the processor, by turns: what shares its caches makes both slower."""
    def cost(username):
        before = parley.cpu_seconds("auth")
        login(rest, username, "wrong-password").refused(40103)
        return parley.cpu_seconds("auth") - before

    people = [name() for _ in range(4)]
    for username in people:
        register(rest, username=username, password=PASSWORD).ok()
    costs = [(cost(username), cost(name())) for username in people * 4]
    known, unknown = map(sum, zip(*costs))
    assert known / 2 < unknown < known * 2  # without the hashing it is a tenth or less


def test_five_failures_in_a_minute_make_one_wait_even_with_the_right_password(rest):
    username, other = name(), name()
    for each in (username, other):
        register(rest, username=each, password=PASSWORD).ok()
    for _ in range(5):
        login(rest, username, "wrong-password").refused(40103)
    answer = login(rest, username, PASSWORD).refused(42901)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    login(rest, other, PASSWORD).ok()  # nobody else waits


def test_an_unknown_name_is_slowed_down_like_a_known_one(rest):
    username = name()
    codes = [login(rest, username, "wrong-password").code for _ in range(6)]
    assert codes == [40103] * 5 + [42901]


def refresh(rest, token):
    return rest.call("POST", "/api/refresh", {"refresh_token": token})


@pytest.mark.smoke
def test_refresh_gives_a_new_pair_and_the_same_one_to_who_asks_again(parley, user):
    alice = user()
    first = refresh(parley.rest, alice.refresh_token).ok()
    again = refresh(parley.rest, alice.refresh_token).ok()
    assert first["refresh_token"] == again["refresh_token"] != alice.refresh_token
    for entry in (first, again):
        assert claims_of(entry["token"])["sid"] == claims_of(alice.token)["sid"]
        assert parley.rest.call("GET", "/api/users/me", token=entry["token"]).ok()
    assert refresh(parley.rest, first["refresh_token"]).ok()


def test_two_refreshes_at_once_get_the_same_successor(parley, user):
    alice = user()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        pairs = list(pool.map(lambda _: refresh(parley.rest, alice.refresh_token).ok(), range(6)))
    assert len({pair["refresh_token"] for pair in pairs}) == 1


def test_refresh_works_by_cookie_and_sets_the_new_pair(parley, user):
    alice = user()
    answer = parley.rest.call("POST", "/api/refresh", {}, headers={
        "Cookie": f"refresh_token={alice.refresh_token}"})
    token = answer.ok()["refresh_token"]
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.cookies}
    assert cookies["refresh_token"].startswith(f"refresh_token={token};")
    assert "access_token" in cookies


def test_replaying_an_older_refresh_token_ends_the_whole_session(parley, user):
    alice = user()
    device = alice.device()
    second = refresh(parley.rest, alice.refresh_token).ok()
    third = refresh(parley.rest, second["refresh_token"]).ok()
    refresh(parley.rest, alice.refresh_token).refused(40101)
    refresh(parley.rest, third["refresh_token"]).refused(40101)
    assert device.wait_closed() == 1008


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "../../etc", "\u00e9" * 43])
def test_refuses_a_refresh_token_that_never_was(rest, token):
    answer = refresh(rest, token)
    assert answer.code in (40101, 40001), answer
    assert answer.status == answer.code // 100


@pytest.mark.smoke
def test_logout_closes_the_sockets_within_a_second_and_every_service_refuses_the_token(user):
    alice = user()
    other = alice.again()
    device, staying = alice.device(), other.device()
    assert alice.post("/api/logout").ok() is not False
    started = time.monotonic()
    assert device.wait_closed() == 4401
    assert time.monotonic() - started < 1 * SLOWNESS
    assert is_over(alice)
    alice.post("/api/logout").refused(40101)

    assert staying.heartbeat() and other.get("/api/users/me").ok()


def test_logout_takes_the_cookies_back(user):
    answer = user().post("/api/logout")
    answer.ok()
    cookies = {cookie.partition("=")[0]: cookie.lower() for cookie in answer.cookies}
    for each in ("access_token", "refresh_token"):
        assert "max-age=0" in cookies[each] or "1970" in cookies[each]


def test_a_session_ended_while_a_service_was_dead_stays_ended(parley, user):
    alice = user()
    alice.post("/api/logout").ok()
    for service in ("user", "push"):
        parley.kill(service)
    alice.get("/api/users/me").refused(40101)
    with pytest.raises(Exception, match="401"):
        Device(alice).open()


def test_publishes_its_public_keys_and_nothing_private(rest, user):
    answer = rest.call("GET", "/.well-known/jwks.json")
    assert answer.status == 200
    keys = answer.body["keys"]
    assert keys and all(key["kty"] == "EC" and key["crv"] == "P-256" for key in keys)
    assert not any("d" in key for key in keys)
    assert header_of(user().token)["kid"] in {key["kid"] for key in keys}


def test_the_same_key_signs_after_a_restart(parley, user):
    alice = user()
    parley.kill("auth")
    assert alice.get("/api/users/me").ok()
    assert parley.login(*alice.account).get("/api/users/me").ok()


def test_a_socket_outlives_its_token_but_not_its_session(parley, user):
    alice = user()
    device = alice.device()
    newer = refresh(parley.rest, alice.refresh_token).ok()
    assert device.heartbeat()
    parley.rest.call("POST", "/api/logout", {}, token=newer["token"]).ok()
    assert device.wait_closed() == 4401


def test_a_socket_opens_by_query_by_cookie_and_by_subprotocol(parley, user):
    alice = user()

    async def open_with(url, **more):
        from websockets.asyncio.client import connect
        async with connect(url, compression=None, proxy=None, **more) as socket:
            await socket.send('{"type":99,"content":{"timestamp":1}}')
            return await socket.recv(), socket.subprotocol

    assert '"type":100' in run(open_with(f"{parley.ws_url}?token={alice.token}"))[0]
    assert '"type":100' in run(open_with(parley.ws_url, additional_headers={
        "Cookie": f"other=1; access_token={alice.token}"}))[0]
    answer, subprotocol = run(open_with(parley.ws_url, subprotocols=["bearer", alice.token]))
    assert '"type":100' in answer and subprotocol == "bearer"


def test_many_log_in_at_once(rest):
    username = name()
    register(rest, username=username, password=PASSWORD).ok()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: login(rest, username, PASSWORD).ok(), range(16)))
    assert len({claims_of(entry["token"])["sid"] for entry in entries}) == 16
