"""After sending: edits, recalls, reactions and pins, on every device and in the store."""

import time

import bson
import pytest

from client import fresh, single
from instance import eventually
from test_sync import Follower

HOURS = 3600 * 1000
EDIT, RECALL, REACTION, PIN = 34, 32, 35, 37


class Talk:
    """Two people, three devices, and one message of Alice's."""

    def __init__(self, user, text="first"):
        self.alice, self.bob = user(), user()
        self.phone, self.laptop = self.alice.device(), self.alice.again().device()
        self.peer = self.bob.device()
        self.sent = self.phone.say(text, to=self.bob)
        self.id = self.sent["message_id"]
        self.conversation_id = self.sent["conversation_id"]

    def change(self, device, type, **more):
        """Send a change; its ack."""
        return device.settle({"type": type, "conversation_id": self.conversation_id,
                              "message_id": self.id, **more})

    def heard(self, device, type, change_seq):
        return device.wait_for(lambda f: f["type"] == type and f["change_seq"] == change_seq)

    def path(self, more=""):
        return f"/api/conversations/{self.conversation_id}/messages/{self.id}{more}"

    def shown(self, session=None, to=None):
        """The message as history shows it."""
        session = session or self.bob
        history = session.private_history((to or self.alice).id)["messages"]
        return next(m for m in history if m["message_id"] == self.id)


@pytest.fixture
def talk(user):
    return Talk(user)


@pytest.mark.smoke
def test_an_edit_reaches_every_device_live_and_stands_in_the_history(talk):
    ack = talk.change(talk.phone, EDIT, content={"text": "second", "junk": 1})
    assert ack["code"] == 0 and ack["seq"] == 1 and ack["change_seq"] == 1
    for device in (talk.laptop, talk.peer):
        frame = talk.heard(device, EDIT, 1)
        assert frame == {"type": EDIT, "conversation_id": talk.conversation_id,
                         "message_id": talk.id, "seq": 1, "from": talk.alice.id, "change_seq": 1,
                         "timestamp": ack["timestamp"], "content": {"text": "second"}}
    shown = talk.shown()
    assert shown["content"] == {"text": "second"} and shown["change_seq"] == 1
    assert shown["edited_at"] == frame["timestamp"] >= shown["timestamp"]


def test_the_history_of_edits_is_kept_in_order(parley, talk):
    for text in ("second", "third"):
        assert talk.change(talk.phone, EDIT, content={"text": text})["code"] == 0
    kept = parley.mongo["changes"].find({"conversation_id": talk.conversation_id}).sort("change_seq")
    assert [(c["old_content"], c["content"]) for c in kept] == [
        ('{"text":"first"}', '{"text":"second"}'), ('{"text":"second"}', '{"text":"third"}')]


@pytest.mark.smoke
def test_a_recall_takes_the_words_from_every_device_and_from_the_store(parley, talk):
    talk.change(talk.peer, REACTION, emoji="👍")
    assert talk.change(talk.phone, RECALL)["change_seq"] == 2
    for device in (talk.laptop, talk.peer):
        assert talk.heard(device, RECALL, 2)["from"] == talk.alice.id
    shown = talk.shown()
    assert shown["content"] == {} and shown["recalled_at"] and "reactions" not in shown
    stored = parley.mongo["messages"].find_one({"_id": f"{talk.conversation_id}/{talk.id}"})
    assert "first" not in str(stored)


def test_only_the_sender_recalls_and_only_for_a_day(parley, talk):
    assert talk.change(talk.peer, RECALL)["code"] == 40301
    parley.mongo["messages"].update_one(
        {"_id": f"{talk.conversation_id}/{talk.id}"},
        {"$set": {"created_at": bson.Int64(int(time.time() * 1000) - 24 * HOURS - 1000)}})
    ack = talk.change(talk.phone, RECALL)
    assert ack["code"] == 40301 and "24 hours" in ack["message"]
    assert "recalled_at" not in talk.shown()


def test_only_the_sender_edits_and_only_what_says_something(talk):
    assert talk.change(talk.peer, EDIT, content={"text": "never said"})["code"] == 40301
    refused = talk.change(talk.phone, EDIT, content={"text": ""})
    assert refused["code"] == 40001 and refused["data"]["field"] == "content.text"
    location = talk.phone.post({"type": 8, "to": talk.bob.id,
                                "content": {"title": "here", "lng": 1, "lat": 2}})
    assert talk.phone.ack(location)["code"] == 0
    talk.id = location
    assert talk.change(talk.phone, EDIT, content={"title": "x", "lng": 0, "lat": 0})["code"] == 40301


