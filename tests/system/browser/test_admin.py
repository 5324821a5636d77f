"""The administrators' page: who sees what, and what each action does to the person's open page."""

import re

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from browser.steps import submit
from conftest import ADMIN, PASSWORD
from instance import eventually
from test_admin import promote

XSS = '<img src=x onerror="window.pwned=1">'


@pytest.fixture
def overseer(person, admin):
    """The page of somebody with all rights."""
    return person(session=admin)


def act(page, button, reason="because", fill=None, choose=None):
    """Press the button of an account, fill in the dialog, and go through with it."""
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    for label, value in (fill or {}).items():
        dialog.get_by_label(label, exact=True).fill(value)
    if choose:
        dialog.get_by_label("For how long").select_option(label=choose)
    dialog.get_by_label("Reason", exact=True).fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def says(page, text):
    expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()


# ---- Who gets in


def test_nothing_is_shown_and_nothing_asked_before_the_log_in(person):
    somebody = person(logged_in=False)
    asked = []
    somebody.page.on("request", lambda request: asked.append(request.url))
    page = somebody.open("/admin/")
    expect(page.get_by_role("heading", name="Parley administration")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert not [url for url in asked if "/v1/" in url]
    page.get_by_label("Username").fill(ADMIN)
    page.get_by_label("Password").fill("wrong-horse-battery")
    submit(page, page.get_by_text("Wrong name or password."))
    page.get_by_label("Password").fill(PASSWORD)
    submit(page, page.get_by_role("heading", name="Overview"))
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_who_has_no_right_reads_so_and_sees_nothing(person):
    anna = person("Anna")
    page = anna.open("/admin/#/users")
    expect(page.get_by_text("You have no right to see this page")).to_be_visible()
    expect(page.get_by_text("Anna, who is neither")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)


def test_a_moderator_is_offered_what_his_rights_allow_and_no_more(person, admin, user):
    moderator = person(session=promote(admin, user(), "moderator"))
    plain, peer = user(nickname="Plain"), user()
    page = moderator.open("/#/settings")
    page.get_by_role("link", name="Administration").click()
    views = page.get_by_role("navigation").get_by_role("link")
    expect(views).to_have_text(["Overview", "Users", "Messages"])
    page.goto(f"/admin/#/users/{plain.id}")
    buttons = page.get_by_role("group", name="Actions").get_by_role("button")
    expect(buttons).to_have_text(["Ban", "Mute", "End sessions"])
    for other in (admin, moderator.session):
        page.goto(f"/admin/#/users/{other.id}")
        expect(page.get_by_text(other.id)).to_be_visible()
        expect(page.get_by_role("button", name="Ban", exact=True)).to_have_count(0)
    sent = plain.device().say("rude", to=peer)
    page.goto("/admin/#/messages")
    place = f"{sent['conversation_id']}/{sent['message_id']}"
    page.get_by_label("Link to the message").fill(f"http://127.0.0.1/#/c/{place}")
    act(page, "Recall", "reported")
    says(page, "The message is recalled.")
    assert peer.private_history(plain.id)["messages"][0]["recalled_at"]


def test_whose_session_ends_sees_nothing_more(person, admin, user):
    moderator = promote(admin, user(), "moderator")
    page = person(session=moderator).open(f"/admin/#/users/{moderator.id}")
    act(page, "End sessions", "lost laptop")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_text(moderator.username)).to_have_count(0)


# ---- The overview


def test_the_figures_move_while_one_looks(overseer, parley, user):
    page = overseer.open("/admin/")
    online = page.get_by_role("region", name="People online").get_by_role("paragraph")
    expect(online).to_have_text(re.compile(r"^\d+$"))
    people = [user() for _ in range(4)]
    devices = [each.device() for each in people]
    rate = page.get_by_role("region", name="Messages per second")

    def is_counted():  # of the last ten seconds: somebody goes on talking
        devices[0].say("hello", to=overseer.session)
        return re.match(r"[\d.]*[1-9]", rate.get_by_role("paragraph").inner_text())

    eventually(is_counted, 30, "the messages are counted")
    here = [f"online:{each.id}" for each in people]
    eventually(lambda: parley.redis.exists(*here) == len(here), what="all are here")
    # As text: it is a dash while Redis does not answer.
    eventually(lambda: online.inner_text() == str(len(list(parley.redis.scan_iter("online:*")))), 20,
               "the page counts them")
    expect(rate.get_by_role("img")).to_have_accessible_name(
        re.compile("Messages per second over the last minutes"))


