"""The configuration that tools/edge prints for containers, in an nginx of this machine."""

import contextlib
import http.client
import http.server
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from addresses import own_address

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / os.environ.get("BIN", "build/bin")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def printed(folder, *arguments, doors=("127.0.0.1:8080", "127.0.0.1:8001"), service=8000, **environment):
    """nginx.conf in folder, with places and addresses of this machine."""
    done = subprocess.run([ROOT / "tools/edge", *arguments], text=True, capture_output=True, timeout=60,
                          env={**os.environ, "BIN": str(BIN), **environment}, check=True)
    text = re.sub(r"server \w+:8000", f"server 127.0.0.1:{service}", done.stdout)
    for place, here in (("/var/tmp", folder), ("/dev/stdout", folder / "access"),
                        ("/usr/share/parley", ROOT), ("0.0.0.0:8080", doors[0]), ("0.0.0.0:8001", doors[1])):
        assert place in text
        text = text.replace(place, str(here))
    path = folder / "nginx.conf"
    # Where only root may read the folder, workers must be root's.
    path.write_text(("user root;\n" if os.geteuid() == 0 else "") + text, encoding="utf-8")
    return path


class Echo(http.server.BaseHTTPRequestHandler):
    """What a service is told of its client."""

    def do_GET(self):  # noqa: N802, the base's name
        text = " ".join(str(self.headers[f"X-Forwarded-{what}"]) for what in ("Proto", "For")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


def get(door, path, **headers):
    connection = http.client.HTTPConnection(door, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def listens(door):
    host, port = door.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@contextlib.contextmanager
def edge(folder, **environment):
    """The doors of a running edge, before services that are Echo."""
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    doors = own_address(), own_address()
    path = printed(folder, doors=doors, service=service.server_port, **environment)
    nginx = subprocess.Popen([NGINX, "-e", "stderr", "-c", path], stdin=subprocess.DEVNULL)
    try:
        for door in doors:
            while not listens(door):
                assert nginx.poll() is None, "nginx ended"
                time.sleep(0.01)
        yield doors
    finally:
        nginx.terminate()
        nginx.wait()
        service.shutdown()


@pytest.mark.parametrize("arguments", [(), ("--resolver", "127.0.0.11")],
                         ids=["names at start", "names again and again"])
def test_nginx_takes_the_configuration(tmp_path, arguments):
    path = printed(tmp_path, *arguments, TRUSTED_PROXIES="10.0.0.0/8, ::1")
    done = subprocess.run([NGINX, "-t", "-e", "stderr", "-c", path], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


FRONT = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


def test_a_proxy_in_front_is_believed_when_it_is_trusted(tmp_path):
    with edge(tmp_path, TRUSTED_PROXIES="127.0.0.1") as (door, _):
        assert get(door, "/api/users/me", **FRONT) == (200, "https 192.0.2.7")
        assert get(door, "/api/users/me") == (200, "http 127.0.0.1")


def test_nobody_else_says_who_he_is(tmp_path):
    with edge(tmp_path, TRUSTED_PROXIES="10.0.0.0/8") as (door, internal):
        assert get(door, "/api/users/me", **FRONT) == (200, "http 127.0.0.1")
        assert get(internal, "/readyz") == (200, "ok\n")
        assert get(internal, "/api/users/me")[0] == 404
