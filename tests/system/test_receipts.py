"""Delivered and read: only forward, shared by one's devices, told to who may know."""

import json

import bson
import pytest

from client import fresh, single
from instance import eventually

ACK, READ, DELIVERED = 30, 31, 36


class Pair:
    """Alice writes to Bob, who has two devices."""

    def __init__(self, user):
        self.alice, self.bob = user(), user()
        self.writer = self.alice.device()
        self.phone, self.laptop = self.bob.device(), self.bob.again().device()
        self.id = single(self.alice, self.bob)

    def say(self, n=1):
        return [self.writer.say(f"text {i}", to=self.bob) for i in range(n)][-1]

    def mark(self, device, type, seq):
        device.send({"type": type, "conversation_id": self.id, "seq": seq})

    def told(self, device, type, seq, who):
        return device.wait_for(lambda f: f["type"] == type and f.get("seq") == seq
                               and f.get("from") == who.id)

    def item(self, session):
        return session.conversations()[self.id]

    def told_so_far(self, device, who):
        return [(f["type"], f["seq"]) for f in device.frames
                if f["type"] in (READ, DELIVERED) and f["from"] == who.id]


@pytest.fixture
def pair(user):
    return Pair(user)


@pytest.mark.smoke
def test_reading_on_one_device_clears_all_and_tells_the_sender(pair):
    pair.say(3)
    assert pair.item(pair.bob)["unread_count"] == 3
    pair.mark(pair.phone, READ, 2)
    frame = {"type": READ, "conversation_id": pair.id, "seq": 2, "from": pair.bob.id}
    assert pair.told(pair.writer, READ, 2, pair.bob) == frame
    assert pair.told(pair.laptop, READ, 2, pair.bob) == frame
    item = pair.item(pair.bob)
    assert (item["unread_count"], item["read_seq"]) == (1, 2)
    peer = pair.item(pair.alice)["peer"]
    assert (peer["read_seq"], peer["delivered_seq"]) == (2, 2)
    pair.mark(pair.laptop, READ, 3)
    pair.told(pair.phone, READ, 3, pair.bob)
    assert pair.item(pair.bob)["unread_count"] == 0
    assert pair.told_so_far(pair.phone, pair.bob) == [(READ, 3)]  # its own reading is no news


def test_receipts_only_go_forward_and_never_past_what_was_said(pair):
    pair.say(3)
    pair.mark(pair.phone, READ, 1000)
    pair.told(pair.writer, READ, 3, pair.bob)
    pair.mark(pair.phone, READ, 1)
    pair.mark(pair.laptop, ACK, 2)
    pair.say()
    pair.mark(pair.phone, READ, 4)
    pair.told(pair.writer, READ, 4, pair.bob)
    assert pair.told_so_far(pair.writer, pair.bob)[-1] == (READ, 4)
    assert {seq for _, seq in pair.told_so_far(pair.writer, pair.bob)} == {3, 4}
    assert pair.item(pair.bob)["read_seq"] == 4


def test_delivered_is_told_once_by_whichever_device_was_first(pair):
    pair.say(2)
    pair.mark(pair.phone, ACK, 2)
    assert pair.told(pair.writer, DELIVERED, 2, pair.bob)["conversation_id"] == pair.id
    pair.mark(pair.laptop, ACK, 2)
    pair.say()
    pair.mark(pair.laptop, ACK, 3)
    pair.told(pair.writer, DELIVERED, 3, pair.bob)
    assert pair.told_so_far(pair.writer, pair.bob) == [(DELIVERED, 2), (DELIVERED, 3)]
    item = pair.item(pair.bob)
    assert (item["unread_count"], item["read_seq"]) == (3, 0)
    peer = pair.item(pair.alice)["peer"]
    assert "read_seq" not in peer and peer["delivered_seq"] == 3
    assert pair.told_so_far(pair.laptop, pair.bob) == []


def test_writing_back_has_read_and_got_all(pair):
    pair.say(2)
    pair.phone.say("hi", to=pair.alice)
    peer = pair.item(pair.alice)["peer"]
    assert (peer["read_seq"], peer["delivered_seq"]) == (3, 3)
    assert pair.item(pair.bob)["unread_count"] == 0