# ---- People


def test_people_are_found_by_name_role_and_state(overseer, admin, user):
    banned, other = user(nickname="Zoë"), user()
    admin.post(f"/v1/admin/users/{banned.id}/ban", {"reason": "spam"}).ok()
    page = overseer.open("/admin/#/users")
    rows = page.get_by_role("list", name="Users").get_by_role("listitem")
    page.get_by_label("Username begins with").fill(banned.username[:12].upper())
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Zoë")
    expect(rows.first).to_contain_text("Banned")
    page.get_by_label("State").select_option("active")
    expect(page.get_by_text("Nobody fits")).to_be_visible()
    page.get_by_label("Username begins with").fill(other.username)
    expect(rows).to_have_count(1)
    page.get_by_label("Role").select_option("moderator")
    expect(page.get_by_text("Nobody fits")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Username begins with")).to_have_value(other.username)
    page.get_by_label("Username begins with").fill(other.username[:12])
    page.get_by_label("Role").select_option("user")  # before the name is looked for: both hold
    expect(page).to_have_url(re.compile(f"query={other.username[:12]}&role=user"))
    rows.get_by_role("link").click()
    expect(page.get_by_role("heading", name=other.username)).to_be_visible()


def test_muting_banning_and_ending_sessions_reach_the_open_page(overseer, person, user):
    anna, bob = person("Anna"), user()
    log_in = anna.open("/").get_by_role("heading", name="Welcome to Parley")
    anna.wait_live()  # who is away is not told why
    device = anna.session.device()

    def answer():
        return device.ack(device.post({"type": 1, "to": bob.id, "content": {"text": "HELLO"}}))["code"]

    page = overseer.open(f"/admin/#/users/{anna.id}")
    act(page, "Mute", "shouting", choose="1 hour")
    says(page, f"Anna (@{anna.username}) is muted.")
    expect(page.get_by_text("shouting")).to_be_visible()
    eventually(lambda: answer() == 40303, what="being muted")
    act(page, "Unmute", "calm again")
    eventually(lambda: answer() == 0, what="being let through")

    act(page, "End sessions", "lost phone")
    expect(log_in).to_be_visible()
    expect(anna.page.get_by_text("An administrator logged you out.")).to_be_visible()
    expect(page.get_by_text("by an administrator").first).to_be_visible()

    anna.page.get_by_label("Username").fill(anna.username)
    anna.page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(anna.page, anna.page.get_by_text("HELLO"))  # caught up: its socket is open
    expect(log_in).to_have_count(0)
    act(page, "Ban", "spam", choose="7 days")
    expect(log_in).to_be_visible()
    expect(page.get_by_role("button", name="Lift the ban")).to_be_visible()
    anna.page.get_by_label("Username").fill(anna.username)
    anna.page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(anna.page, anna.page.get_by_text("the account is banned: spam"))
    act(page, "Lift the ban", "a mistake")
    submit(anna.page, anna.page.get_by_text("HELLO"))


def test_password_role_export_and_deletion(overseer, person, user, parley, tmp_path):
    anna = person("Anna")
    log_in = anna.open("/").get_by_role("heading", name="Welcome to Parley")
    anna.wait_live()  # a socket that is still asked for would be refused, which browsers call an error
    page = overseer.open(f"/admin/#/users/{anna.id}")
    act(page, "New password", fill={"New password": "another-horse-battery"})
    expect(log_in).to_be_visible()
    parley.rest.call("POST", "/api/login", {
        "username": anna.username, "password": PASSWORD}).refused(40103)
    session = parley.login(anna.username, "another-horse-battery")

    page.get_by_role("button", name="Change role").click()
    page.get_by_role("radio", name="Moderator").check()
    page.get_by_role("dialog").get_by_label("Reason").fill("helps us")
    page.get_by_role("dialog").get_by_role("button", name="Change role").click()
    says(page, "has another role")
    assert session.again().get("/v1/admin/overview").ok()

    with page.expect_download() as saved:
        act(page, "Export data", "asked by letter")
    saved.value.save_as(tmp_path / "anna.zip")
    assert saved.value.suggested_filename == f"{anna.username}.zip"
    assert (tmp_path / "anna.zip").read_bytes().startswith(b"PK")

    page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Anna (@{anna.username})")
    dialog.get_by_label("Reason").fill("asked by letter")
    sure = dialog.get_by_role("button", name="Delete account")
    expect(sure).to_be_disabled()
    dialog.get_by_label(re.compile("to go on")).fill(anna.username)
    sure.click()
    expect(page.get_by_role("group", name="Actions")).to_have_count(0)
    answer = parley.rest.call("POST", "/api/login", {
        "username": anna.username, "password": "another-horse-battery"})
    assert answer.code in (40101, 40103)  # it is gone, and then its password is, too


# ---- Messages, services, the log


def test_a_message_is_looked_up_with_its_edits_and_taken_back(overseer, person, user):
    anna, bob = person("Anna"), user()
    sent = bob.device().say("a secret word", to=anna)
    path = f"/api/conversations/{sent['conversation_id']}/messages/{sent['message_id']}"
    bob.patch(path, {"content": {"text": "a second word"}}).ok()
    link = f"/#/c/{sent['conversation_id']}/{sent['message_id']}"
    open_chat = anna.open(link).get_by_role("main")
    expect(open_chat).to_contain_text("a second word")

    page = overseer.open("/admin/#/messages")
    page.get_by_label("Link to the message").fill("nonsense")
    page.get_by_label("Reason").fill("reported, case 12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is no link to a message.")).to_be_visible()
    page.get_by_label("Link to the message").fill(f"{anna.parley.url}{link}")
    page.keyboard.press("Enter")
    found = page.get_by_role("article", name="Message")
    expect(found.get_by_role("deletion")).to_have_text("a secret word")
    expect(found.get_by_role("insertion")).to_have_text("a second word")
    expect(found).to_contain_text(f"(@{bob.username})")
    act(page, "Recall", "reported, case 12")
    expect(found).to_contain_text("Recalled")
    expect(open_chat).not_to_contain_text("a second word")


