"""parleyctl: what an operator asks and does, and what comes back from a back-up."""

import gzip
import json
import os
import pathlib
import shutil
import threading
import time

import pika
import pytest

from client import fresh, single, texts
from conftest import ADMIN, PASSWORD, PORT
from ctl import parleyctl, settings
from instance import SERVICES, eventually
from test_files import fetch, send, upload

SPARE = PORT + 400  # of the instance that is restored to


class Ctl:
    """parleyctl, also with what it takes to be an administrator."""

    def __init__(self, parley, password_file):
        self.parley = parley
        self.administrator = {"ADMIN_USERNAME": ADMIN, "ADMIN_PASSWORD_FILE": str(password_file)}

    def start(self, *arguments, **environment):
        """As often as its log-in is told to try again: client.insist() says why."""
        def process():
            done = parleyctl(self.parley, *arguments, **{**self.administrator, **environment})
            return f"{self.parley.url}: 50301" not in done.stderr and done

        return eventually(process, 20, "limits are known")

    def run(self, *arguments, status=0, **environment):
        """What it printed; of a failure, what it complained of."""
        process = self.start(*arguments, **environment)
        assert process.returncode == status, (arguments, process.stdout, process.stderr)
        return process.stdout if status == 0 else process.stderr

    def json(self, *arguments, **more):
        return json.loads(self.run(*arguments, "--json", **more))

    def status(self, **environment):
        """(exit status, what it says)"""
        process = self.start("status", "--json", **environment)
        return process.returncode, json.loads(process.stdout)

    def mongodb_uri(self, database):
        given = settings(self.parley)
        uri = given.get("MONGODB_URI") or pathlib.Path(
            given["MONGODB_URI_FILE"]).read_text().strip()
        return uri.replace("/parley?", f"/{database}?")


@pytest.fixture(scope="module")
def ctl(parley, tmp_path_factory):
    file = tmp_path_factory.mktemp("operator") / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return Ctl(parley, file)


# ---- status


@pytest.mark.smoke
def test_status_is_well_and_tells_of_every_part(parley, ctl):
    drop_all(parley)

    def well():
        status, found = ctl.status()
        return status == 0 and found

    found = eventually(well, 20, "a status that is well")
    assert [process["service"] for process in found["processes"]] == list(SERVICES)
    assert all(process["ready"] and process["version"] for process in found["processes"])
    assert sum(process["partitions"] for process in found["processes"]) == 16
    assert {queue["queue"] for queue in found["queues"]} >= {"message.p0", "bot.command", "dead"}
    assert [member["state"] for member in found["members"]] == ["PRIMARY"]
    assert "push-1" in [node["life"].partition("#")[0] for node in found["push_nodes"]
                        if node["age_ms"] < 20000 and node["address"]]
    eventually(lambda: "all is well" in ctl.start("status").stdout, 20, "it in words")


def test_status_names_what_is_wrong_and_ends_with_1(parley, ctl):
    drop_all(parley)

    def only_that():  # and nobody else is slow just then
        status, found = ctl.status(BOT_INTERNAL="127.0.0.1:1,nobody.invalid:80",
                                   REDIS_URL="redis://127.0.0.1:1/0")
        assert status == 1 and not found["ok"]
        return len(found["faults"]) == 3 and "\n".join(found["faults"])

    faults = eventually(only_that, 20, "three faults")
    assert "bot at 127.0.0.1:1 is not ready" in faults and "bot at nobody.invalid:80" in faults
    assert "Redis" in faults
    assert "usage:" in ctl.run("status", "everything", status=2)


# ---- users


def test_an_operator_bans_with_an_administrators_rights_and_is_in_the_log(parley, ctl, user, admin):
    ann = user()
    device = ann.device()
    row, = ctl.json("users", "list", ann.username)["users"]
    assert row["user_id"] == ann.id and not row["banned"]
    assert ctl.json("users", "show", ann.username)["session_count"] == 1
    reason = fresh("because ")
    banned = ctl.json("users", "ban", ann.username, "--reason", reason, "--days", "2")
    assert banned["banned"] and banned["banned_until"] > (time.time() + 86400) * 1000
    eventually(lambda: device.closed == 1008, what="his socket's end")
    parley.answer_to_login(ann.username).refused(40301)
    entry = admin.get("/v1/admin/audit?action=users.ban&limit=1").ok()["entries"][0]
    assert entry["reason"] == reason and entry["target_id"] == ann.id
    assert entry["actor_username"] == ADMIN
    assert not ctl.json("users", "unban", ann.id, "--reason", "enough")["banned"]
    muted = ctl.json("users", "mute", ann.id, "--reason", "rest", "--days", "0.5")
    assert 11 * 3600 < muted["muted_until"] / 1000 - time.time() < 13 * 3600
    assert ctl.json("users", "unmute", ann.id, "--reason", "enough")["muted_until"] == 0
    again = parley.login(ann.username)
    assert ctl.json("users", "role", ann.id, "moderator", "--reason", "x")["role"] == "moderator"
    assert "moderator" in ctl.run("users", "list", "--role", "moderator")
    assert ctl.json("users", "sessions", ann.id)["sessions"][0]["session_id"]
    ctl.run("users", "logout", ann.username, "--reason", "lost his phone")
    assert again.post("/api/refresh", {"refresh_token": again.refresh_token}).code != 0


