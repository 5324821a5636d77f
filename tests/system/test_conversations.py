"""The list of conversations: pinned, muted, hidden, with drafts, and right about what is unread."""

import bson
import pytest

from client import fresh, single
from instance import eventually
from test_receipts import Crowd, Pair

RECALL = 32


@pytest.fixture
def pair(user):
    return Pair(user)


def change(session, conversation_id, **what):
    return session.patch(f"/api/conversations/{conversation_id}", what)


def recall(device, acked):
    after = len(device.frames)
    device.send({"type": RECALL, "conversation_id": acked["conversation_id"],
                 "message_id": acked["message_id"]})
    ack = device.wait_for(lambda f: f["type"] == 30 and f["message_id"] == acked["message_id"],
                          after=after)
    assert ack["code"] == 0, ack


def updated(device, after=0):
    return device.system("conversation.updated", after)["content"]


@pytest.mark.smoke
def test_what_one_keeps_of_a_conversation_is_on_all_of_ones_devices(pair):
    pair.say()
    item = change(pair.bob, pair.id, pinned=True, draft="tomorrow at").ok()
    assert (item["pinned"], item["muted"], item["draft"]) == (True, False, "tomorrow at")
    content = updated(pair.laptop)
    assert content == {"event": "conversation.updated", "conversation_id": pair.id, "pinned": True,
                       "muted": False, "hidden": False, "draft": "tomorrow at"}
    after = len(pair.laptop.frames)
    item = change(pair.bob, pair.id, muted=True, draft="").ok()
    assert (item["pinned"], item["muted"]) == (True, True) and "draft" not in item
    assert updated(pair.laptop, after)["draft"] == ""
    shown = pair.item(pair.bob)
    assert (shown["pinned"], shown["muted"], shown["unread_count"]) == (True, True, 1)
    other = pair.item(pair.alice)
    assert (other["pinned"], other["muted"]) == (False, False)
    pair.writer.heartbeat()
    assert not [f for f in pair.writer.frames if f["type"] == 3]  # it is nobody else's business


def test_a_draft_is_as_long_as_a_text(pair):
    pair.say()
    assert change(pair.bob, pair.id, draft="ü" * 10000).ok()["draft"] == "ü" * 10000
    change(pair.bob, pair.id, draft="ü" * 10001).refused(40001, "draft")
    change(pair.bob, pair.id, pinned="yes").refused(40001, "pinned")
    change(pair.bob, pair.id, read_seq=-1).refused(40001, "read_seq")


def test_a_conversation_that_is_not_ones_own_cannot_be_changed(pair, user):
    pair.say()
    eve = user()
    for conversation_id in (pair.id, single(eve, pair.bob), "group:group_unknown", "nonsense"):
        change(eve, conversation_id, pinned=True).refused(40401)
        eve.delete(f"/api/conversations/{conversation_id}").refused(40401)
    assert eve.conversations() == {}