@pytest.mark.smoke
def test_reactions_are_a_set_for_each_emoji_and_counted(talk):
    counts = []
    for device, emoji, more in ((talk.peer, "👍", {}), (talk.laptop, "👍", {}), (talk.peer, "🍵", {}),
                                (talk.peer, "👍", {}), (talk.peer, "👍", {"removed": True})):
        ack = talk.change(device, REACTION, emoji=emoji, **more)
        assert ack["code"] == 0
        counts.append(ack["change_seq"])
    assert counts == [1, 2, 3, 3, 4]  # the same reaction twice is one
    assert talk.heard(talk.phone, REACTION, 2)["count"] == 2
    removed = talk.heard(talk.phone, REACTION, 4)
    assert removed["removed"] is True and removed["count"] == 1
    assert talk.shown()["reactions"] == [
        {"emoji": "👍", "count": 1, "user_ids": [talk.alice.id]},
        {"emoji": "🍵", "count": 1, "user_ids": [talk.bob.id]}]


def test_a_message_takes_twenty_emojis_and_no_more(talk):
    for i in range(20):
        assert talk.change(talk.peer, REACTION, emoji=f":e{i}:")["code"] == 0
    assert talk.change(talk.peer, REACTION, emoji=":one_more:")["code"] == 40301
    assert talk.change(talk.phone, REACTION, emoji=":e3:")["code"] == 0
    assert talk.change(talk.peer, REACTION, emoji="two words")["data"]["field"] == "emoji"


def test_pins_are_shared_and_fifty_a_conversation(parley, talk):
    ids = [talk.id] + [talk.phone.say(str(i), to=talk.bob)["message_id"] for i in range(50)]
    for message_id in ids[:50]:
        talk.id = message_id
        assert talk.change(talk.peer, PIN)["code"] == 0
    talk.id = ids[50]
    assert talk.change(talk.phone, PIN)["code"] == 40301
    assert talk.heard(talk.laptop, PIN, 50)["from"] == talk.bob.id
    talk.id = ids[0]
    assert talk.change(talk.phone, PIN, removed=True)["code"] == 0
    talk.id = ids[1]
    assert talk.change(talk.phone, RECALL)["code"] == 0  # what is gone is not pinned
    stored = parley.mongo["conversations"].find_one({"_id": talk.conversation_id})
    assert stored["pinned_ids"] == ids[2:50] and stored["change_seq"] == 52


def test_a_change_that_is_repeated_is_acked_again_and_changes_nothing(parley, talk):
    for type, more in ((EDIT, {"content": {"text": "second"}}), (REACTION, {"emoji": "x"}), (PIN, {}),
                       (RECALL, {})):
        first, again = (talk.change(talk.phone, type, **more) for _ in range(2))
        assert first["code"] == again["code"] == 0
        assert first["change_seq"] == again["change_seq"] or type == PIN
    assert parley.mongo["changes"].count_documents({"conversation_id": talk.conversation_id}) == 4


def test_what_was_recalled_takes_no_more_changes(talk):
    talk.change(talk.phone, RECALL)
    for type, more in ((EDIT, {"content": {"text": "x"}}), (REACTION, {"emoji": "x"}), (PIN, {})):
        assert talk.change(talk.phone, type, **more)["code"] == 40401


def test_strangers_learn_nothing_of_messages_and_conversations(talk, user):
    stranger = user()
    device = stranger.device()
    foreign = [{"conversation_id": talk.conversation_id, "message_id": talk.id},
               {"conversation_id": single(talk.alice, stranger), "message_id": talk.id},
               {"conversation_id": "group:unknown", "message_id": talk.id},
               {"conversation_id": "nonsense", "message_id": talk.id}]
    for names in foreign:
        assert talk.change(device, REACTION, emoji="x", **names)["code"] == 40401
    assert "reactions" not in talk.shown()


def test_a_groups_admin_recalls_what_others_said_and_members_do_not(user):
    owner, ben, cleo = user(), user(), user()
    group_id = owner.create_group(ben, cleo)
    a, b, c = owner.device(), ben.device(), cleo.device()
    sent = b.say("spam", group_id=group_id)
    change = {"type": RECALL, "conversation_id": f"group:{group_id}",
              "message_id": sent["message_id"]}
    for device, code in ((c, 40301), (a, 0)):
        device.send(change)
        assert device.ack(sent["message_id"])["code"] == code
    for device in (b, c):
        assert device.wait_for(lambda f: f["type"] == RECALL)["from"] == owner.id


