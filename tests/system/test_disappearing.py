"""Disappearing messages: the timer of a conversation, and what is left when it has run out."""

import time

import bson
import pytest

from client import fresh, single
from instance import SLOWNESS, eventually
from test_files import fetch, send, upload


def set_timer(session, conversation_id, seconds, **more):
    return session.call("PUT", f"/api/conversations/{conversation_id}/timer",
                        {"seconds": seconds, **more})


def run_out(parley, ack):
    """Its time is over: nobody sleeps here."""
    document = f"{ack['conversation_id']}/{ack['message_id']}"
    moved = parley.mongo["messages"].update_one(
        {"_id": document, "expires_at": {"$gt": 0}},
        {"$set": {"expires_at": bson.Int64(int(time.time() * 1000) - 1)}})
    assert moved.modified_count == 1
    return document


def told_of_end(device, ack):
    return device.wait_for(lambda f: f["type"] == 3 and f["content"]["event"] == "message.expired"
                           and ack["message_id"] in f["content"]["message_ids"])


def heard(device, ack):
    return [f for f in device.frames if f["type"] == 1 and f["message_id"] == ack["message_id"]]


class Talk:
    """Two friends whose messages live for an hour."""

    def __init__(self, user, seconds=3600):
        self.alice, self.bob = user(), user()
        self.phone, self.peer = self.alice.device(), self.bob.device()
        self.id = single(self.alice, self.bob)
        self.phone.say("from before", to=self.bob)
        set_timer(self.alice, self.id, seconds).ok()

    def say_again(self, ack):
        """As a device does that has no ack of it; the answer."""
        number = len(self.phone.frames)
        self.phone.send({"type": 1, "to": self.bob.id, "message_id": ack["message_id"],
                         "content": {"text": "again"}})
        return self.phone.wait_for(lambda f: f["type"] == 30
                                   and f["message_id"] == ack["message_id"], after=number)

    def history(self, session=None):
        session = session or self.bob
        other = self.alice if session is self.bob else self.bob
        return session.private_history(other.id)["messages"]


@pytest.fixture
def talk(user):
    return Talk(user)


@pytest.mark.smoke
def test_a_timer_is_told_to_all_and_later_messages_carry_their_end(parley, talk):
    for device in (talk.phone, talk.peer):
        told = device.wait_for(lambda f: f["type"] == 1 and f["msg_type"] == 3)
        assert told["content"] == {"event": "conversation.timer", "conversation_id": talk.id,
                                   "user_id": talk.alice.id, "seconds": 3600}
        assert told["seq"] == 2 and "expires_at" not in told
    ack = talk.peer.say("for an hour", to=talk.alice)
    live = talk.phone.message(ack["message_id"])
    assert live["expires_at"] == ack["expires_at"] == ack["timestamp"] + 3600 * 1000
    before, timer, after = talk.history()
    assert "expires_at" not in before and "expires_at" not in timer
    assert after["expires_at"] == live["expires_at"]
    assert parley.mongo["conversations"].find_one({"_id": talk.id})["ttl"] == 3600
    assert talk.bob.conversations()[talk.id]["ttl"] == 3600
    frame = {"type": 1, "to": talk.alice.id, "message_id": ack["message_id"],
             "content": {"text": "for an hour"}}
    talk.peer.send(frame)
    assert talk.peer.ack(ack["message_id"], count=2) == [ack, ack]  # sent again: the same end


def test_a_timer_is_set_once_however_often_it_is_asked_for(parley, talk):
    assert "message_id" not in set_timer(talk.bob, talk.id, 3600).ok()
    message_id = fresh()
    for _ in range(2):
        answer = set_timer(talk.bob, talk.id, 0, message_id=message_id).ok()
        assert answer == {"conversation_id": talk.id, "seconds": 0, "message_id": message_id}
    assert [m["content"].get("seconds") for m in talk.history()] == [None, 3600, 0]
    assert "expires_at" not in talk.phone.message(
        talk.peer.say("for ever", to=talk.alice)["message_id"])


