"""Friends: asking, answering, the list, and what the two settings change."""

import os
import signal
import threading

import pytest

from client import fresh, single
from conftest import ADMIN, PASSWORD, PORT
from instance import eventually

DAY_MS = 24 * 60 * 60 * 1000


def ask(asker, asked, **more):
    return asker.post("/api/friend_requests", {"user_id": asked.id, **more})


def make_friends(a, b):
    ask(a, b).ok()
    assert ask(b, a).ok()["status"] == "accepted"


def requests(session, direction="incoming"):
    return session.get(f"/api/friend_requests?direction={direction}").ok()


def friends(session, query=""):
    return session.get(f"/api/friends?{query}").ok()


def friend_ids(session):
    return {friend["user_id"] for friend in friends(session)["friends"]}


def pair_id(a, b):
    return ":".join(sorted((a.id, b.id)))


def together(*actions):
    """At the same moment, as far as threads can; their results."""
    gate, results = threading.Barrier(len(actions)), [None] * len(actions)

    def act(i):
        gate.wait()
        results[i] = actions[i]()

    threads = [threading.Thread(target=act, args=(i,)) for i in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def friend_frame(device, event, **content):
    return device.wait_for(lambda f: f["type"] == 3 and f["content"]["event"] == event and all(
        f["content"].get(key) == value for key, value in content.items()))


@pytest.mark.smoke
def test_two_people_become_friends_and_all_their_devices_are_told(user):
    alice, bob = user(nickname="Alice"), user(nickname="Bob")
    hers = [alice.device(), alice.again().device()]
    his = [bob.device(), bob.again().device()]

    asked = ask(alice, bob, greeting="We met at the fair").ok()
    assert (asked["status"], asked["direction"], asked["user_id"], asked["nickname"]) == (
        "pending", "outgoing", bob.id, "Bob")
    for device in his:
        friend_frame(device, "friend.requested", user_id=alice.id, direction="incoming",
                     request_id=asked["request_id"], greeting="We met at the fair")
    for device in hers:
        friend_frame(device, "friend.requested", user_id=bob.id, direction="outgoing",
                     request_id=asked["request_id"])
    page = requests(bob)
    assert page["total"] == 1 and page["next_cursor"] is None
    assert page["requests"][0] == {**page["requests"][0], "request_id": asked["request_id"],
                                   "direction": "incoming", "status": "pending",
                                   "user_id": alice.id, "nickname": "Alice",
                                   "greeting": "We met at the fair"}
    assert requests(alice, "outgoing")["requests"][0]["user_id"] == bob.id
    assert requests(alice)["total"] == requests(bob, "outgoing")["total"] == 0

    path = f"/api/friend_requests/{asked['request_id']}/accept"
    assert bob.post(path).ok()["status"] == "accepted"
    assert bob.post(path).ok()["status"] == "accepted"  # its answer may have been lost
    for device, other in (*((d, bob) for d in hers), *((d, alice) for d in his)):
        friend_frame(device, "friend.accepted", user_id=other.id)
    assert friend_ids(alice) == {bob.id} and friend_ids(bob) == {alice.id}
    assert requests(bob)["total"] == requests(alice, "outgoing")["total"] == 0
    assert bob.get(f"/api/users/{alice.id}").ok()["is_your_friend"] is True

    alice.delete(f"/api/friends/{bob.id}").ok()
    for device, other in (*((d, bob) for d in hers), *((d, alice) for d in his)):
        friend_frame(device, "friend.removed", user_id=other.id)
    assert friend_ids(alice) == friend_ids(bob) == set()
    assert bob.get(f"/api/users/{alice.id}").ok()["is_your_friend"] is False
    alice.delete(f"/api/friends/{bob.id}").refused(40401)
    bob.post(path).refused(40401)  # an old request makes nobody friends again


def test_asking_again_answers_the_request_that_is_there(user, parley):
    alice, bob = user(), user()
    first = ask(alice, bob, greeting="hello").ok()
    assert ask(alice, bob, greeting="HELLO?").ok() == first
    assert requests(bob)["total"] == 1
    make_friends(bob, alice)
    again = ask(alice, bob).ok()
    assert again["status"] == "accepted"
    assert parley.count("relations", {"friends": alice.id}) == 1


def test_requests_that_cross_at_the_same_moment_make_friends_once(user, parley):
    for _ in range(5):
        alice, bob = user(), user()
        device = alice.device()
        answers = together(*[lambda: ask(alice, bob), lambda: ask(bob, alice)] * 3)
        assert "accepted" in {answer.ok()["status"] for answer in answers}
        assert friend_ids(alice) == {bob.id} and friend_ids(bob) == {alice.id}
        assert parley.count("relations", {"friends": alice.id}) == 1
        assert requests(alice)["total"] == requests(bob)["total"] == 0
        friend_frame(device, "friend.accepted", user_id=bob.id)
        device.heartbeat()
        told = [f for f in device.frames if f["type"] == 3
                and f["content"]["event"] == "friend.accepted"]
        assert len(told) == 1


def test_accepting_and_withdrawing_at_the_same_moment_has_one_outcome(user):
    alice, bob = user(), user()
    request_id = ask(alice, bob).ok()["request_id"]
    accepted, withdrawn = together(
        lambda: bob.post(f"/api/friend_requests/{request_id}/accept"),
        lambda: alice.delete(f"/api/friend_requests/{request_id}"))
    assert {accepted.code, withdrawn.code} == {0, 40401}
    assert friend_ids(alice) == ({bob.id} if accepted.code == 0 else set())


def test_a_rejected_one_is_not_told_and_asks_again_a_day_later(user, parley):
    alice, bob = user(), user()
    device = alice.device()
    request_id = ask(alice, bob).ok()["request_id"]
    bob.post(f"/api/friend_requests/{request_id}/reject").ok()
    bob.post(f"/api/friend_requests/{request_id}/reject").refused(40401)
    assert requests(bob)["total"] == requests(alice, "outgoing")["total"] == 0

    refused = ask(alice, bob).refused(42901)
    assert DAY_MS / 1000 - 60 < int(refused.headers["Retry-After"]) <= DAY_MS / 1000
    assert ask(bob, alice).ok()["status"] == "pending"  # he may change his mind
    withdrawn = requests(bob, "outgoing")["requests"][0]["request_id"]
    bob.delete(f"/api/friend_requests/{withdrawn}").ok()

    side = "rejected_a" if alice.id < bob.id else "rejected_b"
    assert parley.mongo["relations"].update_one(
        {"_id": pair_id(alice, bob)}, {"$inc": {side: -DAY_MS}}).matched_count == 1
    assert ask(alice, bob).ok()["status"] == "pending"
    device.heartbeat()
    assert not [f for f in device.frames if f["type"] == 3
                and f["content"]["event"] not in ("friend.requested",)]


def test_a_withdrawn_request_leaves_nothing(user, parley):
    alice, bob = user(), user()
    request_id = ask(alice, bob).ok()["request_id"]
    alice.delete(f"/api/friend_requests/{request_id}").ok()
    assert requests(bob)["total"] == 0
    assert parley.count("relations", {"_id": pair_id(alice, bob)}) == 0
    bob.post(f"/api/friend_requests/{request_id}/accept").refused(40401)
    assert ask(alice, bob).ok()["status"] == "pending"


def test_only_the_two_can_answer_and_each_only_what_is_his(user):
    alice, bob, eve = user(), user(), user()
    path = f"/api/friend_requests/{ask(alice, bob).ok()['request_id']}"
    unknown = "/api/friend_requests/request_00000000000000000000000000"
    for stranger in (path, unknown, "/api/friend_requests/%24ne"):
        eve.post(stranger + "/accept").refused(40401)
        eve.post(stranger + "/reject").refused(40401)
        eve.delete(stranger).refused(40401)
    alice.post(path + "/accept").refused(40401)
    alice.post(path + "/reject").refused(40401)
    bob.delete(path).refused(40401)
    assert requests(bob)["total"] == 1 and friend_ids(alice) == set()


def test_refuses_to_ask_nobody_oneself_and_too_much(user):
    alice, bob = user(), user()
    ask(alice, alice).refused(40001, "user_id")
    for nobody in ("user_00000000000000000000000000", "nobody"):
        alice.post("/api/friend_requests", {"user_id": nobody}).refused(40401)
    alice.post("/api/friend_requests", {"user_id": "a:b"}).refused(40001, "user_id")
    alice.post("/api/friend_requests", {}).refused(40001, "user_id")
    ask(alice, bob, greeting="x" * 201).refused(40001, "greeting")
    ask(alice, bob, greeting="a\u202eb").refused(40001, "greeting")
    alice.get("/api/friend_requests?direction=sideways").refused(40001, "direction")
    alice.get("/api/friends?limit=0").refused(40001, "limit")
    for path in ("friends?", "blocks?", "friend_requests?", "friend_requests?direction=outgoing&"):
        for cursor in ("abc", f"{bob.id}:user_zzz"):
            alice.get(f"/api/{path}cursor={cursor}").refused(40001, "cursor")
        assert alice.get(f"/api/{path}cursor=").ok()["total"] == 0
    assert requests(bob)["total"] == 0


def test_who_is_muted_asks_without_words(user, admin):
    alice, bob = user(), user()
    admin.post(f"/v1/admin/users/{alice.id}/mute", {"reason": "noise", "seconds": 600}).ok()
    eventually(lambda: ask(alice, bob, greeting="hey").code == 40303, what="40303")
    assert ask(alice, bob).ok()["greeting"] in (None, "hey")


def test_bots_are_friends_at_once(user, hubot):
    alice = user()
    answer = alice.post("/api/friend_requests", {"user_id": hubot}).ok()
    assert (answer["status"], answer["request_id"]) == ("accepted", None)
    assert friends(alice)["friends"][0]["bot"] is True


def list_with_conversations(session):
    """None: message was slow, and the list came without."""
    page = friends(session)
    return page if any(row["last_message"] for row in page["friends"]) else None


def test_the_list_says_how_the_conversations_stand(user):
    alice, bob, carol = user(nickname="Alice"), user(nickname="Bob"), user(nickname="Carol")
    make_friends(alice, bob)
    make_friends(carol, alice)
    speaker = bob.device()
    speaker.say("one", to=alice)
    seq = speaker.say("two", to=alice)["seq"]

    page = eventually(lambda: list_with_conversations(alice), what="how they stand")
    assert page["total"] == 2 and page["next_cursor"] is None
    rows = {row["user_id"]: row for row in page["friends"]}
    talking, silent = rows[bob.id], rows[carol.id]
    assert talking["unread_count"] == 2 and talking["username"] == bob.username
    assert talking["last_message"]["content"] == {"text": "two"}
    assert talking["last_message"]["seq"] == seq
    assert talking["last_time"] == talking["last_message"]["timestamp"]
    assert (silent["unread_count"], silent["last_message"], silent["last_time"]) == (0, None, None)
    conversation = alice.conversations()[single(alice, bob)]
    assert conversation["unread_count"] == 2
    assert conversation["last_message"] == talking["last_message"]


def test_the_list_says_who_is_here(user):
    alice, bob = user(), user()
    make_friends(alice, bob)
    assert (friends(alice)["friends"][0]["online"],
            friends(alice)["friends"][0]["last_seen"]) == (False, None)
    bob.device()
    row = eventually(lambda: [f for f in friends(alice)["friends"] if f["online"]],
                     what="bob online")[0]
    assert row["user_id"] == bob.id and row["last_seen"] > 0


def test_without_message_or_redis_the_list_still_comes(user, parley):
    alice, bob = user(), user()
    make_friends(alice, bob)
    alice.patch(f"/api/friends/{bob.id}", {"remark": "old friend"}).ok()
    speaker = bob.device()
    speaker.say("hi", to=alice)
    page = eventually(lambda: list_with_conversations(alice), what="how they stand")
    assert page["friends"][0]["unread_count"] == 1
    eventually(lambda: friends(alice)["friends"][0]["online"], what="bob online")
    paused = [(name, parley.signal(name, signal.SIGSTOP)) for name in ("message", "redis")]
    try:
        row = friends(alice)["friends"][0]
    finally:
        for _, pid in paused:
            os.kill(pid, signal.SIGCONT)
    assert (row["user_id"], row["remark"]) == (bob.id, "old friend")
    assert (row["unread_count"], row["last_message"], row["online"]) == (0, None, False)
    again = eventually(lambda: [f for f in friends(alice)["friends"] if f["online"]
                                and f["unread_count"] == 1], what="all of it again")
    assert again[0]["last_message"]["content"] == {"text": "hi"}


def test_the_list_is_paged_and_misses_nobody(user, parley):
    alice, others = user(), [user() for _ in range(5)]
    for other in others:
        make_friends(alice, other)
    seen, cursor = [], ""
    while True:
        page = friends(alice, f"limit=2{cursor}")
        assert page["total"] == 5 and len(page["friends"]) <= 2
        seen += [friend["user_id"] for friend in page["friends"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(other.id for other in others)

    more = [user() for _ in range(3)]
    for other in more:
        ask(other, alice).ok()
    first = alice.get("/api/friend_requests?limit=2").ok()
    rest = alice.get(f"/api/friend_requests?limit=2&cursor={first['next_cursor']}").ok()
    assert [row["user_id"] for row in first["requests"] + rest["requests"]] == [
        other.id for other in reversed(more)]
    assert first["total"] == 3 and rest["next_cursor"] is None


def test_a_remark_is_ones_own(user):
    alice, bob = user(), user()
    alice.patch(f"/api/friends/{bob.id}", {"remark": "from the fair"}).refused(40401)
    make_friends(alice, bob)
    alice.patch(f"/api/friends/{bob.id}", {"remark": "from the fair"}).ok()
    bob.patch(f"/api/friends/{alice.id}", {"remark": "$anna"}).ok()
    assert friends(alice)["friends"][0]["remark"] == "from the fair"
    assert friends(bob)["friends"][0]["remark"] == "$anna"
    alice.patch(f"/api/friends/{bob.id}", {"remark": ""}).ok()
    assert friends(alice)["friends"][0]["remark"] is None
    alice.patch(f"/api/friends/{bob.id}", {"remark": "x" * 65}).refused(40001, "remark")
    alice.patch(f"/api/friends/{bob.id}", {}).refused(40001, "remark")
    assert friends(bob)["friends"][0]["remark"] == "$anna"


def fill_relations(parley, session, n, of):
    """n relations of a session's user with people who do not exist, each as of(user_id, other)."""
    others = [f"user_{i:026d}" for i in range(n)]
    parley.mongo["relations"].insert_many([{
        "_id": ":".join(sorted((session.id, other))), "rev": fresh("rev_"),
        "user_a": min(session.id, other), "user_b": max(session.id, other),
        **of(session.id, other)} for other in others])


def friendship(a, b):
    return {"friends": sorted((a, b)), "friends_since": 1}


def request_of(a, b):
    return {"requester": a, "recipient": b, "request_id": fresh("request_"), "requested_at": 1}


def test_friends_and_waiting_requests_have_a_limit(user, parley):
    popular, bob, eager = user(), user(), user()
    fill_relations(parley, popular, 5000, friendship)
    request_id = ask(bob, popular).ok()["request_id"]
    popular.post(f"/api/friend_requests/{request_id}/accept").refused(40301)
    assert requests(popular)["total"] == 1
    fill_relations(parley, eager, 500, request_of)
    ask(eager, bob).refused(40301)
    parley.mongo["relations"].delete_many({"requester": eager.id})
    assert ask(eager, bob).ok()["status"] == "pending"


def stages(plan):
    """The names of a plan's steps."""
    for key, value in plan.items():
        if key == "stage":
            yield value
        for step in value if isinstance(value, list) else [value]:
            if isinstance(step, dict):
                yield from stages(step)


@pytest.mark.parametrize("query, order", [
    ({"friends": "ME", "_id": {"$gt": "user_3"}}, {"_id": 1}),
    ({"friends": {"$in": ["ME", "user_2"]}}, None),
    ({"blockers": "ME", "_id": {"$gt": ""}}, {"_id": 1}),
    ({"requester": "ME", "request_id": {"$lt": "~"}}, {"request_id": -1}),
    ({"recipient": "ME", "blockers": {"$ne": "ME"}, "request_id": {"$lt": "~"}},
     {"request_id": -1}),
    ({"request_id": "ME"}, None),
])
def test_each_list_is_read_by_an_index_and_in_its_order(parley, query, order):
    find = {"find": "relations", "filter": query, "limit": 51, **({"sort": order} if order else {})}
    plan = parley.mongo.command("explain", find, verbosity="queryPlanner")
    steps = set(stages(plan["queryPlanner"]["winningPlan"]))
    assert "IXSCAN" in steps and not steps & {"COLLSCAN", "SORT"}, plan["queryPlanner"]


def test_killing_user_between_the_steps_loses_nothing(user, parley):
    alice, bob = user(), user()
    request_id = ask(alice, bob, greeting="hello").ok()["request_id"]
    parley.kill("user")
    assert requests(bob)["requests"][0]["greeting"] == "hello"
    bob.post(f"/api/friend_requests/{request_id}/accept").ok()
    parley.kill("user")
    assert friend_ids(alice) == {bob.id}
    bob.post(f"/api/friend_requests/{request_id}/accept").ok()
    alice.delete(f"/api/friends/{bob.id}").ok()
    parley.kill("user")
    assert friend_ids(bob) == set()


@pytest.fixture(scope="module")
def open_parley(make_parley):
    """Where a first message makes friends, and strangers may not write."""
    instance = make_parley(PORT + 300, FRIEND_POLICY="open", STRANGER_MESSAGES="deny",
                           ADMIN_USERNAME=ADMIN, ADMIN_PASSWORD=PASSWORD)
    yield instance
    assert make_parley.stopped(instance) == []


def test_where_the_policy_is_open_a_first_message_makes_friends(open_parley):
    alice, bob = open_parley.register(), open_parley.register()
    speaker, listener = alice.device(), bob.device()
    speaker.send({"type": 33, "to": bob.id})  # a stranger's, and typing makes no friends
    fence = {"type": 35, "conversation_id": single(alice, bob), "emoji": "👍"}  # goes the same way
    assert speaker.settle(fence)["code"] == 40301
    assert friend_ids(alice) == set()
    message_id = speaker.post({"type": 1, "to": bob.id, "content": {"text": "hi"}})
    assert speaker.ack(message_id)["code"] == 0
    listener.message(message_id)
    friend_frame(listener, "friend.accepted", user_id=alice.id)
    friend_frame(speaker, "friend.accepted", user_id=bob.id)
    assert friend_ids(alice) == {bob.id} and friend_ids(bob) == {alice.id}
    assert not [f for f in listener.frames if f["type"] == 33]
    alice.again().device().send({"type": 33, "to": bob.id})  # each may do so once a second
    listener.wait_for(lambda f: f["type"] == 33 and f["from"] == alice.id)
    for device in (*alice.devices, *bob.devices):
        device.close()


def test_where_the_policy_is_open_asking_is_enough(open_parley):
    alice, bob = open_parley.register(), open_parley.register()
    assert ask(alice, bob).ok()["status"] == "accepted"
    assert friend_ids(bob) == {alice.id}
    bob.delete(f"/api/friends/{alice.id}").ok()
    assert friend_ids(alice) == set()


def test_where_the_policy_is_open_who_is_muted_makes_no_friends_by_writing(open_parley):
    alice, bob = open_parley.register(), open_parley.register()
    path = f"/v1/admin/users/{alice.id}/mute"
    open_parley.login(ADMIN).post(path, {"reason": "noise", "seconds": 600}).ok()
    speaker = alice.device()
    myself = {"type": 1, "to": alice.id, "content": {"text": "hi"}}
    eventually(lambda: speaker.ack(speaker.post(myself))["code"] == 40303, what="the mute")
    assert speaker.refusal({**myself, "to": bob.id})["code"] == 40303
    assert friend_ids(bob) == set()
    speaker.close()


def test_where_strangers_may_not_write_only_friends_and_bots_do(open_parley):
    alice, bob, popular = (open_parley.register() for _ in range(3))
    alice.post("/api/groups", {"name": "tea", "member_ids": [bob.id]}).refused(
        40301, "member_ids")
    ask(alice, bob).ok()
    alice.post("/api/groups", {"name": "tea", "member_ids": [bob.id]}).ok()

    fill_relations(open_parley, popular, 5000, friendship)  # so that no message makes friends
    speaker = bob.device()
    frame = {"type": 1, "to": popular.id, "content": {"text": "hi"}}
    assert speaker.refusal(frame)["code"] == 40301
    hubot = eventually(lambda: [row for row in bob.get("/api/users?query=hubot").ok()["users"]],
                       what="hubot")[0]["user_id"]
    assert speaker.ack(speaker.post({**frame, "to": hubot}))["code"] == 0
    assert hubot not in friend_ids(bob)
    speaker.close()


def test_no_policy_stops_a_service_account_or_makes_it_a_friend(open_parley):
    bob, popular = open_parley.register(), open_parley.register()
    token = open_parley.login(ADMIN).post("/v1/admin/services", {
        "username": fresh("shop-"), "reason": "parcels"}).ok()["token"]
    fill_relations(open_parley, popular, 5000, friendship)
    for person, friends in ((bob, 0), (popular, 5000)):
        open_parley.rest.call("POST", "/api/messages", {
            "type": 1, "to": person.id, "message_id": fresh(), "content": {"text": "hi"}},
            token=token).ok()
        assert person.get("/api/friends?limit=1").ok()["total"] == friends
