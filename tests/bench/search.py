"""Search in a month of 1,000,000 messages: how long it takes to make them findable, and to find
something in one's own 500 of 5,000 conversations. See README.md."""

import bisect
import itertools
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
import urllib.parse

from bson.int64 import Int64

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from client import single  # noqa: E402
from conftest import Parley, stop_and_look  # noqa: E402
from instance import eventually  # noqa: E402
from usage import usage  # noqa: E402

MESSAGES = int(os.environ.get("MESSAGES", "1000000"))
CONVERSATIONS = 5000
MINE = 500  # of them: 300 private ones and 200 groups
ROUNDS = int(os.environ.get("ROUNDS", "100"))
MONTH = 30 * 24 * 3600 * 1000
WORDS = 50000
HAN = 2500
BULK = 5000


def zipf(n, flat):
    return list(itertools.accumulate(1 / (i + flat) for i in range(n)))


class Language:
    """Words and characters as frequent as in talk: the commonest word is every 25th."""

    def __init__(self, chance):
        self.chance = chance
        self.words = sorted({"".join(chance.choice("etaoinshrdlucmpbgvk") for _ in range(n))
                             for n in chance.choices(range(3, 10), k=WORDS * 2)})[:WORDS]
        chance.shuffle(self.words)
        self.word_weights = zipf(WORDS, 3)
        self.han_weights = zipf(HAN, 8)

    def word(self):
        at = self.chance.random() * self.word_weights[-1]
        return self.words[bisect.bisect(self.word_weights, at)]

    def han(self):
        at = self.chance.random() * self.han_weights[-1]
        return chr(0x4e00 + bisect.bisect(self.han_weights, at))

    def text(self):
        if self.chance.random() < 0.1:
            return "".join(self.han() for _ in range(self.chance.randint(4, 30)))
        return " ".join(self.word() for _ in range(self.chance.randint(2, 18)))


def conversation_ids(me):
    others = [f"user_{i:026d}" for i in range(CONVERSATIONS)]
    mine = [single(me, other) for other in others[:300]]
    mine += [f"group:group_{i:026d}" for i in range(MINE - 300)]
    foreign = [single(others[i], others[i + 1]) for i in range(300, CONVERSATIONS - MINE + 300 - 1)]
    return mine, foreign + [single(others[0], others[1])]


def insert(collection, documents):
    documents = iter(documents)
    while bulk := list(itertools.islice(documents, BULK)):
        collection.insert_many(bulk, ordered=False)


