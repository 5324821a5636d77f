"""Presence: who is told that somebody came or went, and who is not."""

import os
import signal
import time

import pytest

from crowd import Crowd
from instance import eventually

MINUTE_MS = 60_000


@pytest.fixture
def friends(user):
    """friends(n): n new people, each a friend of the first."""
    def make(count=2):
        people = [user() for _ in range(count)]
        for person in people[1:]:
            make_friends(people[0], person)
        return people

    return make


def make_friends(a, b):
    request = a.post("/api/friend_requests", {"user_id": b.id}).ok()
    b.post(f"/api/friend_requests/{request['request_id']}/accept").ok()


def seen(device, person, after=0):
    """What a device was told of somebody so far."""
    return [f["online"] for f in device.frames[after:]
            if f["type"] == 40 and f["user_id"] == person.id]


def wait_seen(device, person, online, after=0):
    return device.wait_for(lambda f: f["type"] == 40 and f["user_id"] == person.id and
                           f["online"] is online, after=after)


def presences(viewer, *people):
    ids = ",".join(person.id for person in people)
    found = viewer.get(f"/api/presence?user_ids={ids}").ok()["presences"]
    return {row["user_id"]: row for row in found}


def wait_online(viewer, person, online=True):
    return eventually(lambda: [row for row in presences(viewer, person).values()
                               if row["online"] is online], what=f"online {online}")[0]


def now_ms():
    return int(time.time() * 1000)


def about_now(at):
    return abs(at - now_ms()) < MINUTE_MS


# ---- Coming and going


def test_friends_see_one_come_with_the_first_device_and_go_five_seconds_after_the_last(friends):
    bob, alice, carol, dave, eve = friends(5)
    watch = bob.device()
    phone, desk = alice.device(), alice.again().device()
    devices = carol.device(), carol.again().device()
    away = dave.device()
    hidden = eve.device()
    for person in (alice, carol, dave, eve):
        frame = wait_seen(watch, person, True)
        assert set(frame) == {"type", "user_id", "online", "last_seen"}
        assert about_now(frame["last_seen"])
    eve.patch("/api/users/me", {"invisible": True}).ok()
    last_seen = wait_seen(watch, eve, False)["last_seen"]

    phone.close()  # one of two
    hidden.close()
    away.close()
    dave.device()  # is back
    for device in devices:
        device.close()
    assert presences(bob, dave, carol)[carol.id]["online"]
    frame = wait_seen(watch, carol, False)  # who left last: all else would be known by now
    assert about_now(frame["last_seen"])

    assert seen(watch, carol) == [True, False]
    assert seen(watch, alice) == seen(watch, dave) == [True]
    assert seen(watch, eve) == [True, False]
    shown = presences(bob, alice, carol, dave, eve)
    assert shown[alice.id]["online"] and shown[dave.id]["online"]
    assert shown[carol.id] == {
        "user_id": carol.id, "online": False, "last_seen": frame["last_seen"]}
    assert shown[eve.id] == {"user_id": eve.id, "online": False, "last_seen": last_seen}
    assert not desk.closed


def test_friends_made_and_lost_while_both_are_here_learn_and_forget_it(user):
    alice, bob = user(), user()
    a, b = alice.device(), bob.device()
    wait_online(alice, alice)
    wait_online(bob, bob)
    make_friends(alice, bob)
    wait_seen(a, bob, True)
    wait_seen(b, alice, True)
    alice.delete(f"/api/friends/{bob.id}").ok()
    assert wait_seen(b, alice, False)["last_seen"] is None
    assert wait_seen(a, bob, False)["last_seen"] is None


# ---- Who is told


def test_the_invisible_are_offline_to_all_but_themselves_and_see_the_others(friends):
    alice, bob, carol = friends(3)
    watch, own = bob.device(), alice.device()
    wait_seen(watch, alice, True)
    alice.patch("/api/users/me", {"invisible": True}).ok()
    assert about_now(wait_seen(watch, alice, False)["last_seen"])
    assert not presences(bob, alice)[alice.id]["online"]
    assert presences(alice, alice)[alice.id]["online"]
    assert not any(friend["online"] for friend in bob.get("/api/friends").ok()["friends"])
    carol.device()
    wait_seen(own, carol, True)
    alice.patch("/api/users/me", {"invisible": True}).ok()  # no change: nobody hears of it
    mark = len(watch.frames)
    alice.patch("/api/users/me", {"invisible": False}).ok()
    wait_seen(watch, alice, True, after=mark)
    assert seen(watch, alice) == [True, False, True]
    assert presences(bob, alice)[alice.id]["online"]


