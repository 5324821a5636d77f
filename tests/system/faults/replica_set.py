"""Three mongods, each known to the others and to the services by a link that can be cut."""

import pathlib
import signal
import subprocess
import sys

import pymongo

from instance import ROOT, eventually, halt

sys.path.insert(0, str(ROOT / "tools"))
from runner import programs  # noqa: E402

MEMBERS = 3


class ReplicaSet:
    def __init__(self, folder, first_port, toxiproxy, election_ms=2000):
        self.folder = folder
        self.election_ms = election_ms
        self.ports = [first_port + i for i in range(MEMBERS)]
        self.links = [f"mongod-{i + 1}" for i in range(MEMBERS)]
        self.hosts = [f"127.0.0.1:{toxiproxy.link(link, port)}"
                      for link, port in zip(self.links, self.ports)]
        self.uri = (f"mongodb://{','.join(self.hosts)}/parley"
                    "?replicaSet=rs0&w=majority&journal=true")
        self.processes = [None] * MEMBERS
        self.client = None

    def start(self):
        for i in range(MEMBERS):
            self.start_one(i)
        eventually(lambda: all(map(self.answers, range(MEMBERS))), 60, "three mongods")
        first = self.ask(0)
        first.admin.command("replSetInitiate", {
            "_id": "rs0", "settings": {"electionTimeoutMillis": self.election_ms},
            "members": [{"_id": i, "host": host} for i, host in enumerate(self.hosts)]})
        eventually(lambda: self.states().count("SECONDARY") == MEMBERS - 1, 60, "a whole set")
        self.client = pymongo.MongoClient(self.uri)
        return self

    def start_one(self, i):
        program = programs.find("mongod", pathlib.Path.home() / ".cache/parley/mongod")
        data = self.folder / f"mongod-{i + 1}"
        data.mkdir(parents=True, exist_ok=True)
        self.processes[i] = subprocess.Popen(
            [program, "--dbpath", data, "--port", str(self.ports[i]), "--bind_ip", "127.0.0.1",
             "--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "128",
             "--nounixsocket", "--quiet", "--logpath", self.folder / f"mongod-{i + 1}.log",
             "--logappend", "--setParameter", "diagnosticDataCollectionEnabled=false"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def stop(self):
        if self.client:
            self.client.close()
        for process in self.processes:
            if process:
                process.kill()
                process.wait()

    # ---- What it looks like

    def ask(self, i, patience_ms=60_000):
        return pymongo.MongoClient(
            "127.0.0.1", self.ports[i], directConnection=True,
            serverSelectionTimeoutMS=patience_ms, socketTimeoutMS=patience_ms)

    def answers(self, i):
        try:
            with self.ask(i, 5000) as client:
                return bool(client.admin.command("ping"))
        except pymongo.errors.PyMongoError:
            return False

    def states(self):
        """As one that answers sees them: PRIMARY, SECONDARY, …"""
        for i in range(MEMBERS):
            try:
                with self.ask(i, 5000) as client:  # another knows it, if this one is halted
                    status = client.admin.command("replSetGetStatus")
                    return [member["stateStr"] for member in status["members"]]
            except pymongo.errors.PyMongoError:
                continue
        return []

    def primary(self):
        states = self.states()
        return states.index("PRIMARY") if "PRIMARY" in states else None

    def wait_whole(self):
        eventually(lambda: sorted(self.states()) == ["PRIMARY", "SECONDARY", "SECONDARY"], 60,
                   "one primary and two secondaries")

    def wait_other_primary(self, old):
        eventually(lambda: self.primary() not in (None, old), 60, "another primary")

    # ---- Faults

    def try_step_down(self):
        """(who was it,); None: there is no primary just now, or it is another than was told."""
        old = self.primary()
        if old is None:
            return None
        try:
            with self.ask(old) as client:
                client.admin.command("replSetStepDown", 10, force=True)
        except pymongo.errors.NotPrimaryError:
            return None
        return (old,)

    def step_down(self, wait=True):
        """Who was it; without wait, another is still to be chosen."""
        (old,) = eventually(self.try_step_down, 60, "a primary that steps down")
        if wait:
            self.wait_other_primary(old)
        return old

    def kill(self, i):
        self.processes[i].kill()
        self.processes[i].wait()

    def halt(self, i):
        halt(self.processes[i].pid)

    def go_on(self, i):
        self.processes[i].send_signal(signal.SIGCONT)
