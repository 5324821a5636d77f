"""Service accounts: a shop writes to its customers, over HTTP and over the bus."""

import contextlib
import json
import os
import signal

import pika
import pytest

from client import fresh, texts
from conftest import ADMIN
from instance import eventually

WHY = {"reason": "because"}
SERVICES = "/v1/admin/services"


class Service:
    """A program with a token."""

    def __init__(self, parley, made):
        self.parley = parley
        self.id = made["service"]["user_id"]
        self.username = made["service"]["username"]
        self.token = made["token"]

    def call(self, method, path, body=None):
        return self.parley.rest.call(method, path, body, token=self.token)

    def say(self, text, to=None, **more):
        where = {"type": 1, "to": to.id} if to else {"type": 2}
        return self.call("POST", "/api/messages", {
            **where, "message_id": fresh(), "content": {"text": text}, **more})


@pytest.fixture
def make_service(parley, admin):
    def make(**more):
        wanted = {"username": fresh("shop-"), "nickname": "The shop", **WHY, **more}
        return Service(parley, admin.post(SERVICES, wanted).ok())

    return make


@pytest.fixture
def shop(make_service):
    return make_service()


# ---- Over HTTP


@pytest.mark.smoke
def test_a_service_writes_and_each_device_hears_it_from_a_bot(user, shop):
    ben = user()
    device = ben.device()
    message_id = fresh()
    sent = shop.say("Your parcel is on its way", to=ben, message_id=message_id).ok()
    assert shop.say("Your parcel is on its way", to=ben, message_id=message_id).ok() == sent

    heard = device.message(message_id)
    assert heard["from"] == shop.id and heard["content"]["text"] == "Your parcel is on its way"
    seen = ben.get(f"/api/users/{shop.id}").ok()
    assert seen["nickname"] == "The shop" and seen["bot"] is True
    row = ben.conversations()[sent["conversation_id"]]
    assert row["unread_count"] == 1, "a notice is a message like any other"


def test_makes_no_friends_and_nobody_answers_for_it(user, shop, hubot):
    ben = user()
    shop.say("Hello", to=ben).ok()
    assert ben.get("/api/friends").ok()["friends"] == []
    device = ben.device()
    device.say("/help", to=shop)
    device.say("Thanks!", to=shop)
    device.say("/echo are you still there", to=hubot)  # after the two, in the bot's queue
    device.wait_for(lambda frame: frame["type"] == 1 and frame["from"] == hubot)
    assert texts(ben.private_history(shop.id)["messages"]) == ["Hello", "/help", "Thanks!"]


def test_is_stopped_by_a_block(user, shop):
    ben = user()
    shop.say("Buy!", to=ben).ok()
    ben.post("/api/blocks", {"user_id": shop.id}).ok()
    eventually(lambda: shop.say("Buy!!", to=ben).code == 40302)


def test_writes_to_a_group_only_as_its_member(user, shop):
    ada = user()
    group = ada.create_group()
    shop.say("hi all", group_id=group).refused(40401)


