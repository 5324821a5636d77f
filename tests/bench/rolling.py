"""An upgrade of two of each and two edges, one process after the other, while people talk: what they
notice. See README.md."""

import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import rolling  # noqa: E402
from conftest import Parley, stop_and_look  # noqa: E402
from instance import SERVICES, several  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "2"))


def main():
    folder = tempfile.mkdtemp(prefix="parley-rolling-")
    parley = Parley(int(os.environ.get("PORT", "8190")), folder, replicas=2, edges=2,
                    DRAIN_SECONDS=os.environ.get("DRAIN_SECONDS", "5")).start()
    load = rolling.Load(parley)
    ends = []  # from SIGTERM to the end of a drained process, in seconds
    try:
        for _ in range(ROUNDS):
            for name in several(SERVICES, parley.replicas):
                ends.append(rolling.roll(parley, name))
            for number in range(1, parley.edges + 1):
                rolling.roll_edge(parley, number)
        load.stop()
        load.check()
        print(json.dumps({**load.figures(), "rolled": len(ends) + ROUNDS * parley.edges,
                          "longest end after a drain, ms": round(max(ends) * 1000)}, indent=1))
    finally:
        load.stopping.set()
        load.talk.stop()
        faults = stop_and_look(parley)
    assert not faults, faults


if __name__ == "__main__":
    main()
