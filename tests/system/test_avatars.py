"""Pictures of oneself: uploaded as any file, and seen by everybody while they are shown."""

import zlib

import pytest

from client import fresh
from conftest import PASSWORD
from instance import eventually
from test_files import fetch, send, sweep, upload


def picture():
    """A PNG of 2 by 2 that nobody else has."""
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data
                + zlib.crc32(kind + data).to_bytes(4, "big"))

    rows = zlib.compress(b"\x00" + b"\x7f" * 6 + b"\x00" + b"\x10" * 6)
    head = (2).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"k\0" + fresh().encode())
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def show(session, file):
    """As his avatar."""
    return session.patch("/api/users/me", {"avatar": file["url"]})


def shown(session):
    """A new avatar of his."""
    file = upload(session, picture(), "me.png").ok()
    show(session, file).ok()
    return file


def let_time_go_by(parley, file):
    """Until the sweeper has looked at it."""
    parley.mongo["files"].update_one({"_id": file["file_id"]}, {"$set": {"sweep_at": 1}})
    sweep(parley)
    eventually(lambda: not parley.count("files", {"_id": file["file_id"], "sweep_at": 1}),
               what="the sweeper's verdict")


def test_everybody_who_is_logged_in_sees_an_avatar_and_nobody_else(user, rest):
    alice, bob, carol = user(), user(), user()
    file = upload(alice, picture(), "me.png").ok()
    fetch(bob, file).refused(40401)
    assert show(alice, file).ok()["avatar"] == file["url"]
    alice.post("/api/blocks", {"user_id": carol.id}).ok()
    for each in (bob, carol):
        assert each.get(f"/api/users/{alice.id}").ok()["avatar"] == file["url"]
        assert fetch(each, file).status == fetch(each, file, thumbnail=True).status == 200
    rest.call("GET", file["url"]).refused(40101)


def test_an_avatar_is_a_picture_that_one_has_uploaded_oneself(user):
    alice, bob = user(), user()
    before = shown(alice)
    foreign, text = upload(bob, picture(), "b.png").ok(), upload(alice, b"words", "a.txt").ok()
    for url in (foreign["url"], text["url"], "/api/files/", "/api/files/file_none",
                "/api/files/" + "x" * 100, before["url"] + "/thumbnail"):
        alice.patch("/api/users/me", {"avatar": url, "bio": "changed"}).refused(40001, "avatar")
    me = alice.get("/api/users/me").ok()
    assert me["avatar"] == before["url"] and me["bio"] is None
    fetch(alice, foreign).refused(40401)
    assert alice.patch("/api/users/me", {"avatar": "https://example.org/a.png"}).ok()


def test_an_avatar_stays_until_another_or_none_is_shown(parley, user):
    alice, bob = user(), user()
    first = shown(alice)
    let_time_go_by(parley, first)
    assert fetch(bob, first).status == 200
    second = shown(alice)
    let_time_go_by(parley, first)
    fetch(alice, first).refused(40401)
    assert fetch(bob, second).status == 200
    alice.patch("/api/users/me", {"avatar": ""}).ok()
    let_time_go_by(parley, second)
    fetch(alice, second).refused(40401)


def test_who_takes_the_same_avatar_again_keeps_it(parley, user):
    alice, bob = user(), user()
    file = shown(alice)
    shown(alice)
    show(alice, file).ok()
    let_time_go_by(parley, file)
    assert fetch(bob, file).status == 200


def test_a_message_that_holds_it_keeps_what_is_no_avatar_any_more(parley, user):
    alice, bob, carol = user(), user(), user()
    file = shown(alice)
    send(alice.device(), file, msg_type=4, to=bob.id)
    alice.patch("/api/users/me", {"avatar": ""}).ok()
    let_time_go_by(parley, file)
    assert fetch(bob, file).status == 200
    fetch(carol, file).refused(40401)


def test_what_was_held_for_a_profile_that_was_never_written_is_let_go(parley, user):
    """user died in between: the picture is looked at within ten minutes."""
    alice, bob = user(), user()
    file = shown(alice)
    soon = parley.mongo["files"].find_one({"_id": file["file_id"]})
    assert 0 < soon["sweep_at"] - soon["created_at"] <= 11 * 60 * 1000
    parley.mongo["users"].update_one({"_id": alice.id}, {"$unset": {"avatar": ""}})
    let_time_go_by(parley, file)
    fetch(bob, file).refused(40401)


def test_who_leaves_takes_his_avatar_along(parley, user):
    alice, bob = user(), user()
    file = shown(alice)
    alice.post("/api/account/delete", {"password": PASSWORD}).ok()
    eventually(lambda: fetch(bob, file).status == 404, 20, "the end of the picture")
    assert bob.get(f"/api/users/{alice.id}").ok()["avatar"] is None


@pytest.mark.parametrize("name", ["message", "user"])
def test_an_avatar_is_changed_whole_or_not_at_all_while_a_service_dies(parley, user, name):
    alice, bob = user(), user()
    file = upload(alice, picture(), "me.png").ok()
    old = parley.kill(name, wait=False)
    eventually(lambda: show(alice, file).status == 200, 60, "the avatar")
    parley.wait_replaced(name, old)
    assert fetch(bob, file).status == 200
