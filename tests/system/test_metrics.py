"""What an operator sees: each process counts what people do, by names that are documented, and no
client can make it print something of his own."""

import re
import subprocess

import bson
import pytest

import tap
from client import fresh
from instance import ROOT, eventually

SERVICES = ("auth", "user", "group", "message", "push", "bot")
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
PAIR = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
HISTOGRAM_ENDS = ("_bucket", "_sum", "_count")


class Numbers(dict):
    """Samples by name and labels."""

    def __init__(self, text):
        super().__init__()
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self[name, frozenset(PAIR.findall(labels or ""))] = float(value)

    def sum(self, name, **labels):
        """Of all that have these labels."""
        wanted = set(labels.items())
        return sum(value for (its_name, its_labels), value in self.items()
                   if its_name == name and wanted <= its_labels)


@pytest.fixture
def numbers(parley):
    return lambda service: Numbers(parley.metrics(service))


def promtool_complaints(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, check=False)
    return (done.stdout + done.stderr) if done.returncode else ""


@pytest.mark.smoke
@pytest.mark.parametrize("service", SERVICES)
def test_each_page_is_as_prometheus_wants_it_and_as_documented(parley, user, service):
    alice, bob = user(), user()
    alice.device().say("hello", to=bob)

    def page_of_who_is_ready():
        text = parley.metrics(service)
        return Numbers(text).sum("parley_ready") == 1 and text

    text = eventually(page_of_who_is_ready, what="it is ready")
    assert promtool_complaints(text) == ""
    documented = set(re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(),
                                re.MULTILINE))
    assert set(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)) <= documented


def test_a_message_is_counted_from_its_frame_to_its_ack(numbers, user):
    alice, bob = user(), user()
    phone = alice.device()
    push, message = numbers("push"), numbers("message")
    for _ in range(5):
        phone.say("hello", to=bob)

    def risen():
        return (numbers("push").sum("parley_push_answer_seconds_count", outcome="acknowledged")
                - push.sum("parley_push_answer_seconds_count", outcome="acknowledged") >= 5)

    eventually(risen, what="the acks are counted")
    now, then = numbers("push"), push
    for name, labels in (("parley_push_frames_total", {"type": "message", "status": "OK"}),
                         ("parley_push_answers_total", {"status": "OK"}),
                         ("parley_ws_messages_in_total", {})):
        assert now.sum(name, **labels) - then.sum(name, **labels) >= 5, name
    assert now.sum("parley_push_sockets") >= 1
    assert 0 < now.sum("parley_push_answer_seconds_sum") - then.sum("parley_push_answer_seconds_sum") < 60
    now, then = numbers("message"), message
    for name, labels in (("parley_message_commands_total", {"kind": "send", "status": "OK"}),
                         ("parley_message_batch_commands_sum", {}),
                         ("parley_message_stored_total", {}),
                         ("parley_bus_handle_seconds_count", {}),
                         ("parley_store_seconds_count", {"operation": "insert", "collection": "messages"})):
        assert now.sum(name, **labels) > then.sum(name, **labels), name
    eventually(lambda: numbers("message").sum("parley_message_partitions") == 16, what="all are its own")


def test_only_where_messages_have_vanished_one_asks_for_what_is_left_of_them(parley, numbers, user):
    alice, bob = user(), user()
    phone = alice.device()
    ack = phone.say("hello", to=bob)
    path = f"/api/conversations/{ack['conversation_id']}"
    alice.delete(f"{path}/messages/{ack['message_id']}?scope=all").ok()
    alice.call("PUT", f"{path}/timer", {"seconds": 60}).ok()

    def asked(question):
        before = numbers("message").sum("parley_store_seconds_count", operation="find",
                                        collection="vanished")
        question()
        return numbers("message").sum("parley_store_seconds_count", operation="find",
                                      collection="vanished") - before

    assert asked(lambda: phone.say("a recall is gone, and this will be", to=bob)) == 0
    eventually(lambda: parley.mongo["messages"].update_many(
        {"conversation_id": ack["conversation_id"], "expires_at": {"$gt": 1}},
        {"$set": {"expires_at": bson.Int64(1)}}).modified_count == 1, what="its time is over")
    phone.system("message.expired")
    assert asked(lambda: phone.say("next", to=bob)) == 1


def test_a_refusal_is_counted_by_its_reason(numbers, user):
    alice = user()
    phone = alice.device()
    before = numbers("push")
    phone.refusal({"type": 1, "message_id": fresh(), "to": "nobody", "content": {"text": "x"}})
    phone.send({"type": 4711})
    eventually(lambda: numbers("push").sum("parley_push_answers_total", status="NOT_FOUND")
               > before.sum("parley_push_answers_total", status="NOT_FOUND"), what="no such person")
    eventually(lambda: numbers("push").sum("parley_push_frames_total", type="unreadable", status="INVALID")
               > before.sum("parley_push_frames_total", type="unreadable", status="INVALID"),
               what="no such frame")


def test_a_call_is_counted_on_both_sides(numbers, user):
    alice, bob = user(), user()
    alice.device().say("hello", to=bob)  # may she?
    for side, service in (("client", "message"), ("server", "user")):
        found = numbers(service)
        assert found.sum("parley_rpc_calls_total", side=side, method="user.may_write", status="OK") > 0
        assert found.sum("parley_rpc_seconds_count", side=side, method="user.may_write") > 0


def test_what_is_parked_and_what_waits_is_seen(parley, numbers):
    before = numbers("message")
    connection = parley.amqp()
    connection.channel().basic_publish("im.command", "message.p3", b"no envelope", tap.NONSENSE)
    eventually(lambda: numbers("message").sum("parley_bus_parked_total", queue="message.p3")
               > before.sum("parley_bus_parked_total", queue="message.p3"), what="it is parked")
    eventually(lambda: numbers("message").sum("parley_bus_queue_messages", queue="dead") >= 1, 20,
               "it waits there")
    connection.channel().queue_purge("dead")
    connection.close()


def test_nothing_that_a_client_says_becomes_a_label(parley, numbers, user):
    alice = user()
    phone = alice.device()
    name = "intruder" + fresh()
    alice.call("GET", f"/api/{name}")
    alice.call("PROPFIND", f"/api/users/{name}?{name}")
    phone.send({"type": name, name: name})
    assert phone.error()["code"] == 40001
    for service in SERVICES:
        assert name not in parley.metrics(service), service
