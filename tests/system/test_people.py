"""Profiles, and finding each other."""

import secrets

import pytest

from client import fresh


@pytest.mark.smoke
def test_shows_and_changes_ones_own_profile(user):
    alice = user(nickname="Alice")
    mine = alice.get("/api/users/me").ok()
    assert mine["user_id"] == alice.id and mine["nickname"] == "Alice"
    assert mine["bio"] is None and mine["bot"] is False

    change = {"nickname": "Älice 🌊", "bio": "two\nlines", "gender": "female",
              "birthday": "1990-12-31", "region": "Bern", "avatar": "https://example.org/a.png",
              "email": "alice@example.org"}
    changed = alice.patch("/api/users/me", change).ok()
    for field, value in change.items():
        assert changed[field] == value
    assert alice.get("/api/users/me").ok() == changed

    alice.patch("/api/users/me", {"bio": ""}).ok()
    now = alice.get("/api/users/me").ok()
    assert not now["bio"] and now["region"] == "Bern"


def test_others_see_the_profile_but_not_the_email(user):
    alice, bob = user(), user()
    alice.patch("/api/users/me", {"bio": "here", "email": "alice@example.org"}).ok()
    seen = bob.get(f"/api/users/{alice.id}").ok()
    assert (seen["user_id"], seen["username"], seen["bio"]) == (alice.id, alice.username, "here")
    assert "email" not in seen and seen["is_your_friend"] is False


@pytest.mark.parametrize("change, field", [
    ({"nickname": ""}, "nickname"),
    ({"nickname": "   "}, "nickname"),
    ({"nickname": "n" * 65}, "nickname"),
    ({"nickname": "a\u202eb"}, "nickname"),
    ({"bio": "b" * 501}, "bio"),
    ({"bio": 5}, "bio"),
    ({"gender": "cat"}, "gender"),
    ({"birthday": "1990-02-30"}, "birthday"),
    ({"birthday": "2990-01-01"}, "birthday"),
    ({"avatar": "javascript:alert(1)"}, "avatar"),
    ({"email": "nobody"}, "email"),
])
def test_refuses_a_profile_that_cannot_be_and_changes_nothing(user, change, field):
    alice = user()
    before = alice.get("/api/users/me").ok()
    alice.patch("/api/users/me", {"region": "Bern", **change}).refused(40001, field)
    assert alice.get("/api/users/me").ok() == before


def test_ignores_a_field_that_nobody_knows_and_those_that_are_not_ones_own(user):
    alice = user()
    before = alice.get("/api/users/me").ok()
    alice.patch("/api/users/me", {"user_id": "user_x", "username": "root", "bot": True,
                                  "role": "admin", "shoe_size": 44}).ok()
    assert alice.get("/api/users/me").ok() == before


def test_finds_people_by_the_beginning_of_their_name(user):
    prefix = f"f{secrets.token_hex(5)}"
    names = [prefix + end for end in ("", "-a", "-b", ".c")]
    people = {name: user(username=name).id for name in names}
    me = user()
    page = me.get(f"/api/users?query={prefix}").ok()
    assert {row["username"]: row["user_id"] for row in page["users"]} == people
    assert page["total"] == 4 and page["next_cursor"] is None
    assert [row["username"] for row in me.get(f"/api/users?query={prefix.upper()}-").ok()[
        "users"]] == [prefix + "-a", prefix + "-b"]
    assert me.get(f"/api/users?query={prefix}.*").ok()["users"] == []

    seen, cursor = [], ""
    while True:
        page = me.get(f"/api/users?query={prefix}&limit=3{cursor}").ok()
        assert len(page["users"]) <= 3
        seen += [row["username"] for row in page["users"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(names)


@pytest.mark.parametrize("query, field", [
    ("", "query"), ("query=", "query"), ("query=a&limit=0", "limit"), ("query=a&limit=101", "limit"),
    ("query=a&limit=x", "limit"), ("query=a&limit=1.5", "limit")])
def test_refuses_a_search_that_it_cannot_read(user, query, field):
    user().get(f"/api/users?{query}").refused(40001, field)


def test_an_unknown_person_is_not_found(user):
    alice = user()
    for wrong in ("user_01ARZ3NDEKTSV4RRFFQ69G5FAV", "user_", fresh("x")):
        alice.get(f"/api/users/{wrong}").refused(40401)


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/users/me"), ("PATCH", "/api/users/me"), ("GET", "/api/users?query=a"),
    ("GET", "/api/users/user_01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("POST", "/api/groups"),
    ("GET", "/api/groups/my"), ("POST", "/api/groups/group_01ARZ3NDEKTSV4RRFFQ69G5FAV/join"),
    ("GET", "/api/conversations"), ("POST", "/api/messages"), ("POST", "/api/logout"),
    ("GET", "/api/messages/private/user_01ARZ3NDEKTSV4RRFFQ69G5FAV")])
def test_nothing_is_shown_to_who_has_no_token(rest, method, path):
    rest.call(method, path, None if method == "GET" else {}).refused(40101)
