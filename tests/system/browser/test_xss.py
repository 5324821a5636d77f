"""Whatever another person writes is text: no view makes it anything else.

Mallory fills every field that she has with the payloads; Anna opens every view that shows them.
That nothing ran is judged by a mark that the payloads would leave, by the elements that are
there, and by the watch of person.py: a violation of the policy is a failure as well, since a
payload that came so far was stopped by the second wall only."""

import re

import pytest
from playwright.sync_api import expect

from browser.steps import button, chats, field, history, say
from client import fresh, single
from test_avatars import picture
from test_files import form, BOUNDARY
from test_search import wait_indexed

MARK = "window.pwned=1"
PAYLOADS = [
    f"<img src=x onerror={MARK}>",
    f"<script>{MARK}</script>",
    f'"><svg onload="{MARK}">',
    f"' onfocus='{MARK}' autofocus='",
    f"</textarea><iframe srcdoc='<script>parent.{MARK}</script>'>",
    f"javascript:{MARK}",
    f"[a](javascript:{MARK}) <a href=\"javascript:{MARK}\">a</a>",
    f"https://example.org/\"onmouseover=\"{MARK}",
    f"${{{MARK}}} {{{{constructor.constructor('{MARK}')()}}}}",
    "<base href=//example.org><link rel=stylesheet href=//example.org/a.css>",
    "<style>*{display:none}</style><meta http-equiv=refresh content=0;url=//example.org>",
]
NAME = f"Mallory <img src=x onerror={MARK}>"  # 64 characters at most
GROUP = f"Group \"><svg onload={MARK}>"
SCAN = """() => {
    const wrong = [];
    if (window.pwned) wrong.push('a payload ran');
    const bad = 'script:not([src^="/"]), iframe, object, embed, base, meta[http-equiv], body style';
    for (const element of document.querySelectorAll(bad)) wrong.push(element.outerHTML);
    for (const element of document.querySelectorAll('*')) {
        for (const {name, value} of element.attributes) {
            if (/^on/i.test(name)) wrong.push(element.outerHTML);
            if (/^(href|src|action|formaction|xlink:href)$/i.test(name)
                && !/^(#|\\/|blob:|https?:\\/\\/)/.test(value)) wrong.push(element.outerHTML);
        }
    }
    return wrong;
}"""


def edited(page):
    return history(page).get_by_role("article", name="edited <img").first


def look(page):
    wrong = page.evaluate(SCAN)
    assert not wrong, f"{page.url}: {wrong}"


@pytest.fixture
def mallory(user):
    session = user(nickname=NAME)
    session.patch("/api/users/me", {
        "bio": "\n".join(PAYLOADS)[:500], "region": PAYLOADS[0]}).ok()
    return session


def upload(session, name):
    return session.call("POST", "/api/files", raw=form(picture(), name), headers={
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}).ok()["file_id"]


def send_all(mallory, **where):
    """Every kind of content; the id of the first, which is edited, answered and pinned."""
    def send(content, msg_type=0):
        message_id = fresh()
        mallory.post("/api/messages", {"type": 2 if "group_id" in where else 1, **where,
                                       "message_id": message_id, "msg_type": msg_type,
                                       "content": content}).ok()
        return message_id

    send({"file_id": upload(mallory, f"<img src=x onerror={MARK}>.png")}, 4)
    send({"file_id": upload(mallory, f"\"><svg onload={MARK}>.png")}, 7)
    send({"title": PAYLOADS[0], "lng": 1.5, "lat": 2.5}, 8)
    send({"kind": PAYLOADS[1], PAYLOADS[2]: [PAYLOADS[3]], "html": PAYLOADS[4]}, 9)
    for payload in PAYLOADS:
        send({"text": payload})
    first = send({"text": "\n".join(PAYLOADS)})
    send({"text": PAYLOADS[0], "reply_to": first})
    return first


def change_all(mallory, conversation_id, message_id, **where):
    path = f"/api/conversations/{conversation_id}/messages/{message_id}"
    mallory.patch(path, {"content": {"text": "edited " + " ".join(PAYLOADS)}}).ok()
    mallory.call("PUT", f"{path}/pin").ok()
    for emoji in ("<b>", "'\"><svg onload=1>", "👍"):  # refused, unless it is one
        mallory.post(f"{path}/reactions", {"emoji": emoji})
    mallory.post(f"{path}/forward", where).ok()


