"""What cannot be right is refused by name, and changes nothing."""

import json
import re
import socket
import time

import pytest

from client import Device, fresh, insist
from conftest import PASSWORD
from instance import eventually
from rawsocket import BINARY, CLOSE, PING, PONG, TEXT, RawSocket
from tokens import find_key, forgeries, wrong_claims

CONVERSATIONS = ("single:user_", "group:group_")
COLLECTIONS = {"messages": CONVERSATIONS, "conversations": CONVERSATIONS, "groups": ("group_",),
               "conversation_users": ("user_",), "accounts": ("user_",)}  # how their ids begin


DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def id_of_now():
    """What an id that is made from now on has behind its prefix comes after it."""
    now = time.time_ns() // 1_000_000
    return "".join(DIGITS[now >> bits & 31] for bits in range(45, -1, -5))


@pytest.fixture
def nothing_changes(parley):
    """The stores hold as many documents of this story's people and groups after the test as before:
    those of other stories may still be on their way out."""
    first = id_of_now()

    def count():
        return {name: [parley.count(name, {"_id": {"$gt": prefix + first, "$lt": prefix + "~"}})
                       for prefix in prefixes] for name, prefixes in COLLECTIONS.items()}

    class Watch:
        def __enter__(self):
            self.before = count()

        def __exit__(self, *error):
            if error == (None, None, None):
                assert count() == self.before
    return Watch()


# ---- Frames

DEEP = "[" * 40 + "]" * 40
TO = '"to":"user_01ARZ3NDEKTSV4RRFFQ69G5FAV"'

UNREADABLE = [  # text, code, field
    ("", 40000, None),
    ("x", 40000, None),
    ("{", 40000, None),
    ("{}}", 40000, None),
    ("[]", 40001, None),
    ("null", 40001, None),
    ("17", 40001, None),
    ('"text"', 40001, None),
    ("{'type':1}", 40000, None),
    ('{"type":1,}', 40000, None),
    ('{"type":01}', 40000, None),
    ('{"type":1} x', 40000, None),
    ('{"type":NaN}', 40000, None),
    ('{"type":99,"content":{"timestamp":' + DEEP + "}}", 40000, None),
    ('{"type":99,"x":"\\u0000"}', 40000, None),
    ('{"type":99,"x":"\\ud800"}', 40000, None),
    ('{"type":99,"x":"\\udc00\\ud800"}', 40000, None),
    ('{"type":99,"x":"a\nb"}', 40000, None),
    ("\ufeff{\"type\":99}", 40000, None),
    ('{"type":99,"type":99}', (40000, 40001), None),
    ('{"type":99,"content":{"a":1,"a":1}}', (40000, 40001), None),
    ("{}", 40001, "type"),
    ('{"Type":99}', 40001, "type"),
    ('{"type":"99"}', 40001, "type"),
    ('{"type":1.5}', 40001, "type"),
    ('{"type":null}', 40001, "type"),
    ('{"type":true}', 40001, "type"),
    ('{"type":-1}', 40001, "type"),
    ('{"type":3,"content":{"event":"resync"}}', 40001, "type"),
    ('{"type":77}', 40001, "type"),
    ('{"type":100}', 40001, "type"),
    ('{"type":1e300}', 40001, "type"),
    ('{"type":30}', 40001, "conversation_id"),
    ('{"type":30,"conversation_id":"group:x"}', 40001, "seq"),
    ('{"type":30,"conversation_id":"group:x","seq":"1"}', 40001, "seq"),
    ('{"type":30,"conversation_id":"group:x","seq":0}', 40001, "seq"),
    ('{"type":33}', 40001, "to"),
    ('{"type":33,"to":5}', 40001, "to"),
]


@pytest.mark.smoke
def test_a_frame_that_cannot_be_read_gets_an_error_and_the_socket_stays(user, nothing_changes):
    device = user().device()
    with nothing_changes:
        for text, codes, field in UNREADABLE:
            start = len(device.frames)
            device.send_raw(text)
            error = device.wait_for(lambda f: f["type"] == 30, after=start)
            codes = codes if isinstance(codes, tuple) else (codes,)
            assert error["code"] in codes and error["message_id"] is None, (text, error)
            if field:
                assert error["data"]["field"] == field and field in error["message"], (text, error)
            assert len(device.frames) == start + 1, (text, device.frames[start:])
        assert device.heartbeat()


