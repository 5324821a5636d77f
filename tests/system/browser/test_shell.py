"""What lies around the chats: banner, notifications, keys, looks, and language."""

import re

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from browser.test_list import row, say
from client import single
from instance import eventually

NOTIFICATIONS = """
window.notifications = [];
window.Notification = class extends EventTarget {
    static permission = 'granted';
    static requestPermission = async () => 'granted';
    constructor(title, options) {
        super();
        window.notifications.push({ title, body: options.body, tag: options.tag });
        window.lastNotification = this;
    }
    close() {}
};"""


# ---- The connection

def test_who_is_offline_is_told_so_and_what_he_writes_arrives_when_the_edge_is_back(
        person, user, parley):
    anna, ben = person("Anna"), user(nickname="Ben")
    anna.expects("net::ERR", "WebSocket connection to", "HTTP 50")
    say(ben, "Are you there?", to=anna.id)
    page = anna.open()
    row(page, "Ben").get_by_role("link").click()
    expect(page.get_by_text("Are you there?").last).to_be_visible()
    anna.context.set_offline(True)
    old = parley.signal("nginx", 15)
    banner = page.get_by_text("You are offline. What you write is sent when the network is back.")
    expect(banner).to_be_visible()
    page.get_by_role("combobox", name="Message").fill("I am now")
    page.keyboard.press("Enter")
    parley.wait_replaced("nginx", old)
    anna.context.set_offline(False)
    expect(banner).to_have_count(0)

    def arrived():
        page.wait_for_timeout(20)
        return [each["content"]["text"] for each in ben.private_history(anna.id)["messages"]]

    eventually(lambda: arrived() == ["Are you there?", "I am now"], what="the message")


# ---- Notifications

@pytest.fixture
def anna(person, user):
    """Anna, who may be notified, and Ben, who has written once."""
    anna = person("Anna", permissions=["notifications"])
    anna.context.add_init_script(NOTIFICATIONS)
    anna.ben = user(nickname="Ben")
    say(anna.ben, "First", to=anna.id)
    return anna


def told(page):
    return page.evaluate("() => window.notifications")


def switch_on(page):
    page.goto("/#/settings/notifications")
    page.get_by_role("switch", name="Show new messages on the desktop").click()
    expect(page.get_by_role("switch")).to_be_checked()


def test_a_message_that_is_not_on_the_screen_is_notified_once_it_was_asked_for(anna):
    page = anna.open()
    expect(row(page, "Ben")).to_contain_text("First")
    say(anna.ben, "Unasked", to=anna.id)
    expect(row(page, "Ben")).to_contain_text("Unasked")
    assert told(page) == []
    switch_on(page)
    say(anna.ben, "Tea?", to=anna.id)
    page.wait_for_function("() => window.notifications.length === 1")
    conversation_id = single(anna.id, anna.ben.id)
    assert told(page) == [{"title": "Ben", "body": "Tea?", "tag": conversation_id}]
    page.evaluate("() => window.lastNotification.onclick()")
    expect(page).to_have_url(re.compile(re.escape(f"#/c/{conversation_id}")))
    expect(page.get_by_role("combobox", name="Message")).to_be_visible()
    page.bring_to_front()
    say(anna.ben, "Seen at once", to=anna.id)
    expect(page.get_by_role("article").filter(has_text="Seen at once")).to_be_visible()
    assert len(told(page)) == 1


def test_what_is_muted_or_ones_own_is_not_notified(anna, user, axe):
    page = anna.open()
    switch_on(page)
    axe(page)
    muted = single(anna.id, anna.ben.id)
    anna.session.patch(f"/api/conversations/{muted}", {"muted": True}).ok()
    page.get_by_role("link", name="Chats").click()
    expect(row(page, "Ben")).to_contain_text("muted")
    say(anna.ben, "Quietly", to=anna.id)
    say(anna.session, "My own", to=anna.ben.id)
    cleo = user(nickname="Cleo")
    held = []
    page.route(f"**/api/users/{cleo.id}", lambda route: held.append(route))
    group_id = cleo.create_group(anna.session, name="Loud")
    say(cleo, "Loudly", group_id=group_id)
    expect(row(page, "Loud")).to_contain_text("Loudly")
    eventually(lambda: page.wait_for_timeout(20) or held, what="the question who that is")
    held.pop().continue_()  # and the notification says his name, though the answer is late
    page.wait_for_function("() => window.notifications.length > 0")
    assert [each["title"] for each in told(page)] == ["Cleo in Loud"]


# ---- Keys

def test_all_of_the_shell_is_reached_by_keys(person, user, axe):
    anna = person("Anna")
    for name in ("Ben", "Cleo"):
        say(user(nickname=name), f"I am {name}", to=anna.id)
    page = anna.open()
    expect(row(page, "Ben")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(row(page, "Cleo").get_by_role("link")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Alt+ArrowDown")
    expect(row(page, "Ben").get_by_role("link")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Alt+ArrowUp")
    expect(row(page, "Cleo").get_by_role("link")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("combobox", name="Message")).to_be_focused()  # a chat takes it when it opens
    page.get_by_role("link", name="Chats").focus()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("#/chats$"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Chats")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page).to_have_url(re.compile("#/search"))


def test_a_menu_is_walked_by_arrows_and_gives_the_focus_back(person, user, axe):
    anna = person("Anna")
    say(user(nickname="Ben"), "Hi", to=anna.id)
    page = anna.open()
    button = page.get_by_role("button", name="Menu of Ben")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Pin")).to_be_focused()
    axe(page)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Hide")).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("menuitem", name="Mute")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(button).to_be_focused()


# ---- Looks and language

WHITE = "rgb(255, 255, 255)"


def expect_ground(page, colour):
    expect(page.locator("body")).to_have_css("background-color", colour)


def test_the_theme_follows_the_system_until_one_is_chosen(person, axe):
    anna = person("Anna", color_scheme="dark")
    page = anna.open("/#/settings/appearance")
    expect(page.get_by_label("As the system").first).to_be_checked()
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert dark != WHITE
    axe(page)
    page.get_by_label("Light").check()
    expect_ground(page, WHITE)
    axe(page)
    expect(page.locator('meta[name="theme-color"]').first).to_have_attribute("content", "#ffffff")
    page.reload()
    expect(page.get_by_label("Light")).to_be_checked()
    expect_ground(page, WHITE)
    page.emulate_media(color_scheme="light")
    page.get_by_label("Dark").check()
    expect_ground(page, dark)


def test_the_language_is_the_browsers_until_one_is_chosen_and_then_all_tabs_speak_it(person):
    anna = person("Anna", locale="zh-CN")
    page = anna.open("/#/settings/appearance")
    expect(page.get_by_role("heading", name="设置")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    other = anna.tab("/")
    expect(other.get_by_role("heading", name="聊天")).to_be_visible()
    page.get_by_label("English").check()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    expect(other.get_by_role("heading", name="Chats")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_on_a_phone_one_pane_is_shown_at_a_time(person, user, axe):
    anna = person("Anna", viewport=PHONE, color_scheme="dark")
    say(user(nickname="Ben"), "Hi", to=anna.id)
    page = anna.open()
    row(page, "Ben").get_by_role("link").click()
    expect(page.get_by_role("combobox", name="Message")).to_be_visible()
    expect(page.get_by_role("navigation", name="Navigation")).to_be_hidden()
    page.go_back()
    expect(row(page, "Ben")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Appearance").click()
    expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Devices")).to_be_visible()
