"""How fast one may call over HTTP."""

import concurrent.futures
import http.client
import itertools
import json
import secrets
import time
import types

import pytest


class Hammer:
    """Six connections that ask the same until one of them is refused."""

    def __init__(self, parley, session, method, path, body):
        self.port = parley.port
        self.headers = {"Authorization": f"Bearer {session.token}",
                        "Content-Type": "application/json"}
        self.ask = method, path, body
        self.end = time.monotonic() + 60
        self.refused = []

    def strike(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for i in itertools.count():
            if self.refused or time.monotonic() > self.end:
                return
            if i % 500 == 499:
                connection.close()  # nginx ends a connection after 1,000 requests
            connection.request(*self.ask, self.headers)
            answer = connection.getresponse()
            data = json.loads(answer.read())
            if answer.status == 429:
                self.refused.append((data, answer.headers["Retry-After"]))

    def first_refusal(self):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for one in [pool.submit(self.strike) for _ in range(6)]:
                one.result()
        assert self.refused, "nobody was refused"
        return self.refused[0]


@pytest.mark.smoke
def test_messages_over_http_are_no_way_around_the_rate_of_a_socket(parley, user):
    alice, bob = user(), user()
    data, wait = Hammer(parley, alice, "POST", "/api/messages", "{}").first_refusal()
    assert (data["code"], data["message"]) == (42901, "at most 200 messages a second")
    assert wait == "1"
    # What is no message goes on meanwhile, and so do other people.
    alice.get("/api/conversations").ok()
    bob.post("/api/messages", {"type": 1, "to": alice.id, "content": {"text": "hi"}}).ok()


def test_made_up_tokens_of_services_are_looked_for_at_a_pace(parley, user):
    """Each is a question to auth, and costs who asks nothing."""
    alice = user()
    stranger = types.SimpleNamespace(token=f"service_{secrets.token_urlsafe(32)}")
    data, wait = Hammer(parley, stranger, "GET", "/api/conversations", None).first_refusal()
    assert (data["code"], wait) == (42901, "1")
    alice.get("/api/conversations").ok()
