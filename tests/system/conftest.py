"""The instance that the stories run against, and the people in them."""

import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile

import pika
import pymongo
import pytest
import redis

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import client  # noqa: E402
import providers  # noqa: E402
import tap  # noqa: E402
from instance import ROOT, Instance, eventually  # noqa: E402
from node import Node  # noqa: E402

# pytest-xdist's workers (gw0, gw1, …) have an instance each.
PORT = (int(os.environ.get("PARLEY_TEST_PORT", "8190"))
        + 10 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
PASSWORD = "correct-horse-battery"  # must appear in no log
ADMIN = "overseer"


class Parley(Instance):
    """An instance, with doors to look behind it."""

    def __init__(self, *arguments, **environment):
        super().__init__(*arguments, **environment)
        self.rest = client.Rest(self.url)
        self.bin = pathlib.Path(os.environ.get("BIN", ROOT / "build/bin"))
        if not self.bin.is_absolute():
            self.bin = ROOT / self.bin
        self._mongo = None

    def secret(self, name):
        """What var/secrets has of that name; None: these servers were started without."""
        path = self.var / "secrets" / name
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def credentials(self, service):
        """The settings by which a process of a service reaches the servers and the others."""
        names = {"AMQP_URL": f"{service}.amqp_url", "MONGODB_URI": "mongodb_uri",
                 "REDIS_URL": "redis_url"}
        files = {f"{name}_FILE": file for name, file in names.items()}
        return {name: str(self.var / "secrets" / file)
                for name, file in {**files, "RPC_KEY_FILE": "rpc.key"}.items()}

    def mongo_client(self, **more):
        """As the operator."""
        password = self.secret("operator.mongodb_password")
        if password:
            more = {"username": "operator", "password": password, "authSource": "admin", **more}
        return pymongo.MongoClient("127.0.0.1", self.base + 3, directConnection=True, **more)

    @property
    def mongo(self):
        """The database."""
        if self._mongo is None:
            self._mongo = self.mongo_client(serverSelectionTimeoutMS=30000)
        return self._mongo["parley"]

    @property
    def redis(self):
        return redis.Redis("127.0.0.1", self.base + 4, password=self.secret("redis_password"))

    def amqp(self, name=None, password=None):
        """A connection of one's own to RabbitMQ, by default the operator's; close it."""
        if name is None:
            password = self.secret("operator.amqp_password") or "guest"
            name = "guest" if password == "guest" else "operator"
        return pika.BlockingConnection(pika.ConnectionParameters(
            "127.0.0.1", self.base, heartbeat=0, socket_timeout=10,
            credentials=pika.PlainCredentials(name, password)))

    def rabbitmqctl(self, *arguments):
        """Under the name and the cookie of this broker; takes a second or two."""
        environment = dict(pair.split("=", 1) for pair in pathlib.Path(
            f"/proc/{self.pid('rabbitmq')}/environ").read_text().split("\0") if pair)
        subprocess.run(["/usr/lib/rabbitmq/bin/rabbitmqctl", *arguments], env=environment,
                       check=True, capture_output=True, timeout=60)

    def stop(self, *arguments, **more):
        if self._mongo is not None:
            self._mongo.close()
            self._mongo = None
        return super().stop(*arguments, **more)

    def count(self, collection="messages", query=None):
        return self.mongo[collection].count_documents(query or {})

    def stored(self, conversation_id):
        """What is in the store of a conversation, by seq."""
        return list(self.mongo["messages"].find({"conversation_id": conversation_id}).sort("seq"))

    # ---- People

    def register(self, username=None, password=PASSWORD, nickname=None):
        username = username or f"u{secrets.token_hex(8)}"
        self.enter("/api/register", {
            "username": username, "password": password, "nickname": nickname or username}).ok()
        return self.login(username, password)

    def login(self, username, password=PASSWORD, device="test"):
        return client.Session(self, (username, password),
                              self.answer_to_login(username, password, device).ok())

    def answer_to_login(self, username, password=PASSWORD, device="test"):
        return self.enter("/api/login", {
            "username": username, "password": password, "device": device})

    def enter(self, path, body):
        """What somebody without a session is answered."""
        return client.insist(lambda: self.rest.call("POST", path, body))


@pytest.fixture(scope="session")
def make_parley():
    """Start instances: make_parley(port). Each must leave nothing behind when it ends."""
    started = []

    def make(port, wait=True, var=None, **environment):
        folder = var or tempfile.mkdtemp(prefix=f"parley-test-{port}-")
        instance = Parley(port, folder, **{"DRAIN_SECONDS": "1", **environment})
        started.append((instance, var is None))
        return instance.start(wait=wait)

    make.stopped = stop_and_look
    yield make
    faults = []
    for instance, ours in started:
        faults += stop_and_look(instance)
        if ours and not os.environ.get("PARLEY_TEST_KEEP"):
            shutil.rmtree(instance.var, ignore_errors=True)
    assert not faults, "\n".join(faults)


def stop_and_look(instance):
    """End an instance; what it left behind, and what the sanitizers said."""
    if instance.process is None:
        return []
    status = instance.stop()
    faults = [] if status == 0 else [f"tools/run ended with {status}"]
    faults += [f"left behind: {what}" for what in instance.left_behind()]
    return faults + instance.sanitizer_reports()


@pytest.fixture(scope="session")
def parley(make_parley, tmp_path_factory, request):
    """The instance that most stories share. What travels on its bus is judged (tap.py)."""
    oauth_file = providers.write_file(PORT, tmp_path_factory.mktemp("oauth"))
    instance = make_parley(PORT, ADMIN_USERNAME=ADMIN, ADMIN_PASSWORD=PASSWORD,
                           OAUTH_FILE=oauth_file, **tap.TRACE)
    instance.tap = tap.LiveTap(instance)
    yield instance
    instance.tap.stop()
    assert not instance.tap.wrong, "what does not fit asyncapi.json:\n" + "\n".join(
        instance.tap.wrong)
    if tap.is_full_run(request.session):
        if hasattr(request.config, "workeroutput"):  # others have seen the rest
            request.config.workeroutput["never_seen"] = instance.tap.never_seen()
        else:
            assert not instance.tap.never_seen(), "messages of asyncapi.json that never came"


never_seen = []  # of each worker


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    if "never_seen" in getattr(node, "workeroutput", {}):
        never_seen.append(set(node.workeroutput["never_seen"]))


def pytest_sessionfinish(session):
    """After all workers: some of them must have seen each message."""
    missed = set.intersection(*never_seen) if never_seen else None
    if missed:
        print(f"\nmessages of asyncapi.json that never came: {sorted(missed)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def whole(request):
    """A story begins when all parts that the one before has killed are back."""
    if "parley" in request.fixturenames:
        request.getfixturevalue("parley").wait_whole()


@pytest.fixture
def node(parley):
    """A second push of the same installation, which nobody starts again."""
    second = Node(parley)
    yield second
    second.end(signal.SIGKILL)


@pytest.fixture
def rest(parley):
    return parley.rest


@pytest.fixture
def user(parley):
    """user() registers somebody new and logs in; his sockets end with the test."""
    people = []

    def make(**more):
        people.append(parley.register(**more))
        return people[-1]

    yield make
    for session in people:
        for device in session.devices:
            device.close()


@pytest.fixture
def admin(parley):
    """The first administrator, logged in once more."""
    session = parley.login(ADMIN)
    yield session
    for device in session.devices:
        device.close()


@pytest.fixture
def hubot(parley, user):
    """The id of the bot that is there from the start."""
    found = eventually(lambda: [
        row for row in user().get("/api/users?query=hubot").ok()["users"]
        if row["username"] == "hubot"], what="hubot")
    return found[0]["user_id"]