def test_an_edit_prolongs_nothing(talk):
    ack = talk.phone.say("first", to=talk.bob)
    end = talk.history()[-1]["expires_at"]
    talk.alice.patch(f"/api/conversations/{talk.id}/messages/{ack['message_id']}",
                     {"content": {"text": "second"}}).ok()
    shown = talk.history()[-1]
    assert shown["content"]["text"] == "second" and shown["expires_at"] == end


def test_a_timer_has_limits_and_needs_a_conversation_of_ones_own(user, talk):
    for seconds in (1, 4, -1, 365 * 24 * 3600 + 1):
        set_timer(talk.alice, talk.id, seconds).refused(40001, "seconds")
    set_timer(talk.alice, talk.id, 5).ok()
    stranger = user()
    set_timer(stranger, talk.id, 60).refused(40401)
    set_timer(stranger, single(stranger, "user_nobody"), 60).refused(40401)
    talk.bob.post("/api/blocks", {"user_id": talk.alice.id}).ok()
    # Within a second: until then message may remember that she may.
    eventually(lambda: set_timer(talk.alice, talk.id, 60).code == 40302, what="40302")


def test_in_a_group_owner_and_admins_set_the_timer(user):
    owner, member, stranger = user(), user(), user()
    group_id = owner.create_group(member)
    conversation_id = f"group:{group_id}"
    set_timer(member, conversation_id, 60).refused(40301)
    set_timer(stranger, conversation_id, 60).refused(40401)
    set_timer(owner, conversation_id, 60).ok()
    owner.call("PUT", f"/api/groups/{group_id}/members/{member.id}/role", {"role": "admin"}).ok()
    eventually(lambda: set_timer(member, conversation_id, 120).status == 200, what="admin")
    ack = member.device().say("soon gone", group_id=group_id)
    shown = owner.group_history(group_id)["messages"][-1]
    assert shown["expires_at"] == ack["timestamp"] + 120_000


@pytest.mark.smoke
def test_what_has_run_out_is_gone_from_history_store_and_every_device(parley, talk):
    laptop = talk.alice.again().device()
    ack = talk.phone.say("secret", to=talk.bob)
    kept = talk.phone.say("not yet", to=talk.bob)
    path = f"/api/conversations/{talk.id}/messages/{ack['message_id']}"
    talk.bob.post(path + "/reactions", {"emoji": "👍"}).ok()
    talk.bob.call("PUT", path + "/pin").ok()
    document = run_out(parley, ack)
    assert ack["message_id"] not in [m["message_id"] for m in talk.history()]  # at once
    for device in (talk.phone, laptop, talk.peer):
        told = told_of_end(device, ack)["content"]
        assert told["conversation_id"] == talk.id and told["message_ids"] == [ack["message_id"]]
    assert parley.count(query={"_id": document}) == 0
    assert parley.count("changes", {"message_id": document}) == 0
    stored = parley.mongo["conversations"].find_one({"_id": talk.id})
    assert stored["pinned_ids"] == [] and stored["removed_seq"] == ack["seq"]
    assert [m["seq"] for m in talk.history()] == [1, 2, kept["seq"]]
    talk.bob.post(path + "/reactions", {"emoji": "👍"}).refused(40401)


def test_who_came_later_is_not_told_what_has_run_out(parley, user):
    owner, late = user(), user()
    phone, theirs = owner.device(), late.device()
    group_id = owner.create_group()
    set_timer(owner, f"group:{group_id}", 3600).ok()
    before = phone.say("before", group_id=group_id)
    late.join(group_id)
    theirs.system("resync")
    after = phone.say("after", group_id=group_id)
    run_out(parley, before)
    told_of_end(phone, before)
    run_out(parley, after)
    told_of_end(theirs, after)
    assert before["message_id"] not in "".join(theirs.raw)


def test_a_message_of_five_seconds_goes_by_itself(talk):
    set_timer(talk.alice, talk.id, 5).ok()
    ack = talk.phone.say("quick", to=talk.bob)
    told = told_of_end(talk.peer, ack)
    assert 5000 <= told["timestamp"] - ack["timestamp"] < 5000 + 5000 * SLOWNESS


