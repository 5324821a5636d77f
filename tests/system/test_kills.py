"""kill -9 of anything in the middle of 2,000 sends: nothing lost, nothing doubled, one order."""

import contextlib
import os
import random
import signal
import time

import pytest

from talk import Talk

ROUNDS = int(os.environ.get("KILL_ROUNDS", "1"))
SENDS = 2000
KILL_AFTER = 500

VICTIMS = ("auth", "user", "group", "message", "push", "bot", "rabbitmq", "mongod", "redis")


@pytest.mark.parametrize("round_", range(ROUNDS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_loses_and_doubles_nothing_when_one_is_killed_mid_send(parley, victim, round_):
    talk = Talk(parley)
    try:
        talk.send(SENDS // 2)
        talk.wait_acked(KILL_AFTER)
        old = parley.kill(victim, wait=False)
        talk.send(SENDS // 2)  # however fast the others were
        talk.wait_acked(SENDS)
        parley.wait_replaced(victim, old)
        talk.check_store()
        talk.check_devices()
    finally:
        talk.stop()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_loses_and_doubles_nothing_in_a_storm_of_faults(parley, round_):
    """Kills and halts (a former owner that wakes up again) of whatever a message passes."""
    seed = int(time.time() * 1000)
    chance = random.Random(seed)
    talk = Talk(parley)
    faults = [f"seed {seed}"]
    try:
        talk.send(2 * SENDS)
        for step in range(1, 7):
            talk.wait_acked(step * SENDS // 4)
            name = chance.choice(("message", "push", "mongod", "user", "message", "rabbitmq"))
            halt = chance.choice((0, 0, 0.3, 3))
            faults.append(f"{name} {halt} at {talk.acked}")
            if not parley.find_pid(name):
                continue
            with contextlib.suppress(ProcessLookupError):  # the fault before has just ended it
                pid = parley.signal(name, signal.SIGSTOP if halt else signal.SIGKILL)
                if halt:
                    time.sleep(halt)  # this long it does nothing: the fault itself
                    os.kill(pid, signal.SIGCONT)
        talk.wait_acked(2 * SENDS)
        parley.wait_ready()
        talk.check_store()
        talk.check_devices()
    except AssertionError as fault:
        raise AssertionError(f"{fault}; {faults}") from fault
    finally:
        talk.stop()
