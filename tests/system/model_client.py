"""A client that follows docs/protocol.md to the letter and nothing else: live frames, sync, history.

Store is what it knows, without any I/O; ModelDevice is the socket and the calls around it."""

import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from client import Rest, fresh

ACK, READ, RECALL, EDIT, REACTION, DELIVERED, PIN = 30, 31, 32, 34, 35, 36, 37
CHANGES = (RECALL, EDIT, REACTION, PIN)
SYSTEM = 3
GAP_SECONDS = 1  # frames overtake each other by less
UNACKED_MAX = 64


class Message:
    """One message, as its newest state is known."""

    def __init__(self, frame):
        self.id = frame["message_id"]
        self.seq = frame["seq"]
        self.sender = frame["from"]
        self.msg_type = frame["msg_type"]
        self.content = frame["content"]
        self.edited = bool(frame.get("edited_at"))
        self.recalled = bool(frame.get("recalled_at"))
        self.reactions = {r["emoji"]: set(r["user_ids"]) for r in frame.get("reactions") or []}
        self.change_seq = frame.get("change_seq") or 0

    def apply(self, change):
        self.change_seq = change["change_seq"]
        if change["type"] == RECALL:
            self.recalled, self.content, self.reactions = True, {}, {}
        elif change["type"] == EDIT:
            self.edited, self.content = True, change["content"]
        elif change["type"] == REACTION:
            users = self.reactions.setdefault(change["emoji"], set())
            (users.discard if change.get("removed") else users.add)(change["from"])
            if not users:
                del self.reactions[change["emoji"]]

    def view(self):
        return {"message_id": self.id, "from": self.sender, "msg_type": self.msg_type,
                "content": self.content, "edited": self.edited, "recalled": self.recalled,
                "reactions": {emoji: sorted(users) for emoji, users in self.reactions.items()}}


