"""Groups: who is in, and who sees what."""

import pytest

from client import texts


def events(messages):
    return [(m["seq"], m["content"]["event"]) for m in messages if m["msg_type"] == 3]


@pytest.mark.smoke
def test_makes_a_group_that_its_members_see(user):
    alice, bob, carol = user(), user(), user()
    made = alice.post("/api/groups", {"name": "Sea 🌊", "description": "salt",
                                      "member_ids": [bob.id, carol.id]}).ok()
    group_id = made["group_id"]
    assert group_id.startswith("group_") and made["owner_id"] == alice.id
    assert made["role"] == "owner" and made["member_count"] == 3 and made["join_policy"] == "open"

    for person, role in ((alice, "owner"), (bob, "member"), (carol, "member")):
        mine = person.get("/api/groups/my").ok()
        assert mine["total"] == 1 and mine["next_cursor"] is None
        assert mine["groups"][0]["group_id"] == group_id
        assert mine["groups"][0]["name"] == "Sea 🌊" and mine["groups"][0]["role"] == role
    members = bob.get(f"/api/groups/{group_id}/members").ok()
    assert members["total"] == 3
    assert {row["user_id"]: row["role"] for row in members["members"]} == {
        alice.id: "owner", bob.id: "member", carol.id: "member"}
    assert {row["username"] for row in members["members"]} == {
        alice.username, bob.username, carol.username}


def test_a_group_passes_to_people_before_bots(user, hubot):
    alice, bob = user(), user()
    group_id = alice.post("/api/groups", {  # who is named first has joined first
        "name": "bots", "member_ids": [hubot, bob.id]}).ok()["group_id"]
    alice.leave(group_id)
    assert bob.get(f"/api/groups/{group_id}").ok()["owner_id"] == bob.id


def test_joining_and_leaving_are_messages_of_the_conversation(user):
    alice, bob = user(), user()
    device = alice.device()
    group_id = alice.create_group()
    bob.join(group_id)
    bob.leave(group_id)
    seen = device.wait_for(lambda f: f.get("msg_type") == 3, count=3)
    assert [(m["seq"], m["content"]["event"]) for m in seen] == [
        (1, "group.created"), (2, "group.joined"), (3, "group.left")]
    assert all(m["type"] == 2 and m["group_id"] == group_id
               and m["conversation_id"] == f"group:{group_id}" for m in seen)
    assert seen[1]["content"]["user_ids"] == [bob.id] == seen[2]["content"]["user_ids"]
    history = alice.group_history(group_id)["messages"]
    assert [m["seq"] for m in history] == [1, 2, 3]
    assert [m["content"] for m in history] == [m["content"] for m in seen]


def test_who_is_added_while_online_gets_the_groups_messages_at_once(user):
    alice, bob = user(), user()
    device, owner = bob.device(), alice.device()
    group_id = alice.create_group(bob)
    device.wait_for(lambda f: f.get("msg_type") == 3 and f["group_id"] == group_id)
    ack = owner.say("welcome", group_id=group_id)
    assert device.message(ack["message_id"])["content"]["text"] == "welcome"


@pytest.mark.smoke
def test_who_joins_sees_only_from_his_joining_on(user):
    alice, bob = user(), user()
    owner, device = alice.device(), bob.device()
    group_id = alice.create_group()
    owner.say("before", group_id=group_id)
    bob.join(group_id)
    after = owner.say("after", group_id=group_id)
    device.message(after["message_id"])
    assert texts(device.messages()) == [None, "after"]
    history = bob.group_history(group_id)["messages"]
    assert events(history) == [(3, "group.joined")] and texts(history) == [None, "after"]
    assert texts(bob.group_history(group_id, "last_seq=3")["messages"]) == []
    assert [m["seq"] for m in bob.group_history(group_id, "after_seq=1")["messages"]] == [3, 4]


def test_who_left_sees_nothing_later_and_keeps_what_he_saw(user):
    alice, bob = user(), user()
    owner, device = alice.device(), bob.device()
    group_id = alice.create_group(bob)
    seen = owner.say("while in", group_id=group_id)
    device.message(seen["message_id"])
    bob.leave(group_id)
    owner.say("secret", group_id=group_id)
    fence = owner.say("fence", to=bob)
    device.message(fence["message_id"])
    assert "secret" not in texts(device.messages())

    history = bob.group_history(group_id)
    assert "while in" in texts(history["messages"]) and "secret" not in texts(history["messages"])
    assert not history["has_more"]
    row = bob.conversations().get(f"group:{group_id}")
    if row:
        assert row["last_seq"] <= 3 and row["last_message"]["content"].get("text") != "secret"
    refused = device.refusal({"type": 2, "group_id": group_id, "content": {"text": "let me"}})
    assert refused["code"] in (40301, 40401)
    bob.get(f"/api/groups/{group_id}/members").refused(40401)
    assert bob.get("/api/groups/my").ok()["groups"] == []


def test_rejoining_opens_a_new_span(user):
    alice, bob = user(), user()
    owner, device = alice.device(), bob.device()
    group_id = alice.create_group(bob)
    owner.say("one", group_id=group_id)
    bob.leave(group_id)
    owner.say("two", group_id=group_id)
    bob.join(group_id)
    last = owner.say("three", group_id=group_id)
    device.message(last["message_id"])
    seen = bob.group_history(group_id)["messages"]
    assert [text for text in texts(seen) if text] == ["one", "three"]
    assert texts(device.messages(f"group:{group_id}"))[-1] == "three"
    assert "two" not in texts(device.messages())
    assert device.say("I am back", group_id=group_id)["seq"] == last["seq"] + 1