def test_its_token_opens_nothing_else(parley, user, shop):
    for method, path, body in (
            ("GET", "/api/users/me", None), ("GET", "/api/sessions", None),
            ("POST", "/api/logout", {}), ("POST", "/api/password", {"new_password": "x" * 12}),
            ("GET", "/api/account/export", None), ("POST", "/api/account/delete", {}),
            ("GET", "/api/conversations", None), ("POST", "/api/groups", {"name": "x"}),
            ("GET", "/v1/admin/users", None), ("GET", SERVICES, None),
            ("POST", SERVICES, {"username": fresh(), **WHY})):
        shop.call(method, path, body).refused(40301)
    assert parley.rest.call("POST", "/api/refresh", {"refresh_token": shop.token}).code == 40101
    opened = parley.rest.call("GET", f"/ws?token={shop.token}", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert opened.status == 401


@pytest.mark.parametrize("token", ["service_", "service_" + "A" * 43, "service_" + "A" * 44,
                                   "service_" + "!" * 43, "service_" + "A" * 2000])
def test_a_token_that_is_none_is_refused(parley, token):
    parley.rest.call("POST", "/api/messages", {}, token=token).refused(40101)


def test_a_new_token_ends_the_old_at_once(parley, admin, user, shop):
    ben = user()
    shop.say("by the old one", to=ben).ok()
    old = shop.token
    shop.token = admin.post(f"{SERVICES}/{shop.id}/token", WHY).ok()["token"]
    shop.say("by the new one", to=ben).ok()
    eventually(lambda: parley.rest.call("POST", "/api/messages", {}, token=old).code == 40101, 2,
               "the end of the old token")


@pytest.mark.parametrize("how", ["end", "ban", "logout"])
def test_an_ended_service_is_refused_at_once(admin, user, shop, how):
    ben = user()
    shop.say("Hello", to=ben).ok()
    if how == "end":
        admin.delete(f"{SERVICES}/{shop.id}?reason=because").ok()
        admin.post(f"{SERVICES}/{shop.id}/token", WHY).refused(40903)
    else:
        admin.post(f"/v1/admin/users/{shop.id}/{how}", WHY).ok()
    eventually(lambda: shop.say("Still here", to=ben).code == 40101, 2, "the end of its token")
    if how == "ban":
        admin.post(f"{SERVICES}/{shop.id}/token", WHY).refused(40903)


def test_a_muted_service_says_nothing(admin, user, shop):
    ben = user()
    admin.post(f"/v1/admin/users/{shop.id}/mute", {**WHY, "seconds": 60}).ok()
    eventually(lambda: shop.say("Hello", to=ben).code == 40303, 2, "the mute")


def test_its_token_outlives_every_process_and_is_nowhere_in_clear(parley, user, shop):
    ben = user()
    shop.say("before", to=ben).ok()
    for name in ("auth", "message"):
        parley.kill(name)
    eventually(lambda: shop.say("after", to=ben).code == 0, 20)
    assert shop.token not in str(list(parley.mongo["sessions"].find({"user_id": shop.id})))
    assert not [path for path in (parley.var / "log").glob("*")
                if shop.token in path.read_text(errors="replace")]


def test_does_not_expire(parley, user, shop):
    """Unused for longer than any session of people lives, and asked for anew."""
    parley.mongo["sessions"].update_many({"user_id": shop.id}, {"$set": {"seen_at": 1}})
    parley.kill("auth")  # at its start it ends what was not used
    parley.kill("message")
    shop.say("I am back", to=user()).ok()


def test_administrators_see_them_and_each_step_is_in_the_log(admin, user, make_service):
    shops = [make_service() for _ in range(2)]
    names, cursor = [], ""
    while cursor is not None:
        page = admin.get(f"{SERVICES}?limit=1" + (f"&cursor={cursor}" if cursor else "")).ok()
        names += [row["username"] for row in page["services"]]
        cursor = page["next_cursor"]
    assert {shop.username for shop in shops} <= set(names) == set(names) and (
        page["total"] == len(names) and names == sorted(names))
    assert all("token" not in row for row in page["services"])

    one = shops[0]
    admin.post(f"{SERVICES}/{one.id}/token", WHY).ok()
    admin.delete(f"{SERVICES}/{one.id}?reason=enough").ok()
    entries = admin.get(f"/v1/admin/audit?target_id={one.id}").ok()["entries"]
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("services.end", "enough"), ("services.token", "because"), ("services.create", "because")]
    assert one.token not in str(entries)
    person = user()
    admin.post(f"{SERVICES}/{person.id}/token", WHY).refused(40401)
    admin.delete(f"{SERVICES}/{person.id}?reason=x").refused(40401)


# ---- Over the bus


class Outsider:
    """A program with a RabbitMQ user of its own, that may do nothing but publish to im.inbound."""

    def __init__(self, parley, service, password="correct-horse"):
        self.parley, self.service = parley, service
        name = service.username
        parley.rabbitmqctl("eval", f"""
            rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{password}">>, <<"test">>),
            rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"/">>,
                <<"^reply[.]{name}[.]">>, <<"^im[.]inbound$">>, <<"^reply[.]{name}[.]">>,
                <<"test">>).""")
        self.connection = parley.amqp(name, password)
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()
        self.answers = {}
        self.channel.basic_consume("amq.rabbitmq.reply-to", self._hear, auto_ack=True)

    def _hear(self, channel, method, properties, body):
        self.answers.setdefault(properties.correlation_id, []).append(json.loads(body))

    def publish(self, body, **properties):
        """Returns once the broker has it for good."""
        properties = {"user_id": self.service.username, "delivery_mode": 2, **properties}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.channel.basic_publish("im.inbound", "message.inbound", raw,
                                   pika.BasicProperties(**properties), mandatory=True)

    def ask(self, body, **properties):
        """Publish it, and wait for its answer."""
        mark = fresh()
        self.publish(body, reply_to="amq.rabbitmq.reply-to", correlation_id=mark, **properties)
        return self.wait([mark])[mark][0]

    def wait(self, marks, timeout=20):
        def heard():
            self.connection.process_data_events(0.05)
            return set(marks) <= set(self.answers)

        eventually(heard, timeout, "an answer to each message")
        return self.answers