def test_who_was_no_member_then_cannot_touch_what_was_said_then(user):
    owner, late = user(), user()
    group_id = owner.create_group()
    sent = owner.device().say("before", group_id=group_id)
    late.join(group_id)
    device = late.device()
    device.send({"type": REACTION, "conversation_id": f"group:{group_id}", "emoji": "x",
                 "message_id": sent["message_id"]})
    assert device.ack(sent["message_id"])["code"] == 40401


class Club:
    """A group, its owner's socket, and a message of his."""

    def __init__(self, owner, *others):
        self.owner, self.phone = owner, owner.device()
        self.id = owner.create_group(*others)
        self.conversation_id = f"group:{self.id}"
        self.old = self.say("of old")

    def say(self, text):
        return self.phone.say(text, group_id=self.id)["message_id"]

    def change_all(self, message_id):
        """One of each kind, the recall last."""
        path = f"/api/conversations/{self.conversation_id}/messages/{message_id}"
        self.owner.patch(path, {"content": {"text": "said otherwise"}}).ok()
        self.owner.post(path + "/reactions", {"emoji": "👍"}).ok()
        self.owner.call("PUT", path + "/pin").ok()
        self.owner.delete(path + "?scope=all").ok()

    def devices(self, person):
        """One that was here when he came, and one that is new: push learns of the two in two ways."""
        first = person.device()
        person.join(self.id)
        first.system("resync")
        return first, person.again().device()


def changes_heard(device, *message_ids):
    return [(f["change_seq"], f["type"]) for f in list(device.frames)
            if f["type"] in (EDIT, RECALL, REACTION, PIN) and f["message_id"] in message_ids]


@pytest.mark.smoke
def test_who_came_later_hears_nothing_of_what_was_said_before_and_is_level_after_a_sync(user):
    late = user()
    club = Club(user())
    devices = club.devices(late)
    away = Follower(late)
    away.catch_up()
    club.change_all(club.old)
    assert all(c["changes"] == [] and c["change_seq"] == 4
               for given in away.catch_up().values() for c in given)
    new = club.say("and now")
    club.change_all(new)
    for device in devices:
        device.wait_for(lambda f: f["type"] == RECALL and f["message_id"] == new)
        assert changes_heard(device, club.old, new) == [(5, EDIT), (6, REACTION), (7, PIN),
                                                        (8, RECALL)]
        assert club.old not in "".join(device.raw)
    conversation, = away.catch_up()[club.conversation_id]
    assert conversation["change_seq"] == 8 and conversation["changes"] == []
    assert [m["message_id"] for m in conversation["messages"]] == [new]
    assert away.catch_up() == {}


@pytest.mark.smoke
def test_who_left_and_came_back_hears_of_changes_of_what_he_saw_then(user):
    back, late = user(), user()
    club = Club(user(), back)
    back.leave(club.id)
    missed = club.say("while he was away")
    devices = club.devices(back)
    others, = club.devices(late)[1:]
    club.change_all(missed)
    club.change_all(club.old)
    for device in devices:
        device.wait_for(lambda f: f["type"] == RECALL and f["message_id"] == club.old)
        assert changes_heard(device, club.old) == [(5, EDIT), (6, REACTION), (7, PIN), (8, RECALL)]
        assert missed not in "".join(device.raw)
    fence = club.say("fence")
    others.message(fence)
    assert changes_heard(others, club.old, missed) == []


def test_the_blocked_neither_edit_nor_react_but_may_take_back(talk):
    talk.bob.post("/api/blocks", {"user_id": talk.alice.id}).ok()
    eventually(lambda: talk.change(talk.phone, REACTION, emoji="x")["code"] == 40302)
    assert talk.change(talk.phone, EDIT, content={"text": "and"})["code"] == 40302
    assert talk.change(talk.phone, RECALL)["code"] == 0


@pytest.mark.smoke
def test_each_change_goes_over_http_too_and_reaches_the_sockets(talk):
    assert talk.alice.patch(talk.path(), {"content": {"text": "by HTTP"}}).ok() == {
        "message_id": talk.id, "conversation_id": talk.conversation_id, "seq": 1, "change_seq": 1}
    talk.bob.post(talk.path("/reactions"), {"emoji": "👍"}).ok()
    talk.bob.delete(talk.path("/reactions?emoji=%F0%9F%91%8D")).ok()
    talk.bob.call("PUT", talk.path("/pin")).ok()
    talk.bob.delete(talk.path("/pin")).ok()
    talk.alice.delete(talk.path("?scope=all")).ok()
    heard = talk.laptop.wait_for(lambda f: "change_seq" in f, count=6)
    assert [f["type"] for f in heard] == [EDIT, REACTION, REACTION, PIN, PIN, RECALL]
    assert [f["change_seq"] for f in heard] == [1, 2, 3, 4, 5, 6]
    talk.bob.delete(talk.path("?scope=all")).refused(40301)
    talk.bob.patch(talk.path(), {"content": {"text": "x"}}).refused(40401)


