"""A tap on the bus: in every run, what really travels there is held against schemas/asyncapi.json.

RabbitMQ's firehose hands over a copy of each message that anybody publishes (TRACE switches it on when
the broker starts, so also when it is started again). A thread takes them out of a queue that forgets its
oldest when we are slow, so that no story waits for it; of each shape (channel, envelope, type) it judges
the first 200 and then one in 20, by a validator that is a hundred times as fast as judge.py's.

What clients send and are sent is noted as well, for the messages that never reach the bus."""

import collections
import contextlib
import functools
import json
import queue
import re
import struct
import threading

import jsonschema_rs
import pika

import client
import judge
from instance import ROOT, SLOWNESS, eventually

TRACE = {"RABBITMQ_SERVER_START_ARGS": '-rabbit trace_vhosts [<<"/">>]'}
NONSENSE = pika.BasicProperties(headers={"x-nonsense": True})  # of stories: not to be judged
FIRST, THEN_ONE_IN = 200, 20
QUEUE_MAX = 50000
WRONG_MAX = 20
HEARTBEATS = "event.message.owner"  # a channel
SLICES = 7  # node, user_id, session_id, conversation_id, traceparent, users_in, users_out


def envelopes(body):
    """(kind, payload) of each, as libs/wire/envelope.h has them; ValueError for anything else."""
    while body:
        try:
            length, = struct.unpack_from("<I", body)
            rest, body = body[4:4 + length], body[4 + length:]
            kind, at = rest[0], 26
            for _ in range(SLICES):
                at += 4 + struct.unpack_from("<I", rest, at)[0]
        except (struct.error, IndexError):
            raise ValueError("no run of envelopes") from None
        yield kind, rest[at:]


@functools.cache
def document():
    return judge.read("asyncapi")


@functools.cache
def channel_of(exchange, key):
    """The name of the channel on that exchange whose address fits the key, or None."""
    for name, channel in document()["channels"].items():
        amqp = channel.get("bindings", {}).get("amqp")
        if amqp and amqp["exchange"]["name"] == exchange and re.fullmatch(
                re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(channel["address"])), key):
            return name
    return None


@functools.cache
def candidates(channel, kind):
    """The messages of a channel that come in such an envelope: those that name it, or else frames."""
    messages = document()["components"]["messages"]
    names = list(document()["channels"][channel]["messages"])
    named = [name for name in names if messages[name].get("x-envelope") == kind]
    if str(kind) in document()["channels"][channel].get("x-envelopes", {}):
        named += [name for name in names if "x-envelope" not in messages[name]]
    return named


class MaxBytes:
    """x-max-bytes, as judge.py has it."""

    def __init__(self, _, limit, __):
        self.limit = limit

    def validate(self, value):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if isinstance(value, dict) and len(text.encode()) > self.limit:
            raise ValueError(f"more than {self.limit} bytes")


SCHEMAS = "http://schemas.invalid/"  # never asked for


@functools.cache
def registry():
    return jsonschema_rs.Registry(
        [(f"{SCHEMAS}{name}.json", judge.read(name)) for name in [*judge.RECORDS, "asyncapi"]],
        draft=jsonschema_rs.Draft202012)


