"""CPU time by program of an instance."""

import collections
import os
import pathlib

from instance import SERVERS, SERVICES

TICK = os.sysconf("SC_CLK_TCK")


def cpu_by_group():
    """CPU seconds by process group: each program leads one, and nginx's workers are in its."""
    used = collections.Counter()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            used[int(fields[2])] += (int(fields[11]) + int(fields[12])) / TICK
    return used


def usage(parley):
    used = cpu_by_group()
    return {name: used[parley.pid(name)] for name in SERVICES + SERVERS}
