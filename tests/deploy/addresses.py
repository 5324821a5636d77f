"""Where a process of these tests may listen, and nobody else does: a port of 127.0.0.1 that was free a
moment ago may be the source of somebody's connection by now. As tests/support/own_address.h for C."""

import itertools
import os

PORTS = itertools.count(7000)  # below those that the system gives to who connects


def own_address():
    """Another "host:port" with each call; all of 127.0.0.0/8 is loopback."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 16)}.{pid >> 8 & 255}.{pid & 255}:{next(PORTS)}"