def test_unread_is_exact_when_unread_messages_run_out(parley, talk):
    acks = [talk.phone.say(f"number {i}", to=talk.bob) for i in range(3)]

    def unread():
        return talk.bob.conversations()[talk.id]["unread_count"]

    assert unread() == 4
    run_out(parley, acks[0])
    run_out(parley, acks[2])
    told_of_end(talk.peer, acks[0])
    told_of_end(talk.peer, acks[2])
    assert unread() == 2
    shown = talk.bob.conversations()[talk.id]["last_message"]
    assert shown["message_id"] == acks[1]["message_id"]


def test_unread_is_exact_for_who_reads_up_to_what_is_gone(parley, talk):
    acks = [talk.phone.say(f"number {i}", to=talk.bob) for i in range(6)]
    for ack in acks[:3]:
        run_out(parley, ack)
    for ack in acks[:3]:
        told_of_end(talk.peer, ack)
    talk.bob.patch(f"/api/conversations/{talk.id}", {"read_seq": acks[2]["seq"]}).ok()
    assert talk.bob.conversations()[talk.id]["unread_count"] == 3
    for ack in acks[3:]:
        run_out(parley, ack)
        told_of_end(talk.peer, ack)
    assert talk.bob.conversations()[talk.id]["unread_count"] == 0
    talk.bob.patch(f"/api/conversations/{talk.id}", {"read_seq": acks[5]["seq"]}).ok()
    talk.phone.say("one more", to=talk.bob)
    assert talk.bob.conversations()[talk.id]["unread_count"] == 1


def test_what_has_run_out_is_in_no_search_and_no_sync(parley, talk):
    word = fresh("w")
    ack = talk.phone.say(f"the {word}", to=talk.bob)

    def found():
        return talk.bob.get(f"/api/messages/search?q={word}").ok()["messages"]

    eventually(lambda: len(found()) == 1, what="findable")
    cursor = talk.bob.get("/api/sync").ok()["cursor"]
    document = run_out(parley, ack)
    assert found() == []
    told_of_end(talk.peer, ack)
    assert parley.count("message_terms", {"_id": document}) == 0
    fresh_device = talk.bob.get("/api/sync").ok()["conversations"]
    assert word not in str(fresh_device)
    again = talk.bob.get(f"/api/sync?cursor={cursor}").ok()["conversations"]
    assert [row["unread_count"] for row in again] == [1]  # that it is one less is news


def test_a_file_that_ran_out_is_nobodys_any_more(parley, talk):
    file = upload(talk.alice, b"only for an hour", "a.txt").ok()
    ack = send(talk.phone, file, to=talk.bob.id)
    assert fetch(talk.bob, file).raw == b"only for an hour"
    document = run_out(parley, ack)
    fetch(talk.bob, file).refused(40401)
    told_of_end(talk.peer, ack)
    assert parley.count("file_uses", {"message_id": document}) == 0
    fetch(talk.bob, file).refused(40401)


def test_a_conversation_that_is_empty_again_goes_on_where_it_was(parley, user):
    alice, bob = user(), user()
    phone, peer = alice.device(), bob.device()
    set_timer(alice, single(alice, bob), 60).ok()  # nothing was ever said
    ack = phone.say("only this", to=bob)
    run_out(parley, ack)
    told_of_end(peer, ack)
    assert bob.conversations()[ack["conversation_id"]]["unread_count"] == 0
    parley.kill("message")  # and who takes over knows where it was
    parley.wait_whole()
    assert phone.say("next", to=bob)["seq"] == ack["seq"] + 1


