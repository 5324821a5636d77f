"""One message can be followed: in spans that a collector gets, and in the log of each service."""

import collections
import http.server
import json
import re
import secrets
import threading

import pika
import pytest

from client import fresh
from conftest import PORT
from instance import eventually

SERVER, CLIENT, CONSUMER = 2, 3, 5


def new_traceparent(flags="01"):
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{flags}"


def trace_id(traceparent):
    return traceparent[3:35]


def span_id(traceparent):
    return traceparent[36:52]


class Collector:
    """Takes spans as an OpenTelemetry collector does; or refuses, or never answers."""

    def __init__(self):
        self.spans = []
        self.mode = "take"
        self.asked = collections.Counter()
        self.released = threading.Event()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces", self.path
                assert self.headers["Content-Type"] == "application/json"
                mode = collector.mode
                if mode == "take":
                    collector.take(json.loads(body))
                collector.asked[mode] += 1
                if mode == "hang":
                    collector.released.wait()
                    return
                self.send_response(200 if mode == "take" else 503)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body):
        for part in body["resourceSpans"]:
            resource = attributes(part["resource"])
            assert resource["service.namespace"] == "parley"
            assert resource["service.instance.id"].startswith(resource["service.name"])
            for scope in part["scopeSpans"]:
                for span in scope["spans"]:
                    assert re.fullmatch("[0-9a-f]{32}", span["traceId"])
                    assert re.fullmatch("[0-9a-f]{16}", span["spanId"])
                    assert 0 < int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
                    self.spans.append({**span, "service": resource["service.name"],
                                       "sockets": attributes(span).get("parley.sockets")})

    def wait_for(self, service, name, **wanted):
        """The first span that fits."""
        def fits(span):
            return (span["service"], span["name"]) == (service, name) and all(
                span.get(key) == value for key, value in wanted.items())

        return eventually(lambda: next(filter(fits, list(self.spans)), None),
                          what=f"{name} of {service} with {wanted}")

    def stop(self):
        self.released.set()
        self.server.shutdown()


def attributes(thing):
    """An OTLP object's attributes as a dict."""
    return {row["key"]: next(iter(row["value"].values())) for row in thing["attributes"]}


class World:
    def __init__(self, parley, collector):
        self.parley = parley
        self.collector = collector
        self.ada = parley.register()
        self.ben = parley.register()

    def lines(self, name, **wanted):
        """Lines of a log that fit. All of them must be readable."""
        text = self.parley.log(name)
        rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [row for row in rows if all(row.get(k) == v for k, v in wanted.items())]

    def wait_for_line(self, name, **wanted):
        return eventually(lambda: self.lines(name, **wanted), what=f"{wanted} in {name}.log")[0]


@pytest.fixture(scope="module")
def world(make_parley):
    collector = Collector()
    parley = make_parley(PORT + 400, OTLP_ENDPOINT=collector.url, TRACE_SAMPLE="0",
                         LOG_LEVEL="debug")
    yield World(parley, collector)
    faults = make_parley.stopped(parley)
    collector.stop()
    assert not faults


@pytest.fixture
def follow(world):
    """Say something as Ada to Ben, and find the spans."""
    devices = []

    def say(traceparent, *, to=None, text="hello", headers=None):
        for session in (world.ada, world.ben):
            devices.append(session.device(headers=headers))
        message_id = fresh()
        more = {} if traceparent is None else {"traceparent": traceparent}
        ack = devices[0].say(text, to=to or world.ben, message_id=message_id, **more)
        if not to:
            devices[1].message(message_id)
        return ack

    yield say
    for device in devices:
        device.close()


def test_follows_a_message_from_the_edge_to_the_store_and_to_its_reader(world, follow):
    sockets, given = new_traceparent(), new_traceparent()
    ack = follow(given, headers={"traceparent": sockets})
    find = world.collector.wait_for

    upgrade = find("push", "GET /ws", traceId=trace_id(sockets), parentSpanId=span_id(sockets))
    assert attributes(upgrade)["parley.status"] == "OK"
    frame = find("push", "frame.send", traceId=trace_id(given), parentSpanId=span_id(given))
    assert frame["kind"] == SERVER
    assert frame["links"] == [{"traceId": trace_id(sockets), "spanId": upgrade["spanId"]}]
    within = {"traceId": trace_id(given)}
    command = find("message", "message.send", parentSpanId=frame["spanId"], **within)
    assert command["kind"] == CONSUMER
    assert attributes(command)["parley.seq"] == str(ack["seq"])
    assert attributes(command)["parley.conversation_id"] == ack["conversation_id"]
    batch = find("message", "message.batch", parentSpanId=command["spanId"], **within)
    for write in ("insert messages", "bulk conversation_users", "bulk conversations"):
        stored = find("message", write, parentSpanId=batch["spanId"], **within)
        assert stored["kind"] == CLIENT and attributes(stored)["db.system.name"] == "mongodb"
    asked = find("message", "user.may_write", parentSpanId=batch["spanId"], kind=CLIENT, **within)
    find("user", "user.may_write", parentSpanId=asked["spanId"], kind=SERVER, **within)
    for end in ("push.deliver", "push.answer"):
        told = find("push", end, parentSpanId=command["spanId"], kind=CONSUMER, sockets="1",
                    **within)
        assert int(told["endTimeUnixNano"]) > int(frame["startTimeUnixNano"])

    for name, event in (("push", "frame taken"), ("message", "command judged"),
                        ("user", "question answered"), ("push", "delivered")):
        line = world.wait_for_line(name, event=event, trace_id=trace_id(given))
        assert re.fullmatch("[0-9a-f]{16}", line["span_id"])
    world.wait_for_line("push", event="socket asked for", trace_id=trace_id(sockets))