def test_a_username_may_begin_like_an_id(ctl, user):
    ann = user(username=f"user_{fresh()}")
    assert ctl.json("users", "show", ann.username)["user"]["user_id"] == ann.id


def test_who_is_no_administrator_gets_nowhere(ctl, user):
    ann = user()
    assert "40301" in ctl.run("users", "list", status=1, ADMIN_USERNAME=ann.username)
    assert "there is no user" in ctl.run("users", "show", fresh("nobody"), status=1)
    assert "usage:" in ctl.run("users", "ban", ann.username, status=2)  # why?
    assert "usage:" in ctl.run("users", "mute", ann.username, "--reason", "x", status=2)
    assert "number of days" in ctl.run("users", "ban", ann.username, "--reason", "x", "--days",
                                       "two", status=1)
    assert "ADMIN_PASSWORD_FILE" in ctl.run("users", "list", status=1, ADMIN_PASSWORD_FILE="")


# ---- dead letters


def drop_all(parley):
    connection = parley.amqp()
    connection.channel().queue_purge("dead")
    connection.close()


@pytest.fixture
def dead(parley):
    """park(key, body, reason), and an empty queue of dead letters before and after."""
    drop_all(parley)
    connection = parley.amqp()
    channel = connection.channel()
    channel.confirm_delivery()
    yield lambda key, body, reason: channel.basic_publish(
        "im.dead", key, body, pika.BasicProperties(
            delivery_mode=2, timestamp=1700000000, headers={"x-reason": reason}), mandatory=True)
    connection.close()
    drop_all(parley)


def real_command(parley, sender, receiver):
    """A command as push publishes it, with its key; its message is stored."""
    connection = parley.amqp()
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for k in range(16):
        channel.queue_bind(queue, "im.command", f"message.p{k}")
    said = sender.device().say("the first", to=receiver)

    def caught():
        method, _, body = channel.basic_get(queue, auto_ack=True)
        return (method.routing_key, body) if body and said["message_id"].encode() in body else None

    key, body = eventually(caught, what="the command")
    connection.close()
    return key, body, said["message_id"]


def test_a_parked_command_is_sent_again_once_and_the_others_stay(parley, ctl, user, dead):
    ann, ben = user(), user()
    key, body, message_id = real_command(parley, ann, ben)
    ids = [fresh() for _ in range(3)]
    for number, other in enumerate(ids):
        dead(key, body.replace(message_id.encode(), other.encode()), f"reason {number}")
    device = ben.device()
    rows = ctl.json("dead", "list")["letters"]
    assert [row["reason"] for row in rows] == ["reason 0", "reason 1", "reason 2"]
    assert {(row["from"], row["bytes"], row["parked_at"]) for row in rows} == {
        (key, len(body), 1700000000000)}
    shown = ctl.run("dead", "show", rows[1]["id"])
    assert ann.id in shown and "the first" not in shown
    assert "the first" in ctl.run("dead", "show", rows[1]["id"], "--content")
    assert ctl.run("dead", "replay", rows[1]["id"]) == "1 sent again\n"
    assert device.message(ids[1])["content"]["text"] == "the first"
    left = ctl.json("dead", "list")["letters"]
    assert [row["id"] for row in left] == [rows[0]["id"], rows[2]["id"]]
    assert "no dead letter" in ctl.run("dead", "replay", rows[1]["id"], status=1)
    assert ctl.run("dead", "replay", "--from", "bot.command") == "0 sent again\n"
    assert ctl.run("dead", "replay", "--from", key) == "2 sent again\n"
    assert device.message(ids[0]) and device.message(ids[2])
    assert ctl.run("dead", "list") == "there are no dead letters\n"
    history = [row["message_id"] for row in ann.private_history(ben.id)["messages"]]
    assert sorted(history) == sorted([message_id, *ids])


