"""A second process of a service, as a larger installation has."""

import itertools
import os
import pathlib
import signal
import subprocess
import urllib.error
import urllib.request

from client import Rest
from instance import base_port, eventually

PORTS, TURNS = 3, 40  # in the ports of PORT + 4 to PORT + 7
turns = itertools.cycle(range(TURNS))


def next_ports(parley):
    """Nobody else's. What the kernel finds free may be taken again before it is used."""
    first = base_port(parley.port + 4) + PORTS * next(turns)
    return range(first, first + PORTS)


class Node:
    """One more process, beside the instance's own; nobody starts it again, and no edge knows it."""

    def __init__(self, parley, service="push", wait=True, **more):
        pairs = pathlib.Path(f"/proc/{parley.pid(service)}/environ").read_bytes().split(b"\0")
        environment = dict(pair.decode().split("=", 1) for pair in pairs if pair)
        port, internal, rpc = next_ports(parley)
        environment.update(LISTEN=f"127.0.0.1:{port}", INTERNAL_LISTEN=f"127.0.0.1:{internal}",
                           RPC_LISTEN=f"127.0.0.1:{rpc}", NODE_ID=f"{service}-{port}",
                           DRAIN_SECONDS="0", **more)
        self.service = service
        self.name = environment["NODE_ID"]
        self.rest = Rest(f"http://127.0.0.1:{port}")
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.internal = internal
        self.process = subprocess.Popen([str(parley.bin / f"parley-{service}")], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        eventually(self.is_ready, 20, f"a second {self.service}")

    def is_ready(self):
        return self.answers("/readyz")

    def lives(self):
        """It may still wait for what it needs."""
        return self.answers("/healthz")

    def answers(self, path):
        try:
            url = f"http://127.0.0.1:{self.internal}{path}"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def send_signal(self, number):
        os.kill(self.process.pid, number)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.send_signal(number)
        return self.process.wait(30)