def test_who_is_invisible_or_blocks_somebody_comes_unseen(friends):
    bob, alice, carol, dave = friends(4)
    watch = bob.device()
    alice.patch("/api/users/me", {"invisible": True}).ok()
    carol.post("/api/blocks", {"user_id": bob.id}).ok()
    alice.device()
    carol.device()
    wait_online(alice, alice)
    wait_online(carol, carol)
    dave.device()
    wait_seen(watch, dave, True)  # who came after them
    watch.heartbeat()
    assert True not in seen(watch, alice) + seen(watch, carol)
    shown = presences(bob, alice, carol, dave)
    assert set(shown) == {alice.id, dave.id} and shown[dave.id]["online"]
    assert shown[alice.id] == {"user_id": alice.id, "online": False, "last_seen": None}


def test_whom_one_blocks_sees_nothing_and_is_seen(friends):
    alice, bob = friends()
    watch = bob.device()
    alice.device()
    wait_seen(watch, alice, True)
    alice.post("/api/blocks", {"user_id": bob.id}).ok()
    assert wait_seen(watch, alice, False)["last_seen"] is None
    bob.get(f"/api/presence?user_ids={alice.id}").refused(40302)
    assert list(presences(bob, alice, bob)) == [bob.id]
    assert presences(alice, bob)[bob.id]["online"]
    mark = len(watch.frames)
    alice.delete(f"/api/blocks/{bob.id}").ok()
    wait_seen(watch, alice, True, after=mark)
    assert presences(bob, alice)[alice.id]["online"]


def test_strangers_learn_nothing_and_fellow_members_may_ask(parley, user):
    alice, bob, carol = user(), user(), user()
    alice.device()
    wait_online(alice, alice)
    assert presences(bob, alice, bob, carol) == {
        bob.id: {"user_id": bob.id, "online": False, "last_seen": None}}
    group_id = alice.create_group(bob)
    eventually(lambda: presences(bob, alice).get(alice.id), what="a fellow's presence")
    assert presences(bob, alice)[alice.id]["online"]
    assert presences(carol, alice, bob) == {}
    bob.leave(group_id)
    eventually(lambda: presences(bob, alice) == {}, what="they are strangers again")
    bob.get("/api/presence?user_ids=nobody_at_all").ok()


@pytest.mark.parametrize("ids", ["", ",", "a,,b", "a b", "x" * 40,
                                 ",".join(f"user_{i}" for i in range(101))])
def test_asking_for_what_is_no_list_of_ids_is_refused(user, ids):
    user().get(f"/api/presence?user_ids={ids}").refused(40001, "user_ids")


# ---- When parts are lost


def test_after_redis_was_emptied_all_are_back_and_nobody_is_told(parley, friends):
    bob, alice, carol = friends(3)
    watch = bob.device()
    alice.device()
    wait_seen(watch, alice, True)
    parley.redis.flushall()
    eventually(lambda: parley.redis.exists(f"online:{alice.id}"), 25, "the refresh")
    assert presences(bob, alice)[alice.id]["online"]
    carol.device()
    wait_seen(watch, carol, True)  # what was told before has come by now
    watch.heartbeat()
    assert seen(watch, alice) == [True]


def rewind(parley, life, person):
    """As if the life had not been refreshed for a minute."""
    for key in parley.redis.scan_iter(f"online:{person.id}"):
        for field in parley.redis.hkeys(key):
            if field.startswith(life):
                parley.redis.hincrby(key, field, -MINUTE_MS)
    parley.redis.zincrby("im:nodes", -MINUTE_MS, life)