def test_a_command_that_message_parked_is_shown_and_dropped(parley, ctl, dead):
    connection = parley.amqp()
    connection.channel().basic_publish("im.command", "message.p5", b"\x00nonsense", pika.BasicProperties(
        headers={"x-nonsense": True}))
    connection.close()
    row, = eventually(lambda: ctl.json("dead", "list")["letters"], what="it in the list")
    assert row["from"] == "message.p5" and abs(row["parked_at"] / 1000 - time.time()) < 60
    assert "no envelope" in ctl.run("dead", "show", row["id"])
    assert "9 bytes that are no text" in ctl.run("dead", "show", row["id"], "--content")
    assert "1 dead letters" in "\n".join(ctl.status()[1]["faults"])
    assert ctl.run("dead", "drop", row["id"]) == "1 dropped\n"
    assert ctl.json("dead", "list")["letters"] == []


def test_what_cannot_be_sent_again_stays(ctl, dead):
    dead("message.inbound", b"{}", "refused")
    dead("somewhere.else", b"{}", "unknown")
    err = ctl.run("dead", "replay", "--all", status=1)
    assert "vouch" in err and "no queue of ours" in err
    assert len(ctl.json("dead", "list")["letters"]) == 2
    assert ctl.run("dead", "drop", "--all") == "2 dropped\n"
    assert "usage:" in ctl.run("dead", "drop", status=2)


def test_the_topology_is_declared(ctl):
    assert "queues are there" in ctl.run("declare")


def test_a_binding_that_is_missing_is_made_again(parley, ctl, dead):
    with parley.amqp() as connection:
        connection.channel().queue_unbind("dead", "im.dead", "#")
    with pytest.raises(pika.exceptions.UnroutableError):
        dead("bot.command", b"{}", "goes nowhere")
    ctl.run("declare")
    dead("bot.command", b"{}", "is kept")
    assert [each["reason"] for each in ctl.json("dead", "list")["letters"]] == ["is kept"]


# ---- backup and restore


class Sender(threading.Thread):
    """Says one thing after the other; knows which were acknowledged, and when."""

    def __init__(self, session, peer):
        super().__init__(daemon=True)
        self.device = session.device()
        self.peer = peer
        self.acked = []  # (message_id, seq)
        self.is_over = threading.Event()
        self.start()

    def run(self):
        while not self.is_over.is_set():
            ack = self.device.say(f"text {len(self.acked)}", to=self.peer)
            self.acked.append((ack["message_id"], ack["seq"]))

    def wait_for(self, n):
        eventually(lambda: len(self.acked) >= n, 30, f"{n} acks")

    def end(self):
        self.is_over.set()
        self.join(30)


class World:
    """Two people and a group, with everything that a back-up must bring back."""

    def __init__(self, parley, user):
        self.ann, self.ben, self.carl = user(), user(), user()
        self.group_id = self.ann.create_group(self.ben, self.carl)
        device = self.ann.device()
        for n in range(5):
            device.say(f"group {n}", group_id=self.group_id)
        self.file = upload(self.ann, os.urandom(600 * 1024)).ok()
        send(device, self.file, group_id=self.group_id)
        self.content = fetch(self.carl, self.file).raw
        self.carl.patch(f"/api/conversations/group:{self.group_id}", {"read_seq": 3}).ok()
        self.unread = self.carl.conversations()[f"group:{self.group_id}"]["unread_count"]
        self.cursor = self.ben.get("/api/sync").ok()["cursor"]


@pytest.fixture(scope="module")
def made(parley, ctl, tmp_path_factory):
    """A back-up that was made while somebody wrote."""
    people = []

    def user():
        people.append(parley.register())
        return people[-1]

    world = World(parley, user)
    world.folder = tmp_path_factory.mktemp("backups") / "one"
    sender = Sender(world.ann, world.ben)
    sender.wait_for(20)
    world.before = list(sender.acked)
    ctl.run("backup", world.folder)
    sender.wait_for(len(sender.acked) + 5)
    sender.end()
    world.acked = list(sender.acked)
    world.late = parley.register()  # of whom the back-up knows nothing
    yield world
    for person in people:
        for device in person.devices:
            device.close()


def test_a_backup_is_the_owners_alone_and_proves_to_be_whole(ctl, made):
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.folder.iterdir()} == {0o600}
    assert "whole:" in ctl.run("backup", "--verify", made.folder)
    assert "File exists" in ctl.run("backup", made.folder, status=1)
    manifest = json.loads((made.folder / "manifest.json").read_text())
    names = {row["name"]: row["documents"] for row in manifest["collections"]}
    assert "sync_states" not in names and names["fs.chunks"] >= 3 and names["messages"] > 20
    assert "vanished" in names


