"""Coming in: registering, logging in, what is said when it fails, and how a session ends."""

import json
import re
import secrets
import urllib.request

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from browser.test_list import row, say
from conftest import PASSWORD


def fill(page, username, password, nickname=None):
    page.get_by_label("Username").fill(username)
    page.get_by_role("textbox", name="Password").fill(password)
    if nickname:
        page.get_by_label("Name", exact=True).fill(nickname)


def press(page, name):
    page.locator("form").get_by_role("button", name=name).click()


def logged_in(page):
    return page.get_by_role("heading", name="Chats")


@pytest.mark.usefixtures("hubot")  # is there
def test_a_newcomer_registers_is_told_what_to_do_first_and_stays_logged_in(person, axe):
    page = person(logged_in=False).open()
    expect(page.get_by_role("heading", name="Welcome to Parley")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Create account").click()
    fill(page, f"new-{secrets.token_hex(6)}", PASSWORD, "Nina Neu")
    axe(page)
    press(page, "Create account")
    expect(page.get_by_role("button", name="Find a friend")).to_be_visible()
    axe(page)
    page.reload()
    expect(page.get_by_role("button", name="Find a friend")).to_be_visible()
    page.get_by_role("button", name="Find a friend").click()
    expect(page).to_have_url(re.compile("#/people$"))
    page.go_back()
    page.get_by_role("button", name="Or try it with the bot hubot").click()
    page.get_by_role("combobox", name="Message").fill("/echo hello, newcomer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name=re.compile("Hubot, hello, newcomer"))).to_be_visible()


def test_what_one_person_had_open_is_not_shown_to_the_next(person, user):
    anna, ben, cleo = person("Anna"), user(nickname="Ben"), user(nickname="Cleo")
    say(ben, "For Anna alone", to=anna.id)
    page = anna.open()
    row(page, "Ben").get_by_role("link").click()
    expect(page.get_by_role("article", name=re.compile("For Anna alone"))).to_be_visible()
    anna.session.post("/api/logout", {"everywhere": True}).ok()
    expect(page).to_have_title("Parley")
    fill(page, cleo.username, PASSWORD)
    press(page, "Log in")
    expect(page.get_by_role("button", name="Find a friend")).to_be_visible()
    expect(page).to_have_url(re.compile("#/chats$"))
    expect(page.get_by_text("For Anna alone")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Find a friend")).to_be_visible()


def test_who_has_an_account_logs_in_by_keyboard_alone(person, user):
    anna = user(nickname="Anna")
    page = person(logged_in=False).open("/#/people")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type(anna.username.upper())
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="People")).to_have_attribute("aria-current", "page")
    # The page holds no token: nothing of it is where a script could read it.
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, document.cookie])")
    assert "eyJ" not in kept and "token" not in kept, kept


def test_a_wrong_password_is_said_in_the_form_and_what_was_typed_stays(person, user):
    anna = user()
    page = person(logged_in=False).open()
    fill(page, anna.username, "wrong-horse")
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_role("textbox", name="Password")).to_have_attribute("type", "text")
    press(page, "Log in")
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(page.get_by_label("Username")).to_have_value(anna.username)
    fill(page, anna.username, PASSWORD)
    press(page, "Log in")
    expect(logged_in(page)).to_be_visible()


def test_what_is_wrong_at_registration_is_said_at_its_field(person, user):
    anna = user()
    page = person(logged_in=False).open()
    page.get_by_role("button", name="Create account").click()
    for username, password, field, said in (
            ("a b", PASSWORD, "Username", "A username has 3 to 32 characters"),
            (anna.username, PASSWORD, "Username", "This name is taken."),
            ("fine-name", "short", "Password", "at least 8 characters"),
            ("fine-name", "password1", "Password", "too easy to guess")):
        fill(page, username, password)
        press(page, "Create account")
        expect(page.get_by_role("alert")).to_contain_text(said)
        wrong = page.get_by_role("textbox", name=field)
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_be_focused()


def test_the_providers_of_the_server_have_their_buttons(person, parley):
    page = person(logged_in=False).open()
    providers = [each["name"] for each in parley.rest.call("GET", "/api/oauth").ok()["providers"]]
    assert providers
    for name in providers:
        link = page.locator(f'a[href^="/api/oauth/{name}?redirect=%2F&device="]')
        expect(link).to_contain_text("Log in with")


def test_what_a_provider_refused_is_said_in_words_and_only_once(person):
    page = person(logged_in=False).open("/?oauth_error=40903")
    expect(page.get_by_role("alert")).to_have_text("This identity belongs to another account.")
    page.reload()
    expect(page.get_by_label("Username")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("end, said", [
    (lambda me, mine: me.delete(f"/api/sessions/{mine}"), "logged out from another one"),
    (lambda me, mine: me.post("/api/password", {
        "old_password": PASSWORD, "new_password": PASSWORD + "2"}), "password was changed"),
])
def test_who_is_logged_out_by_another_device_sees_why_and_nothing_else(person, axe, end, said):
    anna = person("Anna")
    page = anna.open()
    expect(logged_in(page)).to_be_visible()
    anna.wait_live()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    sessions = anna.session.get("/api/sessions").ok()["sessions"]
    browsers = [each["session_id"] for each in sessions if not each["current"]]
    end(anna.session, browsers[0]).ok()
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(logged_in(page)).to_have_count(0)
    axe(page)


def test_on_a_phone_the_log_in_fits(person):
    page = person(logged_in=False, viewport=PHONE, color_scheme="dark").open()
    page.get_by_role("button", name="Create account").click()
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_without_javascript_the_page_says_what_it_needs(person):
    reader = person(logged_in=False, java_script_enabled=False)
    reader.expects("^csp: GET")  # so Chromium calls scripts that it was told not to load
    said = reader.open().locator("noscript")
    expect(said).to_be_visible()
    assert said.bounding_box()["y"] < reader.page.viewport_size["height"]


def test_who_cannot_reach_the_server_is_told_and_may_try_again(person):
    anna = person("Anna")
    anna.expects("net::ERR_FAILED", "Failed to load resource: net::ERR_FAILED")
    anna.context.route("**/api/refresh", lambda route: route.abort())
    page = anna.open()
    expect(page.get_by_text("Parley does not answer")).to_be_visible()
    anna.context.unroute("**/api/refresh")
    page.get_by_role("button", name="Try again").click()
    expect(logged_in(page)).to_be_visible()


def test_a_view_that_breaks_says_so_and_offers_to_reload(person):
    anna = person("Anna")
    anna.expects("console: .*out of order")
    broken = "export function ChatList() { throw new Error('out of order'); }"
    anna.context.route("**/list.js", lambda route: route.fulfill(
        body=broken, content_type="text/javascript"))
    page = anna.open()
    expect(page.get_by_text("Something broke")).to_be_visible()
    anna.context.unroute("**/list.js")
    page.get_by_role("button", name="Reload").click()
    expect(logged_in(page)).to_be_visible()


def test_the_manifest_and_its_icon_are_there(parley):
    def get(path):
        return urllib.request.urlopen(parley.url + path, timeout=10)

    manifest = json.load(get("/manifest.webmanifest"))
    icon = get(manifest["icons"][0]["src"])
    assert manifest["start_url"] == "/" and icon.headers["Content-Type"] == "image/svg+xml"