LOCATION = {"title": "x", "lng": 1, "lat": 1}
FRAME = {"type": 1, "to": "{bob}", "content": {"text": "x"}}

REFUSED = [  # a send, the field at fault
    ({"type": 1, "content": {"text": "x"}}, "to"),
    ({"type": 2, "content": {"text": "x"}}, "group_id"),
    ({"type": 0, "content": {"text": "x"}}, "to"),
    ({**FRAME, "to": ""}, "to"),
    ({**FRAME, "to": 7}, "to"),
    ({**FRAME, "to": None}, "to"),
    ({**FRAME, "to": ["{bob}"]}, "to"),
    ({**FRAME, "to": "u" * 200}, "to"),
    ({**FRAME, "to": "user_$where"}, "to"),
    ({**FRAME, "to": "user_a:user_b"}, "to"),
    ({**FRAME, "group_id": "group_x"}, "group_id"),
    ({**FRAME, "type": 2, "group_id": "group_x"}, "to"),
    ({"type": 1, "to": "{bob}"}, "content"),
    ({**FRAME, "content": "x"}, "content"),
    ({**FRAME, "content": ["x"]}, "content"),
    ({**FRAME, "content": None}, "content"),
    ({**FRAME, "content": {}}, "content.text"),
    ({**FRAME, "content": {"text": ""}}, "content.text"),
    ({**FRAME, "content": {"text": 5}}, "content.text"),
    ({**FRAME, "content": {"text": None}}, "content.text"),
    ({**FRAME, "content": {"text": "x" * 10001}}, "content.text"),
    ({**FRAME, "content": {"text": "é" * 10001}}, "content.text"),
    ({**FRAME, "content": {"text": "x", "at_user_ids": "user_a"}}, "content.at_user_ids"),
    ({**FRAME, "content": {"text": "x", "at_user_ids": [1]}}, "content.at_user_ids"),
    ({**FRAME, "content": {"text": "x", "at_user_ids": ["user_a"] * 101}}, "content.at_user_ids"),
    ({**FRAME, "content": {"text": "x", "at_all": "yes"}}, "content.at_all"),
    ({**FRAME, "content": {"text": "x", "reply_to": 7}}, "content.reply_to"),
    ({**FRAME, "msg_type": "0"}, "msg_type"),
    ({**FRAME, "msg_type": 3}, "msg_type"),
    ({**FRAME, "msg_type": 77}, "msg_type"),
    ({**FRAME, "msg_type": -1}, "msg_type"),
    ({**FRAME, "type": 8}, "content.title"),
    ({**FRAME, "type": 8, "content": {**LOCATION, "lng": 181}}, "content.lng"),
    ({**FRAME, "type": 8, "content": {**LOCATION, "lat": -91}}, "content.lat"),
    ({**FRAME, "type": 8, "content": {**LOCATION, "lat": "46"}}, "content.lat"),
    ({**FRAME, "type": 8, "content": {"title": "x", "lng": 1}}, "content.lat"),
    ({**FRAME, "type": 9, "content": "x"}, "content"),
    ({**FRAME, "type": 9, "content": {"x": "y" * 17000}}, "content"),
]


def fill(frame, bob):
    return json.loads(json.dumps(frame).replace("{bob}", bob.id))


def blames(found, field):
    """A fault of an element may name it: content.at_user_ids[0]."""
    return found == field or found.startswith((f"{field}[", f"{field}."))


@pytest.mark.smoke
def test_a_send_that_cannot_be_right_is_refused_by_field_over_both_ways(user, nothing_changes):
    alice, bob = user(), user()
    device, receiver = alice.device(), bob.device()
    with nothing_changes:
        for frame, field in REFUSED:
            frame = fill(frame, bob)
            ack = device.refusal(frame)
            assert ack["code"] == 40001, (frame, ack)
            assert blames(ack["data"]["field"], field), (frame, ack)
            assert field.split(".")[-1] in ack["message"], (frame, ack)
            answer = alice.post("/api/messages", {"message_id": fresh(), **frame})
            assert answer.code == 40001 and answer.status == 400, (frame, answer)
            assert blames(answer.field, field), (frame, answer)
    fence = device.say("fence", to=bob)
    receiver.message(fence["message_id"])
    assert len(receiver.messages()) == 1


