"""An upgrade without anyone noticing: two of each and two edges, one after the other is replaced."""

import json
import os

import pytest

import rolling

# What is worth a longer run is in tests/bench/rolling.py.
PORT = int(os.environ.get("PARLEY_TEST_PORT", "8190")) + 2


@pytest.fixture(scope="module")
def cluster(make_parley):
    parley = make_parley(PORT, replicas=2, edges=2, DRAIN_SECONDS="1")
    yield parley
    make_parley.stopped(parley)


def test_loses_and_doubles_nothing_and_closes_with_1001_when_all_is_replaced(cluster):
    load = rolling.Load(cluster)
    try:
        rolling.roll_services_at_once(cluster)
        for number in (1, 2):
            rolling.roll_edge(cluster, number)
        load.stop()
        load.check()
        print(json.dumps(load.figures(), indent=1))
    finally:
        load.stopping.set()
        load.talk.stop()