def test_pages_through_what_one_may_see_across_spans(user):
    alice, bob = user(), user()
    owner = alice.device()
    group_id = alice.create_group(bob)  # 1
    for i in range(5):
        owner.say(f"in {i}", group_id=group_id)  # 2..6
    bob.leave(group_id)  # 7
    for i in range(5):
        owner.say(f"out {i}", group_id=group_id)  # 8..12
    bob.join(group_id)  # 13
    for i in range(5):
        owner.say(f"back {i}", group_id=group_id)  # 14..18
    visible = list(range(1, 7)) + list(range(13, 19))

    def forward():
        seq, more = 0, True
        while more:
            page = bob.group_history(group_id, f"limit=3&after_seq={seq}")
            yield from (m["seq"] for m in page["messages"])
            seq, more = page["messages"][-1]["seq"], page["has_more"]

    def backward():
        page = bob.group_history(group_id, "limit=3")
        while True:
            yield from (m["seq"] for m in reversed(page["messages"]))
            if not page["has_more"]:
                return
            page = bob.group_history(group_id, f"limit=3&last_seq={page['messages'][0]['seq']}")

    # His own leaving may be the last that he sees of the first span.
    assert [seq for seq in forward() if seq != 7] == visible
    assert [seq for seq in backward() if seq != 7] == visible[::-1]


def test_joining_and_leaving_twice_is_harmless(user):
    alice, bob = user(), user()
    group_id = alice.create_group()
    for _ in range(3):
        assert bob.post(f"/api/groups/{group_id}/join").code in (0, 40903)
    assert [event for _, event in events(alice.group_history(group_id)["messages"])] == [
        "group.created", "group.joined"]
    bob.leave(group_id)
    assert bob.post(f"/api/groups/{group_id}/leave").code in (0, 40401)
    assert len(alice.group_history(group_id)["messages"]) == 3
    assert alice.get(f"/api/groups/{group_id}/members").ok()["total"] == 1


def test_many_join_at_once_and_each_joining_has_its_own_seq(user):
    import concurrent.futures
    alice = user()
    device = alice.device()
    group_id = alice.create_group()
    people = [user() for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda person: person.join(group_id), people))
    joined = device.wait_for(lambda f: f.get("msg_type") == 3, count=9)
    assert [m["seq"] for m in joined] == list(range(1, 10))
    assert {m["content"]["user_ids"][0] for m in joined[1:]} == {person.id for person in people}
    assert alice.get(f"/api/groups/{group_id}/members").ok()["total"] == 9


@pytest.mark.parametrize("body, field", [
    ({}, "name"), ({"name": ""}, "name"), ({"name": " "}, "name"), ({"name": "n" * 65}, "name"),
    ({"name": 3}, "name"), ({"name": "x", "member_ids": "user_a"}, "member_ids"),
    ({"name": "x", "member_ids": [1]}, "member_ids"),
    ({"name": "x", "join_policy": "maybe"}, "join_policy"),
    ({"name": "x", "description": "d" * 501}, "description")])
def test_refuses_a_group_that_cannot_be_and_names_the_field(parley, user, body, field):
    alice = user()
    answer = alice.post("/api/groups", body)
    assert answer.code == 40001 and answer.status == 400 and answer.field.startswith(field), answer
    assert parley.count("groups", {"owner_id": alice.id}) == 0
    assert alice.get("/api/groups/my").ok()["total"] == 0


def test_refuses_to_add_who_does_not_exist(parley, user):
    alice = user()
    answer = alice.post("/api/groups", {"name": "x", "member_ids": [
        "user_01ARZ3NDEKTSV4RRFFQ69G5FAV"]})
    assert answer.code in (40401, 40001), answer
    assert parley.count("groups", {"owner_id": alice.id}) == 0


def test_pages_through_members_and_groups(user):
    alice = user()
    people = [user() for _ in range(4)]
    first = alice.create_group(*people)
    groups = {first, alice.create_group(), alice.create_group()}

    def pages(path, things):
        cursor = ""
        while True:
            page = alice.get(f"{path}?limit=2{cursor}").ok()
            assert len(page[things]) <= 2
            yield from page[things]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    members = [row["user_id"] for row in pages(f"/api/groups/{first}/members", "members")]
    assert sorted(members) == sorted([alice.id] + [person.id for person in people])
    mine = [row["group_id"] for row in pages("/api/groups/my", "groups")]
    assert len(mine) == 3 and set(mine) == groups


def test_a_change_survives_the_death_of_group_and_of_message(parley, user):
    alice, bob = user(), user()
    device = alice.device()
    group_id = alice.create_group()
    for name in ("group", "message"):
        parley.kill(name)
        bob.join(group_id)
        bob.leave(group_id)
    sent = device.say("still here", group_id=group_id)
    history = alice.group_history(group_id)["messages"]
    assert [m["seq"] for m in history] == list(range(1, 7)) and sent["seq"] == 6
    assert [event for _, event in events(history)] == ["group.created"] + [
        "group.joined", "group.left"] * 2
