"""What a former owner of a conversation stored late, or did not live to tell.

His writes are made by hand here: no kill can be timed to fall between two of his steps.
"""

import time

import bson

from client import fresh, single
from instance import eventually


def stored_by_another(sender, to, seq, message_id, text):
    """A message as an owner stores it, who then went no further."""
    conversation_id = single(sender.id, to)
    return {
        "_id": f"{conversation_id}/{message_id}", "conversation_id": conversation_id,
        "seq": bson.Int64(seq), "count": bson.Int64(seq), "from_user_id": sender.id,
        "to_user_id": to, "msg_type": bson.Int64(0), "content": '{"text":"%s"}' % text,
        "created_at": bson.Int64(int(time.time() * 1000))}


def test_what_was_stored_while_a_conversation_is_known_is_seen_once_it_is_acked(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    message_id = fresh()
    a.say("first", to=bob.id)  # from now on its owner knows where it ends
    parley.mongo["messages"].insert_one(stored_by_another(alice, bob.id, 2, message_id, "late"))
    a.send({"type": 1, "message_id": message_id, "to": bob.id, "content": {"text": "late"}})
    assert a.ack(message_id)["seq"] == 2
    assert [m["seq"] for m in bob.private_history(alice.id)["messages"]] == [1, 2]
    assert b.message(message_id)["seq"] == 2
    assert a.say("next", to=bob.id)["seq"] == 3


def late_reaction(parley, sent, user_id):
    """A reaction that a former owner stored late, and then died before he came to the conversation."""
    conversation_id, message_id = sent["conversation_id"], sent["message_id"]
    parley.mongo["changes"].insert_one({
        "_id": f"{conversation_id}/1", "conversation_id": conversation_id,
        "change_seq": bson.Int64(1), "kind": "reaction", "seq": bson.Int64(sent["seq"]),
        "message_id": f"{conversation_id}/{message_id}", "user_id": user_id, "emoji": "🎉",
        "created_at": bson.Int64(int(time.time() * 1000))})
    parley.mongo["messages"].update_one(
        {"_id": f"{conversation_id}/{message_id}"},
        {"$set": {"change_seq": bson.Int64(1), "reactions": [f"🎉 {user_id}"]}})


def test_a_change_that_was_stored_while_a_conversation_is_known_is_seen_once_it_is_acked(parley,
                                                                                          user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    sent = a.say("first", to=bob.id)  # from now on its owner knows how far its changes are
    late_reaction(parley, sent, bob.id)
    after = len(b.frames)
    b.send({"type": 35, "conversation_id": sent["conversation_id"],
            "message_id": sent["message_id"], "emoji": "🎉"})
    ack = b.wait_for(lambda f: f["type"] == 30 and f.get("change_seq"), after=after)
    assert ack["code"] == 0 and ack["change_seq"] == 1
    conversation = parley.mongo["conversations"].find_one({"_id": sent["conversation_id"]})
    assert conversation["change_seq"] == 1  # so sync tells of it
    assert a.wait_for(lambda f: f["type"] == 35)["change_seq"] == 1


def test_a_bot_is_told_what_its_owner_did_not_live_to_tell(parley, user, hubot):
    alice = user()
    device = alice.device()
    message_id = fresh()
    parley.mongo["messages"].insert_one(
        stored_by_another(alice, hubot, 1, message_id, "/echo after all"))
    device.send({"type": 1, "message_id": message_id, "to": hubot,
                 "content": {"text": "/echo after all"}})
    assert device.ack(message_id)["seq"] == 1
    answer = device.wait_for(lambda f: f["type"] == 1 and f["from"] == hubot)
    assert answer["content"]["text"] == "after all"


def test_a_full_queue_of_a_bot_keeps_nobody_from_talking(parley, user, hubot):
    alice, bob = user(), user()
    connection = parley.amqp()
    channel = connection.channel()
    try:
        # A queue that takes nothing stands in for one that is full: it refuses in the same way.
        channel.queue_declare("full", arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
        channel.queue_bind("full", "im.event", "message.stored.command")
        device = alice.device()
        device.say("/echo parked", to=hubot)
        device.say("and on", to=bob.id)
        # Other tests have left dead letters of their own before ours.
        eventually(lambda: b"/echo parked" in (channel.basic_get("dead", auto_ack=True)[2] or b""),
                   what="parked")
    finally:
        channel.queue_delete("full")
        connection.close()