def make_messages(parley, me, language, now):
    """As if it had all been sent; a fifth of it in the searcher's conversations."""
    chance = language.chance
    mine, foreign = conversation_ids(me)
    weights = [zipf(len(mine), 5), zipf(len(foreign), 50)]
    last = {}

    def messages():
        for i in range(MESSAGES):
            ids, cumulated = ((mine, weights[0]) if chance.random() < 0.2
                              else (foreign, weights[1]))
            at = bisect.bisect(cumulated, chance.random() * cumulated[-1])
            conversation_id = ids[min(at, len(ids) - 1)]
            seq = last.get(conversation_id, 0) + 1
            last[conversation_id] = seq
            yield {"_id": f"{conversation_id}/message-{seq:016d}",
                   "conversation_id": conversation_id, "seq": Int64(seq), "count": Int64(seq),
                   "from_user_id": f"user_{chance.randrange(CONVERSATIONS):026d}",
                   "msg_type": Int64(0),
                   "content": json.dumps({"text": language.text()}, ensure_ascii=False),
                   "created_at": Int64(now - MONTH + i * (MONTH // MESSAGES))}

    insert(parley.mongo["messages"], messages())
    parley.mongo["conversations"].insert_many([{
        "_id": c, "last_seq": Int64(n), "count": Int64(n), "rev": Int64(0),
        "last_id": f"{c}/message-{n:016d}", "updated_at": Int64(now),
        **({"group_id": c[len("group:"):], "name": c} if c.startswith("group:") else {})}
        for c, n in last.items()])
    parley.mongo["conversation_users"].insert_many([{
        "_id": f"{me.id}/{c}", "user_id": me.id, "conversation_id": c, "read_seq": Int64(0),
        "read_count": Int64(0), "rev": Int64(0), "silenced_until": Int64(0),
        **({"spans": [{"from_seq": Int64(1), "to_seq": Int64(0)}]} if c.startswith("group:") else {})}
        for c in mine if c in last])
    return sum(last.get(c, 0) for c in mine)


def make_index(parley):
    """The sweep after a restart finds all of them."""
    before, start = usage(parley), time.monotonic()
    parley.kill("message")
    conversations = parley.mongo["conversations"]
    eventually(lambda: not conversations.find_one(
        {"$expr": {"$lt": [{"$ifNull": ["$indexed_seq", 0]}, "$last_seq"]}}), 3600, "the index")
    taken, used = time.monotonic() - start, usage(parley)
    sizes = parley.mongo.command("collstats", "message_terms")
    print(f"indexed in {taken:.0f} s: {taken / MESSAGES * 1e6:.0f} µs a message; CPU µs a message: "
          f"mongod {(used['mongod'] - before['mongod']) / MESSAGES * 1e6:.0f}, "
          f"message {used['message'] / MESSAGES * 1e6:.0f}; "
          f"index {sizes['totalIndexSize'] / MESSAGES:.0f} B, "
          f"data {sizes['storageSize'] / MESSAGES:.0f} B a message")


def measure(me, what, queries, **more):
    times, found = [], 0
    for query in queries[:5] + queries:  # five for caches and plans
        path = "/api/messages/search?" + urllib.parse.urlencode({"q": query, **more})
        while True:
            start = time.perf_counter()
            answer = me.get(path)
            if answer.status != 429:
                break
            time.sleep(0.1)  # ten a second
        times.append(time.perf_counter() - start)
        found += len(answer.ok()["messages"])
    ordered = sorted(times[5:])
    print(f"{what:<34} p50 {statistics.median(ordered) * 1e3:7.1f} ms   "
          f"p99 {ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3:7.1f} ms   "
          f"found {found / len(times):5.1f}   ({len(ordered)} times)", flush=True)


def measure_all(me, language):
    chance = language.chance

    def some(first, last, n=1):
        return [" ".join(language.words[chance.randrange(first, last)] for _ in range(n))
                for _ in range(ROUNDS)]

    measure(me, "one frequent word (of the first 50)", some(0, 50))
    measure(me, "one word (the next 2,000)", some(50, 2000))
    measure(me, "one rare word (the last 30,000)", some(WORDS - 30000, WORDS))
    measure(me, "two frequent words", some(0, 50, 2))
    measure(me, "three words (of 2,000)", some(0, 2000, 3))
    measure(me, "a frequent and a rare word", [f"{a} {b}" for a, b in zip(
        some(0, 50), some(20000, WORDS))])
    measure(me, "an absent word", [f"qqq{i}" for i in range(ROUNDS)])
    measure(me, "two Chinese characters", [chr(0x4e00 + chance.randrange(100))
                                           + chr(0x4e00 + chance.randrange(100))
                                           for _ in range(ROUNDS)])
    measure(me, "one Chinese character", [chr(0x4e00 + chance.randrange(HAN))
                                          for _ in range(ROUNDS)])
    measure(me, "a frequent word, of one sender", some(0, 50), **{"from": f"user_{7:026d}"})
    measure(me, "a frequent word, one conversation", some(0, 50),
            conversation_id=f"group:group_{0:026d}")


def main():
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as var:
        parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8190")), var).start()
        try:
            me = parley.register()
            language = Language(random.Random(20261121))
            start = time.monotonic()
            own = make_messages(parley, me, language, int(time.time() * 1000))
            print(f"{MESSAGES} messages inserted in {time.monotonic() - start:.0f} s; "
                  f"{own} in the searcher's {MINE} conversations", flush=True)
            make_index(parley)
            measure_all(me, language)
        finally:
            stop_and_look(parley)


if __name__ == "__main__":
    main()
