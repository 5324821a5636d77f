"""kill -9 of anything in the middle of 2,000 sends: nothing lost, nothing doubled, one order."""

import collections
import contextlib
import os
import random
import signal
import threading
import time

import pytest

from client import fresh, single
from instance import SLOWNESS
from proper_client import ProperClient

ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
PEOPLE = 20
SENDS = 2000
KILL_AFTER = 500
SECOND_DEVICES = 4
PATIENCE = 60 * SLOWNESS

VICTIMS = ("auth", "user", "group", "message", "push", "bot", "rabbitmq", "mongod", "redis")


class Crowd:
    """20 people, in pairs and in one group, each sending 100 messages with 8 in flight."""

    def __init__(self, parley):
        self.parley = parley
        self.people = [parley.register() for _ in range(PEOPLE)]
        self.group_id = self.people[0].create_group(*self.people[1:])
        self.acked = 0
        self.change = threading.Condition()
        self.senders = [ProperClient(person, window=8, on_ack=self.count_ack).start()
                        for person in self.people]
        self.watchers = [ProperClient(person).start() for person in self.people[:SECOND_DEVICES]]
        self.sent = collections.defaultdict(dict)  # conversation_id -> message_id -> sender

    def count_ack(self, ack):
        with self.change:
            self.acked += ack["code"] == 0
            self.change.notify_all()

    def send(self, count=SENDS):
        self.count = count
        for i in range(count // PEOPLE):
            for k, sender in enumerate(self.senders):
                message_id = fresh()
                if i % 2:
                    peer = self.people[k ^ 1]
                    target = {"type": 1, "to": peer.id}
                    conversation_id = single(self.people[k], peer)
                else:
                    target = {"type": 2, "group_id": self.group_id}
                    conversation_id = f"group:{self.group_id}"
                self.sent[conversation_id][message_id] = k
                sender.send({**target, "message_id": message_id,
                             "content": {"text": f"{k} says {i}"}})

    def wait_acked(self, count):
        with self.change:
            assert self.change.wait_for(lambda: self.acked >= count, PATIENCE), (
                f"{self.acked} of {count} were acked; un-acked: "
                f"{[list(sender.unacked)[:2] for sender in self.senders if sender.unacked][:4]}")

    def stop(self):
        for each in self.senders + self.watchers:
            each.stop()

    # ---- What must be true afterwards

    def check_store(self):
        acks = {}
        for sender in self.senders:
            assert not sender.faults, sender.faults
            for message_id, ack in sender.acks.items():
                assert ack["code"] == 0, ack
                acks[message_id] = ack
        assert len(acks) == self.count
        self.order = {}
        for conversation_id, sent in self.sent.items():
            rows = self.parley.stored(conversation_id)
            seqs = [row["seq"] for row in rows]
            assert seqs == list(range(1, len(rows) + 1)), f"a hole or a double in {conversation_id}"
            ids = [row["_id"].removeprefix(conversation_id + "/") for row in rows]
            extra = 1 if conversation_id.startswith("group:") else 0  # group.created
            assert len(ids) == len(sent) + extra and set(sent) <= set(ids)
            for row, message_id in zip(rows, ids):
                if message_id in sent:
                    assert acks[message_id]["seq"] == row["seq"]
                    assert row["from_user_id"] == self.people[sent[message_id]].id
            row = self.parley.mongo["conversations"].find_one({"_id": conversation_id})
            assert row["last_seq"] == len(rows)
            self.order[conversation_id] = list(zip(seqs, ids))

    def check_devices(self):
        for each in self.senders + self.watchers:
            for conversation_id, order in self.order.items():
                if not (conversation_id.startswith("group:")
                        or each.session.id in conversation_id):
                    continue
                assert each.wait(lambda c: c.last[conversation_id] == len(order), PATIENCE), (
                    f"{conversation_id} is shown up to {each.last[conversation_id]} "
                    f"of {len(order)}")
                assert each.shown[conversation_id] == order


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_loses_and_doubles_nothing_when_one_is_killed_mid_send(parley, victim, round_):
    crowd = Crowd(parley)
    try:
        crowd.send()
        crowd.wait_acked(KILL_AFTER)
        old = parley.kill(victim, wait=False)
        assert crowd.acked < SENDS  # it was in the middle
        crowd.wait_acked(SENDS)
        parley.wait_replaced(victim, old)
        crowd.check_store()
        crowd.check_devices()
    finally:
        crowd.stop()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_loses_and_doubles_nothing_in_a_storm_of_faults(parley, round_):
    """Kills and halts (a former owner that wakes up again) of whatever a message passes."""
    seed = int(time.time() * 1000)
    chance = random.Random(seed)
    crowd = Crowd(parley)
    faults = [f"seed {seed}"]
    try:
        crowd.send(2 * SENDS)
        for step in range(1, 7):
            crowd.wait_acked(step * SENDS // 4)
            name = chance.choice(("message", "push", "mongod", "user", "message", "rabbitmq"))
            halt = chance.choice((0, 0, 0.3, 3))
            faults.append(f"{name} {halt} at {crowd.acked}")
            if not parley.find_pid(name):
                continue
            with contextlib.suppress(ProcessLookupError):  # the fault before has just ended it
                pid = parley.signal(name, signal.SIGSTOP if halt else signal.SIGKILL)
                if halt:
                    time.sleep(halt)  # this long it does nothing: the fault itself
                    os.kill(pid, signal.SIGCONT)
        crowd.wait_acked(2 * SENDS)
        parley.wait_ready()
        crowd.check_store()
        crowd.check_devices()
    except AssertionError as fault:
        raise AssertionError(f"{fault}; {faults}") from fault
    finally:
        crowd.stop()