@functools.cache
def validator(message):
    """Of a message's payload."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{SCHEMAS}asyncapi.json#/components/messages/{message}/payload"},
        registry=registry(), keywords={"x-max-bytes": MaxBytes})


def all_messages():
    """Every message of every channel."""
    return {name for channel in document()["channels"].values() for name in channel["messages"]}


class Tap:
    """`wrong` and `seen` may be read at any time."""

    def __init__(self):
        self.counts = collections.Counter()
        self.wrong = []
        self.seen = set()
        self.frames = queue.SimpleQueue()  # (operation, text) of the clients' sockets
        self.last = {}  # by shape: the message that it was

    # ---- Judging

    def is_chosen(self, shape):
        self.counts[shape] += 1
        return self.counts[shape] <= FIRST or self.counts[shape] % THEN_ONE_IN == 0

    def complain(self, *what):
        if len(self.wrong) < WRONG_MAX:
            self.wrong.append(" ".join(map(str, what))[:1000])

    def find(self, shape, names, raw):
        """Which of the messages it is; None: none of them."""
        try:
            value = judge.parse(raw)
        except (ValueError, RecursionError):
            return None
        for name in sorted(names, key=lambda name: name != self.last.get(shape)):
            if validator(name).is_valid(value):
                self.last[shape] = name
                self.seen.add(name)
                return name
        return None

    def look_at_payload(self, channel, key, kind, raw):
        with contextlib.suppress(ValueError):
            shape = (channel, kind, json.loads(raw).get("type"))
            if not self.is_chosen(shape):
                return
            if self.find(shape, candidates(channel, kind), raw):
                return
        self.complain(f"on {channel} ({key}), in an envelope of kind {kind}:", raw)

    def look(self, exchange, key, body, headers=None):
        """At one message of the bus."""
        if exchange == "":
            if key.startswith(("amq.rabbitmq.reply-to.", "reply.")):
                self.look_outside("inbound_answer", body, True)
            return
        if key.endswith(".retry"):
            return  # put aside for later, as it was
        channel = channel_of(exchange, key)
        if channel is None:
            self.complain(f"no channel on {exchange} has the address", key)
        elif channel == "inbound":
            self.look_outside("inbound_message", body, False)  # may be anything
        elif channel == "dead":
            self.seen.add("parked")
            if not (headers or {}).get("x-reason"):
                self.complain("parked without its reason:", body)
        else:
            try:
                for kind, raw in envelopes(body):
                    self.look_at_payload(channel, key, kind, raw)
            except ValueError as fault:
                self.complain(f"on {channel} ({key}): {fault}:", body)

    def look_outside(self, name, body, must_fit):
        if self.is_chosen(name) and not self.find(name, [name], body) and must_fit:
            self.complain(f"{name}:", body)

    def look_at_frame(self, operation, raw):
        """At what a client sent ("receive") or was sent ("send")."""
        raw = raw if isinstance(raw, bytes) else raw.encode(errors="surrogatepass")
        names = [message["$ref"].split("/")[-1]
                 for message in document()["operations"][operation]["messages"]]
        try:
            shape = (operation, json.loads(raw)["type"])
            fits = not self.is_chosen(shape) or self.find(shape, names, raw)
        except (ValueError, TypeError, KeyError, RecursionError):
            fits = False
        if not fits and operation == "send":
            self.complain("a client was sent", raw)

    def never_seen(self):
        return sorted(all_messages() - self.seen)


class LiveTap(Tap):
    """On the bus of an instance, until stop()."""

    def __init__(self, parley):
        super().__init__()
        self.parley = parley
        self.stopping = threading.Event()
        self.attached = threading.Event()
        self.thread = threading.Thread(target=self.run, name="tap", daemon=True)
        client.observers.append(self.note_frame)
        self.thread.start()
        assert self.attached.wait(60 * SLOWNESS), "the tap did not reach the bus"

    def note_frame(self, operation, text):
        self.frames.put((operation, text))

    def hear(self, channel, method, properties, body):
        told = properties.headers
        headers = told["properties"].get("headers") or {}
        if "x-nonsense" not in headers:
            for key in told["routing_keys"]:
                self.look(told["exchange_name"], key, body, headers)

    def attach(self):
        connection = self.parley.amqp()
        channel = connection.channel()
        queue_name = channel.queue_declare("", exclusive=True, arguments={
            "x-max-length": QUEUE_MAX}).method.queue
        channel.queue_bind(queue_name, "amq.rabbitmq.trace", "publish.#")
        channel.basic_consume(queue_name, self.hear, auto_ack=True)
        return connection

    def take_frames(self):
        with contextlib.suppress(queue.Empty):
            while True:
                self.look_at_frame(*self.frames.get_nowait())

    def told(self):
        """How much came that does not come by itself, as heartbeats do."""
        return sum(count for shape, count in self.counts.items() if HEARTBEATS not in shape)

    def follow(self):
        """Until the broker is lost, or we stop and nothing more comes."""
        with contextlib.closing(self.attach()) as connection:
            self.attached.set()
            while True:
                before, stopping = self.told(), self.stopping.is_set()
                connection.process_data_events(0.3)
                self.take_frames()
                if stopping and self.told() == before:
                    return

    def run(self):
        while not self.stopping.is_set():
            try:
                self.follow()
            except (pika.exceptions.AMQPError, OSError):
                self.stopping.wait(0.3)  # the broker is away: stories do that
            except Exception as fault:  # a mistake of ours must be seen
                self.complain("the tap has failed:", repr(fault))
                self.attached.set()
                raise

    def stop(self):
        self.stopping.set()
        self.thread.join(60 * SLOWNESS)
        client.observers.remove(self.note_frame)


def is_full_run(session):
    """All stories, to their end: then every message must have been seen."""
    option = session.config.option
    files = {item.path.name for item in session.items}
    wanted = {path.name for path in (ROOT / "tests/system").glob("test_*.py")}
    return files >= wanted and not (
        option.markexpr or option.keyword or session.shouldstop or session.shouldfail)


def eventually_seen(tap, names, timeout=20):
    eventually(lambda: tap.seen >= set(names) or tap.wrong, timeout,
               f"{sorted(names)} on the bus")
