"""What happens behind the edge: dead letters, resync, drain, presence."""

import json
import signal
import struct

import pytest

import tap
from client import fresh, single
from instance import SLOWNESS, eventually
from proper_client import ProperClient


def partition(conversation_id):
    """FNV-1a, modulo 16: which message.p<k> a conversation belongs to."""
    hash_ = 2166136261
    for byte in conversation_id.encode():
        hash_ = ((hash_ ^ byte) * 16777619) & 0xffffffff
    return hash_ % 16


def envelope(kind, payload, *, user_id=b"", conversation_id=b"", node=b"", connection_id=0):
    """A record as libs/wire/envelope.h has it."""
    rest = struct.pack("<BBQqq", kind, 0, connection_id, 0, 0)
    for part in (node, user_id, b"", conversation_id, b"", b"", b""):
        rest += struct.pack("<I", len(part)) + part
    rest += payload
    return struct.pack("<I", len(rest)) + rest


@pytest.fixture
def channel(parley):
    connection = parley.amqp()
    yield connection.channel()
    connection.close()


def dead_letters(channel):
    """Take all that lies in the dead-letter queue."""
    found = []
    while True:
        method, properties, body = channel.basic_get("dead", auto_ack=True)
        if method is None:
            return found
        found.append((properties.headers or {}, body))


GARBAGE = [b"", b"\xff" * 40, b"\x10\0\0\0\x01", struct.pack("<I", 1 << 30) + b"x" * 100]


def test_what_cannot_be_handled_lands_in_the_dead_letters_and_the_next_is_served(
        parley, user, channel):
    alice, bob = user(), user()
    device = alice.device()
    conversation_id = single(alice, bob)
    device.say("first", to=bob)
    dead_letters(channel)
    key = f"message.p{partition(conversation_id)}"
    broken = [
        *GARBAGE[1:],
        envelope(1, b"{not json", user_id=alice.id.encode(),
                 conversation_id=conversation_id.encode()),
        envelope(77, b"{}", conversation_id=conversation_id.encode()),
        envelope(2, b'{"rev":"x"}', conversation_id=b"group:group_x"),
    ]
    for body in broken:
        channel.basic_publish("im.command", key, body, tap.NONSENSE)
    # Between good ones in one body, a bad one is parked alone.
    good = [json.dumps({"type": 1, "to": bob.id, "message_id": fresh(), "msg_type": 0,
                        "content": {"text": f"good {i}"}}).encode() for i in range(2)]
    sound = [envelope(1, text, user_id=alice.id.encode(), node=b"nobody", connection_id=1,
                      conversation_id=conversation_id.encode()) for text in good]
    channel.basic_publish("im.command", key, sound[0] + broken[-3] + sound[1], tap.NONSENSE)
    letters = []
    eventually(lambda: letters.extend(dead_letters(channel)) or len(letters) >= len(broken) + 1,
               10, f"{len(broken) + 1} dead letters")
    assert all(headers.get("x-reason") for headers, _ in letters), letters
    device.say("next", to=bob)
    texts = [json.loads(row["content"])["text"] for row in parley.stored(conversation_id)]
    assert texts == ["first", "good 0", "good 1", "next"]


