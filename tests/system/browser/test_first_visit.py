"""What the README promises: open the page, and chat with a friend within a minute."""

import pytest
from playwright.sync_api import expect

from browser.person import PHONE
from browser.steps import bubble, button, chats, field, history, log_in, register, write
from client import fresh


def name(prefix):
    return fresh(prefix)[:20]


def test_two_newcomers_find_each_other_and_chat_on_their_devices(person):
    anna_name, ben_name = name("anna"), name("ben")
    anna, ben = person(logged_in=False), person(logged_in=False)
    at_anna, at_ben = anna.open(), ben.open()
    register(at_anna, anna_name, "Anna Atkins")
    register(at_ben, ben_name, "Ben Bell")

    button(at_ben, "Find a friend").click()
    at_ben.get_by_label("Find people").fill(anna_name)
    at_ben.get_by_role("region", name="People found").get_by_role(
        "button", name="Anna Atkins @").click()
    at_ben.get_by_label("Greeting").fill("It is me, Ben")
    button(at_ben, "Add friend").click()
    at_anna.get_by_role("link", name="People 1 friend request").click()
    expect(at_anna.get_by_role("main")).to_contain_text("It is me, Ben")
    button(at_anna, "Accept Ben Bell").click()
    button(at_anna, "Message Ben Bell").click()
    write(at_anna, "Welcome to Parley!")

    button(at_ben, "Message").click()
    expect(bubble(at_ben, "Welcome to Parley!")).to_be_visible()
    write(at_ben, "It took less than a minute")
    expect(bubble(at_anna, "It took less")).to_be_visible()
    expect(bubble(at_anna, "Welcome").get_by_role("img", name="Read")).to_be_visible()

    telephone = person(logged_in=False, viewport=PHONE, has_touch=True, is_mobile=True)
    at_telephone = telephone.open()
    log_in(at_telephone, anna_name)
    chats(at_telephone).get_by_role("link", name="Ben Bell").tap()
    expect(bubble(at_telephone, "It took less")).to_be_visible()
    write(at_telephone, "This comes from my telephone")
    for page in (at_anna, at_ben):
        expect(bubble(page, "from my telephone")).to_be_visible()
    for page in (at_anna, at_telephone):
        field(at_ben).press_sequentially("so…")
        expect(page.get_by_role("main").get_by_text("typing…")).to_be_visible()


@pytest.mark.usefixtures("hubot")  # is there
def test_who_has_no_friends_yet_can_try_it_with_the_bot(person):
    page = person().open()
    button(page, "Or try it with the bot hubot").click()
    field(page).press_sequentially("/ec")
    page.get_by_role("option").filter(has_text="/echo").click()
    expect(field(page)).to_have_value("/echo ")
    field(page).press_sequentially("hello there")
    field(page).press("Enter")
    expect(history(page).get_by_role("article", name="Hubot, hello there")).to_be_visible()