def test_pinned_ones_stand_on_top_and_pages_keep_the_order(user):
    alice = user()
    device = alice.device()
    others = [user() for _ in range(5)]
    for other in others:
        device.say("hi", to=other)
    ids = [single(alice, other) for other in others]
    for i in (0, 2):
        change(alice, ids[i], pinned=True).ok()
    assert list(alice.conversations()) == [ids[2], ids[0], ids[4], ids[3], ids[1]]
    found, cursor = [], ""
    for _ in range(5):
        page = alice.get(f"/api/conversations?limit=1{cursor}").ok()
        found += [row["conversation_id"] for row in page["conversations"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None and page["total"] == 5
    assert found == [ids[2], ids[0], ids[4], ids[3], ids[1]]


def test_a_hidden_conversation_comes_back_with_the_next_message(pair):
    pair.say()
    item = pair.bob.delete(f"/api/conversations/{pair.id}").ok()
    assert item["hidden"] is True
    assert updated(pair.laptop)["hidden"] is True
    assert pair.bob.conversations() == {} and pair.id in pair.alice.conversations()
    pair.say()
    assert "hidden" not in pair.item(pair.bob)
    assert pair.item(pair.bob)["unread_count"] == 2  # hiding is not reading


def test_unread_counts_neither_what_was_recalled_nor_what_was_read(pair):
    sent = [pair.writer.say(f"text {i}", to=pair.bob) for i in range(6)]
    change(pair.bob, pair.id, read_seq=2).ok()
    for i in (0, 3, 5):  # one that was read, and two that were not
        recall(pair.writer, sent[i])
    item = pair.item(pair.bob)
    assert item["unread_count"] == 2
    assert item["last_message"]["recalled_at"] and item["last_message"]["content"] == {}
    recall(pair.writer, sent[4])
    assert pair.item(pair.bob)["unread_count"] == 1
    pair.say()
    assert pair.item(pair.bob)["unread_count"] == 2
    assert change(pair.bob, pair.id, read_seq=7).ok()["unread_count"] == 0
    pair.say(2)
    assert pair.item(pair.bob)["unread_count"] == 2
    friends = pair.bob.get("/api/friends").ok()["friends"]
    assert [f["unread_count"] for f in friends if f["user_id"] == pair.alice.id] in ([2], [])


def test_reading_to_the_middle_is_exact_among_system_messages(user):
    crowd = Crowd(user)
    bob = crowd.others[0]
    seqs = []
    for i in range(3):
        seqs.append(crowd.say(f"text {i}")["seq"])
        user().join(crowd.group_id)
    assert bob.conversations()[crowd.id]["unread_count"] == 3
    for i, seq in enumerate(seqs):
        assert crowd.read(bob, seq)["unread_count"] == 2 - i
    # One between two that count, and the last, which is a system message.
    assert crowd.read(bob, seqs[2] + 1)["read_seq"] == seqs[2] + 1
    assert crowd.say()["seq"] == seqs[2] + 2
    assert bob.conversations()[crowd.id]["unread_count"] == 1


def test_who_is_named_sees_it_until_he_has_read(user):
    crowd = Crowd(user)
    bob, carol = crowd.others
    device = crowd.devices[0]

    def say(**content):
        ack = device.ack(device.post({"type": 2, "group_id": crowd.group_id,
                                      "content": {"text": "you", **content}}))
        assert ack["code"] == 0, ack
        return ack

    def mentioned(session):
        return session.conversations()[crowd.id]["mentioned"]

    first = say(at_user_ids=[bob.id])
    assert (mentioned(bob), mentioned(carol), mentioned(crowd.owner)) == (True, False, False)
    second = say(at_user_ids=[bob.id])
    crowd.say("and more")
    recall(device, second)
    assert mentioned(bob)  # the first one still names him
    recall(device, first)
    assert not mentioned(bob)
    third = say(at_all=True)
    assert mentioned(bob) and mentioned(carol) and not mentioned(crowd.owner)
    assert crowd.read(bob, third["seq"])["mentioned"] is False
    assert mentioned(carol)
    recall(device, third)
    assert not mentioned(carol)


def test_who_has_left_can_put_the_group_away(user):
    crowd = Crowd(user)
    bob = crowd.others[0]
    crowd.say()
    bob.leave(crowd.group_id)
    crowd.say("without him")
    item = bob.conversations()[crowd.id]
    assert (item["unread_count"], item["mentioned"]) == (0, False)
    bob.delete(f"/api/conversations/{crowd.id}").ok()
    crowd.say("and on")
    assert crowd.id not in bob.conversations()


# ---- Owners that die, or wake up late


def test_a_setting_is_not_taken_back_by_who_comes_late(parley, pair):
    pair.say()
    change(pair.bob, pair.id, pinned=True).ok()
    rows = parley.mongo["conversation_users"]
    row = {"_id": f"{pair.bob.id}/{pair.id}"}
    # Another owner has written since this one looked: by hand, no kill can be timed so.
    rows.update_one(row, {"$set": {"muted": True}, "$inc": {"version": bson.Int64(1)}})
    item = change(pair.bob, pair.id, draft="and this").ok()
    assert (item["pinned"], item["muted"], item["draft"]) == (True, True, "and this")
    assert rows.find_one(row)["version"] == 3


def test_settings_survive_the_death_of_the_owner(parley, pair):
    pair.say()
    change(pair.bob, pair.id, pinned=True, read_seq=1).ok()
    version = parley.mongo["conversation_users"].find_one(
        {"_id": f"{pair.bob.id}/{pair.id}"})["version"]
    parley.kill("message")
    item = change(pair.bob, pair.id, muted=True).ok()
    assert (item["pinned"], item["muted"], item["read_seq"]) == (True, True, 1)
    after = parley.mongo["conversation_users"].find_one(
        {"_id": f"{pair.bob.id}/{pair.id}"})["version"]
    assert after == version + 1
