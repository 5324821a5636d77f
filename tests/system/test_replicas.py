"""Two processes of a service share the work, and one takes over what the other leaves.

The second is a Node beside the shared instance: nobody starts it again, so what it leaves is left
to the first. What two push nodes owe to sockets and presence is told in test_presence.py and
test_session_ends.py as well."""

import collections
import contextlib
import os
import signal
import threading
import time

import pytest

from client import Rest, fresh
from conftest import PASSWORD
from instance import SLOWNESS, eventually
from node import Node
from tap import envelopes
from test_overview import online_in_redis, overview
from test_presence import make_friends, presences, seen, wait_seen
from test_services import WHY, Outsider, Service, notice

import judge

PARTITIONS = 16
ALL = (1 << PARTITIONS) - 1


def partition_of(conversation_id):
    """FNV-1a, as libs/wire/topology.h has it."""
    value = 2166136261
    for byte in conversation_id.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % PARTITIONS


def count(held):
    return bin(held).count("1")


class Owners:
    """What the processes of message say that they hold, and since when."""

    def __init__(self, parley):
        self.held = {}
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.listen, args=(parley.amqp(),), daemon=True)
        self.stopping = False
        self.thread.start()

    def listen(self, connection):
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "im.event", "message.owner")
        channel.basic_consume(queue, self.hear, auto_ack=True)
        with contextlib.closing(connection):
            while not self.stopping:
                connection.process_data_events(0.1)

    def hear(self, _, __, ___, body):
        now = time.monotonic()
        with self.changed:
            for _, raw in envelopes(body):
                event = judge.parse(raw)
                if self.held.get(event["node"], (None,))[0] != event["held"]:
                    self.held[event["node"]] = event["held"], now
            self.changed.notify_all()

    def of(self, node):
        return self.held.get(node, (0, 0))[0]

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, 20 * SLOWNESS), self.held

    def stop(self):
        self.stopping = True
        self.thread.join()


@pytest.fixture
def owners(parley):
    listener = Owners(parley)
    listener.wait(lambda: ALL in [held for held, _ in listener.held.values()])
    yield listener
    listener.stop()


@pytest.fixture
def replica(parley):
    """replica(service): one more process of it."""
    nodes = []

    def make(service, **more):
        nodes.append(Node(parley, service, **more))
        return nodes[-1]

    yield make
    for node in nodes:
        node.end()


def name_of_the_first(owners):
    """The instance's own."""
    return next(name for name, (held, _) in owners.held.items() if held == ALL)


def someone_in(parley, user, sender, held):
    """Somebody with whom sender's conversation lies in one of these partitions."""
    while True:
        other = user()
        if held >> partition_of("single:" + ":".join(sorted((sender.id, other.id)))) & 1:
            return other


# ---- Partitions


def test_two_owners_hold_half_each_and_the_living_one_has_all_within_two_seconds(
        parley, user, owners, replica):
    own = name_of_the_first(owners)
    second = replica("message")
    owners.wait(lambda: count(owners.of(own)) == count(owners.of(second.name)) == 8)
    assert owners.of(own) | owners.of(second.name) == ALL

    alice = user()
    device = alice.device()
    there = someone_in(parley, user, alice, owners.of(second.name))
    here = someone_in(parley, user, alice, owners.of(own))
    for other in (there, here, there, here):
        device.say("to both halves", to=other)

    ended = time.monotonic()
    second.end(signal.SIGKILL)
    assert device.say("to the dead one's half", to=there)["seq"] == 3
    answered = time.monotonic() - ended
    owners.wait(lambda: owners.of(own) == ALL)
    taken = owners.held[own][1] - ended
    print(f"after kill -9: all taken after {taken:.2f} s, the first send answered after "
          f"{answered:.2f} s")
    assert taken < 2 * SLOWNESS and answered < 2.5 * SLOWNESS


