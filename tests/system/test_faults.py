"""Parts that are slow, silent, in a hurry or in election."""

import json
import signal
import socket
import threading

import pytest

from client import single
from instance import SLOWNESS, eventually
from rawsocket import RawSocket


@pytest.fixture(scope="module", autouse=True)
def silent(parley):
    """A socket that answers nothing: opened first, so that its minute passes meanwhile."""
    with RawSocket(f"{parley.ws_url}?token={parley.register().token}", timeout=100) as opened:
        assert opened.status == 101
        yield opened


def test_sends_wait_while_mongodb_elects_and_then_go_on(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    a.say("before", to=bob)
    with parley.mongo_client() as mongo:
        mongo.admin.command("replSetStepDown", 2, force=True)
    ids = [a.post({"type": 1, "to": bob.id, "content": {"text": f"{i}"}}) for i in range(10)]
    acks = [a.ack(each) for each in ids]

    def again(message_id):
        after = len(a.frames)
        a.post({"type": 1, "to": bob.id, "message_id": message_id, "content": {"text": "again"}})
        return a.wait_for(lambda f: f["type"] == 30 and f["message_id"] == message_id, after=after)

    while any(ack["code"] == 50301 for ack in acks):  # as a client does
        acks = [ack if ack["code"] == 0 else again(each) for each, ack in zip(ids, acks)]
    assert sorted(ack["seq"] for ack in acks) == list(range(2, 12))
    b.message(ids[-1])
    assert len(parley.stored(single(alice, bob))) == 11


def test_without_an_answer_about_people_only_sends_to_unknown_pairs_are_refused(parley, user):
    alice, bob, carol = user(), user(), user()
    a = alice.device()
    a.say("known", to=bob)
    group_id = alice.create_group(bob)
    parley.signal("user", signal.SIGSTOP)
    try:
        refused = a.ack(a.post({"type": 1, "to": carol.id, "content": {"text": "x"}}))
        assert refused["code"] == 50301
        assert a.say("known still", to=bob)["seq"] == 2
        assert a.say("and groups", group_id=group_id)["code"] == 0
    finally:
        parley.signal("user", signal.SIGCONT)
    parley.wait_ready()
    sent = a.post({"type": 1, "to": carol.id, "message_id": refused["message_id"],
                   "content": {"text": "x"}})
    assert a.ack(sent, count=2)[1]["code"] == 0


def test_a_flood_is_slowed_down_and_every_send_gets_one_answer(parley, user):
    alice, bob = user(), user()
    a = alice.device()
    text = json.dumps({"type": 1, "to": bob.id, "content": {"text": "x"},
                       "message_id": "flood-{:020d}"})
    count = 5000
    for i in range(count):
        a.send_raw(text.replace("{:020d}", f"{i:020d}"))
    answers = a.wait_for(lambda f: f["type"] == 30, count=count, timeout=60 * SLOWNESS)
    assert {f["message_id"] for f in answers} == {f"flood-{i:020d}" for i in range(count)}
    codes = [f["code"] for f in answers]
    assert set(codes) == {0, 42901}
    assert len(parley.stored(single(alice, bob))) == codes.count(0)


def test_an_open_socket_is_live_however_often_one_comes_and_goes(user):
    alice, bob = user(), user()
    sender = alice.device()
    for i in range(40):
        device = bob.device()
        message_id = sender.post({"type": 1, "to": bob.id, "content": {"text": f"{i}"}})
        assert device.message(message_id)["seq"] == i + 1
        device.close()


def test_many_devices_come_at_once_and_all_are_live(user):
    alice, bob = user(), user()
    sender = alice.device()
    devices = []
    threads = [threading.Thread(target=lambda: devices.append(bob.device())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(devices) == 8
    ack = sender.say("to all", to=bob)
    for device in devices:
        assert device.message(ack["message_id"])["seq"] == 1


def consumers(parley, queue):
    connection = parley.amqp()
    try:
        return connection.channel().queue_declare(queue, passive=True).method.consumer_count
    finally:
        connection.close()


def test_who_was_away_long_enough_to_be_unsubscribed_is_live_again(parley, user):
    alice, bob = user(), user()
    sender = alice.device()
    bob.device().close()
    queue = f"user.{bob.id}.push-1"
    assert consumers(parley, queue) == 1
    eventually(lambda: consumers(parley, queue) == 0, 45, "the end of the subscription")
    sender.say("while away", to=bob)
    device = bob.device()
    ack = sender.say("back", to=bob)
    device.message(ack["message_id"])
    assert [m["seq"] for m in device.messages()][-1] == 2


def test_who_never_finishes_his_handshake_is_not_waited_for(parley):
    with socket.create_connection(("127.0.0.1", parley.base + 8 + 3 * 4), timeout=20) as slow:
        slow.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
        while slow.recv(4096):
            pass


@pytest.mark.timeout(150)
def test_who_answers_no_ping_is_closed_after_a_minute(silent):
    assert silent.read_close() == 1001
