"""Profiles, and finding each other."""

import secrets
import urllib.parse

import pytest

from client import fresh
from conftest import PASSWORD
from instance import eventually


def search(session, query, **more):
    """One page."""
    parameters = urllib.parse.urlencode({"query": query, **more})
    return session.get(f"/api/users?{parameters}").ok()


def found(session, query, **more):
    """The usernames that one page shows."""
    return [row["username"] for row in search(session, query, **more)["users"]]


def pages(session, query, limit):
    """The usernames on all pages, and the totals that they tell."""
    seen, totals, more = [], set(), {}
    while True:
        page = search(session, query, limit=limit, **more)
        assert len(page["users"]) <= limit
        seen += [row["username"] for row in page["users"]]
        totals.add(page["total"])
        if page["next_cursor"] is None:
            return seen, totals
        more = {"cursor": page["next_cursor"]}


def befriend(a, b):
    asked = a.post("/api/friend_requests", {"user_id": b.id}).ok()
    b.post(f"/api/friend_requests/{asked['request_id']}/accept").ok()


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
    ({"invisible": "yes"}, "invisible"),
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


def test_to_be_invisible_is_ones_own_affair(user):
    alice, bob = user(), user()
    assert alice.get("/api/users/me").ok()["invisible"] is False
    assert alice.patch("/api/users/me", {"invisible": True}).ok()["invisible"] is True
    assert alice.patch("/api/users/me", {"bio": "here"}).ok()["invisible"] is True
    assert "invisible" not in bob.get(f"/api/users/{alice.id}").ok()
    assert alice.patch("/api/users/me", {"invisible": False}).ok()["invisible"] is False


def test_a_new_nickname_is_what_the_next_log_in_answers(parley, user):
    alice = user(nickname="Alice")
    alice.patch("/api/users/me", {"nickname": "$nickname"}).ok()
    assert alice.again().login["nickname"] == "$nickname"
    alice.patch("/api/users/me", {"region": "Bern"}).ok()
    assert alice.again().login["nickname"] == "$nickname"


# ---- Search


@pytest.mark.smoke
def test_somebody_new_is_found_by_others_within_a_second(parley, user):
    me, name = user(), fresh("n")
    parley.enter("/api/register", {"username": name, "password": PASSWORD, "nickname": "Newcomer"}).ok()
    eventually(lambda: found(me, name) == [name], 1, "the newcomer in a search")
    row = search(me, name)["users"][0]
    assert row["nickname"] == "Newcomer" and row["is_your_friend"] is False and not row["bot"]


def test_finds_people_by_the_beginning_of_their_username(user):
    prefix = f"f{secrets.token_hex(5)}"
    names = [prefix + end for end in ("", "-a", "-b", ".c")]
    people = {name: user(username=name).id for name in names}
    me = user()
    eventually(lambda: len(found(me, prefix)) == 4, what="all four")
    page = search(me, prefix)
    assert {row["username"]: row["user_id"] for row in page["users"]} == people
    assert page["total"] == 4 and page["next_cursor"] is None
    assert found(me, prefix.upper() + "-") == [prefix + "-a", prefix + "-b"]
    assert found(me, prefix + ".*") == [] and found(me, prefix[1:]) == []
    assert pages(me, prefix, 3) == (sorted(names), {4})


def test_finds_people_by_the_beginning_of_their_nickname_however_it_is_typed(user):
    mark = secrets.token_hex(5)
    alice, me = user(nickname=f"Zo\u00eb-{mark} Straße"), user()
    for query in (f"zoe\u0308-{mark}", f"ZO\u00cb-{mark} STRASSE", f"\uff3ao\u00eb-{mark} s"):
        eventually(lambda: found(me, query) == [alice.username], what=query)
    assert found(me, f"{mark}") == []
    alice.patch("/api/users/me", {"nickname": f"Anna-{mark}"}).ok()
    assert found(me, f"zo\u00eb-{mark}") == []
    assert found(me, f"\uff21\uff2e\uff2e\uff21-{mark}") == [alice.username]


def test_usernames_come_first_and_nobody_comes_twice(user):
    prefix = f"p{secrets.token_hex(5)}"
    by_username = [user(username=f"{prefix}{i}", nickname=nickname).username
                   for i, nickname in enumerate((f"{prefix} x", "Other", f"{prefix}0"))]
    nicknames = f"{prefix}b", f"{prefix.upper()}a", f"{prefix}b", f"{prefix}c"
    others = [user(nickname=nickname) for nickname in nicknames]
    by_nickname = [other.username for _, _, other in sorted(
        (nickname.lower(), other.id, other) for nickname, other in zip(nicknames, others))]
    me = user()
    eventually(lambda: search(me, prefix)["total"] == 7, what="all seven")
    for limit in (1, 2, 3, 4, 6, 7, 100):
        assert pages(me, prefix, limit) == (by_username + by_nickname, {7}), limit
    cursor = search(me, prefix, limit=6)["next_cursor"]
    assert found(me, prefix[:-1] + "~", cursor=cursor) == []  # a place among other people


