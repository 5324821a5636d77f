"""A client as the protocol asks for: loses nothing, doubles nothing, shows one order."""

import asyncio
import collections
import json
import random
import threading
import time

import requests
import websockets
from websockets.asyncio.client import connect

from client import loop, run

RESEND_AFTER = 5  # seconds without an ack
GAP_AFTER = 0.5  # acks and messages come by different ways: a gap may close by itself
TRY_LATER = {42901, 50301, 50001}


class ProperClient:
    """Sends what it is given, with at most `window` un-acked, again with the same ids after a lost
    connection, at resync and after 5 s; reconnects with back-off; shows each conversation in the
    order of seq, asking for what is missing and dropping what it has."""

    def __init__(self, session, window=8, on_ack=None):
        self.session = session
        self.window = window
        self.on_ack = on_ack
        self.waiting = collections.deque()
        self.unacked = {}  # message_id -> [frame, when sent last, when sent first]
        self.longest_wait = 0.0  # seconds from the first sending of a message to its ack
        self.acks = {}  # message_id -> the first ack
        self.faults = []  # what a server must never do
        self.shown = collections.defaultdict(list)  # conversation_id -> (seq, message_id)
        self.last = collections.defaultdict(int)
        self.aside = collections.defaultdict(dict)  # conversation_id -> seq -> message_id
        self.gap_since = None
        self.changed = threading.Condition()
        self.connects = 0
        self.closes = []  # the code of each connection's end
        self.lost_at = None
        self.longest_absence = 0.0  # seconds between two connections
        self.socket = None
        self.catching_up = None
        self.again = False
        self.task = None

    # ---- From the test's thread

    def start(self):
        run(self._start())
        return self

    def stop(self):
        run(self._stop())

    def send(self, frame):
        loop.call_soon_threadsafe(self._send, frame)

    def wait(self, condition, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout)

    # ---- In the loop

    async def _start(self):
        opened = asyncio.Event()
        self.task = asyncio.create_task(self._live(opened))
        await asyncio.wait_for(opened.wait(), 30)

    async def _stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _live(self, opened):
        delay = 0.1
        clock = asyncio.create_task(self._watch_clock())
        try:
            while True:
                try:
                    await self._one_connection(opened)
                    delay = 0.1
                except (OSError, asyncio.TimeoutError, websockets.InvalidHandshake):
                    pass
                except websockets.ConnectionClosed:
                    delay = 0.1
                self.socket = None
                await asyncio.sleep(delay * random.uniform(0.5, 1))
                delay = min(delay * 2, 2)
        finally:
            clock.cancel()

    async def _one_connection(self, opened):
        url = f"{self.session.parley.ws_url}?token={self.session.token}"
        async with connect(url, compression=None, ping_interval=None, max_size=None, proxy=None,
                           open_timeout=15) as self.socket:
            self.connects += 1
            if self.lost_at:
                self.longest_absence = max(self.longest_absence, time.monotonic() - self.lost_at)
            opened.set()
            self._resend()
            if self.connects > 1:
                self._catch_up()
            self._fill_window()
            try:
                async for text in self.socket:
                    self._take(json.loads(text))
            finally:
                self.closes.append(self.socket.close_code)
                self.lost_at = time.monotonic()

    async def _watch_clock(self):
        while True:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            if any(now - sent > RESEND_AFTER for _, sent, _ in self.unacked.values()):
                self._resend()
            if self.gap_since and now - self.gap_since > GAP_AFTER:
                self.gap_since = now
                self._catch_up()

    def _write(self, frame):
        if self.socket is not None:
            # Order is kept: tasks start in the order of their making, and a send writes at once.
            asyncio.create_task(self._write_now(self.socket, json.dumps(frame)))

    @staticmethod
    async def _write_now(socket, text):
        try:
            await socket.send(text)
        except websockets.ConnectionClosed:
            pass

    def _send(self, frame):
        self.waiting.append(frame)
        self._fill_window()

    def _fill_window(self):
        while self.waiting and len(self.unacked) < self.window and self.socket is not None:
            frame = self.waiting.popleft()
            now = time.monotonic()
            self.unacked[frame["message_id"]] = [frame, now, now]
            self._write(frame)

    def _resend(self):
        for entry in self.unacked.values():
            entry[1] = time.monotonic()
            self._write(entry[0])

    def _take(self, frame):
        if frame["type"] in (1, 2):
            self._place(frame["conversation_id"], frame["seq"], frame["message_id"])
        elif frame["type"] == 30:
            self._take_ack(frame)
        elif frame["type"] == 3 and frame["content"]["event"] == "resync":
            self._resend()
            self._catch_up()

    def _take_ack(self, ack):
        message_id = ack.get("message_id")
        if ack["code"] in TRY_LATER:
            # Once more after a second, by the clock; unless it was a repetition that was refused.
            if message_id in self.unacked:
                self.unacked[message_id][1] = time.monotonic() - RESEND_AFTER + 1
            return
        with self.changed:
            known = self.acks.setdefault(message_id, ack)
            if known["code"] != ack["code"] or known.get("seq") != ack.get("seq"):
                self.faults.append(f"two answers to {message_id}: {known}, {ack}")
            new = self.unacked.pop(message_id, None)
            if new:
                self.longest_wait = max(self.longest_wait, time.monotonic() - new[2])
            self.changed.notify_all()
        if ack["code"] == 0:
            self._place(ack["conversation_id"], ack["seq"], message_id)  # one's own: no echo comes
        if new and self.on_ack:
            self.on_ack(ack)
        self._fill_window()

    def _place(self, conversation_id, seq, message_id):
        if seq > self.last[conversation_id] + 1:
            self.aside[conversation_id][seq] = message_id
            self.gap_since = self.gap_since or time.monotonic()
        elif seq == self.last[conversation_id] + 1:
            self._show(conversation_id, seq, message_id)
            self._show_aside(conversation_id)

    def _show(self, conversation_id, seq, message_id):
        if seq <= self.last[conversation_id]:
            return
        with self.changed:
            self.last[conversation_id] = seq
            self.shown[conversation_id].append((seq, message_id))
            self.changed.notify_all()

    def _show_aside(self, conversation_id):
        aside = self.aside[conversation_id]
        for seq in [seq for seq in aside if seq <= self.last[conversation_id]]:
            del aside[seq]
        while self.last[conversation_id] + 1 in aside:
            seq = self.last[conversation_id] + 1
            self._show(conversation_id, seq, aside.pop(seq))
        if not any(self.aside.values()):
            self.gap_since = None

    # ---- Catching up: GET /api/conversations, then after_seq

    def _catch_up(self):
        self.again = True
        if self.catching_up is None or self.catching_up.done():
            self.catching_up = asyncio.create_task(self._catch_up_now())

    async def _catch_up_now(self):
        delay = 0.1
        while self.again:
            self.again = False
            try:
                rows = await asyncio.to_thread(self.session.conversations)
                for conversation_id, row in rows.items():
                    if row["last_seq"] > self.last[conversation_id]:
                        await self._read_history(conversation_id)
                delay = 0.1
            except (OSError, AssertionError, ValueError, requests.RequestException):
                self.again = True
                await asyncio.sleep(delay * random.uniform(0.5, 1))
                delay = min(delay * 2, 2)

    async def _read_history(self, conversation_id):
        kind, _, names = conversation_id.partition(":")
        if kind == "single":
            peer = [name for name in names.split(":") if name != self.session.id][0]
            path = f"/api/messages/private/{peer}"
        else:
            path = f"/api/messages/group/{names}"
        more = True
        while more:
            query = f"?limit=100&after_seq={self.last[conversation_id]}"
            answer = await asyncio.to_thread(self.session.get, path + query)
            page = answer.ok()
            for message in page["messages"]:
                self._show(conversation_id, message["seq"], message["message_id"])
            more = page["has_more"] and page["messages"]
        self._show_aside(conversation_id)
