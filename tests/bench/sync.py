"""What it takes a device to catch up: GET /api/sync with 500 conversations, after a day, a month, and
when nothing is new. See README.md."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from bson.int64 import Int64

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from client import single  # noqa: E402
from conftest import Parley, stop_and_look  # noqa: E402

CONVERSATIONS = 500
OLD = int(os.environ.get("OLD", "400"))  # messages in each before the device went away
ROUNDS = int(os.environ.get("ROUNDS", "10"))
TEXT = '{"text":"Shall we meet at eight, at the usual place? I bring the maps and the tea."}'


class Person:
    def __init__(self, i):
        self.id = f"user_{i:026d}"


class Talks:
    """Conversations as `message` stores them: a month need not be waited for."""

    def __init__(self, parley, me):
        self.parley = parley
        self.me = me
        self.people = [Person(i) for i in range(CONVERSATIONS)]
        self.ids = [single(me, p) for p in self.people]
        self.last = [0] * CONVERSATIONS
        self.changed = [0] * CONVERSATIONS
        self.now = int(time.time() * 1000)
        parley.mongo["conversation_users"].insert_many([
            {"_id": f"{who.id}/{c}", "user_id": who.id, "conversation_id": c,
             "read_seq": Int64(0), "read_count": Int64(0), "version": Int64(0)}
            for c, p in zip(self.ids, self.people) for who in (me, p)])

    def grow(self, i, n, changes=0):
        """n new messages in the i-th; and changes of the older ones."""
        c, first = self.ids[i], self.last[i]
        self.now += 1
        if n:
            self.parley.mongo["messages"].insert_many([
                {"_id": f"{c}/message-{seq:016d}", "conversation_id": c, "seq": Int64(seq),
                 "count": Int64(seq), "from_user_id": self.people[i].id, "to_user_id": self.me.id,
                 "msg_type": Int64(0), "content": TEXT, "created_at": Int64(self.now)}
                for seq in range(first + 1, first + n + 1)])
        for _ in range(changes):
            self.changed[i] += 1
            seq = max(1, first - self.changed[i] % 100)
            message_id = f"{c}/message-{seq:016d}"
            self.parley.mongo["changes"].insert_one({
                "_id": f"{c}/{self.changed[i]}", "conversation_id": c, "kind": "edit",
                "change_seq": Int64(self.changed[i]), "message_id": message_id,
                "seq": Int64(seq), "user_id": self.people[i].id, "content": TEXT,
                "created_at": Int64(self.now)})
            self.parley.mongo["messages"].update_one({"_id": message_id}, {"$set": {
                "change_seq": Int64(self.changed[i]), "edited_at": Int64(self.now)}})
        self.last[i] += n
        self.parley.mongo["conversations"].update_one({"_id": c}, {"$set": {
            "last_seq": Int64(self.last[i]), "count": Int64(self.last[i]), "rev": Int64(0),
            "last_id": f"{c}/message-{self.last[i]:016d}", "updated_at": Int64(self.now),
            "change_seq": Int64(self.changed[i])}}, upsert=True)


def catch_up(me, cursor):
    """All pages: (seconds, pages, bytes, messages, the last cursor)."""
    seconds = pages = size = messages = 0
    while True:
        start = time.perf_counter()
        answer = me.get("/api/sync" + (f"?cursor={cursor}" if cursor else ""))
        seconds += time.perf_counter() - start
        page = answer.ok()
        pages, size, cursor = pages + 1, size + len(answer.raw), page["cursor"]
        messages += sum(len(c["messages"]) + len(c["changes"]) for c in page["conversations"])
        if not page["has_more"]:
            return seconds, pages, size, messages, cursor


def catch_up_again(parley, me, cursor):
    """From the same cursor once more, though the device has gone on since."""
    states = parley.mongo["sync_states"]
    state = states.find_one({"_id": {"$regex": f"/{cursor}$"}}) if cursor else None
    run = catch_up(me, cursor)
    if state:
        states.replace_one({"_id": state["_id"]}, state, upsert=True)
    return run


def measure(parley, name, me, cursor):
    runs = [catch_up_again(parley, me, cursor) for _ in range(ROUNDS)]
    seconds, (_, pages, size, messages, after) = [run[0] for run in runs], runs[-1]
    print(f"{name:32} {statistics.median(seconds) * 1000:7.0f} ms {max(seconds) * 1000:7.0f} ms "
          f"{pages:4} {size / 1024:9.0f} KiB {messages:7}")
    return after


def show_plans(parley, me, cursor):
    """What MongoDB did for one catching up, query by query."""
    parley.mongo.create_collection("system.profile", capped=True, size=64 << 20)
    parley.mongo.command("profile", 2)
    catch_up(me, cursor)
    parley.mongo.command("profile", 0)
    plans = {}
    for op in parley.mongo["system.profile"].find({"op": {"$in": ["query", "update", "remove"]}}):
        collection = op["ns"].split(".", 1)[1]
        if collection.startswith("system."):
            continue
        plan = plans.setdefault((collection, op.get("planSummary", "?")), [0, 0, 0])
        plan[0] += 1
        plan[1] += op.get("docsExamined", 0)
        plan[2] += op.get("nreturned", 0)
    print("\nThe month, by MongoDB's profiler:")
    for (collection, plan), (n, examined, returned) in sorted(plans.items()):
        print(f"  {collection:20} {plan:45} {n:5} queries, {examined:6} examined, "
              f"{returned:6} returned")
    assert not any("COLLSCAN" in plan for _, plan in plans), "a collection was scanned"


def main():
    parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8190")),
                    tempfile.mkdtemp(prefix="parley-bench-")).start()
    try:
        me = parley.register()
        talks = Talks(parley, me)
        for i in range(CONVERSATIONS):
            talks.grow(i, OLD)
        print(f"{CONVERSATIONS} conversations of {OLD} messages\n"
              f"{'':32} {'median':>10} {'worst':>10} pages     bytes messages")
        cursor = measure(parley, "a new device", me, None)
        measure(parley, "nothing new", me, cursor)
        for i in range(60):
            talks.grow(i, 20, changes=3)
        after_day = measure(parley, "a day: 60 x 20, 180 changes", me, cursor)
        for i in range(CONVERSATIONS):
            talks.grow(i, 1000 if i % 10 == 0 else 40, changes=5)
        measure(parley, "a month: 450 x 40, 50 x 1000", me, after_day)
        show_plans(parley, me, after_day)
        state = parley.mongo.command("collStats", "sync_states")
        print(f"\na state: {state['avgObjSize'] / 1024:.1f} KiB, "
              f"{parley.count('sync_states')} of them")
    finally:
        faults = stop_and_look(parley)
    assert not faults, faults


if __name__ == "__main__":
    main()