@pytest.mark.parametrize("message_id", [
    "short", "x" * 15, "x" * 65, "with space in it..", "rev:12345678901234", "ünicode-ünicode-ü",
    "a/b/c/d/e/f/g/h/i", 12345678901234567])
def test_a_message_id_outside_its_alphabet_is_refused(user, nothing_changes, message_id):
    alice, bob = user(), user()
    device = alice.device()
    with nothing_changes:
        device.send({**fill(FRAME, bob), "message_id": message_id})
        error = device.wait_for(lambda f: f["type"] == 30)
        assert error["code"] == 40001 and error["data"]["field"] == "message_id"
        alice.post("/api/messages", {**fill(FRAME, bob), "message_id": message_id}).refused(
            40001, "message_id")


# ---- The WebSocket itself


@pytest.fixture
def raw(parley, user):
    """A socket byte by byte, of somebody new."""
    sockets = []

    def make(**more):
        sockets.append(RawSocket(f"{parley.ws_url}?token={user().token}", **more))
        assert sockets[-1].status == 101
        return sockets[-1]

    yield make
    for each in sockets:
        each.close()


BIG = json.dumps({"type": 99, "content": {"x": "y" * 70000}})


@pytest.mark.smoke
@pytest.mark.parametrize("frames, code", [
    ([(TEXT, BIG, True)], 1009),
    ([(TEXT, BIG[:40000], False), (0, BIG[40000:], True)], 1009),
    ([(BINARY, b"\0\1", True)], 1003),
    ([(TEXT, b'{"type":99,"x":"\xff"}', True)], 1007),
    ([(TEXT, b'{"type":99,"x":"\xc0\xaf"}', True)], 1007),
    ([(TEXT, b'{"type":99,"x":"\xed\xa0\x80"}', True)], 1007),
    ([(TEXT, b'{"type":99,"x":"\xe2\x82', False), (0, b'\x28"}', True)], 1007),
    ([(3, b"", True)], 1002),
    ([(0, b"x", True)], 1002),
    ([(TEXT, b"x", False), (TEXT, b"x", True)], 1002),
    ([(PING, b"x" * 126, True)], 1002),
    ([(PING, b"x", False)], 1002),
    ([(CLOSE, b"\x03", True)], 1002),
    ([(CLOSE, b"\x03\xed", True)], 1002),
], ids=range(14))
def test_a_frame_against_the_rules_closes_the_socket_with_its_code(raw, frames, code):
    socket_ = raw()
    for opcode, payload, fin in frames:
        socket_.send_frame(opcode, payload, fin)
    assert socket_.read_close() == code


def test_an_unmasked_frame_closes_the_socket(raw):
    socket_ = raw()
    socket_.send_frame(TEXT, '{"type":99}', mask=b"")
    assert socket_.read_close() == 1002


def test_a_frame_of_64_kib_is_fine_in_pieces_and_byte_by_byte(raw):
    socket_ = raw()
    text = json.dumps({"type": 99, "content": {"timestamp": 5}})
    text += " " * (65536 - len(text))
    for i in range(0, 65536, 8192):
        socket_.send_frame(TEXT if i == 0 else 0, text[i:i + 8192], fin=i + 8192 == 65536)
        socket_.send_frame(PING, b"between")
    pongs = 0
    while True:
        opcode, payload = socket_.read_frame()
        if opcode == TEXT:
            break
        pongs += opcode == PONG and payload == b"between"
    assert json.loads(payload)["type"] == 100 and pongs >= 7


def test_a_close_is_answered_with_the_same_code(raw):
    socket_ = raw()
    socket_.send_frame(CLOSE, b"\x03\xe8bye")
    assert socket_.read_close() == 1000


@pytest.mark.parametrize("headers, status", [
    ({"Sec-WebSocket-Version": "12"}, (400, 426)),
    ({"Sec-WebSocket-Key": None}, (400, 426)),
    ({"Sec-WebSocket-Key": "short"}, (400, 426)),
    ({"Upgrade": None}, (400, 404, 426)),
])
def test_a_wrong_handshake_is_no_socket(parley, user, headers, status):
    alice = user()
    with RawSocket(f"{parley.push_url}?token={alice.token}", headers=headers) as socket_:
        assert socket_.status in status