def test_a_services_token_is_shown_once_and_works_until_the_next(overseer, user, parley):
    someone = user()
    name = f"shop{someone.username[:12]}"
    page = overseer.open("/admin/#/services")

    def send(token):
        return parley.rest.call("POST", "/api/messages", {
            "type": 1, "to": someone.id, "content": {"text": "it is on its way"}}, token=token)

    page.get_by_role("button", name="New service").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Nickname").fill("The shop")
    page.get_by_label("Reason").fill("orders")
    page.get_by_role("button", name="Make").click()
    first = page.get_by_test_id("token").inner_text()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_test_id("token")).to_have_count(0)
    send(first).ok()
    row = page.get_by_role("listitem").filter(has_text=f"@{name}")
    row.get_by_role("button", name="New token for The shop").click()
    page.get_by_label("Reason").fill("leaked")
    page.get_by_role("dialog").get_by_role("button", name="New token").click()
    expect(page.get_by_test_id("token")).to_be_visible()
    second = page.get_by_test_id("token").inner_text()
    page.get_by_role("button", name="I have kept it").click()
    eventually(lambda: send(first).code == 40101, what="the end of the first")
    send(second).ok()
    row.get_by_role("button", name="End The shop").click()
    page.get_by_label("Reason").fill("closed")
    page.get_by_role("dialog").get_by_role("button", name="End").click()
    expect(row).to_have_count(0)
    eventually(lambda: send(second).code == 40101, what="the end of the second")