def test_presence_is_of_all_nodes_together_and_of_none_that_died(parley, friends, node):
    bob, alice, carol = friends(3)
    watches = bob.device(), bob.device(node.ws_url)
    here, others = alice.device(), carol.device(node.ws_url)
    for watch in watches:
        wait_seen(watch, alice, True)
        wait_seen(watch, carol, True)
    there = alice.device(node.ws_url)
    eventually(lambda: len(parley.redis.hkeys(f"online:{alice.id}")) == 2, 20, "she is at both")
    here.close()  # she moves to the other node
    eventually(lambda: len(parley.redis.hkeys(f"online:{alice.id}")) == 1, 20, "one is left")
    assert presences(bob, alice)[alice.id]["online"]

    life = next(each for each in parley.redis.zrange("im:nodes", 0, -1)
                if each.startswith(node.name.encode() + b"#"))
    assert parley.redis.sismember(b"im:node:" + life + b":users", alice.id)
    node.end(signal.SIGKILL)
    assert there.wait_closed() == others.wait_closed() == 1006
    carol.device()
    eventually(lambda: len(parley.redis.hkeys(f"online:{carol.id}")) == 2, 20, "carol is back")
    assert presences(bob, alice)[alice.id]["online"]  # not yet known to be gone
    rewind(parley, life, alice)
    frame = wait_seen(watches[0], alice, False)
    assert about_now(frame["last_seen"] + MINUTE_MS // 2)
    assert not presences(bob, alice)[alice.id]["online"]
    eventually(lambda: parley.redis.zscore("im:nodes", life) is None, what="its life is forgotten")
    assert not parley.redis.exists(b"im:node:" + life + b":users")
    assert seen(watches[0], alice) == [True, False]
    assert seen(watches[0], carol) == [True] and presences(bob, carol)[carol.id]["online"]


def test_who_leaves_a_node_that_is_shut_down_is_told_of(friends, node):
    bob, alice, carol = friends(3)
    watch = bob.device()
    alice.device(node.ws_url)
    carol.device(node.ws_url)
    wait_seen(watch, alice, True)
    wait_seen(watch, carol, True)
    assert node.end() == 0
    carol.device()
    wait_seen(watch, alice, False)
    assert not presences(bob, alice)[alice.id]["online"]
    assert seen(watch, carol) == [True]


def test_who_was_only_taken_for_dead_is_told_of_again(parley, friends):
    alice, bob = friends()
    watch = bob.device()
    alice.device()
    wait_seen(watch, alice, True)
    life = parley.redis.hkeys(f"online:{alice.id}")[0].rpartition(b":")[0]
    mark = len(watch.frames)

    def is_swept():
        """Unless it was refreshed first."""
        if (parley.redis.zscore("im:nodes", life) or 0) > now_ms() - MINUTE_MS / 2:
            rewind(parley, life, alice)
        return parley.redis.exists(b"im:node:" + life + b":swept") or seen(watch, alice, mark)

    eventually(is_swept, 30, "the node is taken for dead")
    wait_seen(watch, alice, True, after=mark)  # by its next refresh
    # Bob is on the same, so that he hears that she went only if he is back a moment before her.
    assert seen(watch, alice, mark) in ([True], [False, True])


# ---- Many


def test_a_thousand_friends_who_come_at_once_are_told_of_once_each_and_hear(friends):
    bob, alice = friends()
    early = bob.device()
    watch = alice.device()
    wait_seen(early, alice, True)  # and not heard of any more by who comes later
    crowd = Crowd(alice, 1000)
    crowd.open()
    watch.wait_for(lambda f: f["type"] == 40 and f["user_id"] in crowd.ids, count=1000)
    frames = [f for f in watch.frames if f["type"] == 40 and f["user_id"] in crowd.ids]
    assert {f["user_id"] for f in frames} == set(crowd.ids) and len(frames) == 1000
    assert all(f["online"] for f in frames)
    for invisible in (True, False):  # and the other way round: one goes and comes before them all
        alice.patch("/api/users/me", {"invisible": invisible}).ok()
        for frame in crowd.hear():
            assert (frame["type"], frame["user_id"], frame["online"]) == (
                40, alice.id, not invisible)
    crowd.end()
    assert not watch.closed
    watch.heartbeat()


def test_who_came_while_redis_stood_still_is_told_of_when_it_goes_on(parley, friends):
    """Redis carries out what it was asked, when nobody waits for its answer any more."""
    bob, alice = friends()
    watch = bob.device()
    wait_online(bob, bob)
    given_up = parley.log("push").count('"presence is not written"')
    pid = parley.signal("redis", signal.SIGSTOP)
    try:
        alice.device()
        eventually(lambda: parley.log("push").count('"presence is not written"') > given_up, 20,
                   "push has waited long enough")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_seen(watch, alice, True)
    wait_online(bob, alice)


def test_what_happened_while_user_was_dead_is_told_when_it_is_back(parley, friends):
    bob, alice = friends()
    watch = bob.device()
    wait_online(bob, bob)
    old = parley.signal("user", signal.SIGKILL)
    alice.device()
    parley.wait_replaced("user", old)
    wait_seen(watch, alice, True)
    assert seen(watch, alice) == [True]
