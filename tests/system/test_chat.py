"""Talking: in private and in groups, on one device and on many."""

import threading
import time

import pytest

from client import fresh, single, texts
from instance import eventually


def without(frame, *names):
    return {name: value for name, value in frame.items() if name not in names}


@pytest.mark.smoke
def test_a_private_message_arrives_with_all_that_the_protocol_names(user):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    before = time.time() * 1000
    message_id = sender.post({"type": 1, "to": bob.id, "content": {"text": "hi 🐚"}})
    ack = sender.ack(message_id)
    assert ack["code"] == 0 and ack["message"] == "success" and ack["seq"] == 1
    assert ack["conversation_id"] == single(alice, bob)
    assert abs(ack["timestamp"] - before) < 10e3
    assert receiver.message(message_id) == {
        "type": 1, "message_id": message_id, "from": alice.id, "to": bob.id,
        "content": {"text": "hi 🐚"}, "msg_type": 0, "timestamp": ack["timestamp"],
        "conversation_id": single(alice, bob), "seq": 1}


@pytest.mark.smoke
def test_a_group_message_reaches_every_member_once(user):
    people = [user() for _ in range(4)]
    devices = [person.device() for person in people]
    group_id = people[0].create_group(*people[1:])
    ack = devices[1].say("all of you", group_id=group_id)
    expected = {"type": 2, "message_id": ack["message_id"], "from": people[1].id,
                "group_id": group_id, "content": {"text": "all of you"}, "msg_type": 0,
                "timestamp": ack["timestamp"], "conversation_id": f"group:{group_id}", "seq": 2}
    for device in (devices[0], devices[2], devices[3]):
        assert without(device.message(ack["message_id"]), "to") == expected
    fence = devices[0].say("fence", group_id=group_id)
    for device in devices[1:]:
        device.message(fence["message_id"])
        assert [m["seq"] for m in device.messages()] == ([1, 3] if device is devices[1]
                                                         else [1, 2, 3])


@pytest.mark.smoke
def test_the_sending_socket_gets_an_ack_and_no_echo_and_the_other_device_the_message(user):
    alice, bob = user(), user()
    phone, laptop, peer = alice.device(), alice.again().device(), bob.device()
    same_session = alice.device()
    ack = phone.say("once", to=bob)
    for device in (laptop, same_session, peer):
        assert device.message(ack["message_id"])["from"] == alice.id
    answer = peer.say("twice", to=alice)
    for device in (phone, laptop, same_session):
        device.message(answer["message_id"])
    assert [m["message_id"] for m in phone.messages()] == [answer["message_id"]]
    assert not [f for f in laptop.frames if f["type"] == 30]


