"""Membership is part of the log: who sees what is decided by seq, whatever dies meanwhile."""

import concurrent.futures
import json
import os
import random

import pytest
import requests

from client import fresh
from instance import SLOWNESS, eventually
from proper_client import ProperClient

ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
COMERS = 8
TURNS = 12


def spans_in(log, user_id):
    """From the log's system messages: when somebody was a member."""
    spans = []
    for row in log:
        if row["msg_type"] != 3:
            continue
        content = json.loads(row["content"])
        change = json.loads(row["change"])
        if user_id in change.get("users_in", []):
            spans.append([row["seq"], 0])
        if user_id in change.get("users_out", []):
            assert content["event"] == "group.left"
            spans[-1][1] = row["seq"]
    return spans


def come_and_go(person, group_id, chance):
    """Join and leave by turns, again whenever the answer is "try again"; some come back at the end."""
    turns = TURNS + (chance.random() < 0.5)
    for turn in range(turns):
        path = f"/api/groups/{group_id}/{'join' if turn % 2 == 0 else 'leave'}"

        def settled():
            try:
                code = person.post(path).code
            except (requests.RequestException, ValueError):
                return False
            assert code in (0, 40401, 40903, 50301, 50001), code
            return code in (0, 40401, 40903)

        eventually(settled, 60, path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("victims", [(), ("message",), ("group",), ("push",), ("rabbitmq",),
                                     ("group", "message", "mongod")],
                         ids=lambda victims: "+".join(victims) or "none")
def test_everyone_sees_exactly_what_was_said_while_he_was_a_member(parley, victims, round_):
    chance = random.Random()
    owner = parley.register()
    comers = [parley.register() for _ in range(COMERS)]
    group_id = owner.create_group()
    conversation_id = f"group:{group_id}"
    speaker = ProperClient(owner, window=4).start()
    watchers = [ProperClient(person).start() for person in comers]
    try:
        with concurrent.futures.ThreadPoolExecutor(COMERS) as pool:
            coming = [pool.submit(come_and_go, person, group_id, chance) for person in comers]
            for i in range(300):
                speaker.send({"type": 2, "group_id": group_id, "message_id": fresh(),
                              "content": {"text": f"{i}"}})
            for step, victim in enumerate(victims, 1):
                assert speaker.wait(lambda c: len(c.acks) > 60 * step, 60 * SLOWNESS)
                parley.kill(victim, wait=False)
            for each in coming:
                each.result(150)
        assert speaker.wait(lambda c: len(c.acks) == 300, 60 * SLOWNESS), len(speaker.acks)
        assert not speaker.faults
        parley.wait_ready()
        eventually(lambda: not parley.mongo["groups"].find_one(
            {"_id": group_id, "pending.0": {"$exists": True}}), 20, "an empty outbox")
        check_log(parley, group_id, comers)
        for person, watcher in zip(comers, watchers):
            check_shown(parley, person, watcher, conversation_id)
    finally:
        for each in [speaker, *watchers]:
            each.stop()


def check_log(parley, group_id, comers):
    log = parley.stored(f"group:{group_id}")
    assert [row["seq"] for row in log] == list(range(1, len(log) + 1))
    changes = [row for row in log if row["msg_type"] == 3]
    assert [row["rev"] for row in changes] == list(range(1, len(changes) + 1))
    assert len(log) - len(changes) == 300
    group = parley.mongo["groups"].find_one({"_id": group_id})
    assert group["rev"] == len(changes)
    members = {member["user_id"] for member in group["members"]}
    for person in comers:
        spans = spans_in(log, person.id)
        row = parley.mongo["conversation_users"].find_one(
            {"user_id": person.id, "conversation_id": f"group:{group_id}"})
        assert [[span["from_seq"], span["to_seq"]] for span in row["spans"]] == spans
        assert (person.id in members) == (spans[-1][1] == 0)


def check_shown(parley, person, watcher, conversation_id):
    """Live or by history, he may see what is in his spans; at the end he has all of the last."""
    log = parley.stored(conversation_id)
    spans = spans_in(log, person.id)
    allowed = {seq for start, end in spans
               for seq in range(start, (end or len(log)) + 1)}
    last = range(spans[-1][0], (spans[-1][1] or len(log)) + 1)
    history, after = set(), 0
    while True:
        page = person.group_history(conversation_id.removeprefix("group:"),
                                    f"limit=100&after_seq={after}")
        history |= {message["seq"] for message in page["messages"]}
        if not page["has_more"]:
            break
        after = page["messages"][-1]["seq"]
    assert history == allowed
    if spans[-1][1] == 0:
        assert watcher.wait(lambda c: c.last[conversation_id] == len(log), 30 * SLOWNESS), (
            watcher.last[conversation_id], len(log))
    shown = [seq for seq, _ in watcher.shown[conversation_id]]
    assert shown == sorted(set(shown)) and set(shown) <= allowed
    if spans[-1][1] == 0:
        assert set(last) <= set(shown)
