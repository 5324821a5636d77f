"""Each part of a town is broken while people talk: nothing lost, nothing doubled, one order.

In short (what CI runs): -m smoke. FAULT_ROUNDS=n repeats everything, FAULT_SENDS=n talks longer."""

import contextlib
import os
import signal

import pytest

from faults.town import EDGES, LINKS_OF_MONGODB
from instance import SLOWNESS, eventually
from talk import PEOPLE, Talk

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
SENDS = int(os.environ.get("FAULT_SENDS", "1000"))
LONG_WAIT = 2.0  # seconds without an ack: then a cut is felt
FAR_ACKS = 500  # some three for each message that is under way at once, at 4 s each

figures = []  # one line per fault, printed at the end


# ---- Faults: entered, the fault is there; left, it is undone, and what it broke is back


@contextlib.contextmanager
def killed(town, _, name):
    old = town.signal(name, signal.SIGKILL)
    yield
    town.wait_replaced(name, old)


@contextlib.contextmanager
def server_ends(town, _, name, number):
    old = town.servers.signal(name, number)
    yield
    eventually(lambda: town.servers.find_pid(name) not in (None, old), 60, f"a new {name}")


@contextlib.contextmanager
def halted(town, talk, name):
    """It does nothing for a while, and goes on as if nothing had been."""
    pid = town.signal(name, signal.SIGSTOP)
    try:
        wait_felt(talk)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def primary_steps_down(town, _):
    old = town.set.step_down(wait=False)
    yield
    town.set.wait_other_primary(old)


@contextlib.contextmanager
def primary_killed(town, _):
    old = town.set.primary()
    town.set.kill(old)
    yield
    town.set.wait_other_primary(old)
    town.set.start_one(old)


@contextlib.contextmanager
def primary_cut_off(town, _):
    """It still lives, but neither the others nor the services reach it."""
    old = town.set.primary()
    with town.toxiproxy.cut([town.set.links[old]]):
        yield
        town.set.wait_other_primary(old)


@contextlib.contextmanager
def redis_emptied(town, _):
    town.redis.flushall()
    yield


@contextlib.contextmanager
def slow(town, _, *links):
    with town.toxiproxy.toxic(links, "latency", latency=50, jitter=30):
        yield


@contextlib.contextmanager
def far(town, talk, *links):
    """Two seconds a round trip: longer than the owners wait for a beat."""
    with town.toxiproxy.toxic(links, "latency", latency=1000):
        wanted = min(SENDS, talk.acked + FAR_ACKS)
        yield
        talk.wait_acked(wanted)


@contextlib.contextmanager
def narrow(town, _, *links):
    with town.toxiproxy.toxic(links, "bandwidth", rate=100):
        yield


@contextlib.contextmanager
def silent(town, talk, *links):
    """Connections stay, and nothing goes over them: until somebody has felt it."""
    with town.toxiproxy.toxic(links, "timeout", timeout=0):
        wait_felt(talk)
        yield


@contextlib.contextmanager
def cut(town, talk, *links):
    with town.toxiproxy.cut(links):
        wait_felt(talk)
        yield


@contextlib.contextmanager
def away(town, _, *links):
    """Nobody who talks may feel that they are cut."""
    with town.toxiproxy.cut(links):
        yield


@contextlib.contextmanager
def torn(town, talk, *links):
    """Everybody's connections end at once, three times."""
    for i in range(3):
        with town.toxiproxy.cut(links):
            eventually(lambda: not any(talk.connected()), 60, "everybody's loss")
            if i == 0:
                yield
        eventually(lambda: all(talk.connected()), 60, "everybody's return")


def wait_felt(talk):
    talk.send(PEOPLE)  # all that was sent before may have been acked before
    eventually(lambda: talk.waiting_since() > LONG_WAIT, 30, "somebody who waits for an ack")


SHORT = pytest.mark.smoke
FAULTS = {
    "message is killed": (killed, "message"),
    "the other message is killed": (killed, "message-2"),
    "push is killed": (killed, "push-2"),
    "auth is killed": (killed, "auth"),
    "user is killed": (killed, "user"),
    "group is killed": (killed, "group"),
    "bot is killed": (killed, "bot"),
    "an edge is killed": (killed, "nginx-2"),
    "message is halted": (halted, "message"),
    "push is halted": (halted, "push"),
    "RabbitMQ is killed": (server_ends, "rabbitmq", signal.SIGKILL),
    "RabbitMQ is restarted": (server_ends, "rabbitmq", signal.SIGTERM),
    "MongoDB's primary steps down": (primary_steps_down,),
    "MongoDB's primary is killed": (primary_killed,),
    "MongoDB's primary is cut off": (primary_cut_off,),
    "Redis is emptied": (redis_emptied,),
    "Redis is killed": (server_ends, "redis", signal.SIGKILL),
    "RabbitMQ is slow to reach": (slow, "rabbitmq"),
    "RabbitMQ is far away": (far, "rabbitmq"),
    "MongoDB is slow to reach": (slow, *LINKS_OF_MONGODB),
    "Redis is slow to reach": (slow, "redis"),
    "people have slow lines": (slow, *EDGES),
    "people have narrow lines": (narrow, *EDGES),
    "RabbitMQ is silent": (silent, "rabbitmq"),
    "MongoDB is silent": (silent, *LINKS_OF_MONGODB),
    "RabbitMQ is cut off": (cut, "rabbitmq"),
    "MongoDB is cut off": (cut, *LINKS_OF_MONGODB),
    "Redis is cut off": (away, "redis"),
    "an edge is silent": (silent, "edge-1"),
    "people's lines are torn": (torn, *EDGES),
}
IN_SHORT = {"message is killed", "push is killed", "RabbitMQ is killed", "Redis is emptied",
            "MongoDB's primary steps down", "RabbitMQ is silent", "people's lines are torn"}


CASES = [pytest.param(name, fault, arguments, id=name.replace(" ", "-"),
                      marks=[SHORT] if name in IN_SHORT else [])
         for name, (fault, *arguments) in FAULTS.items()]


@pytest.mark.timeout(400 * SLOWNESS)
@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize(("name", "fault", "arguments"), CASES)
def test_nothing_is_lost_or_doubled_when(town, name, fault, arguments, round_):
    talk = Talk(town, town.doors)
    try:
        talk.send(SENDS // 2)
        talk.wait_acked(SENDS // 4)
        with fault(town, talk, *arguments):
            talk.send(SENDS // 2)  # so it is in the middle, however fast the others were
            if fault in (slow, narrow, away):  # while it lasts, too
                talk.wait_acked(talk.count)
        talk.wait_acked(talk.count)
        town.wait_whole()
        talk.check_store()
        talk.check_devices()
        check_presence(talk)
    finally:
        talk.stop()
    figures.append(f"{name:32} {talk.count:8} {len(talk.order):6} "
                   f"{talk.longest_gap() * 1000:10.0f} {talk.reconnects():11}")


def check_presence(talk):
    """In the end everybody sees that all are here: they share a group."""
    ids = ",".join(person.id for person in talk.people)

    def is_right():
        found = talk.people[0].get(f"/api/presence?user_ids={ids}").ok()["presences"]
        return all(each["online"] for each in found) and len(found) == len(talk.people)

    eventually(is_right, 60, "everybody's presence")


@pytest.fixture(scope="module", autouse=True)
def report():
    yield
    print("\nfault                            messages  convs  gap in ms  reconnects")
    print("\n".join(figures))