def test_two_devices_show_the_same_messages_in_the_same_order(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob, carol)
    watchers = [carol.device(), carol.again().device()]
    senders = [alice.device(), alice.again().device(), bob.device(), bob.again().device()]

    def chatter(device):
        for i in range(50):
            device.post({"type": 2, "group_id": group_id, "content": {"text": f"{i}"}})
        device.wait_for(lambda f: f["type"] == 30 and f["code"] == 0, count=50)

    threads = [threading.Thread(target=chatter, args=(device,)) for device in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = []
    for device in watchers:
        device.wait_for(lambda f: f["type"] == 2 and f["msg_type"] == 0, count=200)
        shown.append([(m["seq"], m["message_id"]) for m in device.messages(f"group:{group_id}")
                      if m["msg_type"] == 0])
    assert shown[0] == shown[1] and [seq for seq, _ in shown[0]] == list(range(2, 202))
    for device in senders:
        # What others sent, in the same order; what this socket sent came as acks.
        order = [m["seq"] for m in device.messages(f"group:{group_id}")]
        assert order == sorted(order)


def test_what_one_sends_without_waiting_keeps_its_order(user):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    ids = [sender.post({"type": 1, "to": bob.id, "content": {"text": f"{i}"}}) for i in range(100)]
    assert [sender.ack(each)["seq"] for each in ids] == list(range(1, 101))
    receiver.message(ids[-1])
    assert [m["message_id"] for m in receiver.messages()] == ids


@pytest.mark.smoke
def test_the_same_id_five_times_is_stored_once_and_gets_five_equal_acks(parley, user):
    alice, bob = user(), user()
    receiver = bob.device()
    frame = {"type": 1, "to": bob.id, "message_id": fresh(), "content": {"text": "once"}}
    sender = alice.device()
    sender.send(frame)
    sender.send(frame)
    acks = sender.wait_for(lambda f: f["type"] == 30, count=2)
    sender.close()
    second = alice.again().device()
    second.send(frame)
    acks.append(second.ack(frame["message_id"]))
    second.say("between", to=bob)
    second.send({**frame, "content": {"text": "other words"}})
    acks.append(second.ack(frame["message_id"], count=2)[1])
    over_http = alice.post("/api/messages", frame).ok()
    assert all(ack == acks[0] and ack["code"] == 0 for ack in acks)
    assert {name: over_http[name] for name in ("message_id", "conversation_id", "seq",
                                               "timestamp")} == {
        name: acks[0][name] for name in ("message_id", "conversation_id", "seq", "timestamp")}
    stored = parley.stored(single(alice, bob))
    assert [(row["seq"], row["_id"].rpartition("/")[2]) for row in stored][0] == (
        1, frame["message_id"])
    assert len(stored) == 2 and "once" in stored[0]["content"]
    fence = second.say("fence", to=bob)
    receiver.message(fence["message_id"])
    shown = {m["seq"]: m["content"]["text"] for m in receiver.messages()}
    assert shown == {1: "once", 2: "between", 3: "fence"}


def test_another_senders_id_is_refused_and_changes_nothing(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    ack = a.say("mine", to=bob)
    refused = b.refusal({"type": 1, "to": alice.id, "message_id": ack["message_id"],
                         "content": {"text": "stolen"}})
    assert refused["code"] == 40901
    answer = bob.post("/api/messages", {"type": 1, "to": alice.id, "content": {"text": "stolen"},
                                        "message_id": ack["message_id"]})
    answer.refused(40901)
    assert len(parley.stored(single(alice, bob))) == 1
    assert texts(alice.private_history(bob.id)["messages"]) == ["mine"]


def test_the_same_id_in_another_conversation_is_another_message(user):
    alice, bob, carol = user(), user(), user()
    sender, b, c = alice.device(), bob.device(), carol.device()
    message_id = fresh()
    for peer in (bob, carol):
        sender.post({"type": 1, "to": peer.id, "message_id": message_id,
                     "content": {"text": peer.username}})
    first, second = sender.ack(message_id, count=2)
    assert first["code"] == second["code"] == 0
    assert {first["conversation_id"], second["conversation_id"]} == {
        single(alice, bob), single(alice, carol)}
    assert b.message(message_id)["content"]["text"] == bob.username
    assert c.message(message_id)["content"]["text"] == carol.username


def test_an_id_left_out_is_made_by_the_server(user):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    sender.send({"type": 1, "to": bob.id, "content": {"text": "old client"}})
    ack = sender.wait_for(lambda f: f["type"] == 30)
    assert ack["code"] == 0 and 16 <= len(ack["message_id"]) <= 64
    assert receiver.message(ack["message_id"])["content"]["text"] == "old client"


CUSTOM = {"card": {"title": "x", "n": [1, 2.5, None, True]}, "pack": "🐚", "empty": {}}
LOCATION = {"title": "Thun", "lng": 7.63, "lat": 46.75}


@pytest.mark.parametrize("frame, msg_type, content", [
    ({"type": 0, "content": {"text": "x"}}, 0, {"text": "x"}),
    ({"type": 1, "content": {"text": "x"}}, 0, {"text": "x"}),
    ({"type": 1, "content": LOCATION, "msg_type": 8}, 8, LOCATION),
    ({"type": 8, "content": LOCATION}, 8, LOCATION),
    ({"type": 9, "content": CUSTOM}, 9, CUSTOM),
    ({"type": 1, "content": {"text": "x" * 10000}}, 0, {"text": "x" * 10000}),
    ({"type": 1, "content": {"text": "🐚" * 10000}}, 0, {"text": "🐚" * 10000}),
    ({"type": 1, "content": {"text": "a\tb\n\"c\"\\/é"}}, 0, {"text": "a\tb\n\"c\"\\/é"}),
    ({"type": 1, "content": {"text": "x", "at_user_ids": ["user_a"], "at_all": True,
                             "reply_to": "m" * 20}}, 0,
     {"text": "x", "at_user_ids": ["user_a"], "at_all": True, "reply_to": "m" * 20}),
    ({"type": 1, "content": {"text": "x", "unknown": 1}, "colour": "red"}, 0, {"text": "x"}),
], ids=range(10))
def test_every_kind_travels_in_private_and_in_groups(user, frame, msg_type, content):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    group_id = alice.create_group(bob)
    for target, kind in (({"to": bob.id}, 1), ({"group_id": group_id}, 2)):
        send = {**frame, **target}
        if send["type"] == 1:
            send["type"] = kind
        ack = sender.ack(sender.post(send))
        assert ack["code"] == 0, ack
        message = receiver.message(ack["message_id"])
        assert (message["type"], message["msg_type"], message["content"]) == (
            kind, msg_type, content)
        path = bob.private_history(alice.id) if kind == 1 else bob.group_history(group_id)
        shown = path["messages"][-1]  # by both sets of names that clients read
        assert shown["from_user_id"] == alice.id and shown["created_at"] == message["timestamp"]
        assert shown.get("to_user_id") == message.get("to")
        assert without(shown, "from_user_id", "to_user_id", "created_at") == without(message)


def test_a_group_may_be_named_by_to(user):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    group_id = alice.create_group(bob)
    ack = sender.ack(sender.post({"type": 2, "to": group_id, "content": {"text": "x"}}))
    assert ack["code"] == 0 and receiver.message(ack["message_id"])["group_id"] == group_id


def test_one_may_write_to_oneself(user):
    alice = user()
    phone, laptop = alice.device(), alice.device()
    sender_ack = phone.ack(phone.post({"type": 1, "to": alice.id, "content": {"text": "note"}}))
    if sender_ack["code"] == 0:
        assert laptop.message(sender_ack["message_id"])["content"]["text"] == "note"
        laptop.say("fence", to=alice)
        assert len(laptop.messages()) == 1
    else:
        assert sender_ack["code"] in (40001, 40301)


def test_a_message_to_nobody_is_not_found(parley, user):
    alice = user()
    device = alice.device()
    refused = device.refusal({"type": 1, "to": "user_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                              "content": {"text": "x"}})
    assert refused["code"] == 40401
    alice.post("/api/messages", {"type": 1, "to": "user_01ARZ3NDEKTSV4RRFFQ69G5FAV",
                                 "content": {"text": "x"}}).refused(40401)
    assert parley.count(query={"from_user_id": alice.id}) == 0


@pytest.mark.smoke
def test_over_http_it_is_the_same_message(user):
    alice, bob = user(), user()
    receiver, own = bob.device(), alice.device()
    sent = alice.post("/api/messages", {"type": 1, "to": bob.id, "content": {"text": "http"}}).ok()
    assert set(sent) >= {"message_id", "conversation_id", "seq", "timestamp"}
    for device in (receiver, own):
        assert device.message(sent["message_id"])["content"]["text"] == "http"
    group_id = alice.create_group(bob)
    sent = alice.post("/api/messages", {"type": 2, "group_id": group_id,
                                        "content": {"text": "group"}}).ok()
    assert receiver.message(sent["message_id"])["group_id"] == group_id


def test_typing_is_shown_at_most_once_a_second_and_never_stored(parley, user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    a.say("first", to=bob)
    started = time.monotonic()
    for _ in range(20):
        a.send({"type": 33, "to": bob.id})
    seen = b.wait_for(lambda f: f["type"] == 33)
    assert seen["from"] == alice.id and seen["conversation_id"] == single(alice, bob)
    b.message(a.say("fence", to=bob)["message_id"])
    shown = len([f for f in b.frames if f["type"] == 33])
    assert 1 <= shown <= 1 + (time.monotonic() - started)
    assert len(parley.stored(single(alice, bob))) == 2


def test_typing_in_a_group_is_shown_to_its_members(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob, carol)
    a, others = alice.device(), [bob.device(), carol.device()]
    a.send({"type": 33, "group_id": group_id})
    for device in others:
        seen = device.wait_for(lambda f: f["type"] == 33)
        assert seen["group_id"] == group_id and seen["from"] == alice.id
    assert not [f for f in a.frames if f["type"] == 33]


@pytest.mark.smoke
def test_a_heartbeat_comes_back_with_its_timestamp(user):
    device = user().device()
    device.send({"type": 99, "content": {"timestamp": 1234567890123}})
    answer = device.wait_for(lambda f: f["type"] == 100)
    assert answer["content"]["timestamp"] == 1234567890123
    device.send({"type": 99})
    device.wait_for(lambda f: f["type"] == 100, count=2)


def test_a_clients_ack_of_delivery_is_taken(user):
    alice, bob = user(), user()
    sender, receiver = alice.device(), bob.device()
    ack = sender.say("x", to=bob)
    receiver.message(ack["message_id"])
    receiver.send({"type": 30, "conversation_id": ack["conversation_id"], "seq": 1})
    receiver.heartbeat()
    assert not [f for f in receiver.frames if f["type"] == 30]


# ---- History


def seqs(page):
    return [m["seq"] for m in page["messages"]]


def test_pages_through_a_history_in_both_directions(user):
    alice, bob = user(), user()
    sender = alice.device()
    ids = [sender.post({"type": 1, "to": bob.id, "content": {"text": f"{i}"}}) for i in range(120)]
    for each in ids:
        sender.ack(each)
    for me, peer in ((alice, bob), (bob, alice)):
        def page(query):
            return me.private_history(peer.id, query)

        newest = page("last_seq=0")
        assert seqs(newest) == list(range(71, 121)) and newest["has_more"] is True
        assert page("") == newest
        assert seqs(page("limit=100")) == list(range(21, 121))
        assert seqs(page("last_seq=71&limit=70")) == list(range(1, 71))
        assert page("last_seq=71&limit=70")["has_more"] is False
        assert page("last_seq=71&limit=69")["has_more"] is True
        assert page("last_seq=1") == {"messages": [], "has_more": False}
        assert seqs(page("after_seq=100")) == list(range(101, 121))
        assert page("after_seq=100")["has_more"] is False
        assert seqs(page("after_seq=10&limit=5")) == [11, 12, 13, 14, 15]
        assert page("after_seq=10&limit=5")["has_more"] is True
        assert seqs(page("after_seq=0&limit=2")) == [1, 2]  # who has nothing asks so
        assert page("after_seq=120") == {"messages": [], "has_more": False}
        assert page("after_seq=9999999") == {"messages": [], "has_more": False}
        assert seqs(page("last_seq=9999999&limit=1")) == [120]
        assert newest["messages"][0]["message_id"] == ids[70]


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"),
    ("limit=", "limit"), ("last_seq=-1", "last_seq"), ("after_seq=x", "after_seq"),
    ("last_seq=1e3", "last_seq"), ("after_seq=99999999999999999999", "after_seq")])
def test_refuses_a_page_that_it_cannot_read(user, query, field):
    alice, bob = user(), user()
    alice.device().say("x", to=bob)
    answer = alice.get(f"/api/messages/private/{bob.id}?{query}")
    if query == "limit=" and answer.code == 0:
        return  # an empty value is an absent one
    answer.refused(40001, field)


# ---- Conversations


def list_with_names(session):
    """None: user was slow, and the list came without."""
    page = session.get("/api/conversations").ok()
    return page if all(row["peer"].get("username") for row in page["conversations"]
                       if row["type"] == "single") else None


@pytest.mark.smoke
def test_lists_conversations_newest_first_with_what_is_unread(user):
    alice, bob, carol = user(), user(), user()
    a, b = alice.device(), bob.device()
    group_id = alice.create_group(bob)
    for i in range(3):
        a.say(f"{i}", to=bob)
    a.say("hello", group_id=group_id)
    last = carol.device().say("late", to=bob)

    page = eventually(lambda: list_with_names(bob), what="the names")
    assert page["total"] == 3 and page["next_cursor"] is None
    rows = page["conversations"]
    assert [row["conversation_id"] for row in rows] == [
        single(bob, carol), f"group:{group_id}", single(alice, bob)]
    assert [row["unread_count"] for row in rows] == [1, 1, 3]  # group.created does not count
    assert [row["last_seq"] for row in rows] == [1, 2, 3]
    assert [row["type"] for row in rows] == ["single", "group", "single"]
    assert rows[0]["peer"]["user_id"] == carol.id and rows[1]["group"]["group_id"] == group_id
    assert rows[0]["peer"]["username"] == carol.username
    assert rows[0]["last_message"]["message_id"] == last["message_id"]
    assert rows[2]["last_message"]["content"] == {"text": "2"}
    assert rows[0]["updated_at"] >= rows[1]["updated_at"] >= rows[2]["updated_at"]

    ours = alice.conversations()[single(alice, bob)]
    assert ours["unread_count"] == 0 and ours["read_seq"] == 3  # sending reads
    b.say("answer", to=alice)
    row = bob.conversations()[single(alice, bob)]
    assert row["unread_count"] == 0 and row["read_seq"] == 4 == row["last_seq"]
    assert alice.conversations()[single(alice, bob)]["unread_count"] == 1


def test_joinings_count_as_nobodys_unread_message(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob)
    for _ in range(3):
        carol.join(group_id)
        carol.leave(group_id)
    for person in (alice, bob):
        assert person.conversations()[f"group:{group_id}"]["unread_count"] == 0
    alice.device().say("x", group_id=group_id)
    carol.join(group_id)
    assert bob.conversations()[f"group:{group_id}"]["unread_count"] == 1
    assert carol.conversations()[f"group:{group_id}"]["unread_count"] == 0


def test_unread_is_shown_up_to_999(user):
    alice, bob = user(), user()
    sender = alice.device()
    sent = [sender.post({"type": 1, "to": bob.id, "content": {"text": "x"}})
            for _ in range(1005)]
    acks = {each: sender.ack(each)["code"] for each in sent}
    while {42901, 50301} & set(acks.values()):
        for each in [each for each, code in acks.items() if code in (42901, 50301)]:
            acks[each] = sender.ack(sender.post({
                "type": 1, "to": bob.id, "content": {"text": "x"}}))["code"]
    assert bob.conversations()[single(alice, bob)]["unread_count"] == 999


def test_pages_through_conversations(user):
    alice = user()
    device = alice.device()
    people = [user() for _ in range(7)]
    for person in people:
        device.say("x", to=person)
    seen, cursor, pages = [], "", 0
    while True:
        page = alice.get(f"/api/conversations?limit=3{cursor}").ok()
        seen += [row["conversation_id"] for row in page["conversations"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [single(alice, person) for person in reversed(people)] and pages == 3
    alice.get("/api/conversations?limit=0").refused(40001, "limit")
    for cursor in ("abc", "5", ",x", "%00"):
        alice.get(f"/api/conversations?cursor={cursor}").refused(40001, "cursor")


def test_who_was_away_finds_everything_by_conversations_and_after_seq(user):
    alice, bob = user(), user()
    sender = alice.device()
    device = bob.device()
    sender.say("seen", to=bob)
    device.wait_for(lambda f: f["type"] == 1)
    device.close()
    for i in range(5):
        sender.say(f"missed {i}", to=bob)
    again = bob.device()
    row = bob.conversations()[single(alice, bob)]
    assert row["last_seq"] == 6
    missed = bob.private_history(alice.id, "after_seq=1")
    assert texts(missed["messages"]) == [f"missed {i}" for i in range(5)]
    ack = sender.say("live", to=bob)
    assert again.message(ack["message_id"])["seq"] == 7
