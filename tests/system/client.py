"""Clients that know nothing of the server's code: REST, and WebSockets by the book."""

import asyncio
import http.cookiejar
import json
import secrets
import threading

import requests
import websockets
from websockets.asyncio.client import connect

from instance import SLOWNESS, eventually

observers = []  # told ("receive" or "send", text) of what goes to the server and what comes
ACK_TIMEOUT = 20 * SLOWNESS  # nothing waits this long when all is well


def fresh(prefix="m"):
    """An id or name that nobody used before (16 characters at least)."""
    return f"{prefix}{secrets.token_hex(10)}"


# ---- REST


class Answer:
    def __init__(self, response):
        self.status = response.status_code
        self.headers = response.headers
        self.raw = response.content
        self.cookies = response.raw.headers.getlist("Set-Cookie")

    @property
    def body(self):
        return json.loads(self.raw)

    @property
    def code(self):
        return self.body["code"]

    @property
    def data(self):
        return self.body["data"]

    @property
    def field(self):
        return (self.data or {}).get("field")

    def ok(self):
        assert self.status == 200 and self.code == 0, self
        return self.data

    def refused(self, code, field=None):
        """Is it the envelope's refusal with this code, and nothing more?"""
        body = self.body
        assert set(body) == {"code", "message", "data"}, self
        assert body["code"] == code and self.status == code // 100, self
        assert isinstance(body["message"], str) and body["message"], self
        if field is not None:
            assert self.field == field and field in body["message"], self
        assert self.headers.get("X-Request-Id"), self
        return self

    def __repr__(self):
        return f"HTTP {self.status}: {self.raw[:500]!r}"


def insist(call):
    """What call() is answered, asked as often as that is "try again": without Redis nobody counts
    wrong passwords, and nobody is let in."""
    def answered():
        answer = call()
        return None if answer.code == 50301 else answer

    return eventually(answered, 20, "an answer")


class Rest:
    """Calls to one origin. Cookies are kept by nobody: a test that wants one sends it."""

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def call(self, method, path, body=None, *, token=None, headers=None, raw=None, timeout=30):
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            headers.setdefault("Content-Type", "application/json")
        return Answer(self.http.request(method, self.url + path, data=raw, headers=headers,
                                        timeout=timeout, allow_redirects=False))


class Session:
    """One login of one user."""

    def __init__(self, parley, account, login):
        self.parley = parley
        self.account = account
        self.login = login
        self.token = login["token"]
        self.refresh_token = login["refresh_token"]
        self.id = login["user_id"]
        self.username = login["username"]
        self.devices = []

    def call(self, method, path, body=None, **more):
        return self.parley.rest.call(method, path, body, token=self.token, **more)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, {} if body is None else body, **more)

    def patch(self, path, body, **more):
        return self.call("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def device(self, url=None, headers=None):
        """An open socket of this session."""
        device = Device(self, url, headers=headers)
        self.devices.append(device)
        return device.open()

    def again(self, device="another"):
        """Log in once more: another session of the same user."""
        session = self.parley.login(*self.account, device=device)
        session.devices = self.devices  # they end together
        return session

    # Short words for what many stories need.

    def create_group(self, *others, **more):
        body = {"name": fresh("group "), "member_ids": [other.id for other in others], **more}
        group_id = self.post("/api/groups", body).ok()["group_id"]
        for device in {device for session in (self, *others)
                       for device in session.devices}:
            device.wait_listening(group_id)
        return group_id

    def join(self, group_id):
        return self.post(f"/api/groups/{group_id}/join").ok()

    def leave(self, group_id):
        return self.post(f"/api/groups/{group_id}/leave").ok()

    def private_history(self, user_id, query="limit=100"):
        return self.get(f"/api/messages/private/{user_id}?{query}").ok()

    def group_history(self, group_id, query="limit=100"):
        return self.get(f"/api/messages/group/{group_id}?{query}").ok()

    def conversations(self):
        """All of them, by id."""
        found, cursor = {}, ""
        while True:
            page = self.get(f"/api/conversations?limit=100{cursor}").ok()
            found.update((row["conversation_id"], row) for row in page["conversations"])
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"


def single(a, b):
    return "single:" + ":".join(sorted((getattr(a, "id", a), getattr(b, "id", b))))


def texts(messages):
    return [message["content"].get("text") for message in messages]


# ---- WebSockets: all of them live in one loop, in one thread

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, name="sockets", daemon=True).start()


def run(coroutine, timeout=60):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout)


def observe(operation, text):
    for observer in observers:
        observer(operation, text)


