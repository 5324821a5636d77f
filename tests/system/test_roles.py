"""Owner, admins and members of a group."""

import pytest


def role_path(group_id, who):
    return f"/api/groups/{group_id}/members/{who.id}/role"


def make_admin(owner, group_id, who):
    return owner.call("PUT", role_path(group_id, who), {"role": "admin"}).ok()


def roles(who, group_id):
    members = who.get(f"/api/groups/{group_id}/members").ok()["members"]
    return {row["user_id"]: row["role"] for row in members}


def role_events(messages):
    return [m["content"] for m in messages if m["content"].get("event") == "group.role"]


@pytest.mark.smoke
def test_the_owner_makes_admins_and_everybody_is_told(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob, carol)
    device = carol.device()
    shown = make_admin(alice, group_id, bob)
    assert shown["user_id"] == bob.id and shown["role"] == "admin"
    told = device.wait_for(lambda f: f.get("msg_type") == 3
                           and f["content"]["event"] == "group.role")
    assert told["content"]["user_id"] == alice.id
    assert told["content"]["roles"] == [{"user_id": bob.id, "role": "admin"}]
    assert roles(carol, group_id) == {alice.id: "owner", bob.id: "admin", carol.id: "member"}
    assert bob.get(f"/api/groups/{group_id}").ok()["role"] == "admin"
    assert bob.get("/api/groups/my").ok()["groups"][0]["role"] == "admin"
    assert role_events(bob.group_history(group_id)["messages"]) == [told["content"]]

    alice.call("PUT", role_path(group_id, bob), {"role": "member"}).ok()
    assert roles(carol, group_id)[bob.id] == "member"


def test_a_role_that_is_so_already_tells_nobody(user):
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    for _ in range(3):
        make_admin(alice, group_id, bob)
    assert len(role_events(alice.group_history(group_id)["messages"])) == 1


def test_only_the_owner_gives_roles_and_only_to_members(user):
    alice, bob, carol, stranger = user(), user(), user(), user()
    group_id = alice.create_group(bob, carol)
    make_admin(alice, group_id, bob)
    for who in (bob, carol):
        who.call("PUT", role_path(group_id, carol), {"role": "admin"}).refused(40301)
        who.post(f"/api/groups/{group_id}/transfer", {"user_id": carol.id}).refused(40301)
    stranger.call("PUT", role_path(group_id, bob), {"role": "admin"}).refused(40401)
    stranger.post(f"/api/groups/{group_id}/transfer", {"user_id": bob.id}).refused(40401)
    alice.call("PUT", role_path(group_id, stranger), {"role": "admin"}).refused(40401)
    alice.post(f"/api/groups/{group_id}/transfer", {"user_id": stranger.id}).refused(40401)
    alice.call("PUT", role_path(group_id, alice), {"role": "member"}).refused(40301)
    alice.call("PUT", role_path(group_id, bob), {"role": "owner"}).refused(40001, "role")
    assert roles(alice, group_id) == {alice.id: "owner", bob.id: "admin", carol.id: "member"}


def test_a_group_is_passed_on_and_its_former_owner_stays_an_admin(user, hubot):
    alice, bob = user(), user()
    group_id = alice.post("/api/groups", {"name": "x", "member_ids": [bob.id, hubot]}).ok()[
        "group_id"]
    alice.post(f"/api/groups/{group_id}/transfer", {"user_id": hubot}).refused(40301, "user_id")
    shown = alice.post(f"/api/groups/{group_id}/transfer", {"user_id": bob.id}).ok()
    assert shown["owner_id"] == bob.id and shown["role"] == "admin"
    again = alice.post(f"/api/groups/{group_id}/transfer", {"user_id": bob.id}).ok()
    assert again == shown
    seen = role_events(bob.group_history(group_id)["messages"])
    assert [event["roles"] for event in seen] == [
        [{"user_id": bob.id, "role": "owner"}, {"user_id": alice.id, "role": "admin"}]]
    alice.call("PUT", role_path(group_id, bob), {"role": "member"}).refused(40301)
    bob.call("PUT", role_path(group_id, alice), {"role": "member"}).ok()
    assert roles(bob, group_id)[alice.id] == "member"


def test_who_follows_an_owner_that_leaves_is_told_with_his_leaving(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob, carol)
    make_admin(alice, group_id, carol)
    alice.leave(group_id)
    left = carol.group_history(group_id)["messages"][-1]["content"]
    assert left["event"] == "group.left"
    assert left["roles"] == [{"user_id": carol.id, "role": "owner"}]
    assert carol.get(f"/api/groups/{group_id}").ok()["role"] == "owner"


def everybody(group_id):
    return {"type": 2, "group_id": group_id, "content": {"text": "all!", "at_all": True}}


@pytest.mark.smoke
def test_owner_and_admins_name_everybody_and_members_may_not(user):
    alice, bob, carol = user(), user(), user()
    group_id = alice.create_group(bob, carol)
    make_admin(alice, group_id, bob)
    for who in (alice, bob):
        device = who.device()
        assert device.ack(device.post(everybody(group_id)))["code"] == 0
    device = carol.device()
    refused = device.refusal(everybody(group_id))
    assert refused["code"] == 40301 and refused["data"]["field"] == "content.at_all"
    carol.post("/api/messages", everybody(group_id)).refused(40301, "content.at_all")
    alice.call("PUT", role_path(group_id, bob), {"role": "member"}).ok()
    bob.post("/api/messages", everybody(group_id)).refused(40301, "content.at_all")


def test_who_comes_back_is_no_admin_any_more(user):
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    make_admin(alice, group_id, bob)
    bob.leave(group_id)
    bob.join(group_id)
    assert roles(alice, group_id)[bob.id] == "member"
    bob.post("/api/messages", everybody(group_id)).refused(40301, "content.at_all")
