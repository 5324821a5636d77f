"""RETENTION_DAYS: what is too old is removed for good, from the front of each conversation."""

import time

import bson
import pytest

from client import single
from conftest import PORT
from instance import eventually

DAYS = 30
DAY = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def keeper(make_parley):
    """An instance that forgets after a month. Its sweeper walks whenever it starts."""
    instance = make_parley(PORT + 100, RETENTION_DAYS=str(DAYS))
    yield instance
    assert make_parley.stopped(instance) == []


@pytest.fixture
def people(keeper):
    pair = [keeper.register(), keeper.register()]
    yield pair
    for session in pair:
        for device in session.devices:
            device.close()


def age(parley, conversation_id, last_seq, days=DAYS + 1):
    """Messages up to last_seq were sent so long ago."""
    parley.mongo["messages"].update_many(
        {"conversation_id": conversation_id, "seq": {"$lte": last_seq}},
        {"$inc": {"created_at": bson.Int64(-days * DAY)}})


def walk(parley):
    """As a process that has just begun: with a walk."""
    parley.kill("message")
    parley.wait_whole()


def trimmed(device, first_seq):
    return device.wait_for(lambda f: f["type"] == 3
                           and f["content"]["event"] == "conversation.trimmed"
                           and f["content"]["first_seq"] >= first_seq)


def test_what_is_too_old_goes_with_all_that_belongs_to_it(keeper, people):
    alice, bob = people
    phone, peer = alice.device(), bob.device()
    conversation_id = single(alice, bob)
    acks = [phone.say(f"number {i}", to=bob) for i in range(6)]
    for ack in acks[:2] + acks[4:5]:
        path = f"/api/conversations/{conversation_id}/messages/{ack['message_id']}"
        bob.post(path + "/reactions", {"emoji": "👍"}).ok()
        bob.call("PUT", path + "/pin").ok()
    cursor = bob.get("/api/sync").ok()["cursor"]
    age(keeper, conversation_id, 4)
    walk(keeper)
    assert trimmed(peer, 5)["content"]["conversation_id"] == conversation_id
    assert [m["seq"] for m in keeper.stored(conversation_id)] == [5, 6]
    assert [m["seq"] for m in bob.private_history(alice.id)["messages"]] == [5, 6]
    assert keeper.count("changes", {"conversation_id": conversation_id}) == 2
    stored = keeper.mongo["conversations"].find_one({"_id": conversation_id})
    assert stored["first_seq"] == 5 and stored["removed_seq"] == 4
    assert stored["pinned_ids"] == [acks[4]["message_id"]]
    assert bob.conversations()[conversation_id]["unread_count"] == 2
    (news,) = bob.get(f"/api/sync?cursor={cursor}").ok()["conversations"]
    assert news["first_seq"] == 5 and news["pinned_ids"] == [acks[4]["message_id"]]
    assert phone.say("next", to=bob)["seq"] == 7


def test_a_conversation_of_which_nothing_is_left_goes_on_where_it_was(keeper, people):
    alice, bob = people
    phone = alice.device()
    group_id = alice.create_group(bob)
    last = phone.say("long ago", group_id=group_id)["seq"]
    age(keeper, f"group:{group_id}", last)
    walk(keeper)
    trimmed(phone, last + 1)
    shown = bob.conversations()[f"group:{group_id}"]
    assert shown["last_message"] is None and shown["unread_count"] == 0
    assert bob.group_history(group_id)["messages"] == []
    assert bob.device().say("now", group_id=group_id)["seq"] == last + 1  # he is a member still


def test_a_walk_that_is_killed_is_finished_and_skips_nobody(keeper, people):
    """More of a conversation than one step takes, and others before and after it."""
    alice, bob = people
    phone = alice.device()
    before, after = (phone.say("hello", group_id=alice.create_group(bob)) for _ in range(2))
    conversation_id = single(alice, bob)
    phone.say("first", to=bob)
    now = int(time.time() * 1000)
    keeper.mongo["messages"].insert_many([{
        "_id": f"{conversation_id}/m{seq:020}", "conversation_id": conversation_id,
        "seq": bson.Int64(seq), "count": bson.Int64(seq), "from_user_id": alice.id,
        "to_user_id": bob.id, "msg_type": bson.Int64(0), "content": '{"text":"old"}',
        "created_at": bson.Int64(now - (DAYS + 2) * DAY)} for seq in range(2, 1802)])
    for ack in (before, after):
        age(keeper, ack["conversation_id"], ack["seq"])
    age(keeper, conversation_id, 1)
    walk(keeper)
    eventually(lambda: keeper.count(query={"conversation_id": conversation_id}) < 1801, 20,
               "a first step")
    walk(keeper)
    for ack in (before, after, {"conversation_id": conversation_id, "seq": 1801}):
        eventually(lambda: keeper.stored(ack["conversation_id"]) == [], 20, ack)
        stored = keeper.mongo["conversations"].find_one({"_id": ack["conversation_id"]})
        assert stored["first_seq"] == ack["seq"] + 1


def test_a_timer_that_is_longer_than_that_ends_by_that(keeper, people):
    alice, bob = people
    conversation_id = single(alice, bob)
    alice.call("PUT", f"/api/conversations/{conversation_id}/timer",
               {"seconds": 365 * 24 * 3600}).ok()
    ack = alice.device().say("a month at most", to=bob)
    shown = bob.private_history(alice.id)["messages"][-1]
    assert shown["expires_at"] == ack["timestamp"] + DAYS * DAY
