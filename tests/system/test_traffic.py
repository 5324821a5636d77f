"""A tap on the bus: what really travels there fits the schemas, whoever wrote it."""

import struct

import pytest

import judge
from client import fresh
from instance import eventually

FRAME, CHANGE, DELIVER, ANSWER, MEMBERS, EVENT = range(1, 7)
EVENTS = {"user.registered": "auth.account", "session.ended": "event.session_ended",
          "message.stored.command": "event.stored_command",
          "presence.changed": "event.presence_changes"}
OTHERS = {"user.restricted": "event.user_restricted", "user.relation": "event.user_relation",
          "auth.keys": "internal.nothing"}  # of stories beside this one
SLICES = 7  # node, user_id, session_id, conversation_id, traceparent, users_in, users_out


def envelopes(body):
    """(kind, node, payload) of each, as libs/wire/envelope.h has them."""
    while body:
        length, = struct.unpack_from("<I", body)
        rest, body = body[4:4 + length], body[4 + length:]
        kind, at, slices = rest[0], 26, []
        for _ in range(SLICES):
            n, = struct.unpack_from("<I", rest, at)
            slices.append(rest[at + 4:at + 4 + n])
            at += 4 + n
        yield kind, slices[0].decode(), rest[at:]


def is_right(kind, key, payload):
    if kind == EVENT:
        schema = {**EVENTS, **OTHERS}.get(key)
        return schema is not None and judge.is_valid(payload, schema)
    if kind == CHANGE:
        return judge.is_valid(payload, "group.change")
    return judge.is_valid_frame(payload, "receive" if kind == FRAME else "send")


class Tap:
    """A queue of its own that hears what others hear."""

    def __init__(self, channel):
        self.channel = channel
        self.queue = channel.queue_declare("", exclusive=True).method.queue
        self.seen = set()
        self.wrong = []
        self.nodes = set()
        self.bind("im.event", "#")
        for partition in range(16):
            self.bind("im.command", f"message.p{partition}")

    def bind(self, exchange, key):
        self.channel.queue_bind(self.queue, exchange, key)

    def take(self):
        while True:
            method, _, body = self.channel.basic_get(self.queue, auto_ack=True)
            if method is None:
                return self
            for kind, node, payload in envelopes(body):
                key = method.routing_key
                self.seen.add((kind, key if kind == EVENT else None))
                if not is_right(kind, key, payload):
                    self.wrong.append((kind, key, payload))
                if kind in (FRAME, CHANGE) and node not in self.nodes:
                    self.nodes.add(node)  # its answers from now on
                    self.bind("im.deliver", f"n.{node}")


@pytest.fixture
def tap(parley):
    connection = parley.amqp()
    yield Tap(connection.channel())
    connection.close()


def test_each_message_on_the_bus_fits_its_schema(user, hubot, tap):
    expected = {(FRAME, None), (CHANGE, None), (DELIVER, None), (ANSWER, None), (MEMBERS, None),
                *((EVENT, key) for key in EVENTS)}
    ada, ben = user(), user()
    tap.bind("im.deliver", f"u.{ben.id}")
    a, b = ada.device(), ben.device()

    a.say("hi", to=ben)  # teaches the tap where answers go
    tap.take()
    group = ada.create_group()
    tap.bind("im.deliver", f"g.{group}")
    ben.join(group)
    b.system("resync")
    a.say("hi all", group_id=group)
    a.say("/echo hi", to=hubot)
    a.send({"type": 33, "to": ben.id})
    b.send({"type": 1, "message_id": fresh(), "to": ada.id,
            "content": {"title": "The teahouse", "lng": 8.5417, "lat": 47.3769}, "msg_type": 8})
    b.wait_for(lambda frame: frame["type"] == 33)
    ben.leave(group)
    ben.post("/api/logout").ok()

    eventually(lambda: tap.take().seen >= expected or tap.wrong, 20,
               "a message of each kind on the bus")
    assert not tap.wrong
