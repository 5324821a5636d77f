"""Tabs and devices stay equal, and nothing is lost or doubled when the edge is killed."""

import random
import re

import pytest
from playwright.sync_api import expect

from browser.steps import bubble, field, history, write
from client import single, texts
from instance import eventually

AWAY = ("WebSocket", "net::ERR_", "HTTP 50")
SHOWN = """() => [...document.querySelectorAll('[role=log] [role=article]')].map((article) =>
    article.querySelector('.msg-text')?.textContent + ' | ' +
    [...article.querySelectorAll('[aria-label^="👍"], [aria-label^="🎉"]')].map(
        (chip) => chip.getAttribute('aria-label')).join(' '))"""


def shown(page):
    """All messages on the screen, with what became of them."""
    return page.evaluate(SHOWN)


def wait_equal(page, wanted):
    """The page shows these texts. Recalled ones have a sentence in their place, each his own."""
    def said():
        return [line for line in history(page).locator(".msg-text").all_inner_texts()
                if not re.search("message back", line)]

    eventually(lambda: said() == wanted, 20, f"{wanted} on the page")


class Talk:
    """Two people at two pages each, who do whatever comes to a random mind."""

    def __init__(self, dice, anna, ben):
        self.dice, self.anna, self.ben = dice, anna, ben
        self.path = f"/api/conversations/{single(anna.id, ben.id)}/messages"
        self.ids = {}  # message_id -> its author

    def step(self, number):
        author, peer = self.dice.sample([self.anna, self.ben], 2)
        what = self.dice.choice(["say", "say", "say", "edit", "recall", "react", "unreact"])
        mine = [message_id for message_id, who in self.ids.items() if who is author]
        if what == "say" or not mine:
            self.say(author, peer, number)
        elif what == "edit":
            author.session.patch(f"{self.path}/{self.dice.choice(mine)}",
                                 {"content": {"text": f"edited {number}"}})
        elif what == "recall":
            author.session.delete(f"{self.path}/{self.dice.choice(mine)}?scope=all")
        else:
            author.session.call(
                "POST" if what == "react" else "DELETE",
                f"{self.path}/{self.dice.choice(list(self.ids))}/reactions",
                {"emoji": self.dice.choice("👍🎉")})

    def say(self, author, peer, number):
        message_id = f"together-{author.id}-{number}"[:64]
        author.session.post("/api/messages", {
            "type": 1, "to": peer.id, "message_id": message_id,
            "content": {"text": f"message {number}"}}).ok()
        self.ids[message_id] = author


def test_two_tabs_and_two_devices_of_two_people_show_the_same_in_the_end(person):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    anna, ben = person("Anna"), person("Ben")
    address = f"/#/c/{single(anna.id, ben.id)}"
    talk = Talk(random.Random(seed), anna, ben)
    talk.say(anna, ben, 0)
    pages = [anna.open(address), anna.tab(address), person(session=anna.session).open(address),
             ben.open(address)]
    for page in pages:
        expect(bubble(page, "message 0")).to_be_visible()
    for number in range(1, 21):
        talk.step(number)
        if number % 5 == 0:
            write(pages[number % len(pages)], f"typed {number}")
    write(pages[0], "the end")
    for page in pages:
        for text in ("typed 5", "typed 10", "typed 15", "the end"):  # by a line each
            expect(bubble(page, text)).to_be_visible()
    eventually(lambda: shown(pages[1]) == shown(pages[2]) == shown(pages[0]), 20, "Anna's tabs")
    stored = anna.session.private_history(ben.id)["messages"]
    for page in pages:
        wait_equal(page, [text for text in texts(stored) if text])


def test_nothing_is_lost_or_doubled_when_the_edge_dies_while_one_writes(parley, person):
    anna, ben = person("Anna"), person("Ben")
    address = f"/#/c/{single(anna.id, ben.id)}"
    for each in (anna, ben):
        each.expects(*AWAY)
    anna.session.device().say("before", to=ben)
    at_anna, at_ben = anna.open(address), ben.open(address)
    for page in (at_anna, at_ben):
        expect(bubble(page, "before")).to_be_visible()
    for number in range(4):
        write(at_anna, f"anna {number}")
        if number == 1:
            parley.kill("nginx", wait=False)
        write(at_ben, f"ben {number}")
    field(at_anna).press_sequentially("half a word")
    for page in (at_anna, at_ben):
        for number in range(4):
            expect(bubble(page, f"anna {number}")).to_have_count(1, timeout=60_000)
            expect(bubble(page, f"ben {number}")).to_have_count(1, timeout=60_000)
    expect(field(at_anna)).to_have_value("half a word")
    stored = texts(anna.session.private_history(ben.id)["messages"])
    assert sorted(stored) == sorted(["before"] + [f"{who} {number}" for who in ("anna", "ben")
                                                  for number in range(4)])
    for who in ("anna", "ben"):  # each in the order of his writing
        own = [text for text in stored if text.startswith(who)]
        assert own == sorted(own)
    for page in (at_anna, at_ben):
        wait_equal(page, stored)


@pytest.mark.parametrize("name", ["push", "message"])
def test_what_is_written_while_a_service_dies_arrives(parley, person, name):
    anna, ben = person("Anna"), person("Ben")
    address = f"/#/c/{single(anna.id, ben.id)}"
    for each in (anna, ben):
        each.expects(*AWAY)
    anna.session.device().say("before", to=ben)
    at_anna, at_ben = anna.open(address), ben.open(address)
    expect(bubble(at_anna, "before")).to_be_visible()
    parley.kill(name, wait=False)
    write(at_anna, "while it was dead")
    expect(bubble(at_ben, "while it was dead")).to_be_visible(timeout=60_000)
    expect(bubble(at_anna, "while it was dead").get_by_role(
        "img", name=re.compile("Delivered|Read"))).to_be_visible(timeout=60_000)
