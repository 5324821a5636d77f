"""An ack waits for the majority of three mongods, two of which are halted; and a step-down."""

import concurrent.futures
import time

import pymongo
import pytest

from conftest import PORT
from faults.replica_set import ReplicaSet
from instance import SLOWNESS, base_port, eventually


class Direct:
    """No links that could be cut: members reach each other as they are."""

    @staticmethod
    def link(_, port):
        return port


@pytest.fixture(scope="module")
def mongods(tmp_path_factory):
    members = ReplicaSet(tmp_path_factory.mktemp("mongods"), base_port(PORT + 201), Direct(),
                         election_ms=5000)  # so long a primary without a majority takes messages
    yield members
    members.stop()


@pytest.fixture(scope="module")
def three(mongods, make_parley):
    """An instance on that set; they start at the same time."""
    instance = make_parley(PORT + 200, wait=False, MONGODB_URI=mongods.uri)
    mongods.start()
    instance.wait_ready(100)
    eventually(lambda: instance.listens(instance.port), 60, "the edge")
    instance._mongo = mongods.client
    yield instance
    make_parley.stopped(instance)


@pytest.fixture
def pair(three):
    """Two people, and a device of each."""
    alice, bob = three.register(), three.register()
    device, his = alice.device(), bob.device()
    device.say("before", to=bob)
    his.wait_for(lambda frame: frame["type"] == 1)
    yield alice, device, bob, his
    device.close()
    his.close()


def on_one(mongods, i, message_id):
    """Is it in this member, whatever the others have?"""
    with mongods.ask(i) as one:
        messages = one.get_database("parley", read_concern=pymongo.read_concern.ReadConcern(
            "local"))["messages"]
        return messages.count_documents({"_id": {"$regex": f"/{message_id}$"}})


def writes(mongods, i):
    """Is it primary? It is not for long once it sees no majority."""
    with mongods.ask(i) as one:
        return one.admin.command("hello")["isWritablePrimary"]


def acked(device, message_id):
    return [frame for frame in device.frames
            if frame["type"] == 30 and frame.get("message_id") == message_id]


def test_no_ack_comes_before_the_majority_has_it_and_then_it_does(three, mongods, pair):
    _, device, bob, his = pair
    primary = mongods.primary()
    others = [i for i in range(3) if i != primary]
    for i in others:
        mongods.halt(i)
    halted = time.monotonic()
    try:
        message_id = device.post({"type": 1, "to": bob.id, "content": {"text": "to the majority"}})
        eventually(lambda: on_one(mongods, primary, message_id), what="it is in the primary")
        eventually(lambda: not writes(mongods, primary), 40, "it is primary no longer")
        device.heartbeat()  # what was sent before this has come
        assert not acked(device, message_id)
        his.heartbeat()
        assert [each["content"]["text"] for each in his.messages()] == ["before"]
    finally:
        mongods.go_on(others[0])
    resumed = time.monotonic()
    ack = device.wait_for(lambda f: f["type"] == 30 and f.get("message_id") == message_id,
                          timeout=60 * SLOWNESS)
    print(f"without a majority for {resumed - halted:.1f} s; the ack came "
          f"{time.monotonic() - resumed:.1f} s after one was back")
    mongods.go_on(others[1])
    assert ack["code"] == 0 and ack["seq"] == 2
    mongods.wait_whole()
    rows = three.stored(ack["conversation_id"])
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["_id"].rpartition("/")[2] for row in rows].count(message_id) == 1


def test_sends_wait_while_another_primary_is_chosen_and_go_on(three, mongods, pair):
    _, device, bob, _ = pair
    waits = []
    mongods.wait_whole()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        stepping = pool.submit(mongods.step_down)
        while not stepping.done() or len(waits) < 50:
            before = time.monotonic()
            device.say("on and on", to=bob)
            waits.append(time.monotonic() - before)
        stepping.result()
    ack = device.say("last", to=bob)
    print(f"the longest of {len(waits)} sends around a step-down took {max(waits):.1f} s")
    assert max(waits) < 15 * SLOWNESS
    rows = three.stored(ack["conversation_id"])
    assert [row["seq"] for row in rows] == list(range(1, len(waits) + 3))