def test_a_sweep_that_is_killed_is_finished_by_the_next(parley, user):
    talk = Talk(user)
    acks = [talk.phone.say(f"number {i}", to=talk.bob) for i in range(40)]
    path = f"/api/conversations/{talk.id}/messages/"
    for ack in acks[::4]:
        talk.bob.call("PUT", path + ack["message_id"] + "/pin").ok()
    past = bson.Int64(int(time.time() * 1000) - 1)
    parley.mongo["messages"].update_many({"conversation_id": talk.id, "expires_at": {"$gt": 0}},
                                         {"$set": {"expires_at": past}})
    parley.kill("message")
    parley.wait_whole()
    told_of_end(talk.peer, acks[-1])
    assert [m["seq"] for m in parley.stored(talk.id)] == [1, 2]
    assert parley.count("changes", {"conversation_id": talk.id}) == 0
    assert parley.mongo["conversations"].find_one({"_id": talk.id})["pinned_ids"] == []
    assert talk.bob.conversations()[talk.id]["unread_count"] == 1
    assert [talk.say_again(ack)["seq"] for ack in acks] == [ack["seq"] for ack in acks]


@pytest.mark.parametrize("dies", [False, True], ids=["message lives", "message dies"])
def test_what_has_vanished_and_is_sent_again_is_not_told_again(parley, talk, dies):
    ack = talk.phone.say("once", to=talk.bob)
    document = run_out(parley, ack)
    told_of_end(talk.peer, ack)
    if dies:  # who takes over publishes once more what may not have been
        parley.kill("message")
        parley.wait_whole()
    for _ in range(2):
        again = talk.say_again(ack)
        assert {**again, "expires_at": ack["expires_at"]} == ack  # which run_out() has moved
    following = talk.phone.say("next", to=talk.bob)
    assert following["seq"] == ack["seq"] + 1
    talk.peer.message(following["message_id"])
    assert len(heard(talk.peer, ack)) == 1
    assert parley.count(query={"_id": document}) == 0
    assert [m["seq"] for m in talk.history()] == [1, 2, following["seq"]]
    theirs = talk.peer.refusal({"type": 1, "to": talk.alice.id, "content": {"text": "mine"},
                                "message_id": ack["message_id"]})
    assert theirs["code"] == 40901
    path = f"/api/conversations/{talk.id}/messages/{ack['message_id']}"
    talk.alice.patch(path, {"content": {"text": "edited"}}).refused(40401)


def test_what_was_kept_of_a_message_that_is_still_there_changes_nothing(parley, talk):
    """As a crash leaves it: what will be left of it is written, and it is not yet deleted."""
    ack = talk.phone.say("half", to=talk.bob)
    kept = {name: value for name, value in parley.mongo["messages"].find_one(
        {"_id": f"{talk.id}/{ack['message_id']}"}).items()
        if name in ("_id", "conversation_id", "seq", "from_user_id", "created_at", "expires_at")}
    parley.mongo["vanished"].insert_one(kept)
    parley.mongo["conversations"].update_one({"_id": talk.id}, {"$set": {
        "removed_seq": bson.Int64(ack["seq"]), "vanished_seq": bson.Int64(ack["seq"])}})
    assert talk.say_again(ack) == ack
    run_out(parley, ack)
    told_of_end(talk.peer, ack)
    assert talk.say_again(ack) == ack
    assert parley.mongo["vanished"].find_one({"_id": kept["_id"]}) == kept


def test_what_is_left_of_a_vanished_message_goes_after_a_month(parley, talk):
    old, young = (talk.phone.say(text, to=talk.bob) for text in ("old", "young"))
    documents = [run_out(parley, ack) for ack in (old, young)]
    for ack in (old, young):
        told_of_end(talk.peer, ack)
    kept = parley.mongo["vanished"]
    assert kept.find_one({"_id": documents[0]}).keys() == {
        "_id", "conversation_id", "seq", "from_user_id", "created_at", "expires_at"}
    month = 30 * 24 * 3600 * 1000
    for document, age in zip(documents, (month + 1000, month - 600_000), strict=True):
        kept.update_one({"_id": document}, {"$set": {
            "expires_at": bson.Int64(int(time.time() * 1000) - age)}})
    parley.kill("message")  # who begins looks at once
    parley.wait_whole()
    eventually(lambda: kept.count_documents({"_id": documents[0]}) == 0, what="forgotten")
    assert talk.say_again(young)["seq"] == young["seq"]
    assert talk.say_again(old)["seq"] == young["seq"] + 1  # a new one
    # MongoDB would remove it from what `parleyctl restore` is about to compare.
    assert not any("expireAfterSeconds" in index for index in kept.index_information().values())


