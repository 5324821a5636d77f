"""What two people see in a chat: messages and what becomes of them, by mouse and by keyboard."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from client import fresh, insist
from instance import eventually
from test_search import wait_indexed


def chat(one, other):
    """The id of the private conversation of two people."""
    return "single:" + ":".join(sorted([one.id, other.id]))


def say(author, to, content, msg_type=0):
    """Send by REST; the message_id."""
    content = {"text": content} if isinstance(content, str) else content
    kind = {"type": 2, "group_id": to} if to.startswith("group") else {"type": 1, "to": to}
    message = {**kind, "message_id": fresh(), "msg_type": msg_type, "content": content}
    return insist(lambda: author.session.post("/api/messages", message)).ok()["message_id"]


def group_of(owner, *members, name="Tea at four"):
    return owner.session.post("/api/groups", {
        "name": name, "description": "", "member_ids": [each.id for each in members]}).ok()["group_id"]


def path(conversation_id, message_id):
    return f"/api/conversations/{conversation_id}/messages/{message_id}"


def row(page, text):
    """The message that says this."""
    return page.get_by_role("article").filter(has_text=text)


def choose(page, text, item):
    """An item of the menu of the message that says this."""
    row(page, text).hover()
    row(page, text).get_by_role("button", name="What to do with this message").click()
    page.get_by_role("menuitem", name=item, exact=True).click()


@pytest.fixture
def pair(person):
    """Anna and Ben, both looking at their conversation, in which something was said."""
    anna, ben = person("Anna"), person("Ben")
    say(ben, anna.id, "hello Anna")
    for each in (anna, ben):
        each.open(f"/#/c/{chat(anna, ben)}")
        expect(row(each.page, "hello Anna")).to_be_visible()
        each.wait_live()
    return anna, ben


def test_a_message_says_how_far_it_is(person):
    anna, ben = person("Anna"), person("Ben")
    say(anna, ben.id, "are you there?")
    anna.open(f"/#/c/{chat(anna, ben)}")
    state = row(anna.page, "are you there?").get_by_role("img")
    expect(state).to_have_accessible_name("Sent")
    ben.open("/#/chats")
    expect(state).to_have_accessible_name("Delivered")
    ben.page.get_by_role("link", name=re.compile("Anna")).click()
    expect(row(ben.page, "are you there?")).to_be_visible()
    expect(state).to_have_accessible_name("Read")


def test_a_new_message_is_announced_and_not_the_history(pair):
    anna, ben = pair
    region = anna.page.locator(".history [role=status].visually-hidden")
    expect(region).to_have_text("")
    say(ben, anna.id, "tea is ready")
    expect(region).to_have_text("Ben: tea is ready")
    expect(anna.page.get_by_role("log", name="Messages")).to_have_attribute("aria-live", "off")


def test_answers_quote_and_lead_back(pair):
    anna, ben = pair
    question = say(ben, anna.id, "who brings cake?")
    for number in range(60):
        say(ben, anna.id, f"filling {number}")
    say(anna, ben.id, {"text": "I do", "reply_to": question})
    answer = row(ben.page, "I do").last
    answer.get_by_role("button", name="who brings cake?").click()
    expect(row(ben.page, "who brings cake?").first).to_be_in_viewport()
    expect(answer).not_to_be_in_viewport()
    ben.page.get_by_role("button", name="Jump to the newest message").click()
    expect(answer).to_be_in_viewport()


def test_reactions_are_chips_that_both_can_click(pair):
    anna, ben = pair
    message_id = say(ben, anna.id, "cake!")
    ben.session.post(path(chat(anna, ben), message_id) + "/reactions", {"emoji": "🍰"}).ok()
    chip = row(anna.page, "cake!").get_by_role("button", name=re.compile("🍰"))
    expect(chip).to_have_accessible_name("🍰 1: Ben")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    theirs = row(ben.page, "cake!").get_by_role("button", name=re.compile("🍰"))
    expect(theirs).to_have_accessible_name(re.compile("^🍰 2"))
    chip.click()
    expect(theirs).to_have_accessible_name("🍰 1: You")
    theirs.click()
    expect(theirs).to_have_count(0)


def test_the_menu_pins_and_the_bar_shows_it_to_both(pair):
    anna, ben = pair
    choose(anna.page, "hello Anna", "Pin")
    bar = ben.page.get_by_role("button", name=re.compile("Pinned message"))
    expect(bar).to_contain_text("Ben: hello Anna")
    bar.click()
    choose(ben.page, "hello Anna", "Unpin")
    expect(anna.page.get_by_role("button", name=re.compile("Pinned message"))).to_have_count(0)


def test_what_is_taken_back_or_edited_changes_for_both(pair):
    anna, ben = pair
    message_id = say(anna, ben.id, "see you at eihgt")
    expect(row(ben.page, "see you at eihgt")).to_be_visible()
    anna.session.patch(path(chat(anna, ben), message_id),
                       {"content": {"text": "see you at eight"}}).ok()
    expect(row(ben.page, "see you at eight")).to_contain_text("edited")
    choose(anna.page, "see you at eight", "Take back")
    anna.page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(row(ben.page, "Anna took a message back.")).to_be_visible()
    expect(row(anna.page, "You took this message back.")).to_be_visible()
    expect(row(ben.page, "see you at eight")).to_have_count(0)


def test_only_what_is_allowed_is_offered(pair):
    anna, _ = pair
    row(anna.page, "hello Anna").hover()
    row(anna.page, "hello Anna").get_by_role("button", name="What to do with this message").click()
    items = anna.page.get_by_role("menuitem")
    expect(items).to_have_text(["Reply", "React", "Copy text", "Copy link", "Forward", "Pin",
                                "Delete for me"])


def test_what_one_deletes_is_gone_for_oneself_alone(pair):
    anna, ben = pair
    choose(anna.page, "hello Anna", "Delete for me")
    anna.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(anna.page, "hello Anna")).to_have_count(0)
    expect(row(ben.page, "hello Anna")).to_be_visible()


def test_forwarding_asks_where_to(pair, person):
    anna, ben = pair
    carl = person("Carl")
    say(anna, carl.id, "hi Carl")
    choose(anna.page, "hello Anna", "Forward")
    dialog = anna.page.get_by_role("dialog", name="Forward")
    dialog.get_by_role("searchbox").fill("carl")
    dialog.get_by_role("checkbox", name=re.compile("Carl")).check()
    dialog.get_by_role("button", name="Send to 1").click()
    expect(dialog).to_have_count(0)
    carl.open(f"/#/c/{chat(anna, carl)}")
    expect(row(carl.page, "hello Anna")).to_contain_text("Forwarded from Ben")


def test_admins_of_a_group_see_who_read_and_take_back_what_others_said(person, axe):
    anna, ben, carl = person("Anna"), person("Ben"), person("Carl")
    group_id = group_of(anna, ben, carl)
    say(anna, group_id, "who is there?")
    say(ben, group_id, "nonsense")
    ben.session.patch(f"/api/conversations/group:{group_id}", {"read_seq": 3}).ok()
    page = anna.open(f"/#/c/group:{group_id}")
    expect(page.get_by_text("3 members")).to_be_visible()
    expect(row(page, "You made the group “Tea at four” with Ben and Carl.")).to_be_visible()
    choose(page, "who is there?", "Who has read it")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("list", name="Read by", exact=True)).to_contain_text("Ben")
    expect(dialog.get_by_role("list", name="Not yet read by")).to_contain_text("Carl")
    axe(page)
    page.keyboard.press("Escape")
    choose(page, "nonsense", "Take back")
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(row(page, "Ben took a message back.")).to_be_visible()


def test_a_refused_message_says_why_and_can_be_tried_again(pair):
    anna, ben = pair

    def answer():
        return anna.session.post("/api/messages", {
            "type": 1, "to": ben.id, "content": {"text": "may I?"}}).code

    ben.session.post("/api/blocks", {"user_id": anna.id}).ok()
    eventually(lambda: answer() == 40302, what="the block")  # message may remember that she may
    anna.page.get_by_role("combobox", name="Message").fill("please")
    anna.page.keyboard.press("Enter")
    mine = row(anna.page, "please")
    expect(mine.get_by_role("img")).to_have_accessible_name("Not sent")
    ben.session.delete(f"/api/blocks/{anna.id}").ok()
    eventually(lambda: answer() == 0, what="being let through")
    mine.get_by_role("button", name="Try again").click()
    expect(row(ben.page, "please")).to_be_visible()
    expect(mine.get_by_role("alert")).to_have_count(0)


def test_arrow_keys_walk_the_messages_and_enter_opens_the_menu(pair, axe):
    anna, ben = pair
    say(ben, anna.id, "second")
    expect(row(anna.page, "second")).to_be_visible()
    row(anna.page, "second").focus()
    anna.page.keyboard.press("ArrowUp")
    expect(row(anna.page, "hello Anna")).to_be_focused()
    expect(anna.page.locator(".msg[tabindex='0']")).to_have_count(1)
    anna.page.keyboard.press("Enter")
    expect(anna.page.get_by_role("menu", name="What to do with this message")).to_be_visible()
    axe(anna.page)
    anna.page.keyboard.press("Escape")
    expect(row(anna.page, "hello Anna")).to_be_focused()


def test_a_link_leads_to_a_message_far_back(person):
    anna, ben = person("Anna"), person("Ben")
    ids = [say(ben, anna.id, f"number {number}.") for number in range(150)]
    page = anna.open(f"/#/c/{chat(anna, ben)}/{ids[20]}")
    expect(row(page, "number 20.")).to_be_in_viewport()
    page.evaluate("link => { location.hash = link; }", f"#/c/{chat(anna, ben)}/{ids[140]}")
    expect(row(page, "number 140.")).to_be_in_viewport()
    page.evaluate("link => { location.hash = link; }", f"#/c/{chat(anna, ben)}/{fresh()}")
    expect(page.get_by_text("That message is not there any more.")).to_be_visible()


def test_unread_messages_have_a_line_and_are_read_when_they_were_seen(person):
    anna, ben = person("Anna"), person("Ben")
    for number in range(80):
        say(ben, anna.id, f"number {number}.")
    page = anna.open(f"/#/c/{chat(anna, ben)}")
    expect(page.get_by_role("separator").filter(has_text="Unread messages")).to_be_in_viewport()
    expect(row(page, "number 0.")).to_be_in_viewport()
    expect(row(page, "number 79.")).not_to_be_in_viewport()
    newest = page.get_by_role("button", name=re.compile("Jump to the newest message, [1-7][0-9] unread"))
    expect(newest).to_be_visible()

    def unread():
        return anna.session.get("/api/conversations").ok()["conversations"][0]["unread_count"]

    eventually(lambda: unread() < 80, what="the first ones are read")
    assert unread() > 40
    newest.click()
    expect(row(page, "number 79.")).to_be_in_viewport()
    expect(page.get_by_role("button", name=re.compile("Jump to the newest"))).to_have_count(0)
    ben.open(f"/#/c/{chat(anna, ben)}")
    expect(row(ben.page, "number 79.").get_by_role("img")).to_have_accessible_name("Read")


# The box itself moves when a line above it comes or goes.
IN_BOX = """(row) => row.getBoundingClientRect().top
    - row.closest('.scroller').getBoundingClientRect().top"""


def test_one_who_reads_above_is_not_moved_by_what_comes_or_goes(person):
    anna, ben = person("Anna"), person("Ben")
    ids = [say(ben, anna.id, f"number {number}.") for number in range(90)]
    page = anna.open(f"/#/c/{chat(anna, ben)}/{ids[45]}")
    mark = row(page, "number 45.")
    expect(mark).to_be_in_viewport()
    anna.wait_live()
    mark.click(trial=True)  # it has come to a stand
    before = mark.evaluate(IN_BOX)
    anna.session.delete(path(chat(anna, ben), ids[20]) + "?scope=me").ok()
    say(ben, anna.id, "something new")
    expect(row(page, "number 20.")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Jump to the newest"))).to_be_visible()
    assert abs(mark.evaluate(IN_BOX) - before) <= 2
    page.get_by_role("combobox", name="Message").fill("What I say myself I see")
    page.keyboard.press("Enter")
    expect(row(page, "What I say myself I see")).to_be_in_viewport()


def test_one_who_stops_just_above_the_end_is_brought_there_only_by_what_comes(person):
    anna, ben = person("Anna"), person("Ben")
    for number in range(6):
        say(anna, ben.id, f"number {number}." + "\n" * 12 + "end")
    page = anna.open(f"/#/c/{chat(anna, ben)}")
    expect(row(page, "number 5.")).to_be_in_viewport()
    anna.wait_live()
    log = page.get_by_role("log", name="Messages")
    newest = page.get_by_role("button", name=re.compile("Jump to the newest"))
    log.evaluate("(box) => { box.scrollTop -= 300; }")
    expect(newest).to_be_visible()
    log.evaluate("(box) => { box.scrollTop = box.scrollHeight - box.clientHeight - 30; }")
    expect(newest).to_have_count(0)  # this is the end to the page
    left = "(box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight)"
    assert log.evaluate(left) == 30
    say(ben, anna.id, "something new")
    expect(row(page, "something new")).to_be_in_viewport(ratio=1)
    eventually(lambda: log.evaluate(left) == 0, what="the end")


def test_search_in_a_chat_goes_from_hit_to_hit(person):
    anna, ben = person("Anna"), person("Ben")
    say(ben, anna.id, "the first walrus")
    for number in range(60):
        say(ben, anna.id, f"filling {number}")
    say(ben, anna.id, "the second walrus")
    wait_indexed(anna.parley, chat(anna, ben))
    held = []
    anna.page.route(re.compile("around_seq=1$"), lambda route: held.append(route))
    page = anna.open(f"/#/c/{chat(anna, ben)}")
    page.get_by_role("button", name="Search in this chat").click()
    eventually(lambda: page.wait_for_timeout(20) or held, what="the question for the unread ones")
    found = page.get_by_role("search").get_by_role("status")
    box = page.get_by_role("searchbox", name="Search in this chat")
    box.fill("walrus")
    expect(found).to_have_text("1 of 2")
    held.pop().continue_()  # who looks for something is not brought to the unread ones by a late answer
    expect(row(page, "the second walrus")).to_be_in_viewport()
    box.press("Enter")
    expect(row(page, "the first walrus")).to_be_in_viewport()
    box.press("Escape")
    expect(box).to_have_count(0)


def test_each_kind_of_message_is_shown_as_what_it_is(person, axe):
    anna, ben = person("Anna", permissions=["clipboard-read", "clipboard-write"]), person("Ben")
    group_id = group_of(ben, anna)
    say(ben, group_id, {"text": "@Anna see https://example.org/a_(b).", "at_user_ids": [anna.id]})
    say(ben, group_id, "/roll 2d6")
    emoji = say(ben, group_id, "🎉")
    say(ben, group_id, {"title": "The teahouse", "lat": 47.3769, "lng": 8.5417}, 8)
    say(ben, group_id, {"card": "tea"}, 9)
    ben.session.call("PUT", f"/api/groups/{group_id}/members/{anna.id}/role", {"role": "admin"}).ok()
    ben.session.call("PUT", f"/api/conversations/group:{group_id}/timer", {"seconds": 3600}).ok()
    page = anna.open(f"/#/c/group:{group_id}")
    expect(row(page, "Ben set messages to disappear after 1 hour.")).to_be_visible()
    expect(row(page, "Ben made you an admin.")).to_be_visible()
    first = row(page, "@Anna see")
    expect(first.get_by_role("link")).to_have_attribute("href", "https://example.org/a_(b)")
    expect(first.locator(".msg-at")).to_have_text("@Anna")
    expect(row(page, "/roll").locator("code")).to_have_text("/roll")
    expect(row(page, "🎉").locator(".msg-emoji")).to_be_visible()
    place = row(page, "The teahouse").get_by_role("link", name="Open in OpenStreetMap")
    expect(place).to_have_attribute("href", re.compile("mlat=47.3769&mlon=8.5417"))
    expect(row(page, "This kind of message cannot be shown here.")).to_be_visible()
    axe(page)
    choose(page, "🎉", "Copy link")
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith(f"#/c/group:{group_id}/{emoji}")


PAYLOADS = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "javascript:alert(1)",
    "\"><svg onload=alert(1)>", "${alert(1)}", "https://x.org/\"onmouseover=\"alert(1)",
]


def test_nothing_that_others_write_becomes_part_of_the_page(person, axe):
    anna, eve = person("Anna"), person(PAYLOADS[0])
    group_id = group_of(eve, anna, name=PAYLOADS[1])
    conversation_id = f"group:{group_id}"
    for payload in PAYLOADS:
        say(eve, group_id, payload)
        say(eve, group_id, {"title": payload, "lat": 1, "lng": 2}, 8)
        say(eve, group_id, {"html": payload, payload: [payload]}, 9)
    last = say(eve, group_id, {"text": f"@{PAYLOADS[0]} hello", "at_user_ids": [eve.id, anna.id]})
    say(eve, group_id, {"text": PAYLOADS[3], "reply_to": last})
    eve.session.patch(path(conversation_id, last), {"content": {"text": PAYLOADS[4]}}).ok()
    eve.session.post(path(conversation_id, last) + "/reactions", {"emoji": "<b>alert(1)</b>"}).ok()
    eve.session.call("PUT", path(conversation_id, last) + "/pin", {}).ok()
    page = anna.open(f"/#/c/{conversation_id}")
    expect(row(page, PAYLOADS[5]).first).to_be_attached()
    for details in page.locator("details summary").all():
        details.click()
    log = page.locator(".chat")
    assert log.locator("img[src=x], script, svg[onload], b, [onmouseover]").count() == 0
    links = log.locator("a[href]").evaluate_all(
        "all => all.map((a) => [a.protocol, a.target, a.rel])")
    assert {(protocol, target) for protocol, target, _ in links if target} == {
        ("https:", "_blank")}
    assert all("noopener" in rel for _, target, rel in links if target)
    axe(page)


SCROLL = """async ([direction, end]) => {
  const box = document.querySelector('.scroller');
  const rows = box.getElementsByClassName('msg');
  // As it is painted: what observes sizes has its turn after the frame's own functions.
  const frame = () => new Promise((resolve) => {
    requestAnimationFrame((at) => setTimeout(resolve, 0, at));
  });
  // In the box, which itself moves when a line above it comes or goes.
  const place = (row) => row.getBoundingClientRect().top - box.getBoundingClientRect().top;
  const out = { moved: 0, rows: 0, lost: 0, worst: {}, frames: [] };
  let last = await frame();
  const isOver = () => [...rows].at(direction < 0 ? 0 : -1).dataset.seq === end;
  for (let still = 0; still < 3 || !isOver();) {
    const mark = [...rows].find((row) => place(row) + row.offsetHeight > box.clientHeight / 2);
    const y = place(mark);
    const top = box.scrollTop;
    box.scrollTop += direction * 0.8 * box.clientHeight;
    const by = box.scrollTop - top;
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    const now = await frame();
    out.frames.push(now - last);
    last = now;
    out.rows = Math.max(out.rows, rows.length);
    const moved = place(mark) - (y - by);
    if (!mark.isConnected) out.lost += 1;
    else if (Math.abs(moved) > out.moved) {
      out.moved = Math.abs(moved);
      out.worst = { step: out.frames.length, seq: mark.dataset.seq, y, by, left, moved };
    }
    still = by ? 0 : still + 1;
  }
  return out;
}"""


@pytest.mark.timeout(600)  # slow machines draw few frames a second
def test_two_thousand_messages_keep_their_place_and_few_are_in_the_page(
        person, user, record_property):
    count = 2000
    anna = person("Anna")
    others = [user() for _ in range(6)]
    group_id = anna.session.post("/api/groups", {
        "name": "Long", "description": "",
        "member_ids": [each.id for each in others]}).ok()["group_id"]

    def speak(author):
        for number in range(count // len(others) + 1):
            author.post("/api/messages", {
                "type": 2, "group_id": group_id, "message_id": fresh(),
                "content": {"text": f"{number} " + "tea and cake " * (number * 7 % 23)}}).ok()

    with ThreadPoolExecutor(len(others)) as pool:
        list(pool.map(speak, others))
    newest = anna.session.get(f"/api/messages/group/{group_id}").ok()["messages"][-1]["seq"]
    assert newest > count
    anna.session.patch(f"/api/conversations/group:{group_id}", {"read_seq": newest}).ok()
    page = anna.open(f"/#/c/group:{group_id}")
    expect(page.locator(f".msg[data-seq='{newest}']")).to_be_in_viewport()
    up = page.evaluate(SCROLL, [-1, "1"])
    down = page.evaluate(SCROLL, [1, str(newest)])
    for way, figures in (("up", up), ("down", down)):
        frames = sorted(figures.pop("frames"))
        figures |= {"median_ms": frames[len(frames) // 2], "longest_ms": frames[-1]}
        record_property(way, json.dumps(figures))
        print(way, figures, len(frames), "frames")
        assert figures["moved"] <= 2 and figures["lost"] == 0, figures
        assert figures["rows"] <= 220, figures