class Conversation:
    def __init__(self, user_id, conversation_id):
        self.user_id = user_id
        self.id = conversation_id
        self.messages = {}  # by seq
        self.seqs = {}      # by message_id
        self.hidden = set()
        self.last_seq = 0
        self.change_seq = 0
        self.read_seq = 0
        self.hide_seq = 0
        self.settings = {}
        self.set({})
        self.receipts = {}
        self.pins = {}      # message_id: (change_seq, is pinned)
        self.waiting = {}   # seq: messages past a gap
        self.waiting_changes = {}

    # ---- Whole states: of sync, history, and messages in order

    def put(self, frame):
        known = self.messages.get(frame["seq"])
        if frame["message_id"] in self.hidden:
            return
        if known is None or (frame.get("change_seq") or 0) >= known.change_seq:
            self.messages[frame["seq"]] = Message(frame)
            self.seqs[frame["message_id"]] = frame["seq"]
        if frame["msg_type"] == SYSTEM:
            return
        if frame["from"] == self.user_id:  # sending reads
            self.read_seq = max(self.read_seq, frame["seq"])
        elif self.id.startswith("single:"):
            self.receipt(frame["from"], frame["seq"], frame["seq"])

    def hide(self, message_id):
        self.hidden.add(message_id)
        self.messages.pop(self.seqs.pop(message_id, None), None)

    def sync(self, given):
        for frame in given["messages"] + given["changes"]:
            self.put(frame)
        for message_id in given["hidden_message_ids"]:
            self.hide(message_id)
        self.last_seq = max(self.last_seq, given["last_seq"])
        self.change_seq = max(self.change_seq, given["change_seq"])
        self.read_seq = max(self.read_seq, given["read_seq"])
        for message_id in given["pinned_ids"]:
            self.pin(message_id, given["change_seq"], True)
        for message_id in set(self.pins) - set(given["pinned_ids"]):
            self.pin(message_id, given["change_seq"], False)
        for receipt in given["receipts"]:
            self.receipt(receipt["user_id"], receipt["read_seq"], receipt["delivered_seq"])
        self.set(given)
        self.hide_seq = given["last_seq"] if given.get("hidden") else 0
        for seq in [seq for seq in self.messages if seq < given["first_seq"]]:
            self.hide(self.messages[seq].id)

    def set(self, given):
        """Whoever comes last is right: frames that came meanwhile are handled after an answer."""
        self.settings = {"pinned": given.get("pinned", False), "muted": given.get("muted", False),
                         "draft": given.get("draft") or None}

    def pin(self, message_id, change_seq, is_pinned):
        if change_seq >= self.pins.get(message_id, (0, False))[0]:
            self.pins[message_id] = (change_seq, is_pinned)

    def receipt(self, user_id, read_seq, delivered_seq):
        known = self.receipts.get(user_id, (0, 0))
        self.receipts[user_id] = (max(known[0], read_seq), max(known[1], delivered_seq, read_seq))

    # ---- Live: in order, without a gap

    def take(self, frame):
        if frame["type"] in CHANGES:
            number, waiting, done = frame["change_seq"], self.waiting_changes, self.change_seq
        else:
            number, waiting, done = frame["seq"], self.waiting, self.last_seq
        if number > done:
            waiting[number] = frame
        elif frame["type"] in CHANGES:
            self.change(frame)  # once more is harmless
        self.go_on()

    def change(self, frame):
        """Newer than the message, or the message's own last."""
        if frame["type"] in (PIN, RECALL):
            self.pin(frame["message_id"], frame["change_seq"],
                     frame["type"] == PIN and not frame.get("removed"))
        message = self.messages.get(frame["seq"])
        if message is not None and frame["change_seq"] >= message.change_seq:
            message.apply(frame)

    def go_on(self):
        """As far as nothing is missing."""
        while self.last_seq + 1 in self.waiting:
            self.put(self.waiting[self.last_seq + 1])
            self.last_seq += 1
        while True:
            frame = self.waiting_changes.get(self.change_seq + 1)
            if frame is None or frame["seq"] > self.last_seq:
                break
            self.change(frame)
            self.change_seq += 1
        self.waiting = {n: f for n, f in self.waiting.items() if n > self.last_seq}
        self.waiting_changes = {n: f for n, f in self.waiting_changes.items()
                                if n > self.change_seq}

    def has_gap(self):
        return bool(self.waiting or self.waiting_changes)

    def unread(self):
        return sum(1 for seq, m in self.messages.items()
                   if seq > self.read_seq and m.sender != self.user_id and not m.recalled
                   and m.msg_type != SYSTEM)

    def view(self):
        return {"messages": {seq: m.view() for seq, m in sorted(self.messages.items())},
                "pinned": sorted(id for id, (_, is_pinned) in self.pins.items()
                                 if is_pinned and id not in self.hidden),
                "read_seq": self.read_seq, "unread": self.unread(),
                "receipts": {who: seqs for who, seqs in self.receipts.items() if any(seqs)},
                "hidden": 0 < self.last_seq <= self.hide_seq, "settings": self.settings}


class Store:
    """What a device knows, by conversation."""

    def __init__(self, user_id):
        self.user_id = user_id
        self.conversations = {}
        self.wants_sync = False

    def get(self, conversation_id):
        if conversation_id not in self.conversations:
            self.conversations[conversation_id] = Conversation(self.user_id, conversation_id)
        return self.conversations[conversation_id]

    def page(self, page):
        """A page of sync; what is to be had from history: (conversation_id, from, below)."""
        holes = []
        for given in page["conversations"]:
            conversation = self.get(given["conversation_id"])
            if given["limited"]:
                holes.append((conversation.id, given["after_seq"], given["from_seq"]))
            conversation.sync(given)
        return holes

    def frame(self, frame):
        kind = frame["type"]
        if kind in (1, 2) or kind in CHANGES:
            self.get(frame["conversation_id"]).take(frame)
        elif kind in (READ, DELIVERED):
            conversation = self.get(frame["conversation_id"])
            seq = frame["seq"]
            if frame["from"] == self.user_id:
                conversation.read_seq = max(conversation.read_seq, seq)
            else:
                conversation.receipt(frame["from"], seq if kind == READ else 0, seq)
        elif kind == SYSTEM:
            self.event(frame["content"])

    def event(self, content):
        if content["event"] == "resync":
            self.wants_sync = True
        elif content["event"] == "message.hidden":
            for message_id in content["message_ids"]:
                self.get(content["conversation_id"]).hide(message_id)
        elif content["event"] == "conversation.updated":
            conversation = self.get(content["conversation_id"])
            conversation.set(content)
            conversation.hide_seq = content.get("hide_seq", 0)

    def is_behind(self):
        return self.wants_sync or any(c.has_gap() for c in self.conversations.values())

    def settle(self):
        """After a sync: what waited and is in now waits no more."""
        for conversation in self.conversations.values():
            conversation.go_on()


