"""A thousand friends of one user come at once, and go: what it costs, by process. See README.md."""

import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from conftest import Parley, stop_and_look  # noqa: E402
from crowd import Crowd  # noqa: E402
from usage import usage  # noqa: E402

COUNT = int(os.environ.get("COUNT", "1000"))


def told(watch, online):
    return sum(f["type"] == 40 and f["online"] is online for f in watch.frames)


def storm(what, parley, watch, online, action):
    before, started = usage(parley), time.monotonic()
    action()
    acted = time.monotonic() - started
    while told(watch, online) < COUNT and time.monotonic() - started < 60:
        time.sleep(0.05)
    taken = time.monotonic() - started
    after = usage(parley)
    print(f"-- {COUNT} friends {what} within {acted:.1f} s: {told(watch, online)} frames, the last "
          f"after {taken:.1f} s; closed: {watch.closed}")
    for name in sorted(before, key=lambda name: before[name] - after[name]):
        if after[name] - before[name] >= 0.01:
            print(f"  {name:10} {(after[name] - before[name]) * 1000:6.0f} ms of CPU")


def main():
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as var:
        parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8195")), var).start()
        try:
            one = parley.register()
            watch = one.device()
            strangers = Crowd(one, COUNT)  # the same without a friendship: what sockets cost
            parley.mongo["relations"].delete_many({"friends": one.id})
            before = usage(parley)
            strangers.open()
            time.sleep(2)
            after = usage(parley)
            print(f"-- {COUNT} strangers come: " + ", ".join(
                f"{name} {(after[name] - before[name]) * 1000:.0f} ms" for name in
                ("push", "user", "rabbitmq", "redis", "mongod", "nginx")))
            friends = Crowd(one, COUNT)
            storm("come", parley, watch, True, friends.open)
            storm("go", parley, watch, False, friends.close)
        finally:
            print("\n".join(stop_and_look(parley)))


main()
