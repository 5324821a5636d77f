"""The list of chats: what a row says, what its menu does, and that all devices show the same."""

import re

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from client import fresh, single


def say(session, text, **more):
    """A message by REST; its conversation_id."""
    body = {"type": 2 if "group_id" in more else 1, "message_id": fresh(), "content": {"text": text}}
    if at := more.pop("at", None):
        body["content"]["at_user_ids"] = at
    return session.post("/api/messages", {**body, **more}).ok()["conversation_id"]


def row(page, name):
    title = page.locator(".chat-row-title", has_text=re.compile(f"^{re.escape(name)}$"))
    return page.get_by_role("listitem").filter(has=title)


def names(page):
    return page.locator(".chat-row-title")


def act(page, name, action):
    """By the menu at a row."""
    row(page, name).hover()
    row(page, name).get_by_role("button", name=f"Menu of {name}").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


@pytest.fixture
def anna(person, user):
    """Anna, to whom Ben has written, then Cleo."""
    anna = person("Anna")
    anna.ben, anna.cleo = user(nickname="Ben"), user(nickname="Cleo")
    say(anna.ben, "Tea at four?", to=anna.id)
    say(anna.cleo, "I have the map", to=anna.id)
    return anna


def test_a_row_says_who_wrote_what_and_how_much_is_unread(anna, axe):
    page = anna.open()
    expect(row(page, "Ben")).to_contain_text("Tea at four?")
    expect(row(page, "Ben")).to_contain_text("1 unread message")
    expect(page.get_by_role("link", name="Chats")).to_contain_text("2 unread chats")
    expect(page).to_have_title("(2) Parley")
    group_id = anna.ben.create_group(anna.session, name="Weekend")
    say(anna.ben, "@Anna come?", group_id=group_id, at=[anna.id])
    expect(row(page, "Weekend")).to_contain_text("Ben: @Anna come?")
    expect(row(page, "Weekend")).to_contain_text("mentions you")
    say(anna.session, "Yes", group_id=group_id)
    expect(row(page, "Weekend")).to_contain_text("You: Yes")
    expect(row(page, "Weekend")).not_to_contain_text("unread")
    expect(page).to_have_title("(2) Parley")
    axe(page)


def test_a_new_message_brings_its_row_to_the_top(anna):
    page = anna.open()
    expect(names(page)).to_have_text(["Cleo", "Ben"])
    say(anna.ben, "Hello again", to=anna.id)
    expect(page.locator(".chat-row-title").first).to_have_text("Ben")


def test_pin_mute_and_mark_read_hold_for_all_devices(anna, person):
    page, other = anna.open(), person(session=anna.session).open()
    act(page, "Ben", "Pin")
    for each in (page, other):
        expect(each.locator(".chat-row-title").first).to_have_text("Ben")
        expect(row(each, "Ben")).to_contain_text("pinned")
    act(other, "Cleo", "Mute")
    expect(row(page, "Cleo")).to_contain_text("muted")
    expect(page).to_have_title("(1) Parley")  # what is muted makes no noise
    act(page, "Ben", "Mark as read")
    for each in (page, other):
        expect(row(each, "Ben")).not_to_contain_text("unread")
    act(page, "Ben", "Unpin")
    expect(other.locator(".chat-row-title").first).to_have_text("Cleo")
    page.reload()
    expect(row(page, "Cleo")).to_contain_text("muted")
    expect(names(page)).to_have_text(["Cleo", "Ben"])


def test_a_hidden_chat_comes_back_with_its_next_message(anna, person):
    page, other = anna.open(), person(session=anna.session).open()
    expect(row(other, "Ben")).to_be_visible()
    act(page, "Ben", "Hide")
    for each in (page, other):
        expect(row(each, "Ben")).to_have_count(0)
    say(anna.ben, "Still there?", to=anna.id)
    for each in (page, other):
        expect(row(each, "Ben")).to_contain_text("Still there?")


def test_two_tabs_and_two_devices_are_equal(anna, person):
    first = anna.open()
    others = [anna.tab("/"), person(session=anna.session).open()]
    expect(row(first, "Ben")).to_be_visible()
    row(first, "Ben").get_by_role("link").click()
    for each in others:
        expect(row(each, "Ben")).not_to_contain_text("unread")
    first.get_by_role("combobox", name="Message").fill("At four it is")
    first.keyboard.press("Enter")
    for each in (first, *others):
        expect(row(each, "Ben")).to_contain_text("You: At four it is")
    history = anna.session.private_history(anna.ben.id)["messages"]
    assert [each["content"]["text"] for each in history] == ["Tea at four?", "At four it is"]


def test_typing_and_drafts_show_in_the_row(anna):
    page = anna.open("/#/people")
    conversation_id = single(anna.id, anna.ben.id)
    anna.session.patch(f"/api/conversations/{conversation_id}", {"draft": "perhaps"}).ok()
    page.get_by_role("link", name="Chats").click()
    expect(row(page, "Ben")).to_contain_text("Draft: perhaps")
    anna.wait_live()  # nobody keeps that somebody types
    device = anna.ben.device()
    device.send({"type": 33, "to": anna.id})
    expect(row(page, "Ben")).to_contain_text("typing…")
    expect(row(page, "Ben")).to_contain_text("Draft: perhaps")  # he has stopped


def test_the_filter_finds_by_name_and_leads_on_to_the_search(anna):
    page = anna.open()
    expect(row(page, "Ben")).to_be_visible()
    page.get_by_label("Filter chats").fill("CLÉ")
    expect(row(page, "Ben")).to_have_count(0)
    expect(row(page, "Cleo")).to_be_visible()
    page.get_by_label("Filter chats").fill("nobody")
    expect(page.get_by_text("No chat of that name")).to_be_visible()
    page.get_by_role("link", name="Search messages for “nobody”").click()
    expect(page.get_by_role("link", name="Search", exact=True)).to_have_attribute("aria-current", "page")


def test_only_the_rows_in_sight_are_in_the_page(anna):
    for number in range(40):
        anna.ben.create_group(anna.session, name=f"Group {number:02}")
    page = anna.open()
    expect(row(page, "Group 39")).to_be_visible()
    unread = page.get_by_role("navigation", name="Navigation")
    expect(unread).to_contain_text("2")  # Ben's and Cleo's: the last page is there
    assert page.locator(".chat-row").count() < 30
    row(page, "Group 39").get_by_role("link").focus()
    page.keyboard.press("End")
    expect(row(page, "Ben").get_by_role("link")).to_be_focused()
    assert page.locator(".chat-row").count() < 30
    page.keyboard.press("ArrowUp")
    expect(row(page, "Cleo").get_by_role("link")).to_be_focused()
    page.keyboard.press("Home")
    expect(row(page, "Group 39").get_by_role("link")).to_be_focused()


NAMES = ["قناة الأصدقاء والصديقات", "W" * 64, "A very long name that goes on and on, and on…", "👩‍👩‍👧‍👦🏳️‍🌈"]


def test_no_name_breaks_its_row_on_a_phone(person, user):
    anna = person("Anna", viewport=PHONE)
    for name in NAMES:
        ben = user(nickname=name)
        for number in range(3):
            say(ben, f"{name} {number}", to=anna.id)
    page = anna.open()
    for name in NAMES:
        expect(row(page, name)).to_contain_text("3 unread messages")
        box = row(page, name).bounding_box()
        assert box["width"] <= PHONE["width"] and 60 < box["height"] < 80
        badge = row(page, name).locator(".badge").bounding_box()
        assert badge["x"] + badge["width"] <= PHONE["width"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