@pytest.mark.parametrize("harm, fault", [
    (lambda data: data[:-20], "damaged or cut"),
    (lambda data: data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1])
     + data[len(data) // 2 + 1:], "messages"),
    (lambda data: gzip.compress(gzip.decompress(data) * 2), "holds more than was backed up"),
    (lambda data: gzip.compress(b""), "0 documents where there were"),
    (lambda data: gzip.compress(gzip.decompress(data).replace(b"text 1", b"text 2")), "SHA-256")])
def test_what_was_damaged_is_noticed(ctl, made, tmp_path, harm, fault):
    for path in made.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    file = tmp_path / "messages.bson.gz"
    file.write_bytes(harm(file.read_bytes()))
    assert fault in ctl.run("backup", "--verify", tmp_path, status=1)


def test_a_pipe_instead_of_a_file_is_not_waited_for(ctl, made, tmp_path):
    shutil.copytree(made.folder, tmp_path / "one")
    (tmp_path / "one/messages.bson.gz").unlink()
    os.mkfifo(tmp_path / "one/messages.bson.gz")
    assert "0 documents where there were" in ctl.run("backup", "--verify", tmp_path / "one", status=1)


def test_what_was_not_finished_is_no_backup(ctl, tmp_path):
    assert "not finished" in ctl.run("backup", "--verify", tmp_path, status=1)
    assert "not finished" in ctl.run("restore", tmp_path, status=1, AMQP_URL="")


def test_nothing_is_restored_over_what_is_there_or_under_services_that_run(ctl, made):
    assert "must not run" in ctl.run("restore", made.folder, status=1)
    assert "not empty" in ctl.run("restore", made.folder, status=1, AMQP_URL="")


@pytest.fixture(scope="module")
def restored(parley, ctl, made, make_parley):
    """Another instance, with a broker, a Redis and keys of its own, on what was restored."""
    uri = ctl.mongodb_uri("restored")
    assert "read back as it was" in ctl.run("restore", made.folder, AMQP_URL="", MONGODB_URI=uri)
    instance = make_parley(SPARE, MONGODB_URI=uri)
    yield instance
    assert make_parley.stopped(instance) == []  # before the MongoDB that it stands on
    parley.mongo.client.drop_database("restored")


def enter(restored, person):
    return restored.login(*person.account)


def whole_history(session, peer):
    history = []
    while page := session.private_history(
            peer.id, f"limit=100&after_seq={len(history)}")["messages"]:
        history += page
    assert [row["seq"] for row in history] == list(range(1, len(history) + 1))
    return {(row["message_id"], row["seq"]) for row in history}


def test_what_was_acknowledged_before_is_there_without_a_hole(restored, made):
    """The newest may have been stored and not yet shown at that moment: it is seen with the next."""
    ann = enter(restored, made.ann)
    assert made.before and set(made.before) <= whole_history(ann, made.ben) <= set(made.acked)
    ack = ann.device().say("and on it goes", to=made.ben)
    then = whole_history(ann, made.ben) - {(ack["message_id"], ack["seq"])}
    assert len(then) == ack["seq"] - 1 and then <= set(made.acked)
    for device in ann.devices:
        device.close()


def test_people_and_groups_and_files_and_what_was_read_are_as_they_were(restored, made):
    carl = enter(restored, made.carl)
    row = carl.conversations()[f"group:{made.group_id}"]
    assert row["read_seq"] == 3 and row["unread_count"] == made.unread
    assert fetch(carl, made.file).raw == made.content
    assert "group 4" in texts(carl.group_history(made.group_id)["messages"])


def test_a_device_with_a_cursor_of_before_has_to_begin_anew(restored, made):
    ben = enter(restored, made.ben)
    old = restored.rest.call("GET", f"/api/sync?cursor={made.cursor}", token=ben.token)
    old.refused(40001, "cursor")
    page = ben.get("/api/sync").ok()
    assert {c["conversation_id"] for c in page["conversations"]} == {
        single(made.ann, made.ben), f"group:{made.group_id}"}


def test_sessions_go_on_by_refreshing_and_old_tokens_do_not(restored, made):
    """The keys are others: what was signed with the old ones, also for who is not there any more,
    is refused; a refresh token is known by its hash."""
    for person in (made.carl, made.late):
        restored.rest.call("GET", "/api/conversations", token=person.token).refused(40101)
    answer = restored.rest.call("POST", "/api/refresh", {"refresh_token": made.carl.refresh_token})
    assert answer.ok()["user_id"] == made.carl.id
    answer = restored.rest.call("POST", "/api/refresh", {"refresh_token": made.late.refresh_token})
    answer.refused(40101)
