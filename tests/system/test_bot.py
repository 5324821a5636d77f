"""hubot, who is a user from the start."""

import re

import pytest

from client import fresh, single


def ask(device, text, hubot):
    """Say it to hubot and wait for his answer."""
    start = len(device.frames)
    ack = device.say(text, to=hubot)
    answer = device.wait_for(lambda f: f["type"] == 1 and f["from"] == hubot, after=start)
    assert answer["seq"] > ack["seq"] and answer["msg_type"] == 0
    return answer["content"]["text"]


def test_hubot_is_a_bot_that_can_be_found(user, hubot):
    profile = user().get(f"/api/users/{hubot}").ok()
    assert profile["bot"] is True and profile["username"] == "hubot"


@pytest.mark.smoke
def test_answers_commands_in_private(user, hubot):
    device = user().device()
    assert ask(device, "/echo hello there 🐚", hubot) == "hello there 🐚"
    help_text = ask(device, "/help", hubot)
    for command in ("/help", "/echo", "/time", "/roll"):
        assert command in help_text
    assert re.search(r"\d{1,2}:\d{2}", ask(device, "/time", hubot))


def test_rolls_dice_within_their_range(user, hubot):
    device = user().device()
    for dice, low, high in (("2d6", 2, 12), ("1d1", 1, 1), ("", 1, 100)):
        answer = ask(device, f"/roll {dice}".strip(), hubot)
        numbers = [int(n) for n in re.findall(r"\d+", answer.replace(dice, "") if dice else answer)]
        assert numbers and any(low <= n <= high for n in numbers), answer


@pytest.mark.parametrize("text", ["/roll 0d6", "/roll 99999999d99999999", "/roll x", "/roll -1d6",
                                  "/roll 2d6; rm", "/echo", "/echo  "])
def test_a_command_that_it_cannot_carry_out_gets_an_answer_too(user, hubot, text):
    device = user().device()
    assert ask(device, text, hubot)
    assert ask(device, "/echo alive", hubot) == "alive"


@pytest.mark.parametrize("text", ["/dance", "/", "//", "/ECHO?", "hello", "/helpme"])
def test_what_it_does_not_know_gets_a_hint(user, hubot, text):
    assert "/help" in ask(user().device(), text, hubot)


@pytest.mark.smoke
def test_answers_in_a_group_that_it_is_a_member_of_so_that_all_see(user, hubot):
    alice, bob = user(), user()
    group_id = alice.post("/api/groups", {"name": "lab", "member_ids": [bob.id, hubot]}).ok()[
        "group_id"]
    a, b = alice.device(), bob.device()
    ack = a.say("/echo in the lab", group_id=group_id)
    for device in (a, b):
        answer = device.wait_for(lambda f: f["type"] == 2 and f["from"] == hubot
                                 and f["msg_type"] == 0)
        assert answer["content"]["text"] == "in the lab" and answer["group_id"] == group_id
        assert answer["seq"] == ack["seq"] + 1


def test_says_nothing_in_a_group_to_what_is_no_command(user, hubot):
    alice = user()
    group_id = alice.post("/api/groups", {"name": "lab", "member_ids": [hubot]}).ok()["group_id"]
    device = alice.device()
    device.say("just talking", group_id=group_id)
    device.say("/echo fence", group_id=group_id)
    answer = device.wait_for(lambda f: f["type"] == 2 and f["from"] == hubot
                             and f["msg_type"] == 0)
    assert answer["content"]["text"] == "fence"


def test_is_silent_where_it_is_not_a_member(parley, user, hubot):
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    device = alice.device()
    device.say("/echo anyone?", group_id=group_id)
    device.say("/echo anyone?", to=bob)
    assert ask(device, "/echo fence", hubot) == "fence"
    for conversation_id in (f"group:{group_id}", single(alice, bob)):
        assert hubot not in {row["from_user_id"] for row in parley.stored(conversation_id)}


def test_hubot_joins_and_leaves_as_others_do_and_is_silent_after(parley, user, hubot):
    """There is no route to remove others yet, so it is there from the group's making."""
    alice, bob = user(), user()
    group_id = alice.post("/api/groups", {"name": "lab", "member_ids": [hubot]}).ok()["group_id"]
    bob.join(group_id)
    device = bob.device()
    device.say("/echo joined later", group_id=group_id)
    answer = device.wait_for(lambda f: f["type"] == 2 and f["from"] == hubot
                             and f["msg_type"] == 0)
    assert answer["content"]["text"] == "joined later"


def test_gives_one_reply_to_a_command_that_is_sent_five_times(parley, user, hubot):
    alice = user()
    device = alice.device()
    frame = {"type": 1, "to": hubot, "message_id": "five-times-" + alice.id,
             "content": {"text": "/echo once"}}
    for _ in range(5):
        device.send(frame)
    device.ack(frame["message_id"], count=5)
    device.wait_for(lambda f: f["type"] == 1 and f["content"]["text"] == "once")
    assert ask(device, "/echo fence", hubot) == "fence"
    replies = [row for row in parley.stored(f"{single(alice.id, hubot)}")
               if row["from_user_id"] == hubot]
    assert len(replies) == 2


def test_replies_once_to_each_command_although_it_is_killed_in_between(parley, user, hubot):
    alice = user()
    device = alice.device()
    ids = []
    for round_ in range(3):
        for i in range(20):
            ids.append(device.post({"type": 1, "to": hubot,
                                    "content": {"text": f"/echo {round_} {i}"}}))
        device.ack(ids[-15])
        parley.kill("bot", wait=round_ == 2)
        if round_ < 2:
            device.ack(ids[-1])
            parley.wait_ready()
    for each in ids:
        assert device.ack(each)["code"] == 0
    device.wait_for(lambda f: f["type"] == 1 and f["from"] == hubot, count=60)
    said = [row["content"] for row in parley.stored(single(alice.id, hubot))
            if row["from_user_id"] == hubot]
    assert len(said) == 60 == len(set(said))


def test_tells_its_commands_as_help_does(user, hubot):
    alice = user()
    bot = alice.get(f"/api/bots/{hubot}").ok()
    assert bot["user_id"] == hubot and bot["username"] == "hubot" and bot["nickname"]
    help_text = ask(alice.device(), "/help", hubot)
    assert help_text.split("\n")[1:] == [
        f"{command['usage']}: {command['about']}" for command in bot["commands"]]
    for command in bot["commands"]:
        assert command["usage"].split()[0] == command["name"]


def test_a_program_with_a_service_account_is_a_bot_without_commands(user, admin):
    name = fresh("shop")
    service = admin.post("/v1/admin/services", {
        "username": name, "nickname": "The shop", "reason": "orders"}).ok()["service"]
    bot = user().get(f"/api/bots/{service['user_id']}").ok()
    assert bot == {"user_id": service["user_id"], "username": name, "nickname": "The shop",
                   "commands": []}


def test_people_and_nobody_are_no_bots(user, rest):
    alice, bob = user(), user()
    for user_id in (bob.id, alice.id, "user_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"):
        alice.get(f"/api/bots/{user_id}").refused(40401)
    rest.call("GET", f"/api/bots/{bob.id}").refused(40101)
