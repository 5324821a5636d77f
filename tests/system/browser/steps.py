"""Short words for what many stories do at a page."""

from playwright.sync_api import expect

from client import fresh, insist
from conftest import PASSWORD
from instance import eventually


def field(page, name="Message"):
    """Where one writes."""
    return page.get_by_role("combobox", name=name, exact=True)


def history(page):
    return page.get_by_role("log", name="Messages")


def bubble(page, text):
    """The messages on the screen that hold the text."""
    return history(page).get_by_role("article").filter(has_text=text)


def chats(page):
    return page.get_by_role("list", name="Chats")


def button(page, name, **more):
    return page.get_by_role("button", name=name, **{"exact": True, **more})


def write(page, text):
    field(page).fill(text)
    field(page).press("Enter")
    expect(field(page)).to_have_value("")


def register(page, username, name):
    button(page, "Create account").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Chats")).to_be_visible()


def log_in(page, username):
    page.get_by_label("Username").fill(username)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    submit(page, page.get_by_role("heading", name="Chats"))


def submit(page, outcome):
    """Press "Log in" until that is seen: for a second after Redis was slow, nobody is let in."""
    busy = page.get_by_text("The server is busy.")

    def is_answered():
        page.locator("form").get_by_role("button", name="Log in").click()
        expect(outcome.or_(busy).first).to_be_visible()
        return not busy.first.is_visible()

    eventually(is_answered, 20, "an answer")


def say(sender, text, *, to=None, group_id=None, **content):
    """By REST; the message's id."""
    where = {"type": 1, "to": getattr(to, "id", to)} if to else {"type": 2, "group_id": group_id}
    message_id = fresh()
    message = {**where, "message_id": message_id, "content": {"text": text, **content}}
    insist(lambda: sender.post("/api/messages", message)).ok()
    return message_id