def until_blocks_are_heard(user):
    """Message hears of them in the order in which they were made: a later one of others has come."""
    one, other = user(), user()
    device = one.device()
    device.say("may I?", to=other)
    other.post("/api/blocks", {"user_id": one.id}).ok()
    frame = {"type": 1, "to": other.id, "content": {"text": "and now?"}}
    eventually(lambda: device.ack(device.post(frame))["code"] == 40302, what="40302")


@pytest.mark.parametrize("blocker", ["reader", "writer"])
def test_between_the_blocked_nothing_is_told_and_ones_own_devices_know(pair, user, blocker):
    pair.say(2)
    by, whom = (pair.bob, pair.alice) if blocker == "reader" else (pair.alice, pair.bob)
    by.post("/api/blocks", {"user_id": whom.id}).ok()
    until_blocks_are_heard(user)
    pair.mark(pair.phone, ACK, 1)
    pair.mark(pair.phone, READ, 2)
    pair.told(pair.laptop, READ, 2, pair.bob)
    assert pair.item(pair.bob)["unread_count"] == 0
    peer = pair.item(pair.alice)["peer"]
    assert "read_seq" not in peer and "delivered_seq" not in peer
    by.delete(f"/api/blocks/{whom.id}").ok()
    until_blocks_are_heard(user)
    pair.say()
    pair.mark(pair.phone, READ, 3)
    pair.told(pair.writer, READ, 3, pair.bob)
    assert pair.told_so_far(pair.writer, pair.bob) == [(READ, 3)]


def test_a_burst_of_receipts_is_a_few_and_the_last_one_counts(pair, parley):
    pair.say(30)
    for seq in range(1, 31):
        pair.mark(pair.phone, ACK, seq)
    pair.told(pair.writer, DELIVERED, 30, pair.bob)
    seqs = [seq for _, seq in pair.told_so_far(pair.writer, pair.bob)]
    assert seqs == sorted(set(seqs))


def test_receipts_have_a_pace_of_their_own(pair):
    pair.say()
    for _ in range(1000):  # more than messages may be
        pair.mark(pair.phone, ACK, 1)
    assert pair.phone.say("still here", to=pair.alice)["code"] == 0
    assert not [f for f in pair.phone.frames if f["type"] == ACK and f["code"]]


def test_a_strangers_conversation_is_not_there(pair, user):
    pair.say()
    eve = user().device()
    pair.mark(eve, READ, 1)
    error = eve.wait_for(lambda f: f["type"] == ACK and f["message_id"] is None)
    assert error["code"] == 40401 and error["data"]["field"] == "conversation_id"
    eve.send({"type": READ, "conversation_id": "group:group_unknown", "seq": 1})
    eve.wait_for(lambda f: f["type"] == ACK and f["code"] == 40401, count=2)


# ---- Groups


class Crowd:
    def __init__(self, user, n=3):
        self.owner, *self.others = (user() for _ in range(n))
        self.group_id = self.owner.create_group(*self.others)
        self.id = f"group:{self.group_id}"
        self.devices = [session.device() for session in (self.owner, *self.others)]

    def say(self, text="hi", device=None):
        return (device or self.devices[0]).say(text, group_id=self.group_id)

    def receipts(self, message, session=None, query=""):
        path = f"/api/conversations/{self.id}/messages/{message['message_id']}/receipts{query}"
        return (session or self.owner).get(path)

    def read(self, session, seq):
        return session.patch(f"/api/conversations/{self.id}", {"read_seq": seq}).ok()


def test_in_a_group_its_sender_sees_who_has_read(user):
    crowd = Crowd(user)
    message = crowd.say()
    bob, carol = crowd.others
    found = crowd.receipts(message).ok()
    assert (found["total"], found["read_count"]) == (2, 0)
    assert found["receipts"] == [{"user_id": id, "read": False}
                                 for id in sorted((bob.id, carol.id))]
    assert crowd.read(bob, message["seq"])["unread_count"] == 0
    found = crowd.receipts(message).ok()
    assert (found["total"], found["read_count"]) == (2, 1)
    assert {r["user_id"]: r["read"] for r in found["receipts"]} == {bob.id: True, carol.id: False}
    crowd.receipts(message, bob).refused(40301)
    crowd.receipts(message, user()).refused(40401)


