"""How fast one may call over HTTP."""

import concurrent.futures
import http.client
import json
import secrets
import socket
import time
import types

import pytest


AT_ONCE = 100  # nginx ends a connection after 1,000 requests


class Hammer:
    """Six connections that ask the same until one of them is refused: much at once, for what waits for each
    answer may be too slow itself."""

    def __init__(self, parley, session, method, path, body):
        self.port = parley.port
        self.ask = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                    f"Authorization: Bearer {session.token}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        self.end = time.monotonic() + 60
        self.refused = []

    def strike(self):
        while not self.refused and time.monotonic() < self.end:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection, \
                    connection.makefile("rb") as answers:
                connection.sendall(self.ask * AT_ONCE)
                for _ in range(AT_ONCE):
                    self.read(answers)

    def read(self, answers):
        status = int(answers.readline().split()[1])
        headers = http.client.parse_headers(answers)
        data = json.loads(answers.read(int(headers["Content-Length"])))
        if status == 429:
            self.refused.append((data, headers["Retry-After"]))

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
    data, wait = Hammer(parley, stranger, "GET", "/api/conversations", "").first_refusal()
    assert (data["code"], wait) == (42901, "1")
    alice.get("/api/conversations").ok()