# ---- Tokens


def test_no_forged_token_is_believed_by_any_service_or_socket(parley, rest, user):
    alice = user()
    jwks = rest.call("GET", "/.well-known/jwks.json").body
    for name, token in forgeries(alice.token, jwks).items():
        for path in ("/api/users/me", "/api/groups/my", "/api/conversations"):
            answer = rest.call("GET", path, headers={"Authorization": f"Bearer {token}"})
            assert answer.code == 40101 and answer.status == 401, (name, path, answer)
        answer = rest.call("POST", "/api/logout", {}, headers={"Cookie": f"access_token={token}"})
        assert answer.code == 40101, (name, answer)
        with RawSocket(f"{parley.ws_url}?token={token}") as socket_:
            assert socket_.status == 401, name
            assert json.loads(socket_.body())["code"] == 40101, name
    assert alice.get("/api/users/me").ok()


def test_no_claim_is_taken_for_granted(parley, rest, user):
    alice = user()
    for name, (token, code) in wrong_claims(alice.token, find_key(parley)).items():
        for path in ("/api/users/me", "/api/groups/my", "/api/conversations"):
            answer = rest.call("GET", path, token=token)
            assert answer.code == code and answer.status == 401, (name, path, answer)
        with RawSocket(f"{parley.ws_url}?token={token}") as socket_:
            assert socket_.status == 401, name
            assert json.loads(socket_.body())["code"] == code, name


# ---- Bodies


@pytest.mark.parametrize("raw_body, code", [
    (b"", 40000), (b"{", 40000), (b"x", 40000), (b"{} {}", 40000),
    (b'{"username":"abc\\u0000def","password":"12345678"}', 40000),
    (b'{"username":"abc\xff","password":"12345678"}', 40000),
    (b'{"username":"\\ud800abc","password":"12345678"}', 40000),
    (b"[]", 40001), (b"null", 40001), (b'"x"', 40001), (b"7", 40001),
])
def test_a_body_that_is_no_json_object_is_refused(rest, nothing_changes, raw_body, code):
    with nothing_changes:
        rest.call("POST", "/api/register", raw=raw_body).refused(code)


def test_a_device_has_a_name_that_can_be_shown(rest, user):
    username, password = user().account
    for device in ("\x1b[2J", "a\nb", "\u202ecod", "\ufeffa", "a\u2028", "  ", "\u3164\u00a0", "d" * 65):
        rest.call("POST", "/api/login", {"username": username, "password": password,
                                         "device": device}).refused(40001, "device")


def test_a_key_twice_is_refused(rest, nothing_changes):
    with nothing_changes:
        answer = rest.call("POST", "/api/register", raw=(
            b'{"username":"' + fresh("a").encode() + b'","password":"12345678",'
            b'"password":"87654321"}'))
        assert answer.code in (40000, 40001)


def test_keys_are_compared_with_case(rest, nothing_changes):
    with nothing_changes:
        rest.call("POST", "/api/register", {"Username": fresh("a"), "password": PASSWORD}
                  ).refused(40001, "username")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_must_say_that_it_is_json(rest, nothing_changes, content_type):
    """Otherwise a foreign page's form could send it without asking."""
    with nothing_changes:
        answer = rest.call("POST", "/api/register", {"username": fresh("a"), "password": PASSWORD},
                           headers={"Content-Type": content_type})
        assert answer.code in (40000, 40001, 41501) and answer.status >= 400


@pytest.mark.parametrize("size", [300 * 1024, 3 * 1024 * 1024, 30 * 1024 * 1024])
def test_a_body_over_the_limit_is_too_large_in_the_envelope(rest, user, nothing_changes, size):
    alice = user()
    raw = json.dumps({"name": "x", "description": "y" * size}).encode()
    with nothing_changes:
        alice.call("POST", "/api/groups", raw=raw).refused(41301)


