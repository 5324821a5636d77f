"""Twenty people who talk in pairs and in one group, and what must be true when they have."""

import collections
import copy
import threading
import time

from client import fresh, single
from instance import SLOWNESS
from proper_client import ProperClient

PEOPLE = 20
SECOND_DEVICES = 4
PATIENCE = 60 * SLOWNESS


def through(session, door):
    """The same session, used at another door."""
    ret = copy.copy(session)
    ret.parley = door
    return ret


class Talk:
    """Everyone sends as much as everyone else, with 8 in flight; four have a second device."""

    def __init__(self, parley, doors=()):
        """Through doors, which have a rest and a ws_url of their own, or through the instance's one."""
        self.parley = parley
        doors = doors or [parley]
        self.people = [parley.register() for _ in range(PEOPLE)]
        self.group_id = self.people[0].create_group(*self.people[1:])
        self.acked = self.count = 0
        self.change = threading.Condition()
        self.senders = [
            ProperClient(through(person, doors[k % len(doors)]), 8, self.count_ack).start()
            for k, person in enumerate(self.people)]
        self.watchers = [
            ProperClient(through(person, doors[(k + 1) % len(doors)])).start()
            for k, person in enumerate(self.people[:SECOND_DEVICES])]
        self.sent = collections.defaultdict(dict)  # conversation_id -> message_id -> sender

    def count_ack(self, ack):
        with self.change:
            self.acked += ack["code"] == 0
            self.change.notify_all()

    def send(self, count):
        self.count += count
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

    def waiting_since(self):
        """How long the one has waited who waits longest for an ack just now, in seconds."""
        now = time.monotonic()
        return max(max([now - first for _, _, first in list(each.unacked.values())],
                       default=0.0) for each in self.senders)

    def longest_gap(self):
        """The longest time from the first sending of a message to its ack, in seconds."""
        return max(each.longest_wait for each in self.senders)

    def connected(self):
        """Of each client, whether it has a socket just now."""
        return [each.socket is not None for each in self.senders + self.watchers]

    def reconnects(self):
        return sum(each.connects - 1 for each in self.senders + self.watchers)

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
