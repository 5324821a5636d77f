"""Who may log in where, and what he may do there (libs/wire/bus_rights.c, parleyctl secrets)."""

import contextlib
import os
import pathlib
import socket
import stat
import subprocess

import pika
import pymongo
import pytest

from client import fresh
from ctl import parleyctl
from instance import SERVICES

KINDS = ("_password", ".key")  # the files that hold a secret and nothing else


def connect(parley, user, password=None):
    return contextlib.closing(
        parley.amqp(user, password or parley.secret(f"{user}.amqp_password")))


def secrets_of(parley):
    return {path.name: path.read_text().strip() for path in (parley.var / "secrets").iterdir()
            if path.name.endswith(KINDS)}


def holds_any(secrets, data):
    return [name for name, secret in secrets.items() if secret.encode() in data]


# ---- Where secrets are


def test_secrets_are_in_files_that_nobody_else_reads(parley):
    folder = parley.var / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    private = [*folder.iterdir(), parley.var / "etc/operator.env",
               parley.var / "etc/rabbitmq-definitions.json"]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in private} == {
        path.name: 0o600 for path in private}
    assert len(secrets_of(parley)) == len(SERVICES) + 6


def test_no_secret_is_an_argument_or_in_the_environment_or_in_a_log(parley, user):
    user().device().heartbeat()
    secrets = secrets_of(parley)
    assert holds_any(secrets, b"x" + secrets["redis_password"].encode()) == ["redis_password"]
    for process in pathlib.Path("/proc").iterdir():
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):  # it ended, or is not ours
                if process.name.isdigit() and process.name != str(os.getpid()):
                    assert not holds_any(secrets, (process / name).read_bytes()), process
    for path in [*(parley.var / "log").iterdir(), *(parley.var / "run").iterdir()]:
        assert not holds_any(secrets, path.read_bytes()), path


def test_what_is_missing_is_made_and_what_is_there_stays(parley, tmp_path):
    class Folder:  # as far as secrets_of() looks
        var = tmp_path

    assert parleyctl(parley, "secrets", tmp_path / "secrets").returncode == 0
    before = secrets_of(Folder)
    assert len(set(before.values())) == len(before)
    (tmp_path / "secrets/bot.amqp_password").unlink()
    assert parleyctl(parley, "secrets", tmp_path / "secrets", AMQP_HOST="mq:1").returncode == 0
    after = secrets_of(Folder)
    assert {name for name in before if before[name] != after[name]} == {"bot.amqp_password"}
    url = (tmp_path / "secrets/bot.amqp_url").read_text()
    assert url == f"amqp://bot:{after['bot.amqp_password']}@mq:1/"

    (tmp_path / "secrets/rpc.key").chmod(0o644)
    refused = parleyctl(parley, "secrets", tmp_path / "secrets")
    assert refused.returncode == 1 and "rpc.key: others may read it" in refused.stderr


def test_no_secrets_are_made_where_others_may_write(parley, tmp_path):
    folder = tmp_path / "secrets"
    for mode in (0o777, 0o1777, 0o770):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        refused = parleyctl(parley, "secrets", folder)
        assert refused.returncode == 1 and "others may write in it" in refused.stderr
    assert not list(folder.iterdir())