def notice(text, to, **more):
    return {"type": 1, "message_id": fresh(), "to": to.id, "content": {"text": text}, **more}


def parked(parley, body):
    """Why a body was parked."""
    with contextlib.closing(parley.amqp()) as connection:
        channel = connection.channel()

        def found():
            while True:
                method, properties, raw = channel.basic_get("dead", auto_ack=True)
                if method is None:
                    return None
                if raw == body:
                    assert method.routing_key == "message.inbound"
                    return properties.headers["x-reason"]

        return eventually(found, what="it in im.dead")


@pytest.fixture(scope="module")
def outsider(parley):
    session = parley.login(ADMIN)
    made = session.post(SERVICES, {"username": fresh("shop-"), **WHY}).ok()
    outsider = Outsider(parley, Service(parley, made))
    yield outsider
    outsider.connection.close()


@pytest.fixture
def to_outsider(parley, outsider):
    """Where tests find it again, whatever the one before has done to the connection."""
    if outsider.channel.is_closed:
        outsider.channel = outsider.connection.channel()
        outsider.channel.confirm_delivery()
        outsider.channel.basic_consume("amq.rabbitmq.reply-to", outsider._hear, auto_ack=True)
    return outsider


@pytest.mark.smoke
def test_a_message_from_the_bus_is_stored_once_and_answered(user, to_outsider):
    ben = user()
    device = ben.device()
    wanted = notice("Your parcel is on its way", ben)
    ack = to_outsider.ask(wanted)
    assert ack["type"] == 30 and ack["code"] == 0 and ack["message_id"] == wanted["message_id"]
    heard = device.message(wanted["message_id"])
    assert heard["from"] == to_outsider.service.id and heard["seq"] == ack["seq"]
    assert to_outsider.ask(wanted) == ack
    to_outsider.publish(notice("and one without an answer", ben))
    device.wait_for(lambda frame: frame["type"] == 1 and "without" in frame["content"]["text"])


def test_an_answer_may_go_to_a_queue_of_the_outsider(user, to_outsider):
    queue = f"reply.{to_outsider.service.username}.1"
    to_outsider.channel.queue_declare(queue, exclusive=True)
    to_outsider.publish(notice("Hello", user()), reply_to=queue, correlation_id="c1")
    found = eventually(lambda: next((found for found in [to_outsider.channel.basic_get(
        queue, auto_ack=True)] if found[0]), None), what="the answer")
    assert found[1].correlation_id == "c1" and json.loads(found[2])["code"] == 0


@pytest.mark.parametrize("body, code, reason", [
    (b"", 40000, "not JSON"), (b"\x00\xff\x13nonsense", 40000, ""), (b"[]", 40001, ""),
    (b'{"type":1}', 40001, ""), (b'{"type":99}', 40001, "type"), (b'{"type":33}', 40001, ""),
    (b'{"type":1,"to":"user_x","content":{"text":"hi"}}', 40001, "message_id"),
    (b'{"type":1,"to":"user_x","message_id":"0123456789abcdef","content":{}}', 40001,
     "content.text"),
    (b'{"type":1,"to":"user_x","message_id":"0123456789abcdef","msg_type":3,'
     b'"content":{"event":"notice"}}', 40001, "msg_type"),
    (b'{"type":1,"to":"user_x","message_id":"0123456789abcdef","content":{"text":"hi"}}', 40401,
     "no such user"),
    (b"{" + b" " * 70000 + b"}", 41301, "at most"), (b"{" + b" " * 20_000_000, 41301, "at most")])
def test_what_is_refused_is_answered_or_parked_with_its_reason(parley, to_outsider, body, code,
                                                                reason):
    assert to_outsider.ask(body)["code"] == code
    body += b" " * (int(fresh("")[:4], 16) % 900 if body[:1] == b"{" else 0)
    to_outsider.publish(body)
    why = parked(parley, body[:65536])  # of what is too long the beginning
    assert reason in why and f"from {to_outsider.service.username}, {len(body)} bytes" in why


