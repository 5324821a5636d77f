"""A stranger can neither read nor write, and cannot tell whether there is anything."""

import json
import re

import pytest

from client import fresh, single

UNKNOWN_GROUP = "group_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def club(user):
    """A group with words in it, and somebody outside."""
    alice, bob, stranger = user(), user(), user()
    group_id = alice.create_group(bob)
    ack = alice.device().say("among us", group_id=group_id)
    return group_id, ack["message_id"], stranger


ROUTES = [
    ("GET", "/api/messages/group/{group}", None),
    ("GET", "/api/messages/group/{group}?limit=1&last_seq=2", None),
    ("GET", "/api/messages/group/{group}?after_seq=1", None),
    ("GET", "/api/groups/{group}", None),
    ("GET", "/api/groups/{group}/members", None),
    ("GET", "/api/groups/{group}/members?limit=1", None),
    ("POST", "/api/groups/{group}/leave", {}),
    ("POST", "/api/messages", {"type": 2, "group_id": "{group}", "content": {"text": "x"},
                               "message_id": "{message}"}),
    ("POST", "/api/messages", {"type": 2, "to": "{group}", "content": {"text": "x"},
                               "message_id": "{message}"}),
    ("POST", "/api/messages", {"type": 0, "group_id": "{group}", "content": {"text": "x"},
                               "message_id": "{message}"}),
    ("POST", "/api/messages", {"type": 9, "group_id": "{group}", "content": {"a": 1},
                               "message_id": "{message}"}),
    ("POST", "/api/messages", {"type": 1, "to": "{group}", "content": {"text": "x"},
                               "message_id": "{message}"}),
    ("GET", "/api/messages/private/{group}", None),
    ("GET", "/api/users/{group}", None),
]


def fill(thing, group_id, message_id):
    if thing is None:
        return None
    return json.loads(json.dumps(thing).replace("{group}", group_id).replace(
        "{message}", message_id))


def plain(headers):
    """The headers that may tell something: not the request's id and the date."""
    return {name.lower(): value for name, value in headers.items()
            if name.lower() not in ("x-request-id", "date", "traceparent")}


def nothing_of(parley, stranger, group_id):
    """Is there no trace of him in the store?"""
    return (parley.count(query={"from_user_id": stranger.id}) == 0
            and parley.count("conversation_users", {"user_id": stranger.id}) == 0
            and len(parley.stored(f"group:{group_id}")) == 2)


@pytest.mark.smoke
def test_every_route_answers_as_if_the_group_did_not_exist(parley, club):
    group_id, message_id, stranger = club
    for method, path, body in ROUTES:
        theirs, nobodys = (stranger.call(
            method, path.replace("{group}", each), fill(body, each, message_id))
            for each in (group_id, UNKNOWN_GROUP))
        assert theirs.code // 100 == 404 == theirs.status, (method, path, body, theirs)
        assert theirs.raw == nobodys.raw, (method, path, body, theirs, nobodys)
        assert plain(theirs.headers) == plain(nobodys.headers), (method, path, body)
    assert nothing_of(parley, stranger, group_id)


FRAMES = [
    {"type": 2, "group_id": "{group}", "message_id": "{message}", "content": {"text": "x"}},
    {"type": 2, "to": "{group}", "message_id": "{message}", "content": {"text": "x"}},
    {"type": 0, "group_id": "{group}", "message_id": "{message}", "content": {"text": "x"}},
    {"type": 1, "to": "{group}", "message_id": "{message}", "content": {"text": "x"}},
    {"type": 8, "group_id": "{group}", "message_id": "{message}",
     "content": {"title": "x", "lng": 1, "lat": 1}},
    {"type": 9, "group_id": "{group}", "message_id": "{message}", "content": {"x": 1}},
    {"type": 33, "group_id": "{group}"},
    {"type": 33, "to": "{group}"},
    {"type": 30, "conversation_id": "group:{group}", "seq": 1},
]


