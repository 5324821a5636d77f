"""A second push, as a larger installation has."""

import os
import pathlib
import signal
import socket
import subprocess
import urllib.error
import urllib.request

from instance import eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """One more push, beside the instance's own; nobody starts it again."""

    def __init__(self, parley):
        pairs = pathlib.Path(f"/proc/{parley.pid('push')}/environ").read_bytes().split(b"\0")
        environment = dict(pair.decode().split("=", 1) for pair in pairs if pair)
        port, internal = free_port(), free_port()
        environment.update(LISTEN=f"127.0.0.1:{port}", INTERNAL_LISTEN=f"127.0.0.1:{internal}",
                           NODE_ID=f"push-{port}", DRAIN_SECONDS="0")
        self.name = environment["NODE_ID"]
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.internal = internal
        self.process = subprocess.Popen([str(parley.bin / "parley-push")], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.is_ready(), 20, "the second push")

    def is_ready(self):
        try:
            url = f"http://127.0.0.1:{self.internal}/readyz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        return self.process.wait(30)
