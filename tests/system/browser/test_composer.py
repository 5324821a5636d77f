"""Writing: the field, its drafts, its completions, answers and edits, emoji and places."""

import re

from playwright.sync_api import expect

from browser.steps import button, field, history, submit
from client import fresh, insist, single
from instance import eventually


def chat_with(person, user, nickname="Ben"):
    """Somebody at a page that shows the conversation with another, who has said hello."""
    anna, ben = person("Anna"), user(nickname=nickname)
    say(ben, anna, "Hello Anna")
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(field(page)).to_be_editable()
    expect(history(page)).to_contain_text("Hello Anna")
    return anna, ben, page


def say(sender, recipient, text, **content):
    message = {"type": 1, "message_id": fresh(), "to": recipient.id, "content": {"text": text, **content}}
    return insist(lambda: sender.post("/api/messages", message)).ok()


def said(anna, ben):
    """The contents of their conversation, as the server has them."""
    return [each["content"] for each in anna.session.private_history(ben.id)["messages"]]


def draft_of(anna, ben):
    """What the server keeps of what she has begun to write to him."""
    conversations = anna.session.get("/api/conversations").ok()["conversations"]
    wanted = single(anna.id, ben.id)
    return next(each for each in conversations if each["conversation_id"] == wanted).get("draft")


def height(page):
    return field(page).bounding_box()["height"]


def log_in_again(anna, page):
    page.reload()
    page.get_by_label("Username").fill(anna.username)
    page.get_by_label("Password", exact=True).fill(anna.session.account[1])
    submit(page, field(page))


def test_enter_sends_shift_enter_begins_a_line_and_an_input_method_keeps_its_enter(person, user):
    anna, ben, page = chat_with(person, user)
    low = height(page)
    field(page).press_sequentially("one")
    field(page).press("Shift+Enter")
    field(page).press_sequentially("two")
    eventually(lambda: height(page) > low, what="a higher field")
    field(page).evaluate("""(element) => element.dispatchEvent(new KeyboardEvent('keydown',
        {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))""")
    expect(field(page)).to_have_value("one\ntwo")
    field(page).press("Enter")
    expect(field(page)).to_have_value("")
    expect(history(page)).to_contain_text("two")
    eventually(lambda: {"text": "one\ntwo"} in said(anna, ben), what="the message at the server")
    eventually(lambda: height(page) == low, what="a low field")
    for _ in range(60):
        field(page).press("Shift+Enter")
    assert low < height(page) <= 0.41 * page.viewport_size["height"]


def test_who_wants_it_sends_by_ctrl_enter(person, user):
    anna, ben, page = chat_with(person, user)
    page.goto("/#/settings/appearance")
    page.get_by_role("radio", name=re.compile("^Ctrl")).check()
    page.go_back()
    field(page).press_sequentially("one")
    field(page).press("Enter")
    expect(field(page)).to_have_value("one\n")
    field(page).press_sequentially("two")
    field(page).press("Control+Enter")
    expect(field(page)).to_have_value("")
    eventually(lambda: {"text": "one\ntwo"} in said(anna, ben), what="the message at the server")


def test_what_was_typed_survives_reload_and_log_out_and_is_on_the_other_device(person, user):
    anna, ben, page = chat_with(person, user)
    conversation_id = single(anna.id, ben.id)
    other = person(session=anna.session).open(f"/#/c/{conversation_id}")
    expect(field(other)).to_have_value("")
    field(page).press_sequentially("half a thou")
    page.reload()
    expect(field(page)).to_have_value("half a thou")
    expect(field(other)).to_have_value("half a thou")
    anna.expects("ERR_INTERNET_DISCONNECTED")
    anna.context.set_offline(True)
    field(page).press_sequentially("ght")
    anna.context.clear_cookies()  # logged out before it could be told
    anna.context.set_offline(False)
    log_in_again(anna, page)
    expect(field(page)).to_have_value("half a thought")
    expect(field(other)).to_have_value("half a thought")
    field(page).press("Enter")
    expect(field(other)).to_have_value("")


def test_a_draft_that_the_server_did_not_take_stays_the_newest(person, user):
    anna, ben, page = chat_with(person, user)
    field(page).press_sequentially("half a thou")
    eventually(lambda: draft_of(anna, ben) == "half a thou", what="the draft at the server")
    anna.expects("ERR_FAILED")
    page.route("**/api/conversations/*", lambda route: route.abort())
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.method))
    field(page).press_sequentially("ght")
    # It is tried again. Playwright hands events on in its own calls only.
    eventually(lambda: page.wait_for_timeout(20) or failed.count("PATCH") > 1, 20, "another attempt")
    anna.context.clear_cookies()
    log_in_again(anna, page)
    say(ben, anna, "Still there?")
    expect(history(page)).to_contain_text("Still there?")  # it is live, and knows the server's draft
    expect(field(page)).to_have_value("half a thought")
    page.unroute("**/api/conversations/*")
    page.reload()
    eventually(lambda: draft_of(anna, ben) == "half a thought", what="the draft at the server")