def test_nobody_is_missed_when_somebody_is_renamed_between_two_pages(user):
    prefix = f"r{secrets.token_hex(5)}"
    people = [user(nickname=f"{prefix}-{i}") for i in range(4)]
    me = user()
    eventually(lambda: search(me, prefix)["total"] == 4, what="all four")
    page = search(me, prefix, limit=2)
    people[1].patch("/api/users/me", {"nickname": "gone"}).ok()
    assert found(me, prefix, cursor=page["next_cursor"]) == [
        people[2].username, people[3].username]


def test_a_search_tells_who_is_a_friend(user):
    prefix = f"s{secrets.token_hex(5)}"
    friend, stranger = (user(username=prefix + end) for end in "ab")
    me = user()
    befriend(me, friend)
    eventually(lambda: len(found(me, prefix)) == 2, what="both")
    assert [row["is_your_friend"] for row in search(me, prefix)["users"]] == [True, False]
    assert me.get(f"/api/users/{friend.id}").ok()["is_your_friend"] is True
    assert me.get(f"/api/users/{stranger.id}").ok()["is_your_friend"] is False
    assert friend.get(f"/api/users/{me.id}").ok()["is_your_friend"] is True


def test_who_has_left_is_not_found_and_his_profile_says_so(parley, user):
    alice, me = user(nickname=fresh("Alice ")), user()
    nickname = alice.get("/api/users/me").ok()["nickname"]
    eventually(lambda: found(me, nickname) == [alice.username], what="Alice")
    parley.mongo["users"].update_one({"_id": alice.id}, {"$set": {"deleted": True}})
    assert found(me, nickname) == [] and found(me, alice.username) == []
    assert me.get(f"/api/users/{alice.id}").ok()["deleted"] is True


@pytest.mark.parametrize("query", ["\u200b", "\u00ad\u2060"])
def test_what_nobody_sees_finds_nobody(user, query):
    assert search(user(), query) == {"total": 0, "users": [], "next_cursor": None}


def test_each_page_is_read_by_an_index(parley, user):
    prefix = f"i{secrets.token_hex(5)}"
    for i in range(4):
        user(username=f"{prefix}{i}")
        user(nickname=f"{prefix}{i}")
    me = user()
    eventually(lambda: search(me, prefix)["total"] == 8, what="all eight")
    parley.mongo["system.profile"].drop()
    parley.mongo.command("profile", 2, filter={"ns": "parley.users"})
    try:
        pages(me, prefix, 3)
    finally:
        parley.mongo.command("profile", 0)
    looks = [look for look in parley.mongo["system.profile"].find({"ns": "parley.users"})
             if prefix in str(look["command"])]
    assert len(looks) >= 6  # a query and a count, or more, for each page
    for look in looks:
        assert "IXSCAN" in look["planSummary"] and "COLLSCAN" not in look["planSummary"], look
        assert not look.get("hasSortStage"), look
        assert look["docsExamined"] <= 4 and look["keysExamined"] <= 20, look


def test_who_was_missed_is_found_after_a_restart_also_from_before_nicknames_were(parley, user):
    """An account whose announcement was lost, and a profile of an older version."""
    alice, me = user(nickname=fresh("Early ")), user()
    nickname = alice.get("/api/users/me").ok()["nickname"]
    bob = parley.register(nickname=fresh("Lost "))
    eventually(lambda: found(me, bob.username) and found(me, nickname), what="both")
    with parley.without("user"):  # which looks for whom it has missed every half minute
        parley.mongo["users"].update_one({"_id": alice.id}, {"$unset": {"nickname_key": 1}})
        assert parley.mongo["users"].delete_one({"_id": bob.id}).deleted_count == 1
    eventually(lambda: found(me, nickname) == [alice.username], what="a nickname from before")
    eventually(lambda: found(me, bob.username) == [bob.username], what="who was lost")


@pytest.mark.parametrize("query, field", [
    ("", "query"), ("query=", "query"), ("query=a&limit=0", "limit"), ("query=a&limit=101", "limit"),
    ("query=a&limit=x", "limit"), ("query=a&limit=1.5", "limit"),
    (f"query={'q' * 65}", "query"), ("query=a&cursor=a.b", "cursor"),
    ("query=a&cursor=YQ", "cursor"), ("query=a&cursor=a", "cursor")])
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