@pytest.mark.parametrize("method, path, code", [
    ("POST", "/", 40501), ("GET", "/api", 40401), ("GET", "/api/", 40401),
    ("GET", "/api/nothing", 40401), ("POST", "/api/users/me/x", 40401),
    ("GET", "/api/groups/x/y/z", 40401), ("GET", "/api/..%2f..%2fetc/passwd", 40000),
    ("GET", "/healthz", 40401), ("GET", "/readyz", 40401), ("GET", "/metrics", 40401),
    ("GET", "/api/register", 40501), ("DELETE", "/api/login", 40501),
    ("PUT", "/api/users/me", 40501), ("POST", "/api/conversations", 40501),
    ("DELETE", "/api/groups/my", 40501), ("PATCH", "/.well-known/jwks.json", 40501),
])
def test_unknown_paths_and_methods_are_answered_in_the_envelope(user, method, path, code):
    answer = user().call(method, path, None if method == "GET" else {})
    answer.refused(code)


def test_the_edges_own_errors_have_the_envelope(parley, rest):
    answer = rest.call("GET", "/api/users/me", headers={"X-Long": "x" * 60000})
    assert answer.status in (400, 414, 431, 494) and set(answer.body) == {"code", "message", "data"}
    answer = rest.call("GET", "/" + "x" * 60000)
    assert answer.status in (400, 414, 404) and set(answer.body) == {"code", "message", "data"}
    with socket.create_connection(("127.0.0.1", parley.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/9.9\r\nbroken\r\n\r\n")
        assert b'"code":' in b"".join(iter(lambda: connection.recv(65536), b""))


ODD_REQUESTS = {
    "HTTP/1.0 without a Host": ("GET /api/users/me HTTP/1.0\r\n\r\n", 40101),
    "an unknown transfer coding": (
        "POST /api/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 40000),
    "a length and chunks": (
        "POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 40000),
    "two hosts": ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 40000),
    "two tokens": ("GET /api/users/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\n"
                   "Authorization: Bearer b\r\n\r\n", 40000),
    "many headers": ("GET /api/users/me HTTP/1.1\r\nHost: a\r\n" + "".join(
        f"A{n}: b\r\n" for n in range(900)) + "\r\n", 40101),
    "thousands of arguments": (
        f"GET /api/users?{'&' * 7000} HTTP/1.1\r\nHost: a\r\n\r\n", 40000),
    "thousands of cookies": (
        f"GET /api/users/me HTTP/1.1\r\nHost: a\r\nCookie: {'a;' * 3500}\r\n\r\n", 40101),
    "a lone quote in a cookie": (
        'GET /api/users/me HTTP/1.1\r\nHost: a\r\nCookie: access_token="\r\n\r\n', 40101),
}


@pytest.mark.parametrize("request_", ODD_REQUESTS)
def test_an_odd_request_is_answered_once_and_in_the_envelope(parley, request_):
    text, code = ODD_REQUESTS[request_]
    with socket.create_connection(("127.0.0.1", parley.port), timeout=10) as connection:
        connection.sendall(text.replace("\r\n", "\r\nConnection: close\r\n", 1).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body)["code"] == code, answer
    assert b"\r\nX-Request-Id: " in head, answer


def test_whatever_is_asked_for_the_edges_log_is_json(parley, rest):
    for path in ("/%ff%0a%22", '/a"b', "/%e2%80%ae", "/plain"):
        rest.call("GET", path)
    eventually(lambda: '"/plain"' in parley.log("edge"), what="the line of the last request")
    for line in parley.log("edge").splitlines():
        json.loads(line)


def test_a_cookie_counts_wherever_it_stands(rest, user):
    token = user().token
    for cookie in (f"a=b; access_token={token}; c=d", f'a="; access_token={token}',
                   f"refresh_token=x; access_token={token}"):
        rest.call("GET", "/api/users/me", headers={"Cookie": cookie}).ok()


def test_a_request_keeps_its_id(parley, rest, user):
    for name in ("a-client_s-own-1", "a" * 39):
        answer = rest.call("GET", "/api/users/me", headers={"X-Request-Id": name})
        assert answer.headers["X-Request-Id"] == name
        for url in (parley.ws_url, f"{parley.ws_url}?token={user().token}"):
            with RawSocket(url, headers={"X-Request-Id": name}) as socket_:
                assert socket_.headers["x-request-id"] == name
    answer = rest.call("GET", "/api/users/me", headers={"X-Request-Id": "a" * 40})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])  # the edge's own


def test_nobody_is_sent_to_a_foreign_host(parley, rest, user):
    username, password = user().account
    answer = insist(lambda: rest.call(
        "POST", "/api/login", {"username": username, "password": password},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}))
    assert answer.ok()["websocket_url"] == parley.ws_url


