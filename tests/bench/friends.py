"""How long the list of 1,000 friends takes: GET /api/friends, ten pages of 100. See README.md."""

import os
import pathlib
import statistics
import sys
import tempfile
import time

from bson.int64 import Int64

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from client import fresh, single  # noqa: E402
from conftest import Parley, stop_and_look  # noqa: E402

FRIENDS = 1000
TALKING = 500  # of them: they wrote 3 messages, of which one is read
ONLINE = 300
ROUNDS = int(os.environ.get("ROUNDS", "30"))


class Person:
    def __init__(self, i):
        self.id = f"user_{i:026d}"


def make_friends(parley, me, now):
    """As if it had all happened: registering 1,000 people takes minutes of hashing."""
    people = [Person(i) for i in range(FRIENDS)]
    parley.mongo["users"].insert_many([{
        "_id": p.id, "username": p.id.lower(), "nickname": f"Friend {p.id[-4:]}",
        "nickname_key": f"friend {p.id[-4:]}", "bot": False, "created_at": Int64(now)}
        for p in people])
    parley.mongo["relations"].insert_many([{
        "_id": ":".join(sorted((me.id, p.id))), "rev": fresh("rev_"),
        "user_a": min(me.id, p.id), "user_b": max(me.id, p.id),
        "friends": sorted((me.id, p.id)), "friends_since": Int64(now)} for p in people])
    talking = [(p, single(me, p)) for p in people[:TALKING]]
    parley.mongo["messages"].insert_many([{
        "_id": f"{c}/message-{seq:016d}", "conversation_id": c, "seq": Int64(seq),
        "count": Int64(seq), "from_user_id": p.id, "to_user_id": me.id, "msg_type": Int64(0),
        "content": '{"text":"Are you coming?"}', "created_at": Int64(now)}
        for p, c in talking for seq in (1, 2, 3)])
    parley.mongo["conversations"].insert_many([{
        "_id": c, "last_seq": Int64(3), "count": Int64(3), "rev": Int64(0),
        "last_id": f"{c}/message-{3:016d}", "updated_at": Int64(now)} for _, c in talking])
    parley.mongo["conversation_users"].insert_many([{
        "_id": f"{me.id}/{c}", "user_id": me.id, "conversation_id": c, "read_seq": Int64(1),
        "read_count": Int64(1), "rev": Int64(0), "silenced_until": Int64(0)} for _, c in talking])
    pipeline = parley.redis.pipeline()
    for p in people[-ONLINE:]:
        pipeline.hset(f"online:{p.id}", "bench-1:session", now)
    pipeline.execute()


def read_list(me):
    """All pages in turn; how long each took."""
    times, friends, cursor = [], [], ""
    while True:
        start = time.perf_counter()
        page = me.get(f"/api/friends?limit=100{cursor}").ok()
        times.append(time.perf_counter() - start)
        friends += page["friends"]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len({f["user_id"] for f in friends}) == page["total"] == FRIENDS
    assert sum(f["unread_count"] for f in friends) == 2 * TALKING
    assert sum(f["last_message"] is not None for f in friends) == TALKING
    assert sum(f["online"] for f in friends) == ONLINE
    return times


def show(what, seconds):
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{what:<24} p50 {statistics.median(ordered) * 1e3:7.1f} ms   p99 {p99 * 1e3:7.1f} ms"
          f"   ({len(ordered)} times)")


def main():
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as var:
        parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8190")), var).start()
        try:
            me = parley.register()
            make_friends(parley, me, int(time.time() * 1000))
            read_list(me)  # caches and plans
            rounds = [read_list(me) for _ in range(ROUNDS)]
            show("a page of 100 friends", [t for times in rounds for t in times])
            show(f"all {FRIENDS} friends", [sum(times) for times in rounds])
        finally:
            faults = stop_and_look(parley)
    sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