def test_the_list_of_readers_is_paged_and_has_only_those_it_was_for(user):
    crowd = Crowd(user, 4)
    message = crowd.say()
    late, gone = user(), crowd.others[0]
    late.join(crowd.group_id)
    gone.leave(crowd.group_id)
    first = crowd.receipts(message, query="?limit=1").ok()
    assert first["total"] == 2 and len(first["receipts"]) == 1
    second = crowd.receipts(message, query=f"?limit=1&cursor={first['next_cursor']}").ok()
    assert second["next_cursor"] is None
    ids = {r["user_id"] for r in first["receipts"] + second["receipts"]}
    assert ids == {crowd.others[1].id, crowd.others[2].id}


def test_in_a_large_group_nobody_is_told(parley, user):
    crowd = Crowd(user)
    message = crowd.say()
    rows = [{"_id": f"user_{fresh()}/{crowd.id}", "user_id": f"user_{i}",
             "conversation_id": crowd.id, "spans": [{"from_seq": bson.Int64(1),
                                                     "to_seq": bson.Int64(0)}]}
            for i in range(500)]
    parley.mongo["conversation_users"].insert_many(rows)
    crowd.receipts(message).refused(40301)


def test_in_private_one_sees_what_was_delivered_too(pair):
    message = pair.say()
    path = f"/api/conversations/{pair.id}/messages/{message['message_id']}/receipts"
    pair.mark(pair.phone, ACK, 1)
    pair.told(pair.writer, DELIVERED, 1, pair.bob)
    assert pair.alice.get(path).ok() == {
        "total": 1, "read_count": 0, "next_cursor": None,
        "receipts": [{"user_id": pair.bob.id, "read": False, "delivered": True}]}
    pair.bob.get(path).refused(40301)


def test_group_readings_stay_with_ones_own_devices_and_system_messages_count_for_nothing(user):
    crowd = Crowd(user)
    owner, bob, carol = crowd.devices
    laptop = crowd.others[0].again().device()
    first = crowd.say("one")
    user().join(crowd.group_id)
    last = crowd.say("two")
    crowd.read(crowd.others[0], first["seq"])
    laptop.wait_for(lambda f: f["type"] == READ and f["seq"] == first["seq"])
    item = crowd.others[0].conversations()[crowd.id]
    assert (item["unread_count"], item["read_seq"]) == (1, first["seq"])
    bob.send({"type": READ, "conversation_id": crowd.id, "seq": last["seq"]})
    laptop.wait_for(lambda f: f["type"] == READ and f["seq"] == last["seq"])
    assert crowd.others[0].conversations()[crowd.id]["unread_count"] == 0
    bob.say("seen", group_id=crowd.group_id)
    owner.wait_for(lambda f: f.get("content") == {"text": "seen"})
    assert not [f for f in owner.frames + carol.frames if f["type"] == READ]


# ---- Owners that die, or wake up late


def test_a_receipt_survives_the_death_of_the_owner(parley, pair):
    pair.say(3)
    pair.mark(pair.phone, READ, 3)
    pair.told(pair.writer, READ, 3, pair.bob)
    before = parley.mongo["conversations"].find_one({"_id": pair.id})["touched"]
    # What the former owner wrote of the row and did not live to tell, by hand.
    pair.say()
    row = parley.mongo["conversation_users"].find_one({"_id": f"{pair.bob.id}/{pair.id}"})
    parley.mongo["conversation_users"].update_one(
        {"_id": row["_id"]}, {"$set": {"read_seq": bson.Int64(4), "read_count": bson.Int64(4)}})
    parley.kill("message")
    pair.mark(pair.phone, READ, 4)  # again, as its command would be
    pair.told(pair.writer, READ, 4, pair.bob)
    after = parley.mongo["conversations"].find_one({"_id": pair.id})["touched"]
    assert after > before