def test_a_half_removed_message_is_removed_by_the_next_sweep(parley, talk):
    """As a crash leaves it: its conversation is trimmed, its changes are gone, itself is there."""
    ack = talk.phone.say("half", to=talk.bob)
    talk.bob.post(f"/api/conversations/{talk.id}/messages/{ack['message_id']}/reactions",
                  {"emoji": "👍"}).ok()
    parley.mongo["changes"].delete_many({"conversation_id": talk.id})
    parley.mongo["conversations"].update_one(
        {"_id": talk.id}, {"$set": {"removed_seq": bson.Int64(ack["seq"])}})
    document = run_out(parley, ack)
    told_of_end(talk.peer, ack)
    assert parley.count(query={"_id": document}) == 0


def test_a_timer_that_a_former_owner_stored_holds_and_is_told(parley, user):
    """He stored the message, and died before the conversation."""
    alice, bob = user(), user()
    phone, peer = alice.device(), bob.device()
    conversation_id = single(alice, bob)
    parley.mongo["messages"].insert_one({
        "_id": f"{conversation_id}/{fresh()}", "conversation_id": conversation_id,
        "seq": bson.Int64(1), "count": bson.Int64(0), "from_user_id": alice.id,
        "to_user_id": bob.id, "msg_type": bson.Int64(3),
        "content": '{"event":"conversation.timer","conversation_id":"%s","user_id":"%s",'
                   '"seconds":60}' % (conversation_id, alice.id),
        "created_at": bson.Int64(int(time.time() * 1000))})
    ack = phone.say("next", to=bob)
    assert ack["seq"] == 2
    assert peer.message(ack["message_id"])["expires_at"] == ack["timestamp"] + 60_000
    assert parley.mongo["conversations"].find_one({"_id": conversation_id})["ttl"] == 60


def test_what_a_former_owner_stored_and_nobody_saw_runs_out_with_its_edits(parley, user):
    alice, bob = user(), user()
    conversation_id, past = single(alice, bob), int(time.time() * 1000) - 10_000
    document = f"{conversation_id}/{fresh()}"
    parley.mongo["changes"].insert_one({
        "_id": f"{conversation_id}/1", "conversation_id": conversation_id,
        "change_seq": bson.Int64(1), "kind": "edit", "message_id": document, "seq": bson.Int64(1),
        "user_id": alice.id, "content": '{"text":"second"}', "old_content": '{"text":"first"}',
        "created_at": bson.Int64(past)})
    parley.mongo["messages"].insert_one({
        "_id": document, "conversation_id": conversation_id, "seq": bson.Int64(1),
        "count": bson.Int64(1), "from_user_id": alice.id, "to_user_id": bob.id,
        "msg_type": bson.Int64(0), "content": '{"text":"first"}', "created_at": bson.Int64(past),
        "expires_at": bson.Int64(past + 5000)})
    eventually(lambda: parley.count(query={"_id": document}) == 0, what="removed")
    assert parley.count("changes", {"conversation_id": conversation_id}) == 0
    ack = alice.device().say("next", to=bob)
    assert ack["seq"] == 2
    answer = alice.patch(f"/api/conversations/{conversation_id}/messages/{ack['message_id']}",
                         {"content": {"text": "edited"}}).ok()
    assert answer["change_seq"] == 2
    assert bob.conversations()[conversation_id]["unread_count"] == 1


def test_the_search_for_what_has_run_out_costs_nothing_for_what_has_not(parley, talk):
    plan = parley.mongo["messages"].find({"expires_at": {"$lte": bson.Int64(1)}}).sort(
        "expires_at").limit(1000).explain()
    assert plan["executionStats"]["totalKeysExamined"] <= 1
    assert plan["executionStats"]["totalDocsExamined"] == 0
    index = parley.mongo["messages"].index_information()["expires_at_1"]
    assert index["sparse"]
