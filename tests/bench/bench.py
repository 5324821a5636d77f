"""CPU and memory per message, by process. See README.md."""

import asyncio
import json
import os
import pathlib
import secrets
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from websockets.asyncio.client import connect  # noqa: E402

from conftest import Parley, stop_and_look  # noqa: E402
from usage import usage  # noqa: E402

SECONDS = float(os.environ.get("SECONDS", "10"))
WARM_UP = 2


def private_kib(pid):
    total = 0
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as rollup:
        for line in rollup:
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1])
    return total


class Client:
    """One socket that keeps `window` messages of its own in flight."""

    def __init__(self, session, target, window, receipts=False):
        self.session, self.target, self.window = session, target, window
        self.receipts = receipts  # tell of each message that it came
        self.text = "x" * 100
        self.acked = self.delivered = self.refused = 0
        self.sent_at = {}
        self.latencies = []

    async def open(self):
        self.socket = await connect(f"{self.session.parley.ws_url}?token={self.session.token}",
                                    compression=None, ping_interval=None, proxy=None, max_size=None)

    async def send(self):
        message_id = secrets.token_hex(16)
        self.sent_at[message_id] = time.monotonic()
        await self.socket.send(json.dumps({"message_id": message_id, **self.target,
                                           "content": {"text": self.text}}))

    async def live(self):
        for _ in range(self.window):
            await self.send()
        async for text in self.socket:
            if text.startswith('{"type":30'):
                ack = json.loads(text)
                taken = time.monotonic() - self.sent_at.pop(ack["message_id"])
                if ack["code"] == 0:
                    self.latencies.append(taken)
                    self.acked += 1
                else:
                    self.refused += 1  # too fast for one sender
                    await asyncio.sleep(0.05)
                if self.window:
                    await self.send()
            elif text.startswith(('{"type":1,', '{"type":2,')):
                self.delivered += 1
                if self.receipts:
                    message = json.loads(text)
                    await self.socket.send(json.dumps({
                        "type": 30, "conversation_id": message["conversation_id"],
                        "seq": message["seq"]}))

    async def send_at(self, interval):
        due = time.monotonic()
        while True:
            due += interval
            await asyncio.sleep(max(0, due - time.monotonic()))
            await self.send()


async def measure(parley, clients, per, interval=None):
    for client in clients:
        await client.open()
    tasks = [asyncio.create_task(client.live()) for client in clients]
    if interval:
        tasks += [asyncio.create_task(client.send_at(interval)) for client in clients]
    await asyncio.sleep(WARM_UP)
    before, started = usage(parley), time.monotonic()
    for client in clients:
        client.acked = client.delivered = client.refused = 0
        client.latencies.clear()
    await asyncio.sleep(SECONDS)
    after, seconds = usage(parley), time.monotonic() - started
    count = sum(getattr(client, per) for client in clients)
    latencies = sorted(late for client in clients for late in client.latencies)
    for task in tasks:
        task.cancel()
    print(f"{count / seconds:.0f} {per}/s, ack after {latencies[len(latencies) // 2] * 1e3:.1f} ms "
          f"(median), {latencies[len(latencies) * 99 // 100] * 1e3:.1f} ms (99 %)")
    refused = sum(client.refused for client in clients)
    if refused:
        print(f"  {refused / seconds:.0f}/s were refused as too fast; their cost is in the rest")
    cost = {name: (after[name] - before[name]) * 1e6 / count for name in before}
    for name in sorted(cost, key=cost.get, reverse=True):
        print(f"  {name:10} {cost[name]:8.1f} µs per message {per}")
    print(f"  {'all':10} {sum(cost.values()):8.1f}")


def pairs(parley, window, interval=None, receipts=False):
    people = [parley.register() for _ in range(200)]
    clients = [Client(person, {"type": 1, "to": people[i ^ 1].id}, window, receipts)
               for i, person in enumerate(people)]
    asyncio.run(measure(parley, clients, "acked", interval))


def group(parley):
    people = [parley.register() for _ in range(200)]
    group_id = people[0].create_group(*people[1:])
    clients = [Client(person, {"type": 2, "group_id": group_id}, 2 if i < 10 else 0)
               for i, person in enumerate(people)]
    asyncio.run(measure(parley, clients, "delivered"))


def idle(parley, count=2000):
    session = parley.register()
    people = [session] + [parley.register() for _ in range(99)]

    async def open_all():
        before = private_kib(parley.pid("push"))
        clients = [Client(people[i % 100], {}, 0) for i in range(count)]
        for client in clients:
            await client.open()
        await asyncio.sleep(SECONDS)
        return (private_kib(parley.pid("push")) - before) / count

    print(f"{asyncio.run(open_all()):.2f} KiB of push per idle socket")


SCENARIOS = {
    "pairs": lambda parley: pairs(parley, 1),
    "receipts": lambda parley: pairs(parley, 1, receipts=True),
    "open": lambda parley: pairs(parley, 0, 200 / 500),
    "group": group,
    "idle": idle,
}


def main():
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as var:
        parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8195")), var).start()
        try:
            for name in sys.argv[1:] or SCENARIOS:
                print(f"-- {name}")
                SCENARIOS[name](parley)
        finally:
            print("\n".join(stop_and_look(parley)))


if __name__ == "__main__":
    main()