def test_an_answer_quotes_and_an_edit_changes_and_escape_ends_both(person, user):
    anna, ben, page = chat_with(person, user)
    row = history(page).get_by_text("Hello Anna")
    row.hover()
    page.get_by_role("button", name="Reply").first.click()
    bar = page.get_by_role("group", name="Reply to Ben")
    expect(bar).to_contain_text("Hello Anna")
    expect(field(page)).to_be_focused()
    field(page).press("Escape")
    expect(bar).to_have_count(0)
    row.hover()
    page.get_by_role("button", name="Reply").first.click()
    expect(bar).to_be_visible()
    page.reload()
    expect(bar).to_contain_text("Hello Anna")  # so does what one answers
    field(page).press_sequentially("Fine, and you")
    field(page).press("Enter")
    expect(bar).to_have_count(0)
    answer = history(page).get_by_role("article").filter(has_text="Fine, and you")
    expect(answer.get_by_role("img", name=re.compile("Sent|Delivered|Read"))).to_be_visible()
    assert any(each.get("reply_to") for each in said(anna, ben))
    field(page).press("ArrowUp")
    edit = field(page, "Edit message")
    expect(edit).to_have_value("Fine, and you")
    edit.press_sequentially("?")
    page.reload()
    expect(edit).to_have_value("Fine, and you?")
    edit.press("Enter")
    expect(field(page)).to_have_value("")
    expect(history(page)).to_contain_text("Fine, and you?")
    field(page).press("ArrowUp")
    edit.press("Escape")
    expect(field(page)).to_have_value("")


def test_what_is_too_long_says_so_and_stays(person, user):
    anna, ben, page = chat_with(person, user)
    field(page).fill("x" * 9_999)
    expect(page.get_by_text("1 character left")).to_be_visible()
    field(page).fill("é" * 10_002)
    expect(page.get_by_text("2 characters too many")).to_be_visible()
    expect(button(page, "Send")).to_be_disabled()
    field(page).press("Enter")
    expect(field(page)).to_have_value("é" * 10_002)
    eventually(lambda: draft_of(anna, ben) == "é" * 10_000, what="as much as the server takes")
    page.reload()
    say(ben, anna, "Still there?")
    expect(history(page)).to_contain_text("Still there?")  # it is live, and knows the server's draft
    expect(page.get_by_text("2 characters too many")).to_be_visible()
    expect(field(page)).to_have_value("é" * 10_002)


PRESS_AS_IT_APPEARS = """(key) => new MutationObserver((_, watch) => {
    if (document.querySelectorAll('[role=option]').length < 3) return;
    watch.disconnect();
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
}).observe(document.body, {subtree: true, childList: true})"""


def test_an_arrow_that_is_pressed_as_the_list_appears_counts(person, user):
    anna = person("Anna")
    group_id = anna.session.create_group(user(), user())
    page = anna.open(f"/#/c/group:{group_id}")
    field(page).press_sequentially("@")
    expect(page.get_by_role("option")).to_have_count(3)  # the members are here
    field(page).fill("")
    expect(page.get_by_role("option")).to_have_count(0)
    page.evaluate(PRESS_AS_IT_APPEARS, "ArrowUp")
    field(page).press_sequentially("@")
    expect(page.get_by_role("option", name="@all")).to_have_attribute("aria-selected", "true")


def test_members_are_completed_and_named_and_everybody_by_the_owner(person, user, axe):
    anna, ben, chloe = person("Anna"), user(nickname="Ben Müller"), user(nickname="小明")
    group_id = anna.session.create_group(ben, chloe)
    page = anna.open(f"/#/c/group:{group_id}")
    field(page).press_sequentially("@be")
    option = page.get_by_role("option", name=re.compile("Ben Müller"))
    expect(option).to_have_attribute("aria-selected", "true")
    axe(page)
    field(page).press("Escape")
    expect(option).to_have_count(0)
    field(page).fill("")
    field(page).press_sequentially("@")
    expect(page.get_by_role("option")).to_have_count(3)
    field(page).press("ArrowUp")  # round to the last
    field(page).press("Enter")
    expect(field(page)).to_have_value("@all ")
    field(page).press_sequentially("and 你好@小")
    expect(page.get_by_role("option")).to_have_count(1)
    field(page).press("Tab")
    expect(field(page)).to_have_value("@all and 你好@小明 ")
    field(page).press_sequentially("tea?")
    field(page).press("Enter")

    def is_named():
        last = anna.session.group_history(group_id)["messages"][-1]["content"]
        return last.get("at_all") and last.get("at_user_ids") == [chloe.id]

    eventually(is_named, what="the message that names them")
    user(nickname="Dora").post(f"/api/groups/{group_id}/join").ok()
    expect(history(page)).to_contain_text("Dora joined")  # and can be named from now on
    field(page).press_sequentially("@do")
    expect(page.get_by_role("option", name=re.compile("Dora"))).to_be_visible()


