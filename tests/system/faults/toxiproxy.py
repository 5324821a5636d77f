"""Links that can be cut and slowed down: toxiproxy, as a process of its own.

https://github.com/Shopify/toxiproxy; tools/setup builds it into ~/.cache/parley.
"""

import contextlib
import pathlib
import shutil
import subprocess

import requests

from instance import Instance, eventually

KEPT = pathlib.Path.home() / ".cache/parley/toxiproxy-server"


class Toxiproxy:
    def __init__(self, port):
        """Its own API is at port; the links listen on those that follow."""
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ports = {}
        self.process = None
        self.http = requests.Session()
        self.http.trust_env = False

    def start(self):
        program = shutil.which("toxiproxy-server") or KEPT
        self.process = subprocess.Popen(
            [program, "-host", "127.0.0.1", "-port", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: Instance.listens(self.port), what="toxiproxy")
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def call(self, method, path, body=None):
        answer = self.http.request(method, self.url + path, json=body, timeout=10)
        assert answer.ok, f"toxiproxy: {answer.text}"

    def link(self, name, upstream):
        """A new link to a port of this machine; the port where it begins."""
        port = self.ports[name] = self.port + 1 + len(self.ports)
        self.call("POST", "/proxies", {"name": name, "listen": f"127.0.0.1:{port}",
                                       "upstream": f"127.0.0.1:{upstream}", "enabled": True})
        return port

    @contextlib.contextmanager
    def toxic(self, names, kind, **attributes):
        """Both directions of these links are so for a while."""
        added = [(name, stream) for name in names for stream in ("upstream", "downstream")]
        for name, stream in added:
            self.call("POST", f"/proxies/{name}/toxics", {
                "name": stream, "type": kind, "stream": stream, "attributes": attributes})
        try:
            yield
        finally:
            for name, stream in added:
                self.call("DELETE", f"/proxies/{name}/toxics/{stream}")

    @contextlib.contextmanager
    def cut(self, names):
        """Every connection over these links ends at once, and no new one is taken."""
        for name in names:
            self.call("POST", f"/proxies/{name}", {"enabled": False})
        try:
            yield
        finally:
            for name in names:
                self.call("POST", f"/proxies/{name}", {"enabled": True})
