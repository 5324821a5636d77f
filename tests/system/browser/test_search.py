"""Searching messages, people and chats."""

import re
import secrets

from playwright.sync_api import expect

from browser.person import PHONE
from browser.test_people import befriend, named, nickname_of
from client import single
from test_search import wait_indexed


def word():
    """One that no other story has said."""
    return "w" + secrets.token_hex(6)


def say(session, to, text):
    session.post("/api/messages", {"type": 1, "to": to.id, "content": {"text": text}}).ok()
    wait_indexed(session.parley, single(session, to))  # a page asks once


def hits(page):
    return page.get_by_role("region", name="Messages").get_by_role("listitem")


def test_a_word_is_marked_where_it_stands_and_leads_to_its_message(person, user, axe):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    needle = word()
    say(ben, anna, f"🫖👩‍👩‍👧 {needle.upper()} at four, behind emojis")
    page = person(session=anna).open("/#/search")
    page.get_by_role("searchbox", name="Search for").fill(needle)
    expect(hits(page)).to_have_count(1)
    expect(hits(page).locator("mark")).to_have_text(needle.upper())
    axe(page)
    hits(page).get_by_role("link").click()
    expect(page).to_have_url(re.compile(rf"#/c/{single(anna, ben)}"))
    expect(page.get_by_role("main").get_by_text("behind emojis")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("searchbox", name="Search for")).to_have_value(needle)


def test_what_is_typed_on_after_a_pause_is_not_undone_by_the_address(person):
    page = person().open("/#/search")
    box = page.get_by_role("searchbox", name="Search for")
    box.press_sequentially("two ")
    expect(page).to_have_url(re.compile("q=two$"))
    box.press_sequentially("words")
    expect(page).to_have_url(re.compile(r"q=two\+words$"))
    expect(box).to_have_value("two words")
    page.goto("/#/search?q=other")
    expect(box).to_have_value("other")


def test_hits_are_narrowed_down_by_chat_sender_kind_and_day(person, user, axe):
    anna, ben, chloe = named(user, "Anna"), named(user, "Ben"), named(user, "Chloe")
    needle = word()
    say(ben, anna, f"{needle} from Ben")
    say(anna, ben, f"{needle} from Anna")
    say(chloe, anna, f"{needle} from Chloe")
    page = person(session=anna, viewport=PHONE).open(f"/#/search?q={needle}")
    expect(hits(page)).to_have_count(3)
    page.get_by_text("Narrow down").click()
    axe(page)
    page.get_by_role("combobox", name="Chat").select_option(label=nickname_of(ben))
    expect(hits(page)).to_have_count(2)
    page.get_by_role("combobox", name="From").select_option(label="You")
    expect(hits(page)).to_have_count(1)
    expect(hits(page)).to_contain_text("from Anna")
    page.get_by_role("combobox", name="Kind").select_option("Picture")
    expect(page.get_by_text("No message holds all of these words.")).to_be_visible()
    page.get_by_role("combobox", name="Kind").select_option("All kinds")
    page.get_by_label("Until day").fill("2020-01-01")
    expect(page.get_by_text("No message holds all of these words.")).to_be_visible()
    page.get_by_label("Until day").fill("")
    expect(hits(page)).to_have_count(1)


def test_more_hits_come_as_one_scrolls(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    needle = word()
    for number in range(55):
        ben.post("/api/messages", {
            "type": 1, "to": anna.id, "content": {"text": f"{needle} number {number}"}}).ok()
    wait_indexed(anna.parley, single(anna, ben))
    page = person(session=anna).open(f"/#/search?q={needle}")
    expect(hits(page)).to_have_count(50)
    hits(page).last.scroll_into_view_if_needed()
    expect(hits(page)).to_have_count(55)
    expect(hits(page).last).to_contain_text("number 0")


def test_people_and_chats_are_found_by_their_names(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    befriend(anna, ben)
    name = f"Tea {word()}"
    anna.create_group(ben, name=name)
    page = person(session=anna).open("/#/search")
    box = page.get_by_role("searchbox", name="Search for")
    box.fill(name)
    expect(page.get_by_role("region", name="Chats").get_by_role("link", name=name)).to_be_visible()
    box.fill(nickname_of(ben))
    row = page.get_by_role("region", name="People").get_by_role("listitem")
    expect(row).to_contain_text("friend")
    row.get_by_role("button", name=re.compile("^Message")).click()
    expect(page).to_have_url(re.compile(f"#/c/{single(anna, ben)}"))
