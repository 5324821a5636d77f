"""A message deleted for oneself: gone from all that one sees, and from nothing of others."""

import pytest

from client import fresh, texts
from test_receipts import Crowd, Pair


@pytest.fixture
def pair(user):
    return Pair(user)


def path(acked):
    return f"/api/conversations/{acked['conversation_id']}/messages/{acked['message_id']}"


def delete(session, acked):
    return session.delete(path(acked) + "?scope=me")


@pytest.mark.smoke
def test_it_is_gone_for_oneself_on_every_device_and_for_nobody_else(pair):
    sent = [pair.writer.say(f"text {i}", to=pair.bob) for i in range(3)]
    reply = delete(pair.bob, sent[1]).ok()
    assert (reply["message_id"], reply["seq"]) == (sent[1]["message_id"], 2)
    for device in (pair.phone, pair.laptop):
        assert device.system("message.hidden")["content"] == {
            "event": "message.hidden", "conversation_id": pair.id,
            "message_ids": [sent[1]["message_id"]]}
    assert texts(pair.bob.private_history(pair.alice.id)["messages"]) == ["text 0", "text 2"]
    assert len(pair.alice.private_history(pair.bob.id)["messages"]) == 3
    pair.bob.get(path(sent[1])).refused(40401)
    pair.alice.get(path(sent[1])).ok()
    pair.writer.heartbeat()
    assert not [f for f in pair.writer.frames if f["type"] == 3]


def test_unread_and_the_last_message_are_of_what_is_left(pair):
    sent = [pair.writer.say(f"text {i}", to=pair.bob) for i in range(3)]
    delete(pair.bob, sent[2]).ok()
    item = pair.item(pair.bob)
    assert item["unread_count"] == 2 and item["last_message"]["seq"] == 2
    assert pair.item(pair.alice)["last_message"]["seq"] == 3
    for acked in sent[:2]:
        delete(pair.bob, acked).ok()
    item = pair.item(pair.bob)
    assert (item["unread_count"], item["last_message"]) == (0, None)
    pair.say()
    assert pair.item(pair.bob)["unread_count"] == 1


def test_it_may_be_asked_for_again_and_by_both(pair):
    acked = pair.say()
    for _ in range(2):
        delete(pair.bob, acked).ok()
    delete(pair.alice, acked).ok()
    assert pair.alice.private_history(pair.bob.id)["messages"] == []


def test_what_one_cannot_see_cannot_be_deleted(user):
    crowd = Crowd(user)
    acked = crowd.say()
    late, eve = user(), user()
    late.join(crowd.group_id)
    delete(late, acked).refused(40401)
    delete(eve, acked).refused(40401)
    delete(crowd.owner, {**acked, "message_id": fresh()}).refused(40401)
    crowd.owner.delete(path(acked) + "?scope=us").refused(40001, "scope")
    delete(crowd.others[0], acked).ok()
    crowd.others[0].leave(crowd.group_id)  # what one may see one may delete
    second = crowd.say()
    delete(crowd.others[0], second).refused(40401)


def test_a_mention_that_one_has_deleted_is_none(user):
    crowd = Crowd(user)
    bob = crowd.others[0]
    device = crowd.devices[0]
    acked = device.ack(device.post({"type": 2, "group_id": crowd.group_id, "content": {
        "text": "you", "at_user_ids": [bob.id]}}))
    assert bob.conversations()[crowd.id]["mentioned"] is True
    delete(bob, acked).ok()
    assert bob.conversations()[crowd.id]["mentioned"] is False


def test_sync_tells_a_device_that_was_away(pair):
    sent = [pair.writer.say(f"text {i}", to=pair.bob) for i in range(2)]
    cursor = pair.bob.get("/api/sync").ok()["cursor"]
    delete(pair.bob, sent[0]).ok()
    page = pair.bob.get(f"/api/sync?cursor={cursor}").ok()
    assert [c["hidden_message_ids"] for c in page["conversations"]] == [[sent[0]["message_id"]]]
    assert page["conversations"][0]["unread_count"] == 1


def test_it_is_finished_by_the_next_owner(parley, pair):
    sent = [pair.writer.say(f"text {i}", to=pair.bob) for i in range(2)]
    cursor = pair.bob.get("/api/sync").ok()["cursor"]
    # What the former owner wrote, who then went no further: by hand.
    parley.mongo["messages"].update_one(
        {"_id": f"{pair.id}/{sent[0]['message_id']}"}, {"$addToSet": {"hidden_for": pair.bob.id}})
    parley.kill("message")
    delete(pair.bob, sent[0]).ok()
    page = pair.bob.get(f"/api/sync?cursor={cursor}").ok()
    assert page["conversations"][0]["hidden_message_ids"] == [sent[0]["message_id"]]
    assert pair.item(pair.bob)["unread_count"] == 1
