"""A town: two of each service behind two edges, and links between all that can be cut."""

import re

import client
from conftest import Parley, stop_and_look
from faults.replica_set import ReplicaSet
from faults.toxiproxy import Toxiproxy
from instance import base_port, eventually

REPLICAS = 2
EDGES = ("edge-1", "edge-2")
LINKS_OF_MONGODB = ["mongod-1", "mongod-2", "mongod-3"]


class Door:
    """A way in: one of the edges, over a link."""

    def __init__(self, port):
        self.rest = client.Rest(f"http://127.0.0.1:{port}")
        self.ws_url = f"ws://127.0.0.1:{port}/ws"


class Town(Parley):
    """The ports are those of PORT and PORT + 1 (services, edges), + 2 (servers), + 3 (links) and + 4
    (MongoDB)."""

    def __init__(self, port, folder):
        # RabbitMQ and Redis, which services reach over links; MongoDB is a set of our own.
        self.servers = Parley(port + REPLICAS, folder / "servers", replicas=0,
                              MONGODB_URI="mongodb://elsewhere")
        self.toxiproxy = Toxiproxy(base_port(port + REPLICAS + 1))
        self.folder = folder
        super().__init__(port, folder / "services", replicas=REPLICAS, edges=len(EDGES))

    @property
    def redis(self):
        return self.servers.redis

    def open(self):
        self.toxiproxy.start()
        self.servers.start(wait=False)
        eventually(lambda: any("no service" in line for line in self.servers.lines), 60,
                   "the servers")
        self.set = ReplicaSet(self.folder, base_port(self.port + REPLICAS + 2),
                              self.toxiproxy).start()
        self._mongo = self.set.client
        amqp = self.toxiproxy.link("rabbitmq", self.servers.base)
        redis = self.toxiproxy.link("redis", self.servers.base + 4)
        self.environment.update(
            AMQP_URL=self.over(amqp, "operator.amqp_url"), MONGODB_URI=self.set.uri,
            REDIS_URL=self.over(redis, "redis_url"))
        self.start()
        self.doors = [Door(self.toxiproxy.link(name, self.port + i))
                      for i, name in enumerate(EDGES)]
        return self

    def over(self, link, name):
        """A URL of the servers' secrets, by the port of a link to it."""
        return re.sub(r":\d+/", f":{link}/", self.servers.secret(name))

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