def test_a_dead_service_is_a_try_again_in_the_envelope(parley, user):
    alice = user()
    old = parley.kill("group", wait=False)
    answer = alice.get("/api/groups/my")
    parley.wait_replaced("group", old)
    assert answer.code in (0, 50301) and answer.status in (200, 503), answer
    assert alice.get("/api/groups/my").ok()


# ---- Origins


def test_a_cookie_from_a_foreign_page_changes_nothing(parley, rest, user, nothing_changes):
    alice = user()
    cookie = {"Cookie": f"access_token={alice.token}"}
    with nothing_changes:
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{parley.port + 1}",
                       f"https://127.0.0.1:{parley.port}", f"{parley.url}.evil.example",
                       "http://127.0.0.1"):
            headers = {**cookie, "Origin": origin}
            rest.call("POST", "/api/groups", {"name": "x"}, headers=headers).refused(40304)
            rest.call("PATCH", "/api/users/me", {"bio": "evil"}, headers=headers).refused(40304)
            rest.call("POST", "/api/messages", {"type": 1, "to": alice.id, "content": {
                "text": "x"}}, headers=headers).refused(40304)
            rest.call("POST", "/api/logout", {}, headers=headers).refused(40304)
            with RawSocket(parley.ws_url, headers=headers) as socket_:
                assert socket_.status == 403, origin
    assert not alice.get("/api/users/me").ok()["bio"]
    for origin in (parley.url, f"http://localhost:{parley.port}"):
        headers = {**cookie, "Origin": origin}
        assert rest.call("PATCH", "/api/users/me", {"bio": "me"}, headers=headers).ok()
        with RawSocket(parley.ws_url, headers=headers) as socket_:
            assert socket_.status == 101, origin
    rest.call("PATCH", "/api/users/me", {"bio": "bearer"}, token=alice.token,
              headers={"Origin": "https://evil.example"}).ok()


# ---- What must not be seen


def test_no_answer_says_what_it_runs_on_or_lets_foreign_pages_read(rest, user):
    answer = user().get("/api/users/me", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in {name.lower() for name in answer.headers}
    assert not re.search(r"\d", answer.headers.get("Server", ""))


def test_no_log_holds_a_token_a_password_or_a_text(parley, user):
    alice, bob = user(), user()
    secret = f"whisper{fresh()}"
    device = alice.device()
    device.say(secret, to=bob)
    device.say(secret, group_id=alice.create_group(bob))
    device.send_raw('{"type":1,"content":{"text":"%s"},' % secret)
    device.heartbeat()
    parley.rest.call("POST", "/api/login", {"username": alice.username, "password": secret})
    parley.rest.call("GET", f"/api/users/me?token={alice.token}")
    parley.rest.call("POST", "/api/refresh", {"refresh_token": secret * 2})
    alice.get("/api/users?query=x")
    with pytest.raises(Exception):
        Device(alice, query=f"token={alice.token}x").open()
    for log in (parley.var / "log").glob("*"):
        text = log.read_text(encoding="utf-8", errors="replace")
        for what, found in (("a text or password", secret), ("a password", PASSWORD),
                            ("a token", alice.token), ("a signature", alice.token.split(".")[2]),
                            ("a refresh token", alice.refresh_token)):
            assert found not in text, f"{log.name} holds {what}"


def test_our_logs_are_lines_of_json(parley, user):
    user().device().heartbeat()
    for name in ("auth", "user", "group", "message", "push", "bot"):
        lines = [line for line in parley.log(name).splitlines() if line.strip()]
        assert lines, name
        for line in lines:
            entry = json.loads(line)
            assert entry["service"] == name and entry["level"] and entry["event"] and entry["time"]


def test_every_request_has_an_id_of_its_own(user):
    alice = user()
    one, other = alice.get("/api/users/me"), alice.get("/api/users/me")
    assert one.headers["X-Request-Id"] != other.headers["X-Request-Id"]
