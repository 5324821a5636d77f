"""What a message can be: answers, mentions, places, custom things, the bodies of egg.js clients, and
messages sent on."""

import struct
import zlib

import pytest

from client import fresh, single


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# One grey pixel.
PNG = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
       + chunk(b"IDAT", zlib.compress(b"\0\x7f")) + chunk(b"IEND", b""))

def say(to, **content):
    """The frame of a message to a user or a group."""
    target = {"group_id": to} if isinstance(to, str) else {"to": to.id}
    return {"type": 2 if isinstance(to, str) else 1, **target, "content": content}


def send(who, to, **content):
    """Over HTTP."""
    return who.post("/api/messages", say(to, **content)).ok()


def shown(who, sent):
    path = f"/api/conversations/{sent['conversation_id']}/messages/{sent['message_id']}"
    return who.get(path).ok()


def row_of(parley, who, conversation_id):
    return parley.mongo.conversation_users.find_one({"_id": f"{who.id}/{conversation_id}"})


# ---- Answers


@pytest.mark.smoke
def test_a_text_answers_a_message_of_its_conversation(user):
    alice, bob = user(), user()
    first = send(alice, bob, text="Tea?")
    answer = send(bob, alice, text="Yes!", reply_to=first["message_id"])
    assert shown(alice, answer)["content"] == {"text": "Yes!", "reply_to": first["message_id"]}
    device = alice.device()  # an answer right behind what it answers
    one = device.post({"type": 1, "to": bob.id, "content": {"text": "one"}})
    two = device.post({"type": 1, "to": bob.id, "content": {"text": "two", "reply_to": one}})
    assert device.ack(one)["code"] == 0 == device.ack(two)["code"]


def test_an_answer_outlives_what_it_answers(user):
    """Whoever wrote it while that was taken back, or ran out, has not written in vain."""
    alice, bob = user(), user()
    answer = send(alice, bob, text="y", reply_to="m" * 20)
    assert shown(bob, answer)["content"] == {"text": "y", "reply_to": "m" * 20}


def test_a_text_about_members_of_our_format_is_a_text(user):
    alice, bob = user(), user()
    for text in ('"reply_to":"' + "x" * 16 + '"', '","at_all":true', ',"at_user_ids":["x"],'):
        assert shown(bob, send(alice, bob, text=text))["content"] == {"text": text}


# ---- Mentions


def test_who_is_named_is_told_by_his_row_if_he_is_a_member(user, parley):
    alice, bob, carol, gone = user(), user(), user(), user()
    group_id = alice.create_group(bob, carol, gone)
    gone.leave(group_id)
    stranger = user()
    names = [bob.id, gone.id, stranger.id, alice.id]
    sent = send(alice, group_id, text="@bob", at_user_ids=names)
    conversation_id = sent["conversation_id"]
    assert shown(carol, sent)["content"]["at_user_ids"] == names
    assert row_of(parley, bob, conversation_id)["mentioned_seq"] == sent["seq"]
    for who in (alice, carol, gone):
        assert not row_of(parley, who, conversation_id).get("mentioned_seq")
    assert row_of(parley, stranger, conversation_id) is None

    later = send(carol, group_id, text="@bob again", at_user_ids=[bob.id])
    assert row_of(parley, bob, conversation_id)["mentioned_seq"] == later["seq"]


def test_only_the_recipient_can_be_named_in_private(user, parley):
    alice, bob, carol = user(), user(), user()
    sent = send(alice, bob, text="@bob", at_user_ids=[bob.id, carol.id])
    assert row_of(parley, bob, sent["conversation_id"])["mentioned_seq"] == sent["seq"]
    assert row_of(parley, carol, sent["conversation_id"]) is None


def test_who_names_everybody_is_remembered_by_the_conversation(user, parley):
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    sent = send(alice, group_id, text="@all", at_all=True)
    for _ in range(2):  # later messages take nothing back
        document = parley.mongo.conversations.find_one({"_id": f"group:{group_id}"})
        assert document["at_all_seq"] == sent["seq"]
        send(bob, group_id, text="yes?")


# ---- Kinds


def test_each_kind_has_its_content(user):
    alice, bob = user(), user()
    place = {"title": "The teahouse", "lng": 8.5417, "lat": 47.3769}
    card = {"card": {"any": [1, None, "thing"]}, "type": "txt", "msg": "not a text"}
    device, other = alice.device(), bob.device()
    for msg_type, content in ((8, place), (9, card)):
        for frame in ({"type": msg_type}, {"type": 1, "msg_type": msg_type}):
            message_id = device.post({**frame, "to": bob.id, "content": content})
            assert device.ack(message_id)["code"] == 0
            seen = other.message(message_id)
            assert (seen["type"], seen["msg_type"], seen["content"]) == (1, msg_type, content)
    for msg_type, content, field in (
            (0, {"txt": "x"}, "content.text"), (0, {"text": ""}, "content.text"),
            (0, {"text": "x" * 10001}, "content.text"), (0, place, "content.text"),
            (8, {**place, "lat": 91}, "content.lat"), (8, {"text": "x"}, "content.title"),
            (9, {"x": "y" * 16400}, "content"), (3, {"event": "resync"}, "msg_type"),
            (4, {"text": "x"}, "content.file_id")):
        refused = alice.post("/api/messages", {"type": 1, "to": bob.id, "msg_type": msg_type,
                                               "content": content})
        refused.refused(40001, field)


