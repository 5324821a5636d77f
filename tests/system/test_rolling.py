"""An upgrade without anyone noticing: two of each and two edges, one after the other is replaced."""

import concurrent.futures
import json

import pytest
import requests

import rolling
from conftest import PORT
from instance import eventually

# What is worth a longer run is in tests/bench/rolling.py.
ROLLING_PORT = PORT + 2


@pytest.fixture(scope="module")
def cluster(make_parley):
    parley = make_parley(ROLLING_PORT, replicas=2, edges=2, DRAIN_SECONDS="1")
    yield parley
    assert make_parley.stopped(parley) == []


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


def test_an_edge_is_left_also_by_whom_it_had_taken_just_before(cluster):
    ann = cluster.register()
    url, headers = f"ws://127.0.0.1:{cluster.port_of('push')}/ws", {"X-Edge": "nginx-9"}
    early, other = ann.device(url, headers=headers), ann.device(url)
    begins = cluster.log("push").count('"sockets leave"')
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        drained = pool.submit(requests.post, cluster.internal_url("push") + "/drain?edge=nginx-9",
                              timeout=30)
        eventually(lambda: cluster.log("push").count('"sockets leave"') > begins,
                   what="the drain's begin")
        late = ann.device(url, headers=headers)
        assert drained.result().text == "drained\n"
    eventually(lambda: (early.closed, late.closed) == (1001, 1001), what="both ends")
    assert other.closed is None
    other.close()
