"""Blocks: what the blocked one may not, and what he does not learn."""

import pytest

from client import single
from instance import eventually
from test_friends import (ask, fill_relations, friend_frame, friend_ids, friends, make_friends,
                          requests)


def block(blocker, blocked):
    return blocker.post("/api/blocks", {"user_id": blocked.id})


def unblock(blocker, blocked):
    return blocker.delete(f"/api/blocks/{blocked.id}")


def blocked_ids(session):
    return [row["user_id"] for row in session.get("/api/blocks").ok()["blocks"]]


def text_to(person):
    return {"type": 1, "to": person.id, "content": {"text": "hi"}}


def code_of(device, frame):
    return device.ack(device.post(frame))["code"]


@pytest.mark.smoke
def test_the_blocked_ones_next_message_is_refused_within_a_second(user):
    alice, bob = user(), user()
    his, hers = bob.device(), alice.device()
    his.say("hi", to=alice)  # from here on the answer is kept for half a minute
    block(alice, bob).ok()
    eventually(lambda: code_of(his, text_to(alice)) == 40302, 1, "40302")
    hers.say("hi", to=bob)  # she may still write
    bob.post("/api/messages", {"type": 1, **text_to(alice)}).refused(40302)
    unblock(alice, bob).ok()
    eventually(lambda: code_of(his, text_to(alice)) == 0, 1, "being let through")
    assert all(m["from"] in (alice.id, bob.id) for m in hers.messages(single(alice, bob)))


def test_the_blocked_one_does_not_show_that_he_is_typing(user):
    alice, bob = user(), user()
    first, second, hers = bob.device(), bob.again().device(), alice.device()
    first.say("hi", to=alice)  # from here on it is known that he may
    first.send({"type": 33, "to": alice.id})
    hers.wait_for(lambda f: f["type"] == 33)
    block(alice, bob).ok()
    eventually(lambda: code_of(second, text_to(alice)) == 40302, what="40302")
    before = len(hers.frames)
    second.send({"type": 33, "to": alice.id})  # each socket may do so once a second
    assert code_of(second, text_to(alice)) == 40302
    unblock(alice, bob).ok()
    eventually(lambda: code_of(second, text_to(alice)) == 0, what="being let through")
    hers.message(second.say("hi again", to=alice)["message_id"])
    assert not [f for f in hers.frames[before:] if f["type"] == 33]
    assert not [f for f in second.frames if f["type"] == 30 and f["message_id"] is None]


def test_friends_stay_friends_and_nothing_tells_the_blocked_one(user):
    alice, bob = user(), user()
    his = bob.device()
    make_friends(alice, bob)
    friend_frame(his, "friend.accepted", user_id=alice.id)
    before = len(his.frames)
    block(alice, bob).ok()
    assert block(alice, bob).ok()["user_id"] == bob.id  # once more is no mistake
    assert friend_ids(bob) == {alice.id} and friend_ids(alice) == {bob.id}
    row = friends(bob)["friends"][0]
    assert row["online"] is False
    assert ask(bob, alice).ok()["status"] == "accepted"
    assert bob.get(f"/api/users/{alice.id}").ok()["is_your_friend"] is True
    assert blocked_ids(bob) == [] and blocked_ids(alice) == [bob.id]
    his.heartbeat()
    assert not [f for f in his.frames[before:] if f["type"] == 3]
    unblock(bob, alice).refused(40401)
    unblock(alice, bob).ok()
    unblock(alice, bob).refused(40401)
    assert friend_ids(bob) == {alice.id}


def test_the_blocked_one_cannot_ask_and_his_request_is_not_shown(user):
    alice, bob, carol = user(), user(), user()
    request_id = ask(bob, alice).ok()["request_id"]
    ask(carol, alice).ok()
    block(alice, bob).ok()
    assert [row["user_id"] for row in requests(alice)["requests"]] == [carol.id]
    assert requests(alice)["total"] == 1
    assert requests(bob, "outgoing")["total"] == 1  # he sees nothing of it
    alice.post(f"/api/friend_requests/{request_id}/accept").refused(40401)
    ask(bob, alice).refused(40302, "user_id")
    ask(alice, bob).refused(40903, "user_id")
    unblock(alice, bob).ok()
    assert requests(alice)["total"] == 2
    alice.post(f"/api/friend_requests/{request_id}/accept").ok()


def test_blocking_takes_ones_own_request_back(user):
    alice, bob = user(), user()
    request_id = ask(alice, bob).ok()["request_id"]
    block(alice, bob).ok()
    assert requests(bob)["total"] == requests(alice, "outgoing")["total"] == 0
    bob.post(f"/api/friend_requests/{request_id}/accept").refused(40401)


def test_the_blocked_one_cannot_put_her_into_a_group(user):
    alice, bob, carol = user(), user(), user()
    block(alice, bob).ok()
    refused = bob.post("/api/groups", {"name": "tea", "member_ids": [carol.id, alice.id]})
    refused.refused(40302, "member_ids")
    assert carol.get("/api/groups/my").ok()["total"] == 0
    bob.create_group(carol)
    alice.create_group(bob)


def test_blocks_are_ones_own_paged_and_limited(user, parley):
    alice, others = user(), [user() for _ in range(3)]
    for other in others:
        block(alice, other).ok()
    first = alice.get("/api/blocks?limit=2").ok()
    rest = alice.get(f"/api/blocks?limit=2&cursor={first['next_cursor']}").ok()
    assert first["total"] == rest["total"] == 3 and rest["next_cursor"] is None
    assert {row["user_id"] for row in first["blocks"] + rest["blocks"]} == {
        other.id for other in others}
    assert set(first["blocks"][0]) == {"user_id", "username", "nickname", "avatar"}
    assert blocked_ids(others[0]) == []

    block(alice, alice).refused(40001, "user_id")
    alice.post("/api/blocks", {"user_id": "user_00000000000000000000000000"}).refused(40401)
    fill_relations(parley, others[0], 5000, lambda a, b: {"blockers": [a]})
    block(others[0], alice).refused(40301)


def test_two_may_block_each_other_and_one_takes_it_back(user, parley):
    alice, bob = user(), user()
    block(alice, bob).ok()
    block(bob, alice).ok()
    unblock(alice, bob).ok()
    ask(alice, bob).refused(40302, "user_id")
    unblock(bob, alice).ok()
    assert parley.count("relations", {"user_a": {"$in": [alice.id, bob.id]}}) == 0