def test_who_ends_in_order_is_followed_at_once_and_nothing_waits(parley, user, owners, replica):
    own = name_of_the_first(owners)
    second = replica("message")
    owners.wait(lambda: count(owners.of(own)) == count(owners.of(second.name)) == 8)
    alice = user()
    device = alice.device()
    others = [user() for _ in range(4)]
    stop, waits = threading.Event(), []

    def talk():
        while not stop.is_set():
            for other in others:
                before = time.monotonic()
                device.say("on and on", to=other)
                waits.append(time.monotonic() - before)

    def replace(node):
        """How long nobody holds what it has, and the longest wait for an ack meanwhile, in seconds."""
        before = len(waits)
        node.send_signal(signal.SIGTERM)
        owners.wait(lambda: owners.of(own) == ALL)
        node.process.wait(20)
        taken = owners.held[own][1] - owners.held[node.name][1]
        following = replica("message")  # and when one comes, the old one gives half of it up
        owners.wait(lambda: count(owners.of(following.name)) == 8)
        return following, taken, max(waits[before:])

    talker = threading.Thread(target=talk)
    talker.start()
    third, *once = replace(second)
    _, *twice = replace(third)  # a machine that stands still makes one of them longer
    stop.set()
    talker.join()
    print(f"after SIGTERM, in s: until all was taken, and the longest of {len(waits)} sends: "
          f"{once}, {twice}")
    assert any(taken < 0.25 * SLOWNESS and longest < 1 * SLOWNESS for taken, longest in (once, twice))
    for other in others:
        rows = parley.stored("single:" + ":".join(sorted((alice.id, other.id))))
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))


def test_a_third_owner_gets_its_share_and_moves_no_more_than_that(owners, replica):
    own = name_of_the_first(owners)
    second = replica("message")
    owners.wait(lambda: count(owners.of(own)) == count(owners.of(second.name)) == 8)
    before = {name: owners.of(name) for name in (own, second.name)}
    third = replica("message")
    owners.wait(lambda: sorted(count(owners.of(name)) for name in (own, second.name, third.name))
                == [5, 5, 6])
    for name, held in before.items():
        assert owners.of(name) & ~held == 0, "nobody took anything but the one that came"


def test_what_another_did_with_a_partition_is_known_to_who_gets_it_back(
        parley, user, owners, replica):
    own = name_of_the_first(owners)
    second = replica("message")
    owners.wait(lambda: count(owners.of(own)) == count(owners.of(second.name)) == 8)
    lent = owners.of(second.name)
    second.end()
    owners.wait(lambda: owners.of(own) == ALL)
    alice = user()
    conversation_id = alice.device().say(
        "hi", to=someone_in(parley, user, alice, lent))["conversation_id"]

    def set_and_look(**settings):
        """What her devices know it by that something has changed."""
        alice.patch(f"/api/conversations/{conversation_id}", settings).ok()
        return parley.mongo["conversation_users"].find_one(
            {"user_id": alice.id, "conversation_id": conversation_id})["version"]

    versions = [set_and_look(pinned=True)]
    given_back = parley.log("message").count("batch given back")
    second = replica("message")
    owners.wait(lambda: owners.of(second.name) == lent)
    versions += [set_and_look(muted=True), set_and_look(pinned=False)]
    second.end()
    owners.wait(lambda: owners.of(own) == ALL)
    versions.append(set_and_look(pinned=True))
    assert versions == sorted(set(versions)), "a device would not hear of one of them"
    assert parley.log("message").count("batch given back") == given_back, (
        "what it knew was stale, and found to be so")


# ---- What comes in order stays in order


def test_a_services_messages_keep_their_order_with_two_who_could_take_them(
        parley, user, admin, replica):
    replica("message")
    made = admin.post("/v1/admin/services", {"username": fresh("shop-"), **WHY}).ok()
    outsider = Outsider(parley, Service(parley, made))
    try:
        ben = user()
        device = ben.device()
        sent = [notice(f"parcel {i}", ben) for i in range(300)]
        for each in sent:
            outsider.publish(each)
        device.wait_for(lambda frame: frame["type"] == 1, count=len(sent))
        told = [frame["message_id"] for frame in device.messages()]
        assert told == [each["message_id"] for each in sent]
    finally:
        outsider.connection.close()


# ---- auth


@pytest.fixture
def both(parley, replica):
    """Two processes of auth, each by its own port."""
    return Rest(f"http://127.0.0.1:{parley.port_of('auth')}"), replica("auth").rest