class ModelDevice:
    def __init__(self, session, name, limit=100):
        self.session = session
        self.limit = limit  # of conversations in a page of sync
        self.name = name
        self.rest = Rest(session.parley.rest.url)
        self.store = Store(session.id)
        self.cursor = None
        self.socket = None
        self.reader = None
        self.unacked = {}   # message_id: its frame
        self.changing = {}  # message_id: its change without an ack
        self.marks = {}     # (type, conversation_id): the last, for marks have no ack
        self.aside = []     # frames that came while an answer was on its way
        self.busy = asyncio.Lock()
        self.asking = False
        self.gap_task = None
        self.wants_online = False
        self.syncs = 0
        self.frames = 0
        self.failure = None

    def spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        task.add_done_callback(self.note_failure)
        return task

    def note_failure(self, task):
        if not task.cancelled() and task.exception() is not None:
            self.failure = task.exception()

    # ---- The socket

    @property
    def is_online(self):
        return self.socket is not None

    async def online(self):
        """Connect, catch up, and send again what has no ack."""
        self.wants_online = True
        async with self.busy:
            if self.socket is not None:
                return
            while self.wants_online and self.socket is None:
                try:
                    self.socket = await connect(
                        f"{self.session.parley.ws_url}?token={self.session.token}",
                        compression=None, ping_interval=None, proxy=None, max_size=None,
                        open_timeout=10)
                except (OSError, InvalidHandshake, ConnectionClosed, EOFError):
                    await asyncio.sleep(0.2)
            if self.socket is None:
                return
            self.changing.clear()
            self.aside.clear()
            self.asking = True
            self.reader = self.spawn(self.read(self.socket))
            await self.sync()
            await self.send_again()

    async def offline(self, abruptly):
        self.wants_online = False
        async with self.busy:
            socket, self.socket = self.socket, None
            if socket is None:
                return
            if abruptly:
                socket.transport.abort()
            else:
                await socket.close()
            await self.reader

    async def read(self, socket):
        try:
            async for text in socket:
                self.frames += 1
                frame = json.loads(text)
                if self.asking:
                    self.aside.append(frame)
                else:
                    self.handle(frame)
        except ConnectionClosed:
            pass
        if self.socket is socket:  # not by us
            self.socket = None
            self.spawn(self.online())

    async def send_again(self):
        for frame in [*self.unacked.values(), *self.marks.values()]:
            await self.send(frame)

    async def send(self, frame):
        try:
            await self.socket.send(json.dumps(frame))
        except (ConnectionClosed, AttributeError):
            pass  # rule: after the reconnect

    # ---- What comes

    def handle(self, frame):
        if frame["type"] == ACK:
            self.handle_ack(frame)
        else:
            self.store.frame(frame)
        if self.store.is_behind() and self.gap_task is None:
            self.gap_task = self.spawn(self.mind_gap())

    def handle_ack(self, ack):
        """Of a change it has change_seq; of a send that came twice there may be two."""
        message_id = ack["message_id"]
        if ack.get("change_seq") or ack.get("repeated"):
            change = self.changing.pop(message_id, None)
            if change and not ack.get("repeated"):
                self.store.frame({**change, "from": self.session.id, "seq": ack["seq"],
                                  "change_seq": ack["change_seq"]})
        elif ack["code"]:
            if self.unacked.pop(message_id, None) is None:
                self.changing.pop(message_id, None)
        elif message_id in self.unacked:
            sent = self.unacked.pop(message_id)
            self.store.frame({
                "type": sent["type"], "message_id": message_id, "from": self.session.id,
                "content": sent["content"], "msg_type": 0, "seq": ack["seq"],
                "conversation_id": ack["conversation_id"]})

    async def mind_gap(self):
        is_told = self.store.wants_sync
        if not is_told:
            await asyncio.sleep(GAP_SECONDS)
        self.gap_task = None
        if self.store.is_behind() and self.socket is not None:
            async with self.busy:
                await self.sync()
                if is_told:
                    await self.send_again()

    # ---- Questions: frames that come meanwhile are handled after the answer

    async def ask(self, path):
        while True:
            try:
                answer = await asyncio.to_thread(self.rest.call, "GET", path,
                                                 token=self.session.token)
                if answer.status < 500 and answer.status != 429:
                    return answer
            except OSError:
                pass
            await asyncio.sleep(0.2)

    async def sync(self):
        has_more = True
        while has_more:
            self.syncs += 1
            self.asking, self.store.wants_sync = True, False
            answer = await self.ask(f"/api/sync?limit={self.limit}" +
                                    (f"&cursor={self.cursor}" if self.cursor else ""))
            if answer.status == 400:  # as told: begin without one
                self.cursor, self.store = None, Store(self.session.id)
                continue
            page = answer.ok()
            for hole in self.store.page(page):
                await self.fill(*hole)
            self.cursor, has_more = page["cursor"], page["has_more"]
            self.store.settle()
            self.asking = False
            aside, self.aside = self.aside, []
            for frame in aside:
                self.handle(frame)

    async def fill(self, conversation_id, have, below):
        kind, _, rest = conversation_id.partition(":")
        peer = rest if kind == "group" else next(
            id for id in rest.split(":") if id != self.session.id)
        path = f"/api/messages/{'group' if kind == 'group' else 'private'}/{peer}?limit=100"
        has_more = True
        while has_more and below > have + 1:
            page = (await self.ask(f"{path}&last_seq={below}")).ok()
            for frame in page["messages"]:
                self.store.get(conversation_id).put(frame)
            has_more = page["has_more"] and page["messages"]
            if page["messages"]:
                below = page["messages"][0]["seq"]

    # ---- What its user does

    async def say(self, text, to=None, group_id=None, **content):
        frame = {"type": 2 if group_id else 1, "message_id": fresh(),
                 "content": {"text": text, **content}}
        frame.update({"group_id": group_id} if group_id else {"to": to})
        self.unacked[frame["message_id"]] = frame
        await self.send(frame)
        return frame["message_id"]

    async def ask_in_vain(self, conversation_id):
        """Change what is not there: the refusal, which is awaited like an ack, comes after all that
        this socket has said before."""
        frame = {"type": EDIT, "conversation_id": conversation_id, "message_id": fresh(),
                 "content": {"text": "never said"}}
        self.unacked[frame["message_id"]] = frame
        await self.send(frame)

    async def change(self, kind, conversation_id, message_id, **more):
        """Nothing while another change of the message is on its way: their acks look alike."""
        frame = {"type": kind, "conversation_id": conversation_id, "message_id": message_id, **more}
        if message_id not in self.changing:
            self.changing[message_id] = frame
            await self.send(frame)

    async def mark(self, kind, conversation_id, seq):
        if kind == READ:
            conversation = self.store.get(conversation_id)
            conversation.read_seq = max(conversation.read_seq, seq)
        frame = {"type": kind, "conversation_id": conversation_id, "seq": seq}
        known = self.marks.get((kind, conversation_id))
        if known is None or known["seq"] < seq:
            self.marks[kind, conversation_id] = frame
        await self.send(frame)

    async def call(self, method, path, body=None):
        """A call whose outcome comes by frame or sync like anybody's."""
        try:
            return await asyncio.to_thread(self.rest.call, method, path, body,
                                           token=self.session.token)
        except OSError:
            return None
