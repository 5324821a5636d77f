"""Groups and the info panel: making, joining, roles, leaving, and how a conversation behaves."""

import re

from playwright.sync_api import expect

from browser.person import PHONE
from browser.test_people import befriend, named, nickname_of
from client import single


def open_info(page, conversation_id):
    page.goto(f"/#/c/{conversation_id}")
    page.get_by_role("button", name="Information").click()
    panel = page.get_by_role("complementary", name="Info")
    expect(panel.get_by_role("heading", name="Info")).to_be_visible()
    return panel


def answer(page, name):
    """Say yes to the question of that name."""
    page.get_by_role("dialog", name=name).get_by_role("button", name=name).click()


def test_a_group_is_made_of_friends_and_others_join_by_its_link(person, user, axe):
    anna, ben, chloe = named(user, "Anna"), named(user, "Ben"), named(user, "Chloe")
    befriend(anna, ben)
    hers = person(session=anna).open("/#/people")
    hers.get_by_role("button", name="New group").click()
    dialog = hers.get_by_role("dialog", name="New group")
    dialog.get_by_label("Name of the group").fill("Tea at four")
    dialog.get_by_label("What it is for").fill("Every Thursday")
    dialog.get_by_label(nickname_of(ben)).check()
    axe(hers)
    dialog.get_by_role("button", name="Create group").click()
    expect(hers).to_have_url(re.compile("#/c/group:"))
    group_id = hers.url.split("group:")[1]
    panel = open_info(hers, f"group:{group_id}")
    members = panel.get_by_role("region", name="Members")
    expect(members.get_by_text(nickname_of(ben))).to_be_visible()
    expect(panel.get_by_text("Every Thursday")).to_be_visible()
    link = panel.get_by_label("Link to join").input_value()
    assert link.endswith(f"/#/join/{group_id}")
    theirs = person(session=chloe).open(link)
    theirs.get_by_role("dialog", name="Join a group").get_by_role("button", name="Join").click()
    expect(theirs).to_have_url(re.compile(f"#/c/group:{group_id}"))
    expect(members.get_by_text(nickname_of(chloe))).to_be_visible()
    expect(panel.get_by_text("3 members")).to_be_visible()
    axe(hers)


def test_what_is_no_link_to_a_group_is_said_to_be_none(person):
    page = person("Anna").open("/#/people")
    page.get_by_role("button", name="Join a group").click()
    dialog = page.get_by_role("dialog", name="Join a group")
    dialog.get_by_label("Link or id of the group").fill("https://example.org/")
    expect(dialog.get_by_text("This is no link to a group.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Join")).to_be_disabled()
    dialog.get_by_label("Link or id of the group").fill("group_01J00000000000000000000000")
    dialog.get_by_role("button", name="Join").click()
    expect(dialog.get_by_text("It is not there (any more).")).to_be_visible()


def test_the_owner_makes_an_admin_hands_the_group_over_and_leaves(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    group_id = anna.create_group(ben)
    name = nickname_of(ben)
    hers = person(session=anna).open()
    panel = open_info(hers, f"group:{group_id}")
    row = panel.get_by_role("listitem").filter(has_text=name)
    row.get_by_role("button", name=f"What to do with {name}").click()
    hers.get_by_role("menuitem", name="Make admin").click()
    expect(row).to_contain_text("admin")
    row.get_by_role("button", name=f"What to do with {name}").click()
    hers.get_by_role("menuitem", name="Take admin role away").click()
    expect(row).not_to_contain_text("admin")
    row.get_by_role("button", name=f"What to do with {name}").click()
    hers.get_by_role("menuitem", name="Hand the group over").click()
    answer(hers, "Hand the group over")
    expect(row).to_contain_text("owner")
    expect(row.get_by_role("button", name=re.compile("What to do"))).to_have_count(0)
    panel.get_by_role("button", name="Leave group").click()
    answer(hers, "Leave group")
    expect(hers).to_have_url(re.compile("#/chats"))
    assert anna.get(f"/api/groups/{group_id}").code == 40401
    assert ben.get(f"/api/groups/{group_id}").ok()["role"] == "owner"


def test_messages_disappear_when_the_timer_says_so_and_both_see_it(person, user):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    anna.post("/api/messages", {"type": 1, "to": ben.id, "content": {"text": "Hello"}}).ok()
    conversation_id = single(anna, ben)
    his = open_info(person(session=ben).open(), conversation_id)
    hers = person(session=anna).open()
    panel = open_info(hers, conversation_id)
    panel.get_by_label("Disappearing messages").select_option("3600")
    expect(hers.get_by_text("New messages disappear after 1 hour")).to_be_visible()
    expect(his.get_by_label("Disappearing messages")).to_have_value("3600")
    panel.get_by_label("Disappearing messages").select_option("0")
    expect(his.get_by_label("Disappearing messages")).to_have_value("0")


def test_a_chat_is_pinned_muted_and_hidden_from_its_panel(person, user, axe):
    anna, ben = named(user, "Anna"), named(user, "Ben")
    befriend(anna, ben)
    sent = ben.post("/api/messages", {
        "type": 1, "to": anna.id, "content": {"text": "The teahouse, at four"}}).ok()
    conversation_id = single(anna, ben)
    anna.call("PUT", f"/api/conversations/{conversation_id}/messages/{sent['message_id']}/pin",
              {}).ok()
    page = person(session=anna, viewport=PHONE, color_scheme="dark").open()
    panel = open_info(page, conversation_id)
    pins = panel.get_by_role("region", name="Pinned messages")
    expect(pins.get_by_role("link", name="The teahouse, at four")).to_be_visible()
    axe(page)
    pins.get_by_role("button", name="Unpin this message").click()
    expect(pins).to_have_count(0)
    panel.get_by_role("switch", name="Keep on top of the list").check()
    expect(page.get_by_text("Chat pinned")).to_be_visible()
    panel.get_by_role("switch", name="Mute").check()
    expect(page.get_by_text("Chat muted")).to_be_visible()
    own = anna.conversations()[conversation_id]
    assert (own["pinned"], own["muted"]) == (True, True)
    panel.get_by_role("button", name="Hide this chat").click()
    expect(page).to_have_url(re.compile("#/chats"))
    expect(page.get_by_role("region", name="Chats").get_by_text(nickname_of(ben))).to_have_count(0)