def test_commands_of_a_bot_are_completed(person, hubot, axe):
    anna = person("Anna")
    page = anna.open(f"/#/c/{single(anna.id, hubot)}")
    field(page).press_sequentially("/ro")
    expect(page.get_by_role("option", name=re.compile("roll"))).to_be_visible()
    axe(page)
    field(page).press("Enter")
    expect(field(page)).to_have_value("/roll ")
    field(page).press_sequentially("2d6")
    field(page).press("Enter")
    expect(history(page)).to_contain_text(re.compile("[Rr]oll|="))


ENTER_AT_ONCE = """async (field, text) => {
    field.value = text;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    await null;  // it is drawn, and not yet painted
    field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
}"""


def test_emoji_are_found_by_name_and_by_the_keyboard(person, user, axe):
    anna, ben, page = chat_with(person, user)
    field(page).press_sequentially("good :thumbs")
    expect(page.get_by_role("option").first).to_contain_text("thumbs up")
    field(page).press("Enter")
    expect(field(page)).to_have_value("good 👍 ")
    button(page, "Emoji").click()
    picker = page.get_by_role("dialog", name="Emoji")
    expect(picker.get_by_role("button", name="thumbs up")).to_be_visible()  # used recently
    axe(page)
    picker.get_by_role("searchbox").fill("teapot")
    expect(picker.get_by_role("status")).to_have_text("1 emoji found")
    picker.get_by_role("searchbox").press("ArrowDown")
    expect(picker.get_by_role("button", name="teapot")).to_be_focused()
    page.keyboard.press("Enter")
    expect(picker).to_have_count(0)
    expect(field(page)).to_have_value("good 👍 🫖")
    expect(field(page)).to_be_focused()
    button(page, "Emoji").click()
    expect(picker.get_by_role("button", name="teapot")).to_be_visible()
    picker.get_by_role("searchbox").evaluate(ENTER_AT_ONCE, "hamburger")
    expect(field(page)).to_have_value("good 👍 🫖🍔")
    button(page, "Emoji").click()
    expect(picker).to_be_visible()
    page.keyboard.press("Escape")
    expect(picker).to_have_count(0)


def test_emoji_have_chinese_names_on_a_chinese_page(person, user):
    anna, ben = person("Anna", locale="zh-CN"), user()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    page.get_by_role("combobox", name="消息", exact=True).press_sequentially(":红心")
    expect(page.get_by_role("option").first).to_contain_text("❤️")


def test_a_place_is_sent_by_the_browser_or_by_hand(person, user, axe):
    anna, ben = person("Anna", geolocation={"latitude": 47.3769, "longitude": 8.5417}), user()
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    button(page, "Attach").click()
    page.get_by_role("menuitem", name="Location").click()
    dialog = page.get_by_role("dialog", name="Location")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Say what is there.")).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="Use my position").click()
    expect(dialog.get_by_text("Type the coordinates")).to_be_visible()  # it may not
    anna.context.grant_permissions(["geolocation"])
    dialog.get_by_role("button", name="Use my position").click()
    expect(dialog.get_by_label("Latitude")).to_have_value("47.376900")
    dialog.get_by_label("What is there").fill("The teahouse")
    dialog.get_by_label("Longitude").fill("8,55")
    dialog.get_by_role("button", name="Send").click()
    expect(history(page)).to_contain_text("The teahouse")
    place = {"title": "The teahouse", "lat": 47.3769, "lng": 8.55}
    eventually(lambda: place in said(anna, ben), what="the place at the server")


def test_one_who_types_is_seen_to(person, user):
    anna, ben = person("Anna"), person("Ben")
    say(ben.session, anna, "Hello")
    theirs = ben.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(history(theirs)).to_contain_text("Hello")
    page = anna.open(f"/#/c/{single(anna.id, ben.id)}")
    expect(history(page)).to_contain_text("Hello")
    for each in (ben, anna):
        each.wait_live()
    field(page).press_sequentially("I am wr")
    expect(theirs.get_by_text(re.compile("typing")).first).to_be_visible()
