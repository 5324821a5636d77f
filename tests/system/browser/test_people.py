"""Finding people, asking to be friends, and what one knows and says of each other."""

import re

from playwright.sync_api import expect

from browser.person import PHONE
from client import fresh
from instance import eventually


def befriend(one, other):
    request = one.post("/api/friend_requests", {"user_id": other.id}).ok()
    other.post(f"/api/friend_requests/{request['request_id']}/accept").ok()


def named(user, beginning):
    """Somebody whose nickname nobody else has."""
    return user(nickname=fresh(f"{beginning} "))


def nickname_of(session):
    return session.get("/api/users/me").ok()["nickname"]


def find(page, name):
    """Type the name, as one does, and return its row."""
    page.get_by_role("searchbox", name="Find people").fill(name)
    return page.get_by_role("region", name="People found").get_by_role("listitem").filter(
        has_text=name)


def test_two_who_did_not_know_each_other_become_friends_with_a_greeting(person, user, axe):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    name_of_anna, name_of_ben = nickname_of(anna), nickname_of(ben)
    at_ben = person(session=ben)
    his = at_ben.open("/#/people")
    expect(his.get_by_text("No friends yet")).to_be_visible()
    hers = person(session=anna).open("/#/people")
    find(hers, name_of_ben).get_by_role("button").first.click()
    profile = hers.get_by_role("dialog", name="Profile")
    axe(hers)
    profile.get_by_label("Greeting (optional)").fill("We met at the fair")
    profile.get_by_role("button", name="Add friend").click()
    expect(profile.get_by_text("Request sent")).to_be_visible()
    rail = his.get_by_role("navigation", name="Navigation")
    expect(rail.get_by_role("link", name=re.compile("1 friend request"))).to_be_visible()
    request = his.get_by_role("region", name="Friend requests")
    expect(request.get_by_text("We met at the fair")).to_be_visible()
    axe(his)
    request.get_by_role("button", name=f"Accept {name_of_anna}").click()
    expect(his.get_by_text(f"You and {name_of_anna} are friends")).to_be_visible()
    friends = his.get_by_role("region", name="Friends")
    expect(friends.get_by_role("listitem").filter(has_text="online")).to_contain_text(name_of_anna)
    expect(rail.get_by_role("link", name=re.compile("friend request"))).to_have_count(0)
    # Her page hears of it by itself.
    expect(profile.get_by_label("Your name for this person")).to_be_visible()
    profile.get_by_role("button", name="Message").click()
    expect(hers).to_have_url(re.compile(r"#/c/single:"))


# All lists are taken in anew when the line is there: from then on changes come by what is told alone.
IS_TOLD = """() => import('/relations.js').then(({blocks, incoming}) =>
    blocks.total !== undefined && !incoming.loading)"""


def test_a_request_is_declined_or_taken_back(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    his = person(session=ben).open("/#/people")
    his.wait_for_function(IS_TOLD)
    hers = person(session=anna).open("/#/people")
    find(hers, nickname_of(ben)).get_by_role("button").first.click()
    hers.get_by_role("button", name="Add friend").click()
    requests = his.get_by_role("region", name="Friend requests")
    expect(requests).to_be_visible()
    hers.get_by_role("button", name="Close").click()
    hers.get_by_role("searchbox", name="Find people").fill("")
    hers.get_by_role("button", name="Take back").click()
    expect(hers.get_by_text("Request taken back")).to_be_visible()
    # Nobody told him; what he clicks at is gone, and he is told so.
    his.get_by_role("button", name="Accept").click()
    expect(requests).to_have_count(0)
    befriending = anna.post("/api/friend_requests", {"user_id": ben.id}).ok()
    assert befriending["status"] == "pending"
    his.get_by_role("button", name="Decline").click()
    expect(his.get_by_text("Request declined")).to_be_visible()
    assert ben.get("/api/friend_requests").ok()["total"] == 0


def test_a_friend_has_the_name_that_one_gives_until_the_friendship_ends(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    befriend(anna, ben)
    ben.post("/api/messages", {"type": 1, "message_id": fresh("m" * 16), "to": anna.id,
                               "content": {"text": "Hello"}}).ok()
    hers = person(session=anna).open("/#/people")
    hers.get_by_role("region", name="Friends").get_by_role("button", name="Ben").first.click()
    profile = hers.get_by_role("dialog", name="Profile")
    profile.get_by_label("Your name for this person").fill("My dear Benny")
    profile.get_by_role("button", name="Save").click()
    expect(hers.get_by_text("Name saved")).to_be_visible()
    expect(profile.get_by_role("heading", name="My dear Benny")).to_be_visible()
    hers.keyboard.press("Escape")
    hers.get_by_role("link", name=re.compile("^Chats")).click()
    expect(hers.get_by_role("region", name="Chats").get_by_text("My dear Benny")).to_be_visible()
    hers.get_by_role("link", name="People").click()
    assert find(hers, "dear B").count() <= 1  # the server knows nothing of it
    row = find(hers, "My dear Benny")
    expect(row).to_contain_text("friend")
    row.get_by_role("button").first.click()
    profile.get_by_role("button", name="Remove friend").click()
    hers.get_by_role("dialog", name="Remove friend").get_by_role(
        "button", name="Remove friend").click()
    expect(profile.get_by_role("button", name="Add friend")).to_be_visible()
    assert anna.get("/api/friends").ok()["total"] == 0


def test_who_is_blocked_is_in_the_list_of_blocks_until_he_is_let_go(person, user, axe):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    befriend(anna, ben)
    name = nickname_of(ben)
    hers = person(session=anna, viewport=PHONE).open("/#/people")
    hers.get_by_role("region", name="Friends").get_by_role("button", name=name).first.click()
    profile = hers.get_by_role("dialog", name="Profile")
    profile.get_by_role("button", name="Block").click()
    hers.get_by_role("dialog", name="Block").get_by_role("button", name="Block").click()
    expect(hers.get_by_text(f"{name} is blocked")).to_be_visible()
    expect(profile.get_by_role("button", name="Unblock")).to_be_visible()
    ben.post("/api/messages", {"type": 1, "to": anna.id, "content": {"text": "?"}}).refused(40302)
    hers.goto("/#/settings/privacy")
    hers.keyboard.press("Escape")
    blocks = hers.get_by_role("region", name="Blocked people")
    expect(blocks.get_by_text(name)).to_be_visible()
    axe(hers)
    blocks.get_by_role("button", name=f"Unblock {name}").click()
    expect(hers.get_by_text("You block nobody.")).to_be_visible()

    def is_let_through():  # within a second: the refusal was remembered
        return ben.post("/api/messages", {
            "type": 1, "to": anna.id, "content": {"text": "!"}}).code == 0

    eventually(is_let_through, what="being let through")