def test_nobody_speaks_in_another_name(parley, user, to_outsider):
    ben = user()
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
        to_outsider.publish(notice("I am root", ben), user_id="root")
    assert refused.value.reply_code == 406
    with contextlib.closing(parley.amqp(to_outsider.service.username, "correct-horse")) as again:
        channel = again.channel()
        channel.confirm_delivery()
        body = json.dumps(notice("I am nobody", ben)).encode()
        channel.basic_publish("im.inbound", "message.inbound", body)
        assert "no user_id" in parked(parley, body)
        for exchange, key in (("im.command", "message.p0"), ("im.event", "session.ended"),
                              ("im.deliver", f"u.{ben.id}"), ("", "message.p0")):
            with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
                channel = again.channel()
                channel.confirm_delivery()
                channel.basic_publish(exchange, key, body)
            assert refused.value.reply_code == 403
    assert ben.conversations() == {}


def test_a_user_of_the_broker_that_is_no_service_account_is_refused(parley, user):
    with contextlib.closing(parley.amqp()) as connection:
        channel = connection.channel()
        body = json.dumps(notice("Hello", user())).encode()
        channel.basic_publish("im.inbound", "message.inbound", body,
                              pika.BasicProperties(user_id="operator"))
        assert "no service" in parked(parley, body)


@pytest.mark.parametrize("queue", ["message.p0", "reply.another.1", "reply.", "reply.{name}",
                                   "reply.{name}x.1"])
def test_answers_never_go_to_queues_of_ours_or_of_another(parley, user, to_outsider, queue):
    body = json.dumps({**notice("Hello", user()), "to": "user_nobody"}).encode()
    to_outsider.publish(body, reply_to=queue.format(name=to_outsider.service.username))
    assert "no such user" in parked(parley, body)


def test_a_block_counts_on_the_bus_too(user, to_outsider):
    ben = user()
    ben.post("/api/blocks", {"user_id": to_outsider.service.id}).ok()
    eventually(lambda: to_outsider.ask(notice("Buy!", ben))["code"] == 40302)


def test_nothing_is_lost_or_doubled_when_message_dies_in_the_middle(parley, user, to_outsider):
    people = [user() for _ in range(8)]
    sent = [notice(f"parcel {i}", people[i % 8]) for i in range(240)]
    for i, each in enumerate(sent):
        to_outsider.publish(each, reply_to="amq.rabbitmq.reply-to",
                            correlation_id=each["message_id"])
        if i in (60, 120, 180):
            eventually(lambda: parley.find_pid("message"), what="message")
            parley.signal("message", signal.SIGTERM if i == 180 else signal.SIGKILL)
    ids = [each["message_id"] for each in sent]
    answers = to_outsider.wait(ids, 60)
    assert all(answer["code"] == 0 for mark in ids for answer in answers[mark])
    parley.wait_ready()  # who answers on the bus may not yet do so by REST
    for person in people:
        messages = person.private_history(to_outsider.service.id)["messages"]
        assert sorted(m["message_id"] for m in messages) == sorted(
            each["message_id"] for each in sent if each["to"] == person.id)
        assert sorted(m["seq"] for m in messages) == list(range(1, len(messages) + 1))


def test_waits_for_what_is_away_and_does_not_give_up(parley, user, to_outsider):
    ben = user()
    ask_about_friends = parley.signal("user", signal.SIGSTOP)
    wanted = notice("Hello", ben)
    to_outsider.publish(wanted, reply_to="amq.rabbitmq.reply-to", correlation_id="waits")
    to_outsider.connection.process_data_events(1.5)
    assert "waits" not in to_outsider.answers
    os.kill(ask_about_friends, signal.SIGCONT)
    assert to_outsider.wait(["waits"])["waits"][0]["code"] == 0


def test_an_ended_service_account_sends_no_longer(parley, admin, user, to_outsider):
    ben = user()
    assert to_outsider.ask(notice("Hello", ben))["code"] == 0
    admin.delete(f"{SERVICES}/{to_outsider.service.id}?reason=because").ok()
    eventually(lambda: to_outsider.ask(notice("Still here", ben))["code"] == 40101, 15)