class Device:
    """One socket. Keeps every frame in the order of its arrival."""

    def __init__(self, session, url=None, query=None, headers=None):
        self.session = session
        self.headers = headers
        self.url = f"{url or session.parley.ws_url}?{query or 'token=' + session.token}"
        self.frames = []
        self.raw = []
        self.closed = None  # the close code, 1006 for none
        self.changed = threading.Condition()
        self.socket = None

    def open(self):
        run(self._open())
        return self

    async def _open(self):
        self.socket = await connect(self.url, compression=None, ping_interval=None, proxy=None,
                                    max_size=None, open_timeout=30,
                                    additional_headers=self.headers)
        asyncio.get_running_loop().create_task(self._read())

    async def _read(self):
        try:
            async for text in self.socket:
                observe("send", text)
                frame = json.loads(text)
                with self.changed:
                    self.raw.append(text)
                    self.frames.append(frame)
                    self.changed.notify_all()
        except websockets.ConnectionClosed:
            pass
        with self.changed:
            self.closed = self.socket.close_code or 1006
            self.changed.notify_all()

    def close(self):
        if self.socket is not None:
            run(self.socket.close())

    # ---- Send

    def send_raw(self, data):
        """Text as a text frame, bytes as a binary one."""
        observe("receive", data)
        run(self.socket.send(data))

    def send(self, frame):
        self.send_raw(json.dumps(frame, ensure_ascii=False))

    def post(self, frame):
        """Send a message without waiting; its id."""
        frame = {"message_id": fresh(), **frame}
        self.send(frame)
        return frame["message_id"]

    def say(self, text, *, to=None, group_id=None, **more):
        """Send a text and wait for its ack."""
        frame = {"type": 1 if to else 2, "content": {"text": text}, **more}
        frame.update({"to": getattr(to, "id", to)} if to else {"group_id": group_id})
        ack = self.settle(frame)
        assert ack["code"] == 0, ack
        return ack

    def settle(self, frame):
        """Send a message or a change of one as often as the answer is "try again", as clients do; the
        last ack."""
        frame = {"message_id": fresh(), **frame}

        def answered():
            start = len(self.frames)
            self.send(frame)
            ack = self.wait_for(lambda f: f["type"] == 30 and f.get("message_id") == frame[
                "message_id"], after=start)
            return None if ack["code"] == 50301 else ack

        return eventually(answered, 20, "an ack that is more than \"try again\"")

    def refusal(self, frame):
        """Send a message that must be refused; the ack."""
        ack = self.settle(frame)
        assert ack["code"] != 0, ack
        return ack

    # ---- Wait

    def wait_for(self, predicate, timeout=ACK_TIMEOUT, after=0, count=1):
        """The first frame (or with count, that many) from number `after` on that fits."""
        found = []
        with self.changed:
            def enough():
                nonlocal after
                while after < len(self.frames) and len(found) < count:
                    if predicate(self.frames[after]):
                        found.append(self.frames[after])
                    after += 1
                return len(found) >= count or self.closed

            self.changed.wait_for(enough, timeout)
            assert len(found) >= count, (
                f"{len(found)} of {count} frames came within {timeout} s; closed: {self.closed}; "
                f"the last frames were {self.frames[-10:]}")
        return found[0] if count == 1 else found

    def ack(self, message_id, count=1):
        return self.wait_for(lambda f: f["type"] == 30 and f.get("message_id") == message_id,
                             count=count)

    def error(self, after=0):
        """An error about no message in particular."""
        return self.wait_for(lambda f: f["type"] == 30 and f.get("message_id") is None,
                             after=after)

    def message(self, message_id):
        return self.wait_for(lambda f: f["type"] in (1, 2) and f["message_id"] == message_id)

    def system(self, event, after=0):
        return self.wait_for(lambda f: f["type"] == 3 and f["content"]["event"] == event,
                             after=after)

    def wait_listening(self, group_id):
        """Until what is said in the group comes here: to one that is new, push listens a moment after
        it has told of it, and says resync then."""
        def is_told():
            return self.closed or any(
                f["type"] == 3 and f["content"].get("conversation_id") == f"group:{group_id}"
                and f["content"]["event"] == "resync" for f in self.frames)

        with self.changed:
            assert self.changed.wait_for(is_told, ACK_TIMEOUT), f"nobody listens to {group_id}"

    def wait_closed(self, timeout=ACK_TIMEOUT):
        with self.changed:
            assert self.changed.wait_for(lambda: self.closed, timeout), "the socket stayed open"
        return self.closed

    def heartbeat(self, **content):
        """There and back: what the server answered at once has come by now."""
        stamp = secrets.randbits(40)
        self.send({"type": 99, "content": {"timestamp": stamp, **content}})
        return self.wait_for(lambda f: f["type"] == 100 and f["content"]["timestamp"] == stamp)

    # ---- Look back

    def messages(self, conversation_id=None):
        with self.changed:
            return [f for f in self.frames if f["type"] in (1, 2)
                    and conversation_id in (None, f["conversation_id"])]