# ---- egg.js

LOC = {"type": "loc", "title": "中国 浙江省 杭州市 网商路 599号", "lng": 120.19, "lat": 30.18}


@pytest.mark.smoke
def test_bodies_of_egg_clients_become_ours(user):
    alice, bob = user(), user()
    device, other = alice.device(), bob.device()
    place = {key: LOC[key] for key in ("title", "lng", "lat")}
    for body, msg_type, content in (
            ({"type": "txt", "msg": "哈哈哈"}, 0, {"text": "哈哈哈"}),
            ({"type": "text", "msg": "hi"}, 0, {"text": "hi"}), (LOC, 8, place)):
        for frame_type in (0, 1):
            message_id = device.post({"type": frame_type, "to": bob.id, "content": body})
            assert device.ack(message_id)["code"] == 0
            seen = other.message(message_id)
            assert (seen["type"], seen["msg_type"], seen["content"]) == (1, msg_type, content)
        sent = alice.post("/api/messages", {"type": 0, "to": bob.id, "content": body}).ok()
        assert shown(bob, sent)["content"] == content


def test_a_picture_of_an_egg_client_is_a_file_of_ours(user, parley):
    alice, bob = user(), user()
    uploaded = parley.rest.http.post(
        parley.rest.url + "/api/files", files={"file": ("note.png", PNG, "image/png")},
        headers={"Authorization": f"Bearer {alice.token}"}).json()["data"]
    url = f"/api/files/{uploaded['file_id']}"
    for kind, address in (("img", url), ("image", parley.rest.url + url),
                          ("img", f"https://other.example{url}?w=3")):
        sent = send(alice, bob, type=kind, url=address, ext="png", w=7, h=9, size=1)
        seen = shown(bob, sent)
        assert seen["msg_type"] == 4 and seen["content"]["file_id"] == uploaded["file_id"]
        assert seen["content"]["file_size"] == len(PNG) and seen["content"]["width"] == 1
    for url, field in (("http://nimtest.nos.netease.com/cbc5", "content.url"),
                       ("/api/files/" + uploaded["file_id"] + "/thumbnail", "content.url"),
                       ("javascript:alert(1)", "content.url"), (None, "content.url"),
                       ("/api/files/" + fresh("file_"), "content.file_id")):
        body = {"type": "img", **({"url": url} if url else {})}
        alice.post("/api/messages", {"type": 1, "to": bob.id, "content": body}).refused(40001, field)
    alice.post("/api/messages", {"type": 1, "to": bob.id, "content": {"type": "txt"}}).refused(
        40001, "content.msg")


# ---- Forward


def forward(who, sent, **target):
    path = f"/api/conversations/{sent['conversation_id']}/messages/{sent['message_id']}/forward"
    return who.post(path, target)


@pytest.mark.smoke
def test_a_message_is_sent_on_under_ones_own_name_and_tells_its_first_author(user):
    alice, bob, carol, dave = user(), user(), user(), user()
    device = carol.device()
    group_id = bob.create_group(carol)
    sent = send(alice, bob, text="Tea at four", at_user_ids=[bob.id],
                reply_to=send(alice, bob, text="x")["message_id"])
    on = forward(bob, sent, group_id=group_id, new_message_id=fresh()).ok()
    assert on["conversation_id"] == f"group:{group_id}"
    seen = device.message(on["message_id"])
    assert seen["from"] == bob.id and seen["forwarded_from"] == alice.id
    assert seen["content"] == {"text": "Tea at four"}
    further = forward(carol, on, to=dave.id).ok()
    assert shown(dave, further)["forwarded_from"] == alice.id
    assert shown(dave, further)["from"] == carol.id


def test_forwarding_again_with_the_same_id_sends_once(user):
    alice, bob = user(), user()
    sent = send(alice, bob, text="x")
    target = {"to": alice.id, "new_message_id": fresh()}
    assert forward(bob, sent, **target).ok() == forward(bob, sent, **target).ok()
    assert len(alice.private_history(bob.id)["messages"]) == 2


def test_forwarding_is_a_send_like_any_other(user):
    alice, bob, carol = user(), user(), user()
    sent = send(alice, bob, text="x")
    forward(bob, sent).refused(40001, "to")
    forward(bob, sent, to=alice.id, group_id="group_x").refused(40001, "to")
    forward(bob, sent, to="user_nobody").refused(40401)
    forward(bob, sent, group_id=carol.create_group()).refused(40401)
    carol.post("/api/blocks", {"user_id": bob.id}).ok()
    forward(bob, sent, to=carol.id).refused(40302)


def test_what_one_cannot_see_or_was_taken_back_cannot_be_sent_on(user):
    alice, bob, carol = user(), user(), user()
    sent = send(alice, bob, text="x")
    forward(carol, sent, to=alice.id).refused(40401)
    group_id = alice.create_group(bob)
    system = alice.group_history(group_id)["messages"][0]
    forward(bob, system, to=alice.id).refused(40301)
    path = f"/api/conversations/{single(alice, bob)}/messages/{sent['message_id']}"
    alice.delete(path + "?scope=all").ok()
    forward(bob, sent, to=alice.id).refused(40401)
