"""The tap hears what others hear, and tells right from wrong."""

import json
import struct

import pytest

import judge
import tap
from client import fresh
from tap import Tap

EVERYDAY = {"private", "group", "typing", "message", "ack", "system", "typing_out", "presence",
            "members_change", "user_registered", "session_ended", "stored_command",
            "presence_changes", "heartbeat", "heartbeat_answer"}


def test_each_message_of_everyday_is_seen_and_fits(parley, user, hubot):
    ada, ben = user(), user()
    a, b = ada.device(), ben.device()
    ada.post("/api/friend_requests", {"user_id": ben.id}).ok()
    b.system("friend.requested")
    a.say("hi", to=ben)
    group = ada.create_group()
    ben.join(group)
    b.system("resync")
    a.say("hi all", group_id=group)
    a.say("/echo hi", to=hubot)
    a.send({"type": 33, "to": ben.id})
    b.wait_for(lambda frame: frame["type"] == 33)
    a.heartbeat()
    ben.leave(group)
    ben.post("/api/logout").ok()
    tap.eventually_seen(parley.tap, EVERYDAY - {"presence"})
    assert not parley.tap.wrong


def envelope(kind, payload):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    rest = bytes([kind]) + bytes(25) + bytes(4 * 7) + raw
    return struct.pack("<I", len(rest)) + rest


ENDED = {"user_id": "user_x", "session_id": "session_x", "reason": "logout"}
ACK = {"type": 30, "message_id": None, "code": 0, "message": "success", "timestamp": 1}


@pytest.mark.parametrize("exchange, key, body, name", [
    ("im.event", "session.ended", envelope(6, ENDED), "session_ended"),
    ("im.event", "session.ended", envelope(6, ENDED) * 2, "session_ended"),
    ("im.event", "session.ended", envelope(6, {**ENDED, "user_id": 7}), None),
    ("im.event", "session.ended", envelope(1, ENDED), None),
    ("im.event", "session.begun", envelope(6, ENDED), None),
    ("im.event", "session.ended", envelope(6, b"{"), None),
    ("im.event", "session.ended", b"nonsense", None),
    ("im.deliver", "n.push-1", envelope(4, ACK), "ack"),
    ("im.deliver", "n.push-1", envelope(4, ENDED), None),
    ("im.deliver", "u.user_x", envelope(4, ACK), None),
    ("im.command", "message.p3", envelope(1, {
        "type": 1, "to": "user_x", "message_id": "m" * 16, "content": {"text": "hi"}}), "private"),
    ("im.command", "message.p3", envelope(1, {
        "type": 1, "to": "user_x", "message_id": "m" * 16, "content": {}}), None),
    ("im.command", "message.p3", envelope(1, {"type": 99}), None),
    ("im.unknown", "x", b"", None)])
def test_the_tap_tells_right_from_wrong(exchange, key, body, name):
    heard = Tap()
    heard.look(exchange, key, body)
    assert heard.seen == ({name} if name else set())
    assert bool(heard.wrong) == (name is None)


def test_what_is_parked_has_a_reason():
    heard = Tap()
    heard.look("im.dead", "message.p3", b"whatever", {"x-reason": "malformed"})
    assert not heard.wrong and heard.seen == {"parked"}
    heard.look("im.dead", "message.p3", b"whatever", {})
    assert heard.wrong


def test_outsiders_may_send_nonsense_but_are_answered_well():
    heard = Tap()
    heard.look("im.inbound", "message.inbound", b"nonsense")
    assert not heard.wrong and not heard.seen
    heard.look("im.inbound", "message.inbound", json.dumps(
        judge.read("asyncapi")["components"]["messages"]["inbound_message"]["examples"][0][
            "payload"]).encode())
    assert heard.seen == {"inbound_message"}
    heard.look("", "amq.rabbitmq.reply-to.x", b"{}")
    assert heard.wrong


def test_all_of_the_first_are_judged_and_of_the_rest_a_few():
    heard = Tap()
    good, bad = envelope(6, ENDED), envelope(6, {"type": None})
    for _ in range(tap.FIRST):
        heard.look("im.event", "session.ended", good)
    for _ in range(tap.THEN_ONE_IN):
        heard.look("im.event", "session.ended", bad)
    assert len(heard.wrong) == 1


def test_what_was_never_seen_is_named():
    heard = Tap()
    heard.look("im.event", "session.ended", envelope(6, ENDED))
    never = heard.never_seen()
    assert "session_ended" not in never and {"ack", "heartbeat", "parked", "private"} <= set(never)


def test_clients_may_send_nonsense_but_are_sent_none():
    heard = Tap()
    for raw in ("{", b"\xff", "[]", '{"type":1}', json.dumps({"type": fresh()})):
        heard.look_at_frame("receive", raw)
    assert not heard.wrong and not heard.seen
    heard.look_at_frame("receive", '{"type":99,"content":{}}')
    assert heard.seen == {"heartbeat"}
    heard.look_at_frame("send", '{"type":1}')
    assert heard.wrong
