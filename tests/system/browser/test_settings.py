"""The settings about oneself: profile, picture, privacy, devices, password, data, and the end."""

import io
import re
import struct
import zipfile
import zlib

from playwright.sync_api import expect

import providers
from browser.person import PHONE
from browser.steps import button, write
from browser.test_people import befriend, named, nickname_of
from client import single
from conftest import PASSWORD, PORT
from instance import eventually


def picture(width, height, colour=(200, 40, 90)):
    """A PNG of one colour."""
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))

    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def test_what_one_says_of_oneself_is_seen_by_others(person, user, axe):
    anna, ben = named(user, "Anna"), user()
    page = person(session=anna).open("/#/settings/profile")
    page.get_by_label("Name", exact=True).fill("Anna Berger")
    page.get_by_label("About").fill("Tea, trains\nand long walks")
    page.get_by_label("Gender").select_option("Female")
    page.get_by_label("Birthday").fill("1990-12-31")
    page.get_by_label("Region").fill("Zürich")
    page.get_by_label("E-mail").fill("anna@example.org")
    axe(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Profile saved")).to_be_visible()
    seen = ben.get(f"/api/users/{anna.id}").ok()
    assert (seen["nickname"], seen["bio"]) == ("Anna Berger", "Tea, trains\nand long walks")
    assert (seen["gender"], seen["birthday"], seen["region"]) == ("female", "1990-12-31", "Zürich")
    assert "email" not in seen
    page.get_by_label("Birthday").fill("2999-01-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("birthday")


def test_a_picture_is_cut_to_a_square_and_shown_to_a_friend(person, user, axe):
    anna, ben = named(user, "Anna"), user()
    befriend(anna, ben)
    page = person(session=anna).open("/#/settings/profile")
    page.get_by_label("Picture").set_input_files(
        {"name": "tea.png", "mimeType": "image/png", "buffer": picture(300, 200)})
    dialog = page.get_by_role("dialog", name="Choose the part to show")
    dialog.get_by_label("Zoom").fill("2")
    dialog.get_by_role("img").press("ArrowLeft")
    axe(page)
    dialog.get_by_role("button", name="Use picture").click()
    expect(page.get_by_text("Picture changed")).to_be_visible()
    rail = page.get_by_role("button", name="Your profile").locator("img")
    expect(rail).to_have_count(1)
    avatar = ben.get(f"/api/users/{anna.id}").ok()["avatar"]
    assert re.fullmatch(r"/api/files/file_\w+", avatar)
    his = person(session=ben).open("/#/people")
    shown = his.get_by_role("region", name="Friends").locator(f'img[src="{avatar}/thumbnail"]')
    expect(shown).to_be_visible()
    his.wait_for_function("(image) => image.naturalWidth > 0", arg=shown.element_handle())
    page.get_by_role("button", name="Remove picture").click()
    expect(page.get_by_text("Picture removed")).to_be_visible()
    expect(rail).to_have_count(0)
    assert not ben.get(f"/api/users/{anna.id}").ok().get("avatar")


def test_who_is_no_picture_is_told_so(person):
    page = person("Anna").open("/#/settings/profile")
    page.get_by_label("Picture").set_input_files(
        {"name": "tea.txt", "mimeType": "text/plain", "buffer": b"tea"})
    expect(page.get_by_text("This is not a picture that can be shown.")).to_be_visible()


def test_who_is_invisible_is_offline_to_friends(person, user):
    anna, ben = named(user, "Anna"), user()
    befriend(anna, ben)
    page = person(session=anna).open("/#/settings/privacy")
    his = person(session=ben).open("/#/people")
    row = his.get_by_role("region", name="Friends").get_by_role("listitem")
    expect(row).to_contain_text("online")
    page.get_by_role("switch", name="Be invisible").check()
    expect(page.get_by_text("You are invisible now")).to_be_visible()
    expect(row).not_to_contain_text("online")
    page.get_by_role("switch", name="Be invisible").uncheck()
    expect(row).to_contain_text("online")


def test_other_devices_are_logged_out_one_or_all(person, user, axe):
    anna = named(user, "Anna")
    phone, tablet, watch = (anna.again(f"Anna's {name}") for name in ("phone", "tablet", "watch"))
    page = person(session=anna, viewport=PHONE, color_scheme="dark").open("/#/settings/devices")
    rows = page.get_by_role("main").get_by_role("listitem")
    expect(rows).to_have_count(5)  # those, the one that registered, and this one
    expect(rows.first).to_contain_text("this device")
    watch.post("/api/logout").ok()
    expect(rows).to_have_count(4)  # nobody had to look again
    axe(page)
    page.get_by_role("button", name="Log out Anna's phone").click()
    expect(page.get_by_text("Anna's phone is logged out")).to_be_visible()
    eventually(lambda: phone.get("/api/users/me").code == 40101, what="the end of the phone's session")
    tablet.get("/api/users/me").ok()
    page.get_by_role("button", name="Log out all other devices").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out all other devices").click()
    expect(page.get_by_text("All other devices are logged out")).to_be_visible()
    expect(rows).to_have_count(1)
    eventually(lambda: tablet.get("/api/users/me").code == 40101, what="the end of the tablet's")


def test_a_device_that_was_logged_out_while_the_page_had_no_line_is_gone_when_it_has(
        person, parley):
    anna = person("Anna")
    anna.expects("net::ERR", "WebSocket connection to", "HTTP 50")
    watch = anna.session.again("Anna's watch")
    page = anna.open("/#/settings/devices")
    rows = page.get_by_role("main").get_by_role("listitem")
    expect(rows).to_have_count(3)  # the one that registered, the watch, and this one
    anna.context.set_offline(True)
    parley.wait_replaced("nginx", parley.signal("nginx", 15))  # its socket went with that one
    eventually(lambda: parley.listens(parley.port), 30, "the edge")
    watch.post("/api/logout").ok()
    anna.context.set_offline(False)
    expect(rows).to_have_count(2)


HEAR = """() => import('/client.js').then(({parley}) => {
    parley.on('system', ({event}) => { window.heard = event; }); })"""


def test_what_ends_while_the_list_of_devices_is_on_its_way_is_not_in_it(person):
    anna, held = person("Anna"), []
    watch = anna.session.again("Anna's watch")
    page = anna.open()
    anna.wait_live()
    page.evaluate(HEAR)
    anna.context.route("**/api/sessions?*", lambda route: held.append((route, route.fetch())))
    page.goto("/#/settings/devices")
    eventually(lambda: page.wait_for_timeout(20) or held, 30, "the list")
    watch.post("/api/logout").ok()
    page.wait_for_function("() => window.heard === 'session.ended'")
    for route, answer in held:
        route.fulfill(response=answer)
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)


def test_who_logs_out_is_asked_first_when_something_was_not_sent(person, user):
    anna, ben = person("Anna"), user(nickname="Ben")
    ben.post("/api/blocks", {"user_id": anna.id}).ok()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    write(page, "Ben?")
    expect(page.get_by_text("This person does not take your messages.")).to_be_visible()
    page.goto("/#/settings/account")
    button(page, "Log out").click()
    question = page.get_by_role("dialog", name="Log out")
    expect(question).to_contain_text("1 message has not been sent.")
    button(question, "Cancel").click()
    expect(question).to_have_count(0)
    button(page, "Log out").click()
    button(question, "Log out").click()
    expect(page.get_by_role("heading", name="Welcome to Parley")).to_be_visible()


def test_the_password_is_changed_with_the_old_one_alone(person, user, axe):
    anna = named(user, "Anna")
    page = person(session=anna).open("/#/settings/account")
    old, new = page.get_by_label("Current password"), page.get_by_label("New password")
    old.fill("not it at all")
    new.fill("a-new-and-good-one")
    axe(page)
    button = page.get_by_role("button", name="Change password")
    button.click()
    expect(page.get_by_text("Wrong name or password.")).to_be_visible()
    old.fill(PASSWORD)
    new.fill("password")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("new_password")
    new.fill("a-new-and-good-one")
    button.click()
    expect(page.get_by_text("Password changed")).to_be_visible()
    anna.parley.login(anna.username, "a-new-and-good-one")


def test_ones_data_is_downloaded_once_and_then_in_ten_minutes(person, user):
    anna = named(user, "Anna")
    page = person(session=anna).open("/#/settings/account")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download your data").click()
    assert download.value.suggested_filename == f"parley-{anna.username}.zip"
    with open(download.value.path(), "rb") as file:
        assert "README.txt" in zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    page.get_by_role("button", name="Download your data").click()
    expect(page.get_by_role("alert")).to_contain_text("Too fast. Wait")


def test_an_account_is_deleted_only_with_its_password(person, user, axe):
    anna = named(user, "Anna")
    page = person(session=anna).open("/#/settings/account")
    page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog", name="Delete account")
    expect(dialog.get_by_text("This cannot be undone.")).to_be_visible()
    axe(page)
    dialog.get_by_label("Your password").fill("not it at all")
    dialog.get_by_role("button", name="Delete for ever").click()
    expect(dialog.get_by_role("alert")).to_have_text("Wrong name or password.")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_label("Username")).to_be_visible()
    answer = anna.parley.rest.call("POST", "/api/login", {
        "username": anna.username, "password": PASSWORD})
    assert answer.code in (40101, 40103), answer  # while it is being deleted, and after


def test_an_identity_is_linked_and_unlinked(parley, person, user):
    anna = named(user, "Anna")
    anna_at = person(session=anna)
    forger = providers.Forger(PORT)
    try:
        page = anna_at.open("/#/settings/account")
        anna_at.expects("another origin")
        page.get_by_role("button", name="Link forger").click()
        dialog = page.get_by_role("dialog", name="Link forger")
        dialog.get_by_label("Your password").fill(PASSWORD)
        dialog.get_by_role("button", name="Link", exact=True).click()
        page.get_by_role("button", name="Unlink forger").click()
        page.get_by_role("dialog", name="Unlink").get_by_role("button", name="Unlink").click()
        expect(page.get_by_text("forger is unlinked")).to_be_visible()
        assert anna.get("/api/identities").ok()["total"] == 0
    finally:
        forger.close()