def test_a_change_that_a_former_owner_did_not_live_to_carry_out_is_carried_out(parley, talk):
    """He stored it and died: whoever owns the conversation next finds it."""
    now = bson.Int64(int(time.time() * 1000))
    parley.mongo["changes"].insert_one({
        "_id": f"{talk.conversation_id}/1", "conversation_id": talk.conversation_id,
        "change_seq": bson.Int64(1), "kind": "edit", "seq": bson.Int64(1),
        "message_id": f"{talk.conversation_id}/{talk.id}", "user_id": talk.alice.id,
        "content": '{"text":"late"}', "old_content": '{"text":"first"}', "created_at": now})
    # The owner of now believes that 1 is free, is told otherwise, and begins anew.
    ack = talk.change(talk.peer, REACTION, emoji="👍")
    assert ack["code"] == 0 and ack["change_seq"] == 2
    assert talk.heard(talk.phone, EDIT, 1)["content"] == {"text": "late"}
    shown = talk.shown()
    assert shown["content"] == {"text": "late"} and shown["reactions"][0]["count"] == 1


def test_changes_survive_the_death_of_message_in_their_middle(parley, talk):
    texts = [f"text {i}" for i in range(60)]
    ids = [fresh() for _ in texts]
    for message_id, text in zip(ids, texts, strict=True):
        talk.phone.send({"type": 1, "message_id": message_id, "to": talk.bob.id,
                         "content": {"text": text}})
    for message_id in ids:
        assert talk.phone.ack(message_id)["code"] == 0

    def edit(message_id):
        talk.phone.send({"type": EDIT, "conversation_id": talk.conversation_id,
                         "message_id": message_id, "content": {"text": "edited"}})

    for i, message_id in enumerate(ids):
        edit(message_id)
        if i == 30:
            parley.kill("message")
    parley.wait_whole()
    acked = {f["message_id"] for f in list(talk.phone.frames) if f.get("change_seq")}
    for message_id in set(ids) - acked:
        edit(message_id)
    for message_id in ids:
        talk.phone.wait_for(lambda f, i=message_id: f["type"] == 30 and f["message_id"] == i
                            and f["code"] == 0 and f.get("change_seq"))
    history = {m["message_id"]: m for m in talk.bob.private_history(talk.alice.id)["messages"]}
    assert {history[message_id]["content"]["text"] for message_id in ids} == {"edited"}
    changes = [c["change_seq"] for c in parley.mongo["changes"].find(
        {"conversation_id": talk.conversation_id}).sort("change_seq")]
    assert changes == list(range(1, len(changes) + 1))


def test_what_an_owner_may_not_have_told_is_told_again_as_it_was(parley, talk):
    """He dies; whoever repeats a change of his makes the next one tell the message's last change."""
    talk.change(talk.phone, EDIT, content={"text": "second"})
    talk.change(talk.laptop, REACTION, emoji="👍")
    talk.heard(talk.peer, REACTION, 2)
    parley.kill("message")
    parley.wait_whole()
    assert talk.change(talk.phone, EDIT, content={"text": "second"})["repeated"] is True
    told = talk.peer.wait_for(lambda f: f.get("change_seq"), count=3)
    assert [(f["type"], f["change_seq"]) for f in told] == [(EDIT, 1), (REACTION, 2), (REACTION, 2)]
    talk.phone.wait_for(lambda f: f["type"] == REACTION, count=2)  # whose ack may not have come


def test_a_message_may_be_changed_before_its_ack_has_come(talk):
    """Both in one batch, perhaps: stored as it was sent, then changed."""
    ids = [fresh() for _ in range(20)]
    for message_id in ids:
        talk.phone.send({"type": 1, "message_id": message_id, "to": talk.bob.id,
                         "content": {"text": "as sent"}})
        talk.phone.send({"type": EDIT, "conversation_id": talk.conversation_id,
                         "message_id": message_id, "content": {"text": "as edited"}})
    for message_id in ids:
        assert [f["code"] for f in talk.phone.ack(message_id, count=2)] == [0, 0]
        assert talk.peer.message(message_id)["content"] == {"text": "as sent"}
        assert talk.peer.wait_for(lambda f, i=message_id: f["type"] == EDIT and f["message_id"] == i)
    assert {m["content"]["text"] for m in talk.bob.private_history(talk.alice.id)["messages"]} == {
        "first", "as edited"}