@pytest.mark.smoke
def test_sockets_stay_and_are_told_to_resync_when_rabbitmq_restarts(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    a.say("before", to=bob)
    parley.kill("rabbitmq")
    for device in (a, b):
        resync = device.system("resync")
        assert "conversation_id" not in resync["content"] or \
            resync["content"]["conversation_id"] is None
        assert device.closed is None
    ack = a.say("after", to=bob)
    assert b.message(ack["message_id"])["seq"] == ack["seq"]


def test_a_send_while_rabbitmq_is_away_is_acked_or_refused_but_never_both(parley, user):
    alice, bob = user(), user()
    sender = ProperClient(alice).start()
    receiver = ProperClient(bob).start()
    ids = [fresh() for _ in range(20)]
    sender.send({"type": 1, "to": bob.id, "message_id": ids[0], "content": {"text": "0"}})
    assert sender.wait(lambda c: ids[0] in c.acks, 20 * SLOWNESS)
    old = parley.kill("rabbitmq", wait=False)
    for each in ids[1:]:
        sender.send({"type": 1, "to": bob.id, "message_id": each, "content": {"text": "x"}})
    assert sender.wait(lambda c: len(c.acks) == 20, 60 * SLOWNESS), sender.unacked
    parley.wait_replaced("rabbitmq", old)
    assert receiver.wait(lambda c: len(c.shown[single(alice, bob)]) == 20, 30 * SLOWNESS)
    stored = [row["_id"].rpartition("/")[2] for row in parley.stored(single(alice, bob))]
    assert sorted(stored) == sorted(ids) and not sender.faults
    sender.stop()
    receiver.stop()


def test_who_is_online_in_a_group_that_he_joins_elsewhere_is_told_to_resync(user):
    alice, bob = user(), user()
    device = bob.device()
    group_id = alice.create_group()
    bob.join(group_id)
    resync = device.system("resync")
    assert resync["content"]["conversation_id"] == f"group:{group_id}"


def test_drains_its_sockets_with_1001_on_sigterm_and_comes_back(parley, user):
    people = [user() for _ in range(10)]
    devices = [person.device() for person in people]
    group_id = people[0].create_group(*people[1:])
    devices[0].say("before", group_id=group_id)
    old = parley.signal("push", signal.SIGTERM)
    for device in devices:
        assert device.wait_closed() == 1001
    parley.wait_replaced("push", old)
    again = people[1].device()
    ack = people[0].device().say("after", group_id=group_id)
    again.message(ack["message_id"])


def test_clients_lose_nothing_while_push_is_deployed_anew(parley, user):
    alice, bob = user(), user()
    sender, receiver = ProperClient(alice).start(), ProperClient(bob).start()
    ids = [fresh() for _ in range(300)]
    for i, each in enumerate(ids):
        sender.send({"type": 1, "to": bob.id, "message_id": each, "content": {"text": f"{i}"}})
    assert sender.wait(lambda c: len(c.acks) >= 50, 20 * SLOWNESS)
    old = parley.signal("push", signal.SIGTERM)
    assert sender.wait(lambda c: len(c.acks) == 300, 60 * SLOWNESS)
    parley.wait_replaced("push", old)
    assert receiver.wait(lambda c: len(c.shown[single(alice, bob)]) == 300, 30 * SLOWNESS)
    assert [seq for seq, _ in receiver.shown[single(alice, bob)]] == list(range(1, 301))
    assert not sender.faults
    sender.stop()
    receiver.stop()


def test_presence_is_in_redis_while_a_socket_is_open(parley, user):
    alice = user()
    key = f"online:{alice.id}"
    device = alice.device()
    eventually(lambda: parley.redis.exists(key), what=key)
    assert parley.redis.ttl(key) > 0
    device.close()
    eventually(lambda: not parley.redis.exists(key), 60, f"no {key}")


def test_messages_flow_on_while_redis_is_empty_or_away(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    parley.redis.flushall()
    b.message(a.say("empty", to=bob)["message_id"])
    old = parley.kill("redis", wait=False)
    b.message(a.say("away", to=bob)["message_id"])
    parley.wait_replaced("redis", old)
    b.message(a.say("back", to=bob)["message_id"])


def test_metrics_count_what_is_stored(parley, user):
    alice, bob = user(), user()
    alice.device().say("x", to=bob)
    for name in ("auth", "user", "group", "message", "push", "bot"):
        lines = parley.metrics(name).splitlines()
        assert any(line and not line.startswith("#") for line in lines), name
        for line in lines:
            if line and not line.startswith("#"):
                float(line.rpartition(" ")[2])