def test_a_private_chat_shows_texts_and_nothing_else(person, mallory):
    anna = person("Anna")
    conversation_id = single(anna.id, mallory.id)
    first = send_all(mallory, to=anna.id)
    change_all(mallory, conversation_id, first, to=anna.id)
    page = anna.open("/#/chats")
    expect(chats(page).get_by_role("link", name=NAME)).to_be_visible()
    look(page)
    chats(page).get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(edited(page)).to_contain_text(PAYLOADS[1])
    look(page)
    device = mallory.device()
    device.send({"type": 33, "to": anna.id, "content": {}})
    device.say(PAYLOADS[0] + " live", to=anna)
    expect(history(page).get_by_text(PAYLOADS[0] + " live")).to_be_visible()
    look(page)
    history(page).evaluate("(log) => { log.scrollTop = 0; }")
    expect(history(page).get_by_text(PAYLOADS[0]).first).to_be_visible()
    for detail in history(page).locator("details summary").all():
        detail.click()
    look(page)
    button(page, "Information").click()
    button(page, "Profile").click()
    expect(page.get_by_role("dialog")).to_contain_text(PAYLOADS[2])
    look(page)


def test_a_group_shows_texts_and_nothing_else(person, mallory):
    anna = person("Anna")
    group_id = mallory.post("/api/groups", {
        "name": GROUP, "description": "\n".join(PAYLOADS)[:500],
        "member_ids": [anna.id]}).ok()["group_id"]
    first = send_all(mallory, group_id=group_id)
    change_all(mallory, f"group:{group_id}", first, group_id=group_id)
    page = anna.open(f"/#/c/group:{group_id}")
    expect(page.get_by_role("heading", name=GROUP)).to_be_visible()
    expect(edited(page)).to_be_visible()
    look(page)
    button(page, "Information").click()
    expect(page.get_by_role("complementary")).to_contain_text(NAME)
    look(page)
    field(page).press_sequentially("@")
    expect(page.get_by_role("option").filter(has_text=NAME)).to_be_visible()
    look(page)
    field(page).fill("")
    message = edited(page)
    message.hover()
    message.get_by_role("button", name="What to do with this message").click()
    page.get_by_role("menuitem", name="Forward").click()
    expect(page.get_by_role("dialog")).to_contain_text(GROUP)
    look(page)


def test_people_search_and_requests_show_texts_and_nothing_else(person, mallory):
    anna = person("Anna")
    mallory.post("/api/friend_requests", {
        "user_id": anna.id, "greeting": PAYLOADS[0] + PAYLOADS[1]}).ok()
    say(mallory, f"needle {' '.join(PAYLOADS)}", to=anna.id)
    page = anna.open("/#/people")
    expect(page.get_by_role("main")).to_contain_text(PAYLOADS[0] + PAYLOADS[1])
    look(page)
    page.get_by_label("Find people").fill("Mallory <img")
    expect(page.get_by_role("region", name="People found")).to_contain_text(NAME)
    look(page)
    wait_indexed(anna.parley, single(anna.id, mallory.id))
    page = anna.open("/#/search?q=needle")
    expect(page.get_by_role("main")).to_contain_text(PAYLOADS[0])
    look(page)
    anna.session.post("/api/blocks", {"user_id": mallory.id}).ok()
    page = anna.open("/#/settings/privacy")
    expect(page.get_by_text(NAME)).to_be_visible()
    look(page)


def test_ones_own_devices_drafts_and_links_are_texts_too(person, parley, user):
    """What a stolen password could plant, and what an address could bring along."""
    session = user(nickname=NAME)
    parley.login(session.username, device=PAYLOADS[0])
    anna = person(session=session)
    page = anna.open("/#/settings/devices")
    expect(page.get_by_text(PAYLOADS[0])).to_be_visible()
    look(page)
    for address in (f"search?q={PAYLOADS[0]}", f"c/{PAYLOADS[0]}", f"c/single:a:b/{PAYLOADS[2]}",
                    f"join/{PAYLOADS[0]}", f"settings/{PAYLOADS[0]}", f"javascript:{MARK}"):
        page.evaluate("(hash) => { location.hash = hash; }", f"#/{address}")
        expect(page.get_by_role("main")).to_be_visible()
        look(page)
    page.goto(f"/?oauth_error={PAYLOADS[1]}#/chats")
    expect(page.get_by_role("heading", name="Chats")).to_be_visible()
    look(page)


def test_a_link_in_a_text_is_http_and_knows_nothing_of_us(person, user):
    anna, ben = person("Anna"), user()
    say(ben, "https://example.org/a http://b.example javascript:alert(1) data:text/html,x"
        " file:///etc", to=anna.id)
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    links = history(page).get_by_role("article").get_by_role("link")
    expect(links).to_have_count(2)
    for link in links.all():
        expect(link).to_have_attribute("href", re.compile(r"^https?://"))
        expect(link).to_have_attribute("rel", re.compile("noopener.*noreferrer"))
        expect(link).to_have_attribute("target", "_blank")
