"""Many people at once, who were never registered: their tokens are signed by the instance's own
key, and push asks nobody else who they are."""

import asyncio
import json
import secrets

from websockets.asyncio.client import connect

from client import run
from tokens import claims_of, find_key, header_of, sign_es

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
AT_ONCE = 50  # handshakes under way


def fresh_id(prefix):
    return prefix + "0" + "".join(secrets.choice(ALPHABET) for _ in range(25))


class Crowd:
    def __init__(self, person, count):
        """count friends of person."""
        self.parley = person.parley
        self.ids = [fresh_id("user_") for _ in range(count)]
        key, header, claims = (find_key(self.parley), header_of(person.token),
                               claims_of(person.token))
        self.tokens = [sign_es(key, header, {**claims, "sub": each, "sid": fresh_id("session_")})
                       for each in self.ids]
        self.sockets = []
        self.parley.mongo["relations"].insert_many([{
            "_id": f"{a}:{b}", "rev": fresh_id("rev_"), "user_a": a, "user_b": b,
            "friends": [a, b], "friends_since": 1, "blockers": [],
        } for a, b in (sorted((person.id, each)) for each in self.ids)])

    def open(self):
        async def open_all():
            gate = asyncio.Semaphore(AT_ONCE)

            async def open_one(token):
                async with gate:
                    return await connect(
                        f"{self.parley.ws_url}?token={token}", compression=None,
                        ping_interval=None, proxy=None, max_size=None, open_timeout=60)

            return await asyncio.gather(*map(open_one, self.tokens))

        self.sockets = run(open_all(), 300)
        return self

    def hear(self):
        """The next frame of each."""
        async def hear_all():
            return await asyncio.wait_for(
                asyncio.gather(*(socket.recv() for socket in self.sockets)), 60)

        return [json.loads(text) for text in run(hear_all(), 90)]

    def close(self):
        async def close_all():
            await asyncio.gather(*(socket.close() for socket in self.sockets))

        run(close_all(), 300)
        self.sockets = []

    def end(self):
        """Gone without a trace."""
        self.close()
        self.parley.mongo["relations"].delete_many({"friends": {"$in": self.ids}})
