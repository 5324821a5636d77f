"""Browsers, tabs and texts that are as they should not be: the page goes on, and nothing is lost."""

import re

import pytest
from playwright.sync_api import expect

from browser.steps import field, history, say
from client import fresh, single
from conftest import PASSWORD

SEND = """async ([id, texts]) => {
    const {parley} = await import('/client.js');
    for (const text of texts) parley.send(id, {text});
}"""
SPOIL = """async (id) => {
    const {parley} = await import('/client.js');
    const {storage} = await import('/storage.js');
    await parley.stop();
    await storage.write({[`c/${id}`]: {me: 'somebody else', data: {}, messages: [null]}});
}"""
LACKS = {
    "Web Locks": "Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined});",
    "IndexedDB": "Object.defineProperty(window, 'indexedDB', "
                 "{get() { throw new DOMException('no', 'SecurityError'); }});",
    "localStorage": "Object.defineProperty(window, 'localStorage', "
                    "{get() { throw new DOMException('no', 'SecurityError'); }});",
    "room": "IDBObjectStore.prototype.put = "
            "() => { throw new DOMException('full', 'QuotaExceededError'); };",
    "preferences of ours": "localStorage.setItem('parley.preferences', '{\"language\": \"xx\"}');",
}


def test_what_was_just_said_outlives_a_reload_in_its_order(person, user):
    anna, ben = person("Anna"), user()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(field(page)).to_be_visible()
    said = [f"{n} {fresh()}" for n in range(100)]
    page.evaluate(SEND, [single(anna.id, ben.id), said])
    page.reload()
    expect(history(page).get_by_role(
        "article", name=re.compile(f"{said[-1]}.*(Sent|Delivered)"))).to_be_visible()
    found = anna.session.get(f"/api/messages/private/{ben.id}?limit=100").ok()["messages"]
    assert [message["content"]["text"] for message in found] == said


def test_what_is_kept_of_somebody_else_is_asked_for_anew(person, user):
    anna, ben = person("Anna"), user()
    say(ben, "hello", to=anna.id)
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(history(page).get_by_text("hello")).to_be_visible()
    page.evaluate(SPOIL, single(anna.id, ben.id))
    page.reload()
    expect(history(page).get_by_text("hello")).to_be_visible()


def test_who_logs_in_in_another_tab_ends_the_chats_of_who_was_there(person, user):
    anna, ben = person("Anna"), user()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(field(page)).to_be_visible()
    answer = anna.tab("/docs/").request.post("/api/login", data={
        "username": ben.username, "password": PASSWORD, "device": "browser"})
    assert answer.ok
    page.evaluate("dispatchEvent(new Event('online'))")  # as when one comes back to the tab
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has logged in here")


def test_no_text_makes_the_page_stand_still_or_stands_beside_its_bubble(person, user):
    anna, ben = person("Anna"), user()
    for text in ("😀" * 31 + "x", "@" * 9000, "http://a" + ")" * 1900, "Z͑ͫ" * 2000, "้" * 300):
        say(ben, text, to=anna.id)
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    say(ben, "the last", to=anna.id)
    expect(history(page).get_by_text("the last")).to_be_visible()
    assert history(page).evaluate("(log) => log.scrollWidth - log.clientWidth") == 0


@pytest.mark.parametrize("what", LACKS)
def test_a_browser_without_it_shows_and_sends(person, user, what):
    anna, ben = person("Anna"), user()
    say(ben, "hello", to=anna.id)
    anna.context.add_init_script(LACKS[what])
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(history(page).get_by_text("hello")).to_be_visible()
    field(page).fill("good day")
    field(page).press("Enter")
    # What was not sent yet, nobody could keep for it.
    expect(history(page).get_by_role(
        "article", name=re.compile("good day.*(Sent|Delivered)"))).to_be_visible()
    page.reload()
    expect(history(page).get_by_text("good day")).to_be_visible()
