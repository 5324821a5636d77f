"""What `make run` promises: tools/run on a machine of its own."""

import os
import signal
import socket
import time

import pytest

from client import texts
from conftest import PORT
from instance import SERVERS, SERVICES, SLOWNESS, base_port, eventually, is_alive

SECOND_PORT = PORT + 1


def test_names_every_process_in_var_run_and_writes_its_log(parley):
    for name in SERVICES + SERVERS:
        assert is_alive(parley.pid(name)), name
        assert (parley.var / "log" / f"{name}.log").exists(), name


@pytest.mark.parametrize("name", SERVICES + SERVERS)
def test_restarts_what_dies(parley, user, name):
    parley.kill(name)
    parley.wait_whole()
    eventually(lambda: serves(parley), 30, "the edge")
    alice, bob = user(), user()
    receiver = bob.device()
    ack = alice.device().say("still here", to=bob)
    receiver.message(ack["message_id"])


def serves(parley):
    try:
        return parley.rest.call("GET", "/.well-known/jwks.json").status == 200
    except OSError:
        return False


def test_a_message_process_takes_its_partitions_up_again_within_two_seconds(parley, user):
    alice = user()
    people = [user() for _ in range(24)]  # conversations in most of the 16 partitions
    device = alice.device()
    for person in people:
        device.say("before", to=person)
    parley.kill("message")
    started = time.monotonic()
    sent = [device.post({"type": 1, "to": person.id, "content": {"text": "after"}})
            for person in people]
    for each in sent:
        assert device.ack(each)["code"] == 0
    assert time.monotonic() - started < 2 * SLOWNESS


def test_listens_on_loopback_only(parley):
    hosts = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None,
                                                         socket.AF_INET)} - {"127.0.0.1"}
    ports = (parley.port, *range(parley.base, parley.base + 32))
    for host in (host for host in hosts if not host.startswith("127.")):
        for port in ports:
            with socket.socket() as probe:
                probe.settimeout(1)
                assert probe.connect_ex((host, port)) != 0, (host, port)


def test_two_run_side_by_side_keep_their_data_and_leave_nothing_behind(
        parley, make_parley, user, tmp_path):
    other = make_parley(SECOND_PORT, var=tmp_path)
    assert not {other.pid(name) for name in SERVICES + SERVERS} & parley.pids()
    alice = other.register()
    bob = other.register()
    group_id = alice.create_group(bob)
    device = alice.device()
    device.say("kept", to=bob)
    device.say("kept too", group_id=group_id)
    # Neither knows the other's people.
    parley.answer_to_login(*alice.account).refused(40103)
    assert parley.rest.call("GET", "/api/users/me", token=alice.token).code == 40101
    user().device().heartbeat()

    assert make_parley.stopped(other) == []
    assert device.wait_closed() == 1001

    started = time.monotonic()
    other.start()
    assert time.monotonic() - started < 60 * SLOWNESS
    alice = other.login(*alice.account)
    assert texts(alice.private_history(bob.id)["messages"]) == ["kept"]
    assert texts(alice.group_history(group_id)["messages"])[-1] == "kept too"
    assert alice.device().say("and on", to=bob)["seq"] == 2

    # Ctrl-C ends it as well.
    assert other.stop(signal.SIGINT) is not None
    assert other.left_behind() == []


def test_without_services_the_servers_run_alone(make_parley, tmp_path):
    """REPLICAS=0, for `parleyctl restore`: own servers, one here, and nobody who writes."""
    other = make_parley(SECOND_PORT, wait=False, var=tmp_path, replicas=0,
                        AMQP_URL="amqp://elsewhere", MONGODB_URI="mongodb://elsewhere")
    eventually(lambda: any("no service" in line for line in other.lines), 30,
               "the line that says so")
    assert {path.stem for path in (tmp_path / "run").glob("*.pid")} == {"redis"}
    assert make_parley.stopped(other) == []


def test_a_taken_port_is_named_in_one_line(make_parley, tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", SECOND_PORT))
        taken.listen()
        other = make_parley(SECOND_PORT, wait=False, var=tmp_path)
        assert other.process.wait(60) != 0
        eventually(lambda: any(str(SECOND_PORT) in line for line in other.lines), 5,
                   "a line that names the port")
    other.process = None
    named = [line for line in other.lines if str(SECOND_PORT) in line]
    assert len(named) == 1, other.lines
    assert "taken" in named[0] or "in use" in named[0], named
    assert other.left_behind() == []


def test_a_taken_port_of_a_further_replica_is_named_with_its_reason(make_parley, tmp_path):
    """As when another instance runs at the next PORT."""
    third = base_port(SECOND_PORT + 1) + 8
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", third))
        taken.listen()
        other = make_parley(SECOND_PORT, wait=False, var=tmp_path, replicas=2)
        assert other.process.wait(60) != 0
        eventually(lambda: other.lines, 5, "a line")
    other.process = None
    assert other.lines == [f"auth-2 cannot start: port {third} is taken; replica 2 needs the ports "
                           f"of PORT={SECOND_PORT + 1}"]


def test_everything_is_ready_only_while_what_it_needs_is_there(parley):
    parley.signal("mongod", signal.SIGSTOP)
    try:
        eventually(lambda: not parley.is_ready("message"), 20, "message not being ready")
    finally:
        parley.signal("mongod", signal.SIGCONT)
    parley.wait_ready()
