"""Whatever five devices of three people do, and however often they are cut off: in the end all of
them know what the store holds. The devices follow docs/protocol.md and nothing else
(model_client.py). A failure prints its seed: the same seed is the same story, but for the timing."""

import asyncio
import contextlib
import json
import os
import random

import pytest

from client import single
from instance import IS_SANITIZED, SLOWNESS
from model_client import DELIVERED, EDIT, PIN, REACTION, READ, RECALL, UNACKED_MAX, ModelDevice

SEEDS = [1, 2, 3, 4]
STEPS = int(os.environ.get("PARLEY_PROPERTY_STEPS", "250" if IS_SANITIZED else "2500"))
KILL_SEED, KILL_STEPS = 5, 600
BURST = 230  # more than a sync gives without a gap
QUIET_SECONDS = 15 * SLOWNESS
EMOJIS = ["👍", "🎉", ":tea:"]
SYSTEM = 3


class World:
    def __init__(self, parley, user, seed):
        self.parley = parley
        self.random = random.Random(seed)
        self.users = [user(), user(), user()]
        ann, ben, carl = self.users
        sessions = [ann, ann.again(), ben, ben.again(), carl]
        self.devices = [ModelDevice(session, f"device {i}", limit=100 if i % 2 else 2)
                        for i, session in enumerate(sessions)]
        self.groups = [ann.create_group(ben, carl), ben.create_group(ann, carl)]
        self.sent = 0
        self.counts = {}

    # ---- Steps

    def someone_online(self):
        return self.random.choice([d for d in self.devices if d.is_online] or [None])

    def some_message(self, device, own=False):
        """One that the device holds: (conversation_id, message), rather a new one."""
        conversations = [c for c in device.store.conversations.values() if c.messages]
        if not conversations:
            return None, None
        conversation = self.random.choice(conversations)
        seqs = sorted(conversation.messages)[-30:]
        seqs = [seq for seq in seqs if conversation.messages[seq].msg_type != SYSTEM and
                (not own or conversation.messages[seq].sender == device.session.id)]
        if not seqs:
            return None, None
        return conversation.id, conversation.messages[self.random.choice(seqs)]

    def some_place(self, device):
        others = [u.id for u in self.users if u.id != device.session.id]
        return self.random.choice([{"to": other} for other in others] +
                                  [{"group_id": group} for group in self.groups])

    async def send(self, device):
        self.sent += 1
        names = [self.random.choice(self.users).id] if self.random.random() < 0.1 else []
        await device.say(f"{self.sent} " + "x" * self.random.randrange(40),
                         **self.some_place(device), **({"at_user_ids": names} if names else {}))

    async def edit(self, device):
        conversation_id, message = self.some_message(device, own=True)
        if message:
            await device.change(EDIT, conversation_id, message.id,
                                content={"text": f"edited {self.random.randrange(10 ** 6)}"})

    async def recall(self, device):
        conversation_id, message = self.some_message(device, own=True)
        if message:
            await device.change(RECALL, conversation_id, message.id)

    async def react(self, device):
        conversation_id, message = self.some_message(device)
        if message:
            await device.change(REACTION, conversation_id, message.id,
                                emoji=self.random.choice(EMOJIS),
                                **({"removed": True} if self.random.random() < 0.4 else {}))

    async def pin(self, device):
        conversation_id, message = self.some_message(device)
        if message:
            await device.change(PIN, conversation_id, message.id,
                                **({"removed": True} if self.random.random() < 0.5 else {}))

    async def read(self, device):
        conversation_id, message = self.some_message(device)
        if message:
            await device.mark(READ, conversation_id, message.seq)

    async def delivered(self, device):
        conversation_id, message = self.some_message(device)
        if message:
            await device.mark(DELIVERED, conversation_id, message.seq)

    async def hide_message(self, device):
        conversation_id, message = self.some_message(device)
        if message:
            await device.call("DELETE", f"/api/conversations/{conversation_id}/messages/"
                                        f"{message.id}?scope=me")

    async def settings(self, device):
        conversation_id, _ = self.some_message(device)
        if conversation_id:
            change = self.random.choice([
                {"pinned": self.random.random() < 0.5}, {"muted": self.random.random() < 0.5},
                {"draft": self.random.choice(["", "perhaps", "no"])}])
            await device.call("PATCH", f"/api/conversations/{conversation_id}", change)

    async def hide_conversation(self, device):
        conversation_id, _ = self.some_message(device)
        if conversation_id:
            await device.call("DELETE", f"/api/conversations/{conversation_id}")

    async def come_or_go(self, device):
        """The second group is Ben's: the others leave it and come back."""
        if device.session is not self.users[1] and device.session.id != self.users[1].id:
            await device.call("POST", f"/api/groups/{self.groups[1]}/"
                                      f"{self.random.choice(['leave', 'join'])}", {})

    async def burst(self, device):
        place = self.some_place(device)
        for _ in range(BURST):
            self.sent += 1
            await device.say(f"{self.sent} at once", **place)

    async def step(self):
        if self.random.random() < 0.05:  # most are here most of the time
            device = self.random.choice(self.devices)
            if not device.wants_online:
                self.count("reconnect")
                self.later(device.online())
            elif self.random.random() < 0.3:
                self.count("disconnect")
                await device.offline(abruptly=self.random.random() < 0.5)
            return
        device = self.someone_online()
        if device is None:
            self.later(self.random.choice(self.devices).online())
            return await asyncio.sleep(0.05)
        while len(device.unacked) > UNACKED_MAX and device.is_online:
            await asyncio.sleep(0.005)
        name = self.random.choices(list(STEP_WEIGHTS), STEP_WEIGHTS.values())[0]
        self.count(name)
        step = getattr(self, name)(device)
        if name in BY_CALL:
            self.later(step)
            while len(self.tasks) > 8:
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        else:
            await step

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def later(self, coroutine):
        task = self.devices[0].spawn(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def look_for_failures(self):
        for device in self.devices:
            if device.failure:
                raise device.failure

    # ---- The whole

    async def run(self, steps, meanwhile=None):
        self.tasks = set()
        await asyncio.gather(*(device.online() for device in self.devices))
        bursts = {steps // 3, 2 * steps // 3}
        for number in range(steps):
            self.number = number
            if meanwhile:
                await meanwhile(self, number)
            if number in bursts:  # somebody must be away for it
                await self.devices[-1].offline(abruptly=True)
                await self.burst(self.devices[0] if self.devices[0].is_online else
                                 self.someone_online() or self.devices[0])
            await self.step()
            if number % 20 == 0:
                await asyncio.sleep(0)
                self.look_for_failures()
        await asyncio.gather(*list(self.tasks))
        await asyncio.gather(*(device.online() for device in self.devices if not device.is_online))
        await self.verify()
        await asyncio.gather(*(device.offline(abruptly=False) for device in self.devices))

    async def verify(self):
        """First as they are, which live frames alone must have brought about for whoever is a
        member; then once more after a sync, and on a device that begins without anything."""
        await self.until(lambda: not any(d.unacked for d in self.devices))
        await self.until_all_is_taken()
        await self.until(lambda: not self.differences(members_only=True))
        for device in self.devices:
            async with device.busy:
                await device.sync()
        self.check(self.differences(), "after a sync")
        for user in self.users:
            anew = ModelDevice(user, "a new device")
            await anew.sync()
            self.check(self.difference(anew, self.expected(user)), "on a new device")
            await self.check_list(user)
        for conversation_id in self.all_conversations():
            stored = self.parley.stored(conversation_id)
            assert [m["seq"] for m in stored] == list(range(1, len(stored) + 1))

    async def until_all_is_taken(self):
        """Comings and goings whose answer was "try again" are made all the same. Marks have no ack: the
        first question sees them leave push, which gathers them, the second sees them handled."""
        await self.until(lambda: not self.parley.mongo["groups"].find_one(
            {"_id": {"$in": self.groups}, "pending.0": {"$exists": True}}))
        for _ in range(2):
            for device in self.devices:
                for conversation_id in list(device.store.conversations):
                    await device.ask_in_vain(conversation_id)
            await self.until(lambda: not any(d.unacked for d in self.devices))

    async def until(self, condition):
        deadline = asyncio.get_running_loop().time() + QUIET_SECONDS
        while not condition():
            self.look_for_failures()
            if asyncio.get_running_loop().time() > deadline:
                self.check(self.differences(members_only=True) or "no acks", "live")
            await asyncio.sleep(0.2)

    @staticmethod
    def check(differences, when):
        assert not differences, f"{when}:\n" + "\n".join(differences[:12])

    def differences(self, members_only=False):
        expected = {user.id: self.expected(user, members_only) for user in self.users}
        return [d for device in self.devices
                for d in self.difference(device, expected[device.session.id])]

    @staticmethod
    def difference(device, expected):
        found = []
        for conversation_id, wanted in expected.items():
            shown = device.store.get(conversation_id).view()
            for name, value in wanted.items():
                if shown[name] == value:
                    continue
                if name == "messages":
                    seqs = sorted(seq for seq in set(value) | set(shown[name])
                                  if value.get(seq) != shown[name].get(seq))
                    found += [f"{device.name}: {conversation_id}/{seq}: stored {value.get(seq)}, "
                              f"shown {shown[name].get(seq)}" for seq in seqs[:3]]
                else:
                    found.append(f"{device.name}: {conversation_id}: {name} is {value}, "
                                 f"shown {shown[name]}")
        return found

    # ---- What the store says

    def all_conversations(self):
        a, b, c = self.users
        return [single(a, b), single(a, c), single(b, c)] + [f"group:{g}" for g in self.groups]

    def expected(self, user, members_only=False):
        found = {}
        for row in self.parley.mongo["conversation_users"].find({"user_id": user.id}):
            conversation = self.parley.mongo["conversations"].find_one(
                {"_id": row["conversation_id"]})
            spans = [(s["from_seq"], s["to_seq"] or 10 ** 9) for s in row.get("spans", [])]
            if row["conversation_id"].startswith("single:"):
                spans = [(1, 10 ** 9)]
            elif members_only and spans[-1][1] != 10 ** 9:
                continue
            found[row["conversation_id"]] = self.expected_one(user, row, conversation, spans)
        return found

    def expected_one(self, user, row, conversation, spans):
        messages = {}
        for m in self.parley.stored(row["conversation_id"]):
            if any(a <= m["seq"] <= b for a, b in spans) and \
                    user.id not in m.get("hidden_for", []):
                messages[m["seq"]] = m
        ids = {m["_id"].split("/")[1] for m in messages.values()}
        return {
            "messages": {seq: self.view_of(m) for seq, m in messages.items()},
            "pinned": sorted(i for i in conversation.get("pinned_ids", []) if i in ids),
            "read_seq": row.get("read_seq", 0),
            "unread": sum(1 for seq, m in messages.items()
                          if seq > row.get("read_seq", 0) and m["from_user_id"] != user.id
                          and not m.get("recalled_at") and m["msg_type"] != SYSTEM),
            "receipts": self.expected_receipts(user, row["conversation_id"]),
            "hidden": 0 < min(conversation["last_seq"], spans[-1][1]) <= row.get("hide_seq", 0),
            "settings": {"pinned": row.get("pinned", False), "muted": row.get("muted", False),
                         "draft": row.get("draft") or None},
        }

    def expected_receipts(self, user, conversation_id):
        rows = self.parley.mongo["conversation_users"].find({"conversation_id": conversation_id})
        return {row["user_id"]: (row["read_seq"], max(row["read_seq"], row.get("delivered_seq", 0)))
                for row in rows
                if row["user_id"] != user.id and conversation_id.startswith("single:")
                and (row["read_seq"] or row.get("delivered_seq"))}

    @staticmethod
    def view_of(m):
        reactions = {}
        for reaction in m.get("reactions", []):
            emoji, user_id = reaction.split(" ")
            reactions.setdefault(emoji, []).append(user_id)
        return {"message_id": m["_id"].split("/")[1], "from": m["from_user_id"],
                "msg_type": m["msg_type"], "content": json.loads(m["content"]),
                "edited": bool(m.get("edited_at")), "recalled": bool(m.get("recalled_at")),
                "reactions": {emoji: sorted(users) for emoji, users in reactions.items()}}

    async def check_list(self, user):
        """GET /api/conversations says the same of what is unread, and whether it names somebody."""
        listed = await asyncio.to_thread(user.conversations)
        for conversation_id, wanted in self.expected(user, members_only=True).items():
            if conversation_id not in listed:
                assert wanted["hidden"], conversation_id
                continue
            names = [m for m in self.parley.stored(conversation_id)
                     if user.id in m.get("mentions", []) and m["seq"] in wanted["messages"]
                     and m["seq"] > wanted["read_seq"] and not m.get("recalled_at")]
            shown = listed[conversation_id]
            assert shown["unread_count"] == min(wanted["unread"], 999), conversation_id
            assert shown["mentioned"] == bool(names), (conversation_id, names)


STEP_WEIGHTS = {"send": 40, "edit": 9, "recall": 3, "react": 15, "pin": 5, "read": 12,
                "delivered": 8, "hide_message": 1, "settings": 1, "hide_conversation": 1,
                "come_or_go": 0.7}
BY_CALL = ("hide_message", "settings", "hide_conversation", "come_or_go")


def tell(parley, user, seed, steps, meanwhile=None):
    world = World(parley, user, seed)
    print(f"seed {seed}, {steps} steps")
    try:
        asyncio.run(world.run(steps, meanwhile))
    except BaseException:
        print(f"failed: seed {seed}, step {getattr(world, 'number', None)} of {steps}")
        raise
    print(f"seed {seed}: {dict(sorted(world.counts.items()))}, "
          f"{sum(d.syncs for d in world.devices)} syncs, "
          f"{sum(d.frames for d in world.devices)} frames")


@pytest.mark.parametrize("seed", SEEDS)
def test_all_devices_end_as_the_store_is(parley, user, seed):
    tell(parley, user, seed, STEPS)


def test_all_devices_end_as_the_store_is_though_processes_die(parley, user):
    async def kill(world, number):
        if number % 100 == 50:
            name = ["message", "push"][number // 100 % 2]
            world.count(f"kill {name}")
            with contextlib.suppress(ProcessLookupError):  # it is just being replaced
                await asyncio.to_thread(parley.kill, name, wait=False)

    tell(parley, user, KILL_SEED, KILL_STEPS, kill)
