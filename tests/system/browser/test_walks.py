"""The whole way through the page: on a telephone's width, and without a mouse."""

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from browser.steps import bubble, button, chats, field, history, say, write
from client import fresh, single
from conftest import PASSWORD

HEADINGS = {"chats": "Chats", "people": "People", "search?q=lighthouse": "Search",
            **{f"settings/{name.lower()}": name for name in (
                "Profile", "Appearance", "Notifications", "Privacy", "Devices", "Account")}}


def fits(page):
    """Nothing reaches beyond the screen's width."""
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], f"{page.url} is {width} px wide"


@pytest.fixture
def friends(user):
    """A session with a friend, a group of three, and a talk with long words in it."""
    anna, ben, carla = user(nickname="Anna"), user(nickname="Ben " + "B" * 40), user(nickname="Carla")
    request = ben.post("/api/friend_requests", {"user_id": anna.id, "greeting": "x" * 100}).ok()
    anna.post(f"/api/friend_requests/{request['request_id']}/accept").ok()
    carla.post("/api/friend_requests", {"user_id": anna.id, "greeting": "lighthouse " * 9}).ok()
    anna.group_id = anna.create_group(ben, carla, name="The lighthouse keepers of the North")
    anna.peer = ben
    for text in ("A lighthouse", "w" * 300, "https://example.org/" + "a" * 200):
        say(ben, text, to=anna)
        say(carla, text, group_id=anna.group_id)
    return anna


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_view_fits_a_telephone_and_is_fine_for_everybody(person, friends, axe, scheme):
    anna = person(session=friends, viewport=PHONE, has_touch=True, is_mobile=True,
                  color_scheme=scheme)
    page = anna.open()
    for address, heading in HEADINGS.items():
        page.evaluate("(hash) => { location.hash = hash; }", f"#/{address}")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.get_by_role("status", name="Loading…")).to_have_count(0)
        fits(page)
        axe(page)
    for conversation_id in (single(anna.id, friends.peer), f"group:{friends.group_id}"):
        page.evaluate("(hash) => { location.hash = hash; }", f"#/c/{conversation_id}")
        expect(bubble(page, "A lighthouse")).to_be_visible()
        fits(page)
        axe(page)
        button(page, "Information").tap()
        expect(page.get_by_role("heading", name="Info")).to_be_visible()
        fits(page)
        axe(page)
        button(page, "Close info").tap()


def test_on_a_telephone_one_pane_leads_to_the_next_and_back(person, friends):
    page = person(session=friends, viewport=PHONE, has_touch=True, is_mobile=True).open()
    navigation = page.get_by_role("navigation", name="Navigation")
    chats(page).get_by_role("link", name="The lighthouse keepers").tap()
    expect(chats(page)).to_be_hidden()
    expect(navigation).to_be_hidden()
    write(page, "from the bus")
    expect(bubble(page, "from the bus")).to_be_visible()
    page.go_back()
    expect(chats(page)).to_contain_text("from the bus")
    expect(field(page)).to_have_count(0)
    navigation.get_by_role("link", name="People").tap()
    page.get_by_role("button", name="Message Ben").tap()
    expect(bubble(page, "A lighthouse")).to_be_visible()
    page.get_by_role("link", name="Back to the chats").tap()
    expect(chats(page)).to_be_visible()


def test_back_on_a_telephone_closes_first_what_lies_above(person, friends):
    page = person(session=friends, viewport=PHONE, has_touch=True, is_mobile=True).open()
    for name in ("Ben", "The lighthouse keepers"):
        page.get_by_role("navigation", name="Navigation").get_by_role("link", name="Chats").tap()
        chats(page).get_by_role("link", name=name).tap()
        expect(bubble(page, "A lighthouse")).to_be_visible()
        expect(page.get_by_role("heading", name="Info")).to_have_count(0)
        bubble(page, "A lighthouse").click(button="right")
        expect(page.get_by_role("menu")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("menu")).to_have_count(0)
        expect(bubble(page, "A lighthouse")).to_be_visible()
        button(page, "Information").tap()
        expect(page.get_by_role("heading", name="Info")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Info")).to_have_count(0)
        expect(bubble(page, "A lighthouse")).to_be_visible()
        page.go_back()
        expect(chats(page)).to_be_visible()


PRESS_AS_IT_APPEARS = """(name) => new MutationObserver((_, watch) => {
    const button = document.querySelector(`button[aria-label="${name}"]`);
    if (button) { watch.disconnect(); button.click(); }
}).observe(document.body, {subtree: true, childList: true})"""


def test_the_panel_that_is_asked_for_as_the_chat_appears_is_shown(person, friends):
    page = person(session=friends, viewport=PHONE, has_touch=True, is_mobile=True).open()
    expect(chats(page).get_by_role("link", name="The lighthouse keepers")).to_be_visible()
    page.evaluate(PRESS_AS_IT_APPEARS, "Information")
    chats(page).get_by_role("link", name="The lighthouse keepers").tap()
    expect(page.get_by_role("heading", name="Info")).to_be_visible()


def tab_to(page, target, most=40):
    """As who has no mouse comes to it."""
    for _ in range(most):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by {most} times Tab")


def peer_of(page, ben):
    """The other's id, out of the address."""
    ids = page.url.rpartition("#/c/")[2].split(":")[1:]
    return next(each for each in ids if each != ben.id)


def test_without_a_mouse_one_registers_finds_a_friend_and_writes_to_him(person, user):
    ben = user(nickname="Ben")
    page = person(logged_in=False).open()
    tab_to(page, button(page, "Create account"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type(fresh("keys")[:20])
    page.keyboard.press("Tab")
    page.keyboard.type("Kay")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chats")).to_be_visible()

    tab_to(page, button(page, "Find a friend"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find people")).to_be_visible()
    tab_to(page, page.get_by_label("Find people"))
    page.keyboard.type(ben.username)
    found = page.get_by_role("region", name="People found").get_by_role("listitem")
    message_ben = button(found.filter(has_text=ben.username), "Message Ben")
    expect(message_ben).to_be_visible()  # others are called so, too, and names begin like his
    tab_to(page, message_ben)
    page.keyboard.press("Enter")
    expect(field(page)).to_be_visible()
    tab_to(page, field(page))
    page.keyboard.type("No mouse was harmed")
    page.keyboard.press("Enter")
    message = bubble(page, "No mouse")
    expect(message).to_be_visible()

    say(ben, "Nor was I", to=peer_of(page, ben))
    answer = history(page).get_by_role("article", name="Ben, Nor was I")
    expect(answer).to_be_visible()
    while not answer.evaluate("(element) => element === document.activeElement"):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Enter")  # Reply is the first
    expect(field(page)).to_be_focused()
    page.keyboard.type("Good")
    page.keyboard.press("Enter")
    reply = history(page).get_by_role("article", name="You, Good")
    expect(reply.get_by_role("button").filter(has_text="Nor was I")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_label("Search for")).to_be_focused()
