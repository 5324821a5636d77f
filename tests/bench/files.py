"""What 100 MiB cost going in and out: time, and the peak memory of message and nginx. See README.md."""

import http.client
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from conftest import Parley, stop_and_look  # noqa: E402

SIZE = 100 * 1024 * 1024
PIECE = os.urandom(1024 * 1024)
BOUNDARY = "8f2c6a51e0"
HEAD = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n'
        "\r\n").encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def pids(parley, name):
    """A program and its children: nginx's workers."""
    leader = parley.pid(name)
    children = pathlib.Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    return [leader, *map(int, children)]


def field(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peaks(parley):
    for name in ("message", "nginx"):
        for pid in pids(parley, name):
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peaks(parley):
    return ", ".join(f"{name} {sum(field(pid, 'VmHWM') for pid in pids(parley, name)):.1f} MiB"
                     for name in ("message", "nginx"))


def upload(parley, session):
    connection = http.client.HTTPConnection("127.0.0.1", parley.port, timeout=300)
    connection.putrequest("POST", "/api/files")
    connection.putheader("Authorization", f"Bearer {session.token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(HEAD) + SIZE + len(TAIL)))
    connection.endheaders(HEAD)
    for _ in range(SIZE // len(PIECE)):
        connection.send(PIECE)
    connection.send(TAIL)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body.decode().partition('"url":"')[2].partition('"')[0]


def download(parley, session, path):
    connection = http.client.HTTPConnection("127.0.0.1", parley.port, timeout=300)
    connection.request("GET", path, headers={"Authorization": f"Bearer {session.token}"})
    answer = connection.getresponse()
    total = 0
    while piece := answer.read(len(PIECE)):
        total += len(piece)
    assert answer.status == 200 and total == SIZE


def measure(parley, what, run):
    before = peaks(parley)
    forget_peaks(parley)
    begun = time.monotonic()
    ret = run()
    print(f"{what}: {time.monotonic() - begun:.1f} s; peak memory {peaks(parley)} (before: {before})")
    return ret


def main():
    port = int(os.environ.get("PORT", "8190"))
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        parley = Parley(port, folder).start()
        try:
            session = parley.register()
            path = measure(parley, "100 MiB in", lambda: upload(parley, session))
            measure(parley, "100 MiB out", lambda: download(parley, session, path))
            measure(parley, "the same again in", lambda: upload(parley, session))
        finally:
            faults = stop_and_look(parley)
        assert not faults, faults


if __name__ == "__main__":
    main()