def test_a_frame_that_names_no_trace_has_one_of_its_own_beside_its_sockets(world, follow):
    sockets = new_traceparent()
    ack = follow(None, headers={"traceparent": sockets})
    upgrade = world.collector.wait_for("push", "GET /ws", traceId=trace_id(sockets))
    frame = world.collector.wait_for("push", "frame.send", links=[
        {"traceId": trace_id(sockets), "spanId": upgrade["spanId"]}])
    assert frame["traceId"] != trace_id(sockets) and "parentSpanId" not in frame
    command = world.collector.wait_for("message", "message.send", traceId=frame["traceId"],
                                       parentSpanId=frame["spanId"])
    assert attributes(command)["parley.seq"] == str(ack["seq"])


def test_a_bot_s_answer_belongs_to_the_question(world, follow):
    given = new_traceparent()
    hubot = eventually(lambda: [
        row for row in world.ada.get("/api/users?query=hubot").ok()["users"]
        if row["username"] == "hubot"], what="hubot")[0]["user_id"]
    follow(given, to=hubot, text="/echo follow me")
    find = world.collector.wait_for
    asked = find("message", "message.send", traceId=trace_id(given))
    answered = find("bot", "bot.command", parentSpanId=asked["spanId"], traceId=trace_id(given))
    find("message", "message.send", parentSpanId=answered["spanId"], traceId=trace_id(given))
    world.wait_for_line("bot", event="command answered", trace_id=trace_id(given))


def test_requests_have_spans_by_their_route(world):
    given = new_traceparent()
    world.ada.get(f"/api/users/{world.ben.id}", headers={"traceparent": given}).ok()
    span = world.collector.wait_for("user", "GET /api/users/{user_id}", traceId=trace_id(given),
                                    parentSpanId=span_id(given))
    assert attributes(span)["http.response.status_code"] == "200"
    assert attributes(span)["http.route"] == "/api/users/{user_id}"
    assert world.ben.id not in json.dumps(span), "a path may be private"
    world.collector.wait_for("user", "find users", parentSpanId=span["spanId"])


def test_who_does_not_want_to_be_followed_is_not_but_the_logs_know(world, follow):
    given = new_traceparent("00")
    follow(given)
    later = new_traceparent()
    follow(later)  # all spans of the former would be there before those of the later one
    world.collector.wait_for("message", "message.send", traceId=trace_id(later))
    world.wait_for_line("message", event="command judged", trace_id=trace_id(given))
    assert trace_id(given) not in {span["traceId"] for span in world.collector.spans}


EVIL = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","level":"evil'


@pytest.mark.parametrize("bad", [EVIL, "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
                                 "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"])
def test_a_bad_traceparent_is_replaced_and_reaches_no_log(world, follow, bad):
    path = f"/api/nothing-{fresh()}"
    world.parley.rest.call("GET", path, headers={"traceparent": bad}).refused(40401)
    line = world.wait_for_line("edge", path=path)
    assert re.fullmatch("[0-9a-f]{32}", line["trace_id"]) and line["trace_id"] not in bad

    before = len(world.lines("push", event="frame taken"))
    follow(bad)
    taken = world.lines("push", event="frame taken")[before:]
    assert taken and all(re.fullmatch("[0-9a-f]{32}", row["trace_id"]) for row in taken)

    connection = world.parley.amqp()
    channel = connection.channel()
    for header in (bad, good := new_traceparent()):  # nobody vouches for them: parked, with a line
        channel.basic_publish("im.inbound", "message.inbound", b"{}", pika.BasicProperties(
            headers={"traceparent": header}))
    connection.close()
    world.wait_for_line("message", event="inbound message parked", trace_id=trace_id(good))

    for log in world.parley.var.glob("log/*.log"):
        text = log.read_text(encoding="utf-8", errors="replace")
        assert bad not in text and trace_id(bad) not in text and "evil" not in text, log


def test_the_edge_names_the_trace_of_what_failed(world):
    given = new_traceparent()
    world.parley.rest.call("GET", "/api/users/me", headers={"traceparent": given}).refused(40101)
    world.wait_for_line("edge", path="/api/users/me", trace_id=trace_id(given), status=401)


@pytest.mark.parametrize("mode", ["refuse", "hang"])
def test_a_collector_that_fails_harms_nothing(world, follow, mode):
    world.collector.released.clear()
    world.collector.mode = mode
    before = len(world.lines("message", event="spans are lost"))
    try:
        for _ in range(5):
            follow(new_traceparent())
        eventually(lambda: world.collector.asked[mode], what="an attempt")
        for _ in range(5):
            follow(new_traceparent())
        if mode == "refuse":
            world.wait_for_line("message", event="spans are lost")
            assert len(world.lines("message", event="spans are lost")) <= max(before, 1)
    finally:
        world.collector.mode = "take"
        world.collector.released.set()
    later = new_traceparent()
    follow(later)
    world.collector.wait_for("message", "message.send", traceId=trace_id(later))