def test_the_log_is_filtered_and_comes_in_pages(overseer, admin, user):
    someone = user()
    for i in range(30):
        admin.post(f"/v1/admin/users/{someone.id}/mute", {"reason": f"loud {i}", "seconds": 60}).ok()
        admin.post(f"/v1/admin/users/{someone.id}/unmute", {"reason": f"calm {i}"}).ok()
    page = overseer.open("/admin/#/audit")
    entries = page.get_by_role("list", name="Log").locator("> li")
    expect(entries.first).to_contain_text(f"@{ADMIN}: unmuted → @{someone.username}")
    page.get_by_label("To whom").fill(f"@{someone.username}")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(f"target_id={someone.id}"))
    expect(entries).to_have_count(50)
    page.get_by_label("What").select_option("users.mute")
    entries.last.scroll_into_view_if_needed()
    expect(entries).to_have_count(60)  # and what is chosen stays so
    page.get_by_role("button", name="Show", exact=True).click()
    expect(entries).to_have_count(30)
    expect(entries.first).to_contain_text("loud 29")
    entries.first.get_by_text("Details").first.click()
    expect(entries.first).to_contain_text("until=")
    page.get_by_label("Who", exact=True).fill("nobody-of-that-name")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Nobody is called that.")).to_be_visible()


# ---- What others wrote, and who looks


def test_what_others_wrote_is_text_everywhere(overseer, admin, user, parley):
    villain = user(nickname=XSS)
    parley.login(villain.username, device=XSS)
    admin.post(f"/v1/admin/users/{villain.id}/ban", {"reason": XSS}).ok()
    admin.post(f"/v1/admin/users/{villain.id}/unban", {"reason": XSS}).ok()
    admin.post(f"/v1/admin/users/{villain.id}/mute", {"reason": XSS, "seconds": 600}).ok()
    made = admin.post("/v1/admin/services", {
        "username": f"x{villain.username[:20]}", "nickname": XSS, "reason": XSS}).ok()
    writer = user(nickname=XSS)
    sent = writer.device().say(XSS, to=admin)
    place = f"{sent['conversation_id']}/{sent['message_id']}"
    for view in (f"users?query={villain.username}", f"users/{villain.id}", "services",
                 f"audit?target_id={villain.id}"):
        page = overseer.open(f"/admin/#/{view}")
        expect(page.get_by_role("main").get_by_text(XSS).first).to_be_visible()
    page.goto(f"/admin/#/messages?link={place}")
    page.get_by_label("Reason").fill(XSS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").get_by_text(XSS).first).to_be_visible()
    page.goto(f"/admin/#/users/{villain.id}")
    act(page, "Unmute", XSS)
    says(page, XSS)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src='x']").count() == 0
    admin.delete(f"/v1/admin/services/{made['service']['user_id']}?reason=done").ok()


@pytest.mark.parametrize("look", [
    {"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE, "locale": "zh-CN"}],
    ids=["desktop", "phone"])
def test_every_view_is_open_to_all_and_fits_the_screen(person, admin, user, axe, look):
    someone = user(nickname="A name that is as long as a name may be, with sixty-four of them")
    sent = someone.device().say("hello", to=admin)
    admin.post(f"/v1/admin/users/{someone.id}/mute", {"reason": "loud " * 90, "seconds": 600}).ok()
    page = person(session=admin, **look).page
    for view in ("overview", f"users?query={someone.username}", f"users/{someone.id}", "services",
                 f"audit?target_id={someone.id}",
                 f"messages?link={sent['conversation_id']}/{sent['message_id']}"):
        page.goto(f"/admin/#/{view}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".spinner")).to_have_count(0)
        axe(page)
        wide = page.evaluate("document.getElementById('content').scrollWidth > innerWidth")
        assert not wide, f"{view} is wider than the screen"
    page.goto(f"/admin/#/users/{someone.id}")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)


def test_by_keyboard_alone(overseer, user):
    someone = user(nickname="Anna")
    page = overseer.open("/admin/#/users")
    page.get_by_label("Username begins with").focus()
    with page.expect_response(re.compile(f"query={someone.username}$")):  # of the whole name: the list stays
        page.keyboard.type(someone.username)
    row = page.get_by_role("list", name="Users").get_by_role("link")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(someone.username)
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Mute", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("loud")
    page.keyboard.press("Enter")
    says(page, "is muted.")
