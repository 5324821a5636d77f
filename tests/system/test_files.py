"""Files: in and out in pieces, seen by who may read their message, run by nobody."""

import hashlib
import http.client
import io
import json
import os
import pathlib
import secrets
import socket
import struct
import subprocess
import tempfile
import zipfile
import zlib

import pytest

from client import fresh, single
from conftest import PASSWORD
from instance import eventually

LIMIT = 100 * 1024 * 1024
BOUNDARY = "8f2c6a51e0"


def form(content, name="a.bin", part="file"):
    head = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
            "Content-Type: text/plain\r\n\r\n")
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def upload(session, content, name="a.bin", headers=None, **more):
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
    return session.call("POST", "/api/files", raw=form(content, name, **more), headers=headers)


def fetch(session, file, headers=None, thumbnail=False, method="GET"):
    return session.call(method, file["thumbnail_url" if thumbnail else "url"], headers=headers)


def send(device, file, msg_type=7, **where):
    """As a message; its ack."""
    frame = {"type": 1 if "to" in where else 2, "msg_type": msg_type,
             "content": {"file_id": file["file_id"]}, **where}
    ack = device.ack(device.post(frame))
    assert ack["code"] == 0, ack
    return ack


def tool(*arguments, data=None):
    return subprocess.run(arguments, input=data, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def photo():
    """A picture of 400 by 300 that lies on its side, made at a place that all over it says where."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.jpg"
        tool("vips", "black", path, "400", "300", "--bands", "3")
        tool("exiftool", "-q", "-overwrite_original", "-GPSLatitude=48.1351", "-GPSLatitudeRef=N",
             "-GPSLongitude=11.5820", "-XMP:GPSLatitude=48.1351", "-XMP:City=Munich",
             "-IPTC:City=Munich", "-Orientation#=6", "-Artist=Ada", path)
        return pathlib.Path(path).read_bytes()


def film():
    """An MP4 that says where it was made as phones do: in an atom and in a key."""
    def box(kind, content):
        return struct.pack(">I", 8 + len(content)) + kind + content

    place = b"+48.1351+011.5820/"
    key = b"com.apple.quicktime.location.ISO6709"
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = (struct.pack(">IIIIIIH", 0, 0, 0, 1000, 5000, 0x10000, 0x100) + bytes(10) + matrix
              + bytes(24) + struct.pack(">I", 2))
    meta = box(b"meta", box(b"hdlr", bytes(8) + b"mdta" + bytes(12))
               + box(b"keys", struct.pack(">III", 0, 1, 8 + len(key)) + b"mdta" + key)
               + box(b"ilst", box(struct.pack(">I", 1),
                                  box(b"data", struct.pack(">II", 1, 0) + place))))
    atom = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15c7) + place))
    return (box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
            + box(b"moov", box(b"mvhd", header) + atom + meta) + box(b"mdat", b"\1" * 5000))


def bomb():
    """A PNG of 60,000 by 60,000 pixels: 11 GB in 11 kB."""
    def chunk(kind, content):
        return (struct.pack(">I", len(content)) + kind + content
                + struct.pack(">I", zlib.crc32(kind + content)))

    size = 60000
    rows = zlib.compress(bytes((1 + 3 * size) * 60), 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


# ---- In and out


@pytest.mark.smoke
def test_a_file_goes_to_those_who_may_read_its_message(user):
    alice, bob, eve = user(), user(), user()
    content = b"no film " + secrets.token_bytes(700_000)  # three chunks; noise may begin like one
    file = upload(alice, content, "Bericht Q3 ✓.bin").ok()
    assert file["file_id"].startswith("file_") and file["file_size"] == len(content)
    assert file["file_type"] == "file" and file["file_name"] == "Bericht Q3 ✓.bin"
    assert file["url"] == f"/api/files/{file['file_id']}"

    assert fetch(alice, file).raw == content
    for stranger in (bob, eve):
        fetch(stranger, file).refused(40401)
        fetch(stranger, file, thumbnail=True).refused(40401)
    seen = bob.device()
    ack = send(alice.device(), file, to=bob.id)
    message = seen.message(ack["message_id"])
    assert message["type"] == 1 and message["msg_type"] == 7
    assert message["content"] == file
    assert bob.private_history(alice.id)["messages"][-1]["content"] == file
    assert fetch(bob, file).raw == content
    fetch(eve, file).refused(40401)
    eve.get("/api/files/file_01K9Q4M7ZT3N6P8R2V5X7YABCD").refused(40401)
    alice.parley.rest.call("GET", file["url"]).refused(40101)


def test_any_run_of_a_file_is_there_and_none_is_sent_twice(user):
    alice = user()
    content = secrets.token_bytes(600_000)
    file = upload(alice, content).ok()
    whole = fetch(alice, file)
    assert whole.status == 200 and whole.headers["Accept-Ranges"] == "bytes"
    tag = whole.headers["ETag"]
    for asked, start, end in (("0-9", 0, 9), ("261110-261129", 261110, 261129),
                              ("599990-", 599990, 599999), ("-5", 599995, 599999)):
        part = fetch(alice, file, {"Range": f"bytes={asked}"})
        assert part.status == 206 and part.raw == content[start:end + 1], asked
        assert part.headers["Content-Range"] == f"bytes {start}-{end}/600000"
        assert part.headers["ETag"] == tag
    beyond = fetch(alice, file, {"Range": "bytes=600000-"}).refused(41601)
    assert beyond.headers["Content-Range"] == "bytes */600000"
    assert fetch(alice, file, {"Range": "bytes=0-1", "If-Range": '"another"'}).raw == content
    known = fetch(alice, file, {"If-None-Match": tag})
    assert known.status == 304 and known.raw == b""
    head = fetch(alice, file, method="HEAD")
    assert head.status == 200 and head.headers["Content-Length"] == "600000" and head.raw == b""


def test_the_same_bytes_are_kept_once_and_each_has_a_file_of_his_own(parley, user):
    alice, bob = user(), user()
    content = secrets.token_bytes(1000)
    files = [upload(person, content).ok() for person in (alice, bob, alice)]
    assert len({file["file_id"] for file in files}) == 3
    sha256 = hashlib.sha256(content).hexdigest()
    assert parley.count("fs.files", {"filename": sha256}) == 1
    fetch(bob, files[0]).refused(40401)  # to have the same is no right to another's
    assert fetch(bob, files[1]).headers["ETag"] == fetch(alice, files[0]).headers["ETag"]


# ---- Nothing runs in our origin

SCRIPT = b"<script>alert(document.domain)</script>"
RUNNABLE = {
    "page.html": b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>",
    "picture.png": b"<html>" + SCRIPT + b"</html>",
    "picture.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">'
                   b"<script>alert(1)</script></svg>",
    "data.xml": b'<?xml version="1.0"?><a xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</a>",
    "paper.pdf": b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n",
    "code.js": b"alert(1)\n",
    "words.txt": b"just words\n",
}


@pytest.mark.parametrize("name", RUNNABLE)
def test_what_could_run_is_only_ever_saved(user, name):
    alice = user()
    file = upload(alice, RUNNABLE[name], name).ok()
    assert file["file_type"] == "file"
    answer = fetch(alice, file)
    assert answer.raw == RUNNABLE[name]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    thumbnail = fetch(alice, file, thumbnail=True)
    assert thumbnail.headers["Content-Type"] == "image/png"
    for each in (answer, thumbnail):
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert each.headers["Cache-Control"] == "private, no-cache"


def test_a_name_is_a_name_and_nothing_else(user):
    alice = user()
    for given, kept in (("../../etc/passwd", "passwd"), ("C:\\temp\\a.txt", "a.txt"),
                        ("a\u202egnp.exe", "agnp.exe"), ("...", "file"), ("", "file"),
                        ("x" * 400 + ".png", "x" * 251 + ".png")):
        file = upload(alice, b"x", given).ok()
        assert file["file_name"] == kept, given
    file = upload(alice, b"x", "图片 1.png").ok()
    assert fetch(alice, file).headers["Content-Disposition"] == (
        "attachment; filename=\"__ 1.png\"; filename*=UTF-8''%E5%9B%BE%E7%89%87%201.png")


def test_a_foreign_page_cannot_upload_with_our_cookie(parley, user):
    alice = user()
    headers = {"Cookie": f"access_token={alice.token}", "Origin": "https://evil.example",
               "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    parley.rest.call("POST", "/api/files", raw=form(b"x"), headers=headers).refused(40304)
    headers["Origin"] = parley.url
    assert parley.rest.call("POST", "/api/files", raw=form(b"x"), headers=headers).ok()


# ---- What is in a file


@pytest.mark.smoke
def test_a_photo_forgets_where_it_was_made_and_keeps_which_way_is_up(user, photo):
    alice = user()
    assert b"Munich" in photo
    file = upload(alice, photo, "holiday.png").ok()
    assert file["file_type"] == "image" and file["mime_type"] == "image/jpeg"
    assert (file["width"], file["height"]) == (300, 400)  # as it is shown
    answer = fetch(alice, file)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    told = json.loads(tool("exiftool", "-j", "-n", "-", data=answer.raw))[0]
    assert not [name for name in told if "GPS" in name or name in ("City", "Location")], told
    assert b"Munich" not in answer.raw
    assert told["Orientation"] == 6 and told["Artist"] == "Ada"

    small = fetch(alice, file, thumbnail=True)
    assert small.status == 200 and small.headers["Content-Type"] == "image/jpeg"
    told = json.loads(tool("exiftool", "-j", "-n", "-", data=small.raw))[0]
    assert (told["ImageWidth"], told["ImageHeight"]) == (240, 320)


def test_a_film_forgets_where_it_was_made(user):
    alice = user()
    content = film()
    assert b"+48.1351" in content
    file = upload(alice, content, "film.bin").ok()
    assert file["file_type"] == "video" and file["mime_type"] == "video/mp4"
    answer = fetch(alice, file)
    assert b"+48.1351" not in answer.raw and b"\1" * 5000 in answer.raw
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    assert fetch(alice, file, thumbnail=True).headers["Content-Type"] == "image/png"


def test_a_photo_that_cannot_be_cleaned_is_not_kept(parley, user, photo):
    alice = user()
    upload(alice, photo[:600]).refused(40001, "file")
    assert parley.count("files", {"user_id": alice.id}) == 0


def test_a_decompression_bomb_is_a_file_without_a_thumbnail(user):
    alice = user()
    content = bomb()
    file = upload(alice, content, "small.png").ok()
    assert file["mime_type"] == "image/png" and (file["width"], file["height"]) == (60000, 60000)
    assert fetch(alice, file, thumbnail=True).headers["Content-Type"] == "image/png"  # stands for it
    assert fetch(alice, file).status == 200


# ---- As messages


def test_each_short_frame_is_a_message_of_its_kind(user, photo):
    alice, bob = user(), user()
    device, seen = alice.device(), bob.device()
    image, video = upload(alice, photo).ok(), upload(alice, film()).ok()
    for kind, file, expected in ((4, image, "image"), (5, video, "voice"), (6, video, "video"),
                                 (7, image, "image")):
        content = {"file_id": file["file_id"], "duration": 1500, "file_size": 1, "url": "//evil",
                   "mime_type": "text/html", "file_name": "other"}
        message_id = device.post({"type": kind, "to": bob.id, "content": content})
        assert device.ack(message_id)["code"] == 0
        message = seen.message(message_id)
        assert message["type"] == 1 and message["msg_type"] == kind
        assert message["content"] == {**file, "file_type": expected, "duration": 1500}


def test_a_message_holds_only_a_file_of_its_sender_and_of_its_kind(user, photo):
    alice, bob = user(), user()
    device = alice.device()
    mine, theirs = upload(alice, photo).ok(), upload(bob, b"words").ok()
    unknown = {"file_id": "file_01K9Q4M7ZT3N6P8R2V5X7YABCD"}
    refusals = []
    for content in (theirs, unknown):
        refusal = device.refusal({"type": 7, "to": bob.id, "content": content})
        assert refusal["code"] == 40001 and refusal["data"]["field"] == "content.file_id"
        refusals.append(refusal["message"])
    assert refusals[0] == refusals[1]  # whose it is stays unsaid
    for kind in (5, 6):
        refusal = device.refusal({"type": kind, "to": bob.id, "content": mine})
        assert refusal["code"] == 40001 and refusal["data"]["field"] == "msg_type"
    refusal = device.refusal({"type": 4, "to": bob.id, "content": {}})
    assert refusal["code"] == 40001 and refusal["data"]["field"] == "content.file_id"
    alice.post("/api/messages", {"type": 1, "to": bob.id, "msg_type": 7, "content": theirs}).refused(
        40001, "content.file_id")


def test_sent_again_a_file_is_one_message(user, parley):
    alice, bob = user(), user()
    device = alice.device()
    file = upload(alice, b"once").ok()
    frame = {"type": 7, "to": bob.id, "content": {"file_id": file["file_id"]},
             "message_id": fresh()}
    acks = []
    for n in (1, 2):
        device.send(frame)
        acks.append(device.ack(frame["message_id"], count=n) if n == 1
                    else device.ack(frame["message_id"], count=n)[-1])
    assert acks[0]["seq"] == acks[1]["seq"] == 1
    assert parley.count("file_uses", {"file_id": file["file_id"]}) == 1


def test_who_joins_later_does_not_see_the_files_of_before(user):
    alice, bob, carol = user(), user(), user()
    device = alice.device()
    group_id = alice.create_group(bob)
    before, after = upload(alice, b"before").ok(), upload(alice, b"after").ok()
    send(device, before, group_id=group_id)
    carol.join(group_id)
    send(device, after, group_id=group_id)
    assert fetch(bob, before).raw == b"before" and fetch(bob, after).raw == b"after"
    fetch(carol, before).refused(40401)
    assert fetch(carol, after).raw == b"after"
    bob.leave(group_id)
    late = upload(alice, b"late").ok()
    send(device, late, group_id=group_id)
    fetch(bob, late).refused(40401)
    assert fetch(bob, after).raw == b"after"  # what he could read he still may


def test_an_owner_that_died_before_it_noted_the_use_is_made_good(parley, user):
    alice, bob = user(), user()
    file = upload(alice, b"half way").ok()
    send(alice.device(), file, to=bob.id)
    with parley.without("message"):
        # As if it had died between the message and what follows it.
        parley.mongo["file_uses"].delete_many({"file_id": file["file_id"]})
        parley.mongo["conversations"].delete_one({"_id": single(alice, bob)})
    alice.device().say("and on", to=bob)
    assert fetch(bob, file).raw == b"half way"
    assert [message["seq"] for message in bob.private_history(alice.id)["messages"]] == [1, 2]


def test_a_recalled_message_takes_its_file_along(parley, user):
    alice, bob = user(), user()
    device = alice.device()
    file = upload(alice, b"oops").ok()
    ack = send(device, file, to=bob.id)
    other = send(device, upload(alice, b"stays").ok(), to=bob.id)
    assert fetch(bob, file).raw == b"oops"
    alice.delete(f"/api/conversations/{single(alice, bob)}/messages/{ack['message_id']}?scope=all").ok()
    fetch(bob, file).refused(40401)
    assert parley.count("file_uses", {"file_id": file["file_id"]}) == 0
    assert other["seq"] == 2
    parley.mongo["files"].update_one({"_id": file["file_id"]}, {"$set": {"sweep_at": 1}})
    sweep(parley)
    eventually(lambda: parley.count("files", {"_id": file["file_id"]}) == 0, what="its removal")


def test_who_deleted_the_message_for_himself_and_whose_has_expired_see_no_file(parley, user):
    alice, bob = user(), user()
    device, where = alice.device(), f"/api/conversations/{single(alice, bob)}/messages"
    hidden, expired = upload(alice, b"hidden").ok(), upload(alice, b"expired").ok()
    first, second = send(device, hidden, to=bob.id), send(device, expired, to=bob.id)
    bob.delete(f"{where}/{first['message_id']}?scope=me").ok()
    fetch(bob, hidden).refused(40401)
    assert fetch(bob, expired).raw == b"expired"
    parley.mongo["messages"].update_one(
        {"_id": f"{single(alice, bob)}/{second['message_id']}"}, {"$set": {"expires_at": 1}})
    fetch(bob, expired).refused(40401)
    assert fetch(alice, hidden).raw == b"hidden"  # she uploaded it


def test_a_file_in_very_many_messages_is_found_by_ones_own_conversations(parley, user):
    alice, bob, eve = user(), user(), user()
    file = upload(alice, b"sticker").ok()
    parley.mongo["file_uses"].insert_many([
        {"_id": f"{file['file_id']}/group:0{n}/m", "file_id": file["file_id"], "seq": 1,
         "message_id": f"group:0{n}/m", "conversation_id": f"group:0{n}"} for n in range(120)])
    send(alice.device(), file, to=bob.id)
    assert fetch(bob, file).raw == b"sticker"
    fetch(eve, file).refused(40401)


# ---- Limits and ends


def test_there_are_enough_files_for_an_hour(parley, user):
    alice = user()
    file = upload(alice, b"first").ok()
    document = parley.mongo["files"].find_one({"_id": file["file_id"]})
    many = [{**document, "_id": f"{document['_id'][:-4]}U{n:03}"} for n in range(499)]  # no ULID
    parley.mongo["files"].insert_many(many)
    answer = upload(alice, b"one too many").refused(42901)
    assert int(answer.headers["Retry-After"]) > 0
    parley.mongo["files"].update_many({"user_id": alice.id}, {"$inc": {"created_at": -3_600_000}})
    assert upload(alice, b"an hour later").ok()


def raw_upload(parley, session, length, body=b""):
    """A connection on which an upload of that length has begun."""
    peer = socket.create_connection(("127.0.0.1", parley.port))
    peer.settimeout(90)  # for all of the 100 MB
    peer.sendall(f"POST /api/files HTTP/1.1\r\nHost: 127.0.0.1:{parley.port}\r\n"
                 f"Authorization: Bearer {session.token}\r\n"
                 f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
                 f"Content-Length: {length}\r\n\r\n".encode() + body)
    return peer


def test_what_is_too_large_is_refused_before_it_is_sent(parley, user):
    peer = raw_upload(parley, user(), LIMIT + 70_000)
    answer = http.client.HTTPResponse(peer)
    answer.begin()
    assert answer.status == 413 and json.loads(answer.read())["code"] == 41301
    peer.close()


def test_a_file_beyond_the_limit_by_a_byte_is_refused(parley, user):
    body = form(bytes(LIMIT + 1))
    peer = raw_upload(parley, user(), len(body))
    peer.sendall(body)
    answer = http.client.HTTPResponse(peer)
    answer.begin()
    assert answer.status == 413 and json.loads(answer.read())["code"] == 41301
    peer.close()


def test_the_bodies_of_other_routes_are_as_short_as_before(user):
    raw = b'{"x":"' + b"x" * 300_000 + b'"}'
    user().call("POST", "/api/messages", raw=raw).refused(41301)


def open_files(pid):
    """What a process holds in the folder of temporary files."""
    found = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("/var/tmp/"):
            found.append(target)
    return found


def temporary_names():
    return {entry for entry in os.listdir("/var/tmp") if entry.startswith("parley")}


def blobs(parley):
    """Those of stories before may go meanwhile."""
    return {row["_id"] for row in parley.mongo["fs.files"].find({}, {"_id": 1})}


def test_who_is_cut_off_or_killed_in_an_upload_leaves_nothing(parley, user):
    alice = user()
    names, kept = temporary_names(), blobs(parley)
    for ending in ("client", "server"):
        peer = raw_upload(parley, alice, 50_000_000, form(bytes(3_000_000))[:2_000_000])
        eventually(lambda: open_files(parley.pid("message")), what="the temporary file")
        assert not [path for path in parley.var.glob("data/nginx-*/**/*") if path.is_file()]
        if ending == "server":
            parley.kill("message")
        peer.close()
        eventually(lambda: not open_files(parley.pid("message")), what="its end")
    assert temporary_names() == names
    assert blobs(parley) <= kept and parley.count("files", {"user_id": alice.id}) == 0
    assert upload(alice, b"afterwards").ok()


def sweep(parley, *what):
    """Make it the sweeper's time, and wait for its turn."""
    for name in what or ("files",):
        parley.mongo["sweeps"].update_one({"_id": name}, {"$set": {"next_at": 0}})
        eventually(lambda: parley.mongo["sweeps"].find_one({"_id": name})["next_at"] > 0,
                   what="the sweeper's turn")


def test_files_that_nobody_sent_go_after_a_day_and_their_bytes_with_them(parley, user):
    alice, bob = user(), user()
    orphan, sent = upload(alice, secrets.token_bytes(50)).ok(), upload(alice, b"kept").ok()
    send(alice.device(), sent, to=bob.id)
    documents = parley.mongo["files"]
    sha256 = documents.find_one({"_id": orphan["file_id"]})["sha256"]
    day = 24 * 60 * 60 * 1000
    assert documents.find_one({"_id": orphan["file_id"]})["sweep_at"] - documents.find_one(
        {"_id": orphan["file_id"]})["created_at"] == day
    # A day goes by.
    documents.update_many({"user_id": alice.id}, {"$inc": {"sweep_at": -2 * day}})
    parley.mongo["fs.files"].update_many({"filename": sha256}, {"$inc": {"put_at": -2 * day}})
    sweep(parley)
    eventually(lambda: parley.count("fs.files", {"filename": sha256}) == 0, what="its removal")
    fetch(alice, orphan).refused(40401)
    assert fetch(bob, sent).raw == b"kept"
    eventually(lambda: documents.find_one({"_id": sent["file_id"]})["sweep_at"] == 0,
               what="the verdict about the other")


def test_a_forwarded_file_is_kept_as_one_that_is_sent_or_the_forward_is_refused(parley, user):
    """Who forwards was shown the message before; until his own is stored the file may become due."""
    alice, bob, carol = user(), user(), user()
    file = upload(alice, b"passed on").ok()
    ack = send(alice.device(), file, to=bob.id)
    documents = parley.mongo["files"]
    path = f"/api/conversations/{single(alice, bob)}/messages/{ack['message_id']}/forward"
    documents.update_one({"_id": file["file_id"]}, {"$set": {"sweep_at": 0}})
    bob.post(path, {"to": carol.id}).ok()
    kept = documents.find_one({"_id": file["file_id"]})
    assert kept["sweep_at"] > kept["created_at"]
    assert fetch(carol, file).raw == b"passed on"
    documents.delete_one({"_id": file["file_id"]})
    bob.post(path, {"to": carol.id}).refused(40401)
    assert len(carol.private_history(bob.id)["messages"]) == 1


def test_what_a_crash_left_of_an_upload_goes(parley):
    """Bytes without a file, and bytes that are not whole."""
    old = 1000
    blobs, chunks = parley.mongo["fs.files"], parley.mongo["fs.chunks"]
    for name, more in (("0" * 64, {}), ("1" * 64, {"incomplete_at": old})):
        blobs.insert_one({"_id": f"blob_{name[0]}", "filename": name, "length": 3, "chunkSize": 261120,
                          "put_at": old, **more})
        chunks.insert_one({"files_id": f"blob_{name[0]}", "n": 0, "data": b"abc"})
    sweep(parley, "blobs")
    eventually(lambda: blobs.count_documents({"_id": {"$in": ["blob_0", "blob_1"]}}) == 0,
               what="their removal")
    assert chunks.count_documents({"files_id": {"$in": ["blob_0", "blob_1"]}}) == 0


# ---- Whose they are


def test_an_export_holds_the_files_that_one_uploaded(user, photo):
    alice, bob = user(), user()
    mine = [upload(alice, photo, "a.jpg").ok(), upload(alice, b"words", "b.txt").ok()]
    send(bob.device(), upload(bob, b"bob's").ok(), to=alice.id)
    answer = alice.get("/api/account/export", timeout=60)
    archive = zipfile.ZipFile(io.BytesIO(answer.raw))
    listed = json.loads(archive.read("files.json"))
    assert [row["file_id"] for row in listed] == [file["file_id"] for file in mine]
    assert listed[1]["file_name"] == "b.txt" and listed[1]["mime_type"] == "text/plain"
    stored = {name for name in archive.namelist() if name.startswith("files/")}
    assert stored == {f"files/{mine[0]['file_id']}.jpg", f"files/{mine[1]['file_id']}.bin"}
    assert archive.read(f"files/{mine[1]['file_id']}.bin") == b"words"
    assert archive.read(f"files/{mine[0]['file_id']}.jpg") == fetch(alice, mine[0]).raw


def test_who_leaves_takes_along_the_files_that_no_message_holds(parley, user):
    alice, bob = user(), user()
    alone, held = upload(alice, secrets.token_bytes(9)).ok(), upload(alice, b"given").ok()
    send(alice.device(), held, to=bob.id)
    sha256 = parley.mongo["files"].find_one({"_id": alone["file_id"]})["sha256"]
    parley.mongo["fs.files"].update_one({"filename": sha256}, {"$set": {"put_at": 1000}})
    alice.post("/api/account/delete", {"password": PASSWORD}).ok()
    eventually(lambda: parley.count("files", {"user_id": alice.id}) == 0, timeout=20,
               what="the end of her files")
    assert parley.count("files", {"_id": alone["file_id"]}) == 0
    assert parley.count("fs.files", {"filename": sha256}) == 0
    assert fetch(bob, held).raw == b"given"
