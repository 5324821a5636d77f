"""Log-ins at once, and how soon the socket of an ended session closes. See README.md."""

import concurrent.futures
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from conftest import PASSWORD, Parley, stop_and_look  # noqa: E402
from tokens import claims_of  # noqa: E402

PORT = 8196
AT_ONCE = 200
ROUNDS = 5
ENDS = 200


def memory_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def log_in(parley, username):
    """How long it took."""
    started = time.monotonic()
    parley.rest.call("POST", "/api/login", {"username": username, "password": PASSWORD}).ok()
    return time.monotonic() - started


def watch(parley, session, over):
    """Until over: auth's most memory, and the slowest of the requests made meanwhile."""
    most, times = 0, []
    while not over.is_set():
        started = time.monotonic()
        session.get("/api/sessions?limit=1").ok()
        entry = parley.rest.call("POST", "/api/refresh", {
            "refresh_token": session.refresh_token}).ok()
        session.refresh_token = entry["refresh_token"]
        times.append((time.monotonic() - started) / 2)
        most = max(most, memory_mib(parley.pid("auth")))
        time.sleep(0.01)
    return most, max(times)


def measure_logins(parley):
    people = [parley.register() for _ in range(AT_ONCE)]
    other = parley.register()
    idle = memory_mib(parley.pid("auth"))
    over = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE + 1) as pool:
        watcher = pool.submit(watch, parley, other, over)
        started = time.monotonic()
        times = []
        for _ in range(ROUNDS):
            times += pool.map(lambda each: log_in(parley, each.username), people)
        taken = time.monotonic() - started
        over.set()
        most, slowest = watcher.result()
    print(f"{AT_ONCE} log-ins at once: {len(times) / taken:.0f}/s, "
          f"the slowest after {max(times):.2f} s")
    print(f"auth's memory: {idle:.0f} MiB before, {most:.0f} MiB at most")
    print(f"the slowest refresh and list of sessions meanwhile: {slowest * 1000:.0f} ms")


def measure_ends(parley):
    owner = parley.register()
    times = []
    for _ in range(ENDS):
        other = owner.again()
        device = other.device()
        started = time.monotonic()
        owner.delete(f"/api/sessions/{claims_of(other.token)['sid']}").ok()
        device.wait_closed()
        times.append((time.monotonic() - started) * 1000)
    cuts = statistics.quantiles(times, n=100)
    print(f"from DELETE /api/sessions/{{id}} to the socket's close, over {ENDS}: "
          f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, at most {max(times):.1f} ms")


def main():
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        parley = Parley(PORT, folder).start()
        try:
            measure_logins(parley)
            measure_ends(parley)
        finally:
            stop_and_look(parley)


if __name__ == "__main__":
    main()
