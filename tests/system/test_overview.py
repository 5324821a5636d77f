"""The administrators' overview: its figures follow what happens, whoever is away."""

import contextlib
import signal

import bson
import pytest

from client import fresh
from instance import eventually
from test_admin import promote
from test_files import upload

PATH = "/v1/admin/overview"


def overview(admin):
    return admin.get(PATH).ok()


def live(admin, name):
    """A figure that Redis has; None where it did not answer at once."""
    return (overview(admin)["live"] or {}).get(name)


def whole_overview(admin):
    """Who is slow for a moment leaves a gap."""
    return eventually(lambda: None not in (found := overview(admin)).values() and found,
                      what="an overview without gaps")


@contextlib.contextmanager
def files_stay(parley):
    """Meanwhile none goes that earlier stories have left."""
    def set_next(at):
        parley.mongo["sweeps"].update_one({"_id": "files"}, {"$set": {"next_at": bson.Int64(at)}})

    set_next(2 ** 53)
    try:
        yield
    finally:
        set_next(0)


def online_in_redis(parley):
    return sum(1 for _ in parley.redis.scan_iter("online:*"))


@pytest.mark.smoke
def test_figures_rise_when_people_come_and_messages_flow(parley, admin, user):
    before = whole_overview(admin)
    alice, bob = user(), user()
    phone, tablet = alice.device(), alice.device()
    for _ in range(20):
        phone.say("hello", to=bob)

    def risen():
        phone.say("and on", to=bob)  # what comes while Redis is away is in no figure
        now = whole_overview(admin)
        return (now["live"]["online"] == online_in_redis(parley) > 0
                and now["live"]["messages_10s"] >= 20
                and now["stored"]["messages"] >= before["stored"]["messages"] + 20) and now

    eventually(lambda: parley.redis.zscore("im:online", alice.id), what="alice is known to be here")
    now = eventually(risen, 8, "the figures")
    assert now["accounts"] == before["accounts"] + 2
    assert now["stored"]["conversations"] == before["stored"]["conversations"] + 1
    assert now["data_bytes"] > 0 and now["index_bytes"] > 0
    phone.close()
    tablet.close()
    eventually(lambda: parley.redis.zscore("im:online", alice.id) is None, 15, "alice is gone")
    eventually(lambda: live(admin, "online") == online_in_redis(parley), 15, "and not counted")
    eventually(lambda: live(admin, "messages_10s") == 0, 15, "ten seconds later")


def test_a_file_is_counted_once(parley, admin, user):
    alice = user()
    name = fresh().encode()
    with files_stay(parley):
        before = whole_overview(admin)["stored"]
        for _ in range(2):
            upload(alice, name * 5000, "a.txt").ok()
        after = whole_overview(admin)["stored"]
    assert after["files"] == before["files"] + 1
    assert after["file_bytes"] - before["file_bytes"] >= len(name) * 5000


def test_it_says_what_one_may_do(admin, user):
    moderator = promote(admin, user(), "moderator")
    assert overview(moderator)["rights"] == ["overview.read", "users.read", "users.ban", "users.mute",
                                             "users.logout", "messages.recall"]
    assert {"users.delete", "audit.read", "services.manage"} <= set(overview(admin)["rights"])
    user().get(PATH).refused(40301)


def test_what_is_away_is_null_and_the_rest_is_shown(parley, admin):
    try:
        parley.signal("message", signal.SIGSTOP)
        shown = eventually(lambda: (found := overview(admin))["live"] and found, what="the rest")
        assert shown["stored"] is None and shown["live"]["online"] >= 0 and shown["accounts"] > 0
    finally:
        parley.signal("message", signal.SIGCONT)
    eventually(lambda: overview(admin)["stored"], what="message is back")
    try:
        parley.signal("redis", signal.SIGSTOP)
        shown = eventually(lambda: (found := overview(admin))["stored"] and found, what="the rest")
        assert shown["live"] is None and shown["stored"]["messages"] >= 0
    finally:
        parley.signal("redis", signal.SIGCONT)
    eventually(lambda: overview(admin)["live"], what="Redis is back")
