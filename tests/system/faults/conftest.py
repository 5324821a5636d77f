"""A town: two of each service behind two edges, and links between all that can be cut."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import client  # noqa: E402
from conftest import PORT, Parley, stop_and_look  # noqa: E402
from instance import ROOT, base_port, eventually  # noqa: E402
from replica_set import ReplicaSet  # noqa: E402
from toxiproxy import Toxiproxy  # noqa: E402

REPLICAS = 2
EDGES = ("edge-1", "edge-2")
LINKS_OF_MONGODB = ["mongod-1", "mongod-2", "mongod-3"]


class Servers(Parley):
    """RabbitMQ and Redis, which services reach over links."""

    program = ROOT / "tests/system/faults/servers.py"


class Door:
    """A way in: one of the edges, over a link."""

    def __init__(self, port):
        self.rest = client.Rest(f"http://127.0.0.1:{port}")
        self.ws_url = f"ws://127.0.0.1:{port}/ws"


class Town(Parley):
    """The ports are those of PORT and PORT + 1 (services, edges), + 2 (servers), + 3 (links)."""

    def __init__(self, port, folder):
        self.servers = Servers(port + REPLICAS, folder / "servers")
        self.toxiproxy = Toxiproxy(base_port(port + REPLICAS + 1))
        self.folder = folder
        super().__init__(port, folder / "services", replicas=REPLICAS, edges=len(EDGES))

    @property
    def redis(self):
        return self.servers.redis

    def open(self):
        self.toxiproxy.start()
        self.servers.start()
        self.set = ReplicaSet(self.folder, self.servers.base + 20, self.toxiproxy).start()
        self._mongo = self.set.client
        amqp = self.toxiproxy.link("rabbitmq", self.servers.base)
        redis = self.toxiproxy.link("redis", self.servers.base + 4)
        self.environment.update(
            AMQP_URL=f"amqp://guest:guest@127.0.0.1:{amqp}/", MONGODB_URI=self.set.uri,
            REDIS_URL=f"redis://127.0.0.1:{redis}/0")
        self.start()
        self.doors = [Door(self.toxiproxy.link(name, self.port + i))
                      for i, name in enumerate(EDGES)]
        return self

    def close(self):
        """What is left behind, and what the sanitizers said."""
        faults = stop_and_look(self) + stop_and_look(self.servers)
        self.set.stop()
        self.toxiproxy.stop()
        return faults

    def wait_whole(self, timeout=90):
        eventually(lambda: self.listens(self.servers.base), timeout, "RabbitMQ")
        self.set.wait_whole()
        self.wait_ready(timeout)


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    built = Town(PORT, tmp_path_factory.mktemp("town"))
    try:
        yield built.open()
    finally:
        faults = built.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(autouse=True)
def whole(town):
    """A story begins when all parts that the one before has broken are back."""
    town.wait_whole()