def answers(device, frame, group_id=UNKNOWN_GROUP):
    """What comes back, as bytes, but for the time of day."""
    start = len(device.frames)
    device.send(frame)
    if "message_id" in frame:
        device.ack(frame["message_id"])
    fence = fresh()
    # Refused by the partition that the frame went to, so after whatever answers it there.
    target = {"type": 2, "group_id": group_id}
    if frame["type"] in (1, 33) and "to" in frame:
        target = {"type": 1, "to": frame["to"]}
    device.send({**target, "message_id": fence, "content": {"text": "x"}})
    device.ack(fence)
    found = [device.raw[i] for i in range(start, len(device.frames))
             if device.frames[i].get("message_id") != fence]
    return [re.sub(r',"timestamp":\d+', "", text) for text in found]


@pytest.mark.smoke
def test_every_frame_is_answered_as_if_the_group_did_not_exist(parley, club):
    group_id, message_id, stranger = club
    for frame in FRAMES:
        # A socket each, so that no limit of one (typing) hides the answer.
        theirs, nobodys = (answers(stranger.device(), fill(frame, each, message_id), each)
                           for each in (group_id, UNKNOWN_GROUP))
        assert theirs == nobodys, frame
        if frame["type"] not in (30, 33):
            assert json.loads(theirs[0])["code"] == 40401
    assert nothing_of(parley, stranger, group_id)
    assert not [m for device in stranger.devices for m in device.messages()]


def test_a_private_conversation_of_others_cannot_be_named(parley, user):
    alice, bob, stranger = user(), user(), user()
    a, b, device = alice.device(), bob.device(), stranger.device()
    secret = a.say("between us", to=bob)
    b.message(secret["message_id"])
    theirs = answers(device, {"type": 30, "conversation_id": single(alice, bob), "seq": 1})
    nobodys = answers(device, {"type": 30, "seq": 1, "conversation_id": single(
        "user_01ARZ3NDEKTSV4RRFFQ69G5FAV", "user_01ARZ3NDEKTSV4RRFFQ69G5FAW")})
    assert theirs == nobodys
    for person in (alice, bob):
        # What he sees is his own (empty) conversation with each.
        answer = stranger.get(f"/api/messages/private/{person.id}")
        assert b"between us" not in answer.raw
        if answer.code == 0:
            assert answer.data == {"messages": [], "has_more": False}
    assert stranger.conversations() == {}
    # The id of a message of theirs is free in a conversation of his.
    assert device.say("x", to=alice, message_id=secret["message_id"])["seq"] == 1
    assert not [m for m in device.messages() if m["conversation_id"] == single(alice, bob)]


def test_an_empty_conversation_is_answered_like_one_that_never_was(user):
    alice, bob, carol = user(), user(), user()
    alice.device().say("to bob", to=bob)
    with_bob, with_alice = (carol.get(f"/api/messages/private/{person.id}")
                            for person in (bob, alice))
    assert with_bob.raw == with_alice.raw


def test_typing_reaches_no_group_that_one_is_not_in(user):
    alice, bob, stranger = user(), user(), user()
    group_id = alice.create_group(bob)
    a, b, device = alice.device(), bob.device(), stranger.device()
    answers(device, {"type": 33, "group_id": group_id}, group_id)
    fence = a.say("fence", group_id=group_id)
    b.message(fence["message_id"])
    assert not [f for f in a.frames + b.frames if f["type"] == 33]


def test_who_left_is_a_stranger_again(parley, user):
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    bob.leave(group_id)
    device = bob.device()
    for frame in FRAMES[:3]:
        theirs = answers(device, fill(frame, group_id, "message-of-nobody"), group_id)
        assert json.loads(theirs[0])["code"] in (40301, 40401)
    bob.get(f"/api/groups/{group_id}/members").refused(40401)
    assert len(parley.stored(f"group:{group_id}")) == 2


def test_a_stranger_never_receives_what_he_may_not_see(user):
    alice, bob, stranger = user(), user(), user()
    device, a = stranger.device(), alice.device()
    group_id = alice.create_group(bob)
    a.say("group secret", group_id=group_id)
    a.say("private secret", to=bob)
    fence = a.say("for you", to=stranger)
    device.message(fence["message_id"])
    assert [m["message_id"] for m in device.messages()] == [fence["message_id"]]