def test_what_one_auth_gave_out_the_other_takes(parley, both):
    first, second = both
    name = fresh("u")
    first.call("POST", "/api/register",
               {"username": name, "password": PASSWORD, "nickname": name}).ok()
    login = second.call("POST", "/api/login",
                        {"username": name, "password": PASSWORD, "device": "desk"}).ok()
    assert first.call("GET", "/api/sessions", token=login["token"]).ok()["total"] == 1
    assert (first.call("GET", "/.well-known/jwks.json").body
            == second.call("GET", "/.well-known/jwks.json").body)
    refresh = {"refresh_token": login["refresh_token"]}
    renewed = first.call("POST", "/api/refresh", refresh).ok()
    again = second.call("POST", "/api/refresh", refresh).ok()  # a second tab, at the other
    assert again["refresh_token"] == renewed["refresh_token"]
    second.call("POST", "/api/logout", {}, token=renewed["token"]).ok()
    eventually(lambda: first.call("GET", "/api/sessions", token=again["token"]).code == 40101)
    first.call("POST", "/api/refresh", {"refresh_token": renewed["refresh_token"]}).refused(40101)


def test_guesses_at_a_password_count_together_wherever_they_arrive(user, both):
    alice = user()
    codes = [both[i % 2].call("POST", "/api/login", {
        "username": alice.username, "password": "wrong-horse-battery"}).code for i in range(6)]
    assert codes == [40103] * 5 + [42901]


def test_of_two_auths_that_make_somebody_administrator_at_once_one_does(
        parley, admin, user, replica):
    boss = user()
    more = {"ADMIN_USERNAME": boss.username, "ADMIN_PASSWORD": PASSWORD}
    mongod = parley.signal("mongod", signal.SIGSTOP)  # so that both go on in the same moment
    try:
        nodes = [replica("auth", wait=False, **more) for _ in range(3)]
        for node in nodes:
            eventually(node.lives, 20, "an auth that waits for MongoDB")
    finally:
        os.kill(mongod, signal.SIGCONT)
    for node in nodes:
        node.wait_ready()
    entries = admin.get(f"/v1/admin/audit?target_id={boss.id}").ok()["entries"]
    assert [entry["details"] for entry in entries] == ["role=admin"]
    account = parley.mongo["accounts"].find_one({"_id": boss.id})
    assert account["role"] == "admin" and account["generation"] == 1


# ---- push and user


def is_said(frame):
    """By somebody, to a group."""
    return frame["type"] == 2 and frame["msg_type"] == 0


def test_a_group_is_heard_once_by_everybody_whatever_node_he_is_at(parley, user, node):
    people = [user() for _ in range(4)]
    group_id = people[0].create_group(*people[1:])
    devices = [person.device(url) for person in people for url in (None, node.ws_url)]
    acks = [device.say(f"from {i}", group_id=group_id) for i, device in enumerate(devices)]
    for device in devices:
        device.wait_for(is_said, count=len(acks) - 1)
        device.heartbeat()
    for i, device in enumerate(devices):
        heard = collections.Counter(frame["message_id"] for frame in filter(is_said, device.frames))
        assert set(heard) == {ack["message_id"] for k, ack in enumerate(acks) if k != i}
        assert set(heard.values()) == {1}


def test_who_is_online_is_counted_once_whatever_nodes_he_is_at(parley, admin, user, node):
    alice, bob = user(), user()
    for url in (None, node.ws_url):
        alice.device(url)
    bob.device(node.ws_url)
    eventually(lambda: parley.redis.hlen(f"online:{alice.id}") == 2
               and parley.redis.hlen(f"online:{bob.id}") == 1, what="three sockets at two nodes")
    # People of the stories before may still be on their way out.
    eventually(lambda: (overview(admin)["live"] or {}).get("online") == online_in_redis(parley), 20,
               "each is counted once")


def test_friends_hear_of_one_coming_once_with_two_who_could_tell_and_when_one_dies(
        parley, user, replica):
    alice, bob, carol = user(), user(), user()
    make_friends(bob, alice)
    make_friends(bob, carol)
    second = replica("user")
    watch = bob.device()
    alice.device()
    wait_seen(watch, alice, True)
    old = parley.signal("user", signal.SIGKILL)
    carol.device()
    wait_seen(watch, carol, True)
    parley.wait_replaced("user", old)
    assert second.process.poll() is None
    watch.heartbeat()
    assert seen(watch, alice) == seen(watch, carol) == [True]
    assert presences(bob, alice)[alice.id]["online"]
