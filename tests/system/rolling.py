"""An upgrade of everything while people talk: each process is drained and ended, and another comes."""

import collections
import itertools
import signal
import threading
import time

import requests

from client import Rest
from ctl import parleyctl
from instance import SERVICES, eventually, is_alive, several
from talk import PEOPLE, Talk

PAUSE = 0.2  # seconds between two messages of each


class Door:
    """All edges behind one name: each attempt to connect takes the next."""

    def __init__(self, urls, first):
        self.urls = itertools.cycle(urls[first:] + urls[:first])
        self.rest = Rest(urls[first])

    @property
    def ws_url(self):
        return next(self.urls).replace("http", "ws") + "/ws"


def doors(parley):
    urls = [parley.edge_url(number) for number in range(1, parley.edges + 1)]
    return [Door(urls, first) for first in range(len(urls))]


class Load:
    """People who talk over all edges until told to stop, and one who reads by REST."""

    def __init__(self, parley):
        self.doors = doors(parley)
        self.talk = Talk(parley, self.doors)
        self.answers = collections.Counter()  # of REST, by code, and of lost connections
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.write), threading.Thread(target=self.read)]
        for thread in self.threads:
            thread.start()

    def write(self):
        while not self.stopping.is_set():
            self.talk.send(PEOPLE)
            self.stopping.wait(PAUSE)

    def read(self):
        person = self.talk.people[0]
        while not self.stopping.is_set():
            for number, door in enumerate(self.doors, 1):
                try:
                    answer = door.rest.call("GET", "/api/conversations", token=person.token)
                    self.answers[f"edge {number}: {answer.code}"] += 1
                except (OSError, requests.RequestException):
                    self.answers[f"edge {number}: no answer"] += 1
            self.stopping.wait(0.02)

    def stop(self):
        """No more is sent; wait until all is acked."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.talk.wait_acked(self.talk.count)

    def check(self):
        """Nothing lost, nothing doubled, one order everywhere, and every end of a socket was 1001."""
        self.talk.check_store()
        self.talk.check_devices()
        codes = self.close_codes()
        assert set(codes) <= {1001}, f"sockets were closed with {dict(codes)}"

    def close_codes(self):
        clients = self.talk.senders + self.talk.watchers
        return collections.Counter(code for each in clients for code in list(each.closes))

    def stored(self):
        """Of what was sent, how much is in the store; and how much is there of it."""
        rows = [message_id for order in self.talk.order.values() for _, message_id in order]
        sent = {message_id for each in self.talk.sent.values() for message_id in each}
        found = [message_id for message_id in rows if message_id in sent]
        return len(set(found)), len(found)

    def figures(self):
        stored, rows = self.stored()
        clients = self.talk.senders + self.talk.watchers
        return {
            "messages": self.talk.count,
            "acks": self.talk.acked,
            "lost": self.talk.count - stored,
            "doubled": rows - stored,
            "reconnects": self.talk.reconnects(),
            "close codes": dict(self.close_codes()),
            "longest wait for an ack, ms": round(self.talk.longest_gap() * 1000),
            "longest time without a socket, ms": round(
                max(each.longest_absence for each in clients) * 1000),
            "REST": dict(self.answers),
        }


# ---- The upgrade


def ctl(parley, *arguments):
    done = parleyctl(parley, *arguments)
    assert done.returncode == 0, done.stderr


def wait_ended(pid, name):
    eventually(lambda: not is_alive(pid), 60, f"the end of {name}")


def roll(parley, name):
    """Drain a process of a service, end it, wait for the next one."""
    ctl(parley, "drain", f"127.0.0.1:{parley.port_of(name, 1)}")
    assert not parley.is_ready(name)
    pid = parley.signal(name, signal.SIGTERM)
    began = time.monotonic()
    wait_ended(pid, name)
    took = time.monotonic() - began
    eventually(lambda: parley.find_pid(name) not in (None, pid), 60, f"a new process for {name}")
    eventually(lambda: parley.is_ready(name), 60, f"/readyz of {name}")
    return took


def roll_edge(parley, number):
    """An nginx takes no more, push closes what came over it, and so it ends by itself."""
    name = several(("nginx",), parley.edges)[number - 1]
    pid = parley.signal(name, signal.SIGQUIT)
    ctl(parley, "drain", "--edge", name)
    wait_ended(pid, name)
    eventually(lambda: parley.listens(parley.port + number - 1), 60, f"a new {name}")


def roll_services_at_once(parley):
    """As `kubectl apply` does: all services at the same time, one process of each at a time."""
    for number in range(parley.replicas):
        names = [several((service,), parley.replicas)[number] for service in SERVICES]
        faults = []

        def one(name):
            try:
                roll(parley, name)
            except AssertionError as fault:
                faults.append(f"{name}: {fault}")

        threads = [threading.Thread(target=one, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults, faults