def test_operator_env_is_all_that_parleyctl_needs(parley):
    done = subprocess.run(
        ["sh", "-c", 'set -a; . "$0"; exec "$1" declare', parley.var / "etc/operator.env",
         parley.bin / "parleyctl"], text=True, check=False, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr


# ---- RabbitMQ


def test_guest_and_wrong_passwords_are_refused_by_rabbitmq(parley):
    for user, password in (("guest", "guest"), ("bot", "guest"), ("operator", "operator"),
                           ("bot", parley.secret("push.amqp_password"))):
        with pytest.raises(pika.exceptions.AMQPConnectionError):
            parley.amqp(user, password)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_events_and_answers_on_queues_of_its_own(parley, service):
    queue = f"node.{service}-{fresh()}"
    with connect(parley, service) as connection:
        channel = connection.channel()
        channel.queue_declare(queue, auto_delete=True)
        channel.queue_bind(queue, "im.event", "session.ended")
        channel.queue_bind(queue, "im.deliver", "n.nobody")
        channel.basic_consume(queue, lambda *_: None)


PUBLISHES = {
    "auth": [("im.event", "user.registered"), ("im.event", "session.ended"),
             ("im.event", "auth.keys"), ("im.event", "user.restricted")],
    "user": [("im.event", "user.relation"), ("im.event", "presence.changed"),
             ("im.deliver", "u.nobody")],
    "group": [("im.command", "message.nobody")],
    "message": [("im.event", "message.stored.command"), ("im.event", "message.owner"),
                ("im.deliver", "u.nobody"), ("im.dead", "nobody"), ("", "reply.nobody.1"),
                ("im.command", "message.nobody")],
    "push": [("im.command", "message.nobody"), ("im.event", "presence.changed")],
    "bot": [("im.command", "message.nobody"), ("im.dead", "nobody")],
}
WORLD = sorted({each for some in PUBLISHES.values() for each in some}
               | {("im.inbound", "message.inbound"), ("im.event", "something.new")})


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_what_is_its_own_and_nothing_else(parley, service):
    """Refusals only: what it may publish it does publish in the other stories."""
    with connect(parley, service) as connection:
        for exchange, key in WORLD:
            if (exchange, key) in PUBLISHES[service]:
                continue
            with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
                channel = connection.channel()
                channel.confirm_delivery()
                channel.basic_publish(exchange, key, b"x")
            assert refused.value.reply_code == 403, (exchange, key)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_makes_no_exchange_and_no_queue_of_others_and_reads_none(parley, service):
    foreign = "bot" if service != "bot" else "push"
    own = {"bot": "bot.command", "user": "user.presence", "message": "message.p0"}.get(service)
    attempts = [
        lambda channel: channel.exchange_declare("im.other", "topic"),
        lambda channel: channel.exchange_delete("im.event"),
        lambda channel: channel.queue_declare("message.p16", durable=True),
        lambda channel: channel.queue_declare(f"node.{foreign}-1"),
        lambda channel: channel.queue_purge("dead"),
        lambda channel: channel.queue_bind("dead", "im.deliver", "x"),
        lambda channel: channel.basic_get(f"node.{foreign}-1.identity"),
        *[lambda channel, queue=queue: channel.basic_get(queue)
          for queue in ("dead", "bot.command", "user.presence", "message.p0") if queue != own],
    ]
    with connect(parley, service) as connection:
        for attempt in attempts:
            with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refused:
                attempt(connection.channel())
            assert refused.value.reply_code == 403


# ---- MongoDB and Redis


def mongo(parley, **login):
    return pymongo.MongoClient("127.0.0.1", parley.base + 3, directConnection=True, **login)


def test_mongodb_refuses_who_has_no_password(parley):
    for login in ({}, {"username": "parley", "password": "parley"},
                  {"username": "operator", "password": parley.secret("mongodb_password")}):
        with mongo(parley, **login) as stranger, pytest.raises(pymongo.errors.OperationFailure):
            stranger["parley"]["users"].find_one()


def test_the_services_read_and_write_their_database_and_no_more(parley):
    login = {"username": "parley", "password": parley.secret("mongodb_password")}
    with mongo(parley, **login) as services:
        services["parley"]["users"].find_one()
        for refused in (lambda: services["other"]["users"].find_one(),
                        lambda: services.admin.command("createUser", "x", pwd="x", roles=[]),
                        lambda: services["parley"].command("dropDatabase"),
                        lambda: services.admin.command("shutdown")):
            with pytest.raises(pymongo.errors.OperationFailure) as fault:
                refused()
            assert fault.value.code == 13  # Unauthorized


def test_redis_refuses_who_has_no_password(parley):
    for question, answer in ((b"PING", b"-NOAUTH"), (b"AUTH redis", b"-WRONGPASS")):
        with socket.create_connection(("127.0.0.1", parley.base + 4), timeout=10) as connection:
            connection.sendall(question + b"\r\n")
            assert connection.recv(100).startswith(answer)
