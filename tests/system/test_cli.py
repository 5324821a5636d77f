"""The terminal client: an independent WebSocket implementation, and what a person sees."""

import contextlib
import signal
import subprocess
import threading
import time

import pytest

from client import fresh, single, texts
from conftest import PASSWORD
from instance import eventually, halt
from terminal_client import PATIENCE, STAMP, Cli, named, said
from tls_front import TlsFront, make_certificates


@pytest.fixture
def user(user):
    return named(user)


@pytest.fixture
def cli(parley):
    """cli(...) starts one; those that still run end with the test."""
    started = []

    def make(*arguments, **environment):
        started.append(Cli(parley, *arguments, **environment))
        return started[-1]

    yield make
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        for stream in (one.process.stdin, one.process.stdout, one.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@pytest.fixture
def two(cli, user):
    """Two people, each at a terminal client, talking to each other."""
    people = user(), user()
    clients = []
    for me, other in (people, people[::-1]):
        clients.append(cli().type(f"login {me.username} {PASSWORD}", f"to {other.username}"))
        clients[-1].wait_for(f"talking to {other.username}")
    return people, clients


# ---- In a pipe


@pytest.mark.smoke
def test_a_pipe_is_enough_to_register_log_in_and_say_something(parley, user):
    bob, name = user(), fresh("a")
    script = (f"register {name} {PASSWORD} Alice\nlogin {name} {PASSWORD}\nto {bob.username}\n"
              "send hi\nsend /help, as text\n")
    done = subprocess.run([parley.bin / "parley", parley.url], input=script, text=True,
                          capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(STAMP.match(line) for line in lines)
    assert [said(line) for line in lines] == [f"{name}: hi", f"{name}: /help, as text"]
    alice = parley.login(name)
    assert texts(bob.private_history(alice.id)["messages"]) == ["hi", "/help, as text"]


@pytest.mark.smoke
def test_two_people_talk(two):
    (alice, bob), (a, b) = two
    a.type("send hello")
    b.wait_for(f"{alice.username}: hello")
    b.type("send hello yourself 🐚")
    a.wait_for(f"{bob.username}: hello yourself 🐚")
    for one in (a, b):
        one.wait_for(f"{bob.username}: hello yourself 🐚")  # one's own line comes with the ack
        assert one.messages() == [f"{alice.username}: hello",
                                  f"{bob.username}: hello yourself 🐚"]
        assert one.end() == 0, one.err


def test_a_group_is_made_joined_by_its_id_and_named_when_it_is_not_chosen(cli, user):
    alice, bob, carol = user(), user(), user()
    name = fresh("g")
    a, b, c = (cli().type(f"login {one.username} {PASSWORD}") for one in (alice, bob, carol))
    for one, who in ((a, alice), (b, bob), (c, carol)):
        one.wait_for(f"logged in as {who.username}")
    a.type(f"group {name} {bob.username}")
    b.wait_for(f"[{name}] * {alice.username} made the group: {bob.username}")
    eventually(lambda: a.out, what="the group's id")
    group_id = next(line for line in a.out if line.startswith("group_")).split()[0]
    c.type(f"join {group_id}", "send may I?")
    for one in (a, c):
        one.wait_for(f"{carol.username}: may I?")
    b.wait_for(f"[{name}] {carol.username}: may I?")
    b.type(f"join {name}", "listuser", "send yes", "groups")
    b.wait_for(f"{group_id} {name}")
    b.wait_for(f"{bob.username}: yes")
    assert [line.split()[0] for line in b.out if line.endswith(("owner", "member"))] == [
        alice.username, bob.username, carol.username]
    assert all(one.end() == 0 for one in (a, b, c))


def test_what_is_unread_is_counted_at_log_in_and_shown_with_its_conversation(cli, user):
    alice, bob = user(), user()
    device = bob.device()
    for i in range(5):
        device.say(f"m{i}", to=alice)
    a = cli().type(f"login {alice.username} {PASSWORD}", f"to {bob.username}")
    a.wait_for(f"talking to {bob.username}")
    assert f"* 5 unread in {bob.username}" in a.err
    a.type("listmsg 3", "listuser")
    a.wait_for(f"{bob.username}  {bob.username}")
    assert a.messages() == [f"{bob.username}: m{i}" for i in (0, 1, 2, 3, 4, 2, 3, 4)]
    assert a.end() == 0, a.err


@pytest.mark.smoke
def test_what_fails_is_said_on_stderr_and_by_the_exit_status(cli, user):
    alice = user()
    a = cli().type("hello", "send too early", f"login {alice.username} wrong-password",
                   f"login {alice.username} {PASSWORD}", "send to whom", "to nobody.at.all",
                   "listmsg 0", "quit")
    assert a.end() == 1
    assert a.out == []
    assert [line for line in a.err if line.startswith("! ")] == [
        "! 'hello' is no command (see help); to say something: send <text>",
        "! log in first: login <name>",
        a.err[2],
        "! to whom? to <user>, or join <group>",
        "! there is no user 'nobody.at.all'",
        "! to whom? to <user>, or join <group>"]
    assert a.err[2].startswith("! 40103 ")


def test_another_person_s_text_cannot_command_the_terminal(two):
    (alice, bob), (a, _) = two
    bob.device().say("\x1b]0;title\x07\x1b[2J\r\nx\u202ey\x9b", to=alice)
    line = a.wait_for("y<U+009B>")
    assert said(line) == (f"{bob.username}: ^[]0;title^G^[[2J^M\\nx<U+202E>y<U+009B>")


def test_a_group_s_name_cannot_pass_for_a_person_s_words(cli, user):
    alice, bob = user(), user()
    group_id = bob.post("/api/groups", {"name": f"{bob.username}] mum: send money]",
                                        "member_ids": [alice.id]}).ok()["group_id"]
    a = cli().type(f"login {alice.username} {PASSWORD}")
    a.wait_for(f"logged in as {alice.username}")
    bob.device().say("hi", group_id=group_id)
    a.wait_for(f" {bob.username}: hi")
    assert a.messages() == [f"[{bob.username}) mum: send money)] {bob.username}: hi"]


def test_a_bot_s_commands_are_text(cli, user, hubot):
    alice = user()
    a = cli().type(f"login {alice.username} {PASSWORD}", "to hubot", "send /echo here I am")
    a.wait_for("hubot (answers #1): here I am")
    assert a.end() == 0, a.err


# ---- What becomes of messages


@pytest.mark.smoke
def test_a_message_is_edited_answered_reacted_to_pinned_and_taken_back(two):
    (alice, bob), (a, b) = two
    a.type("send one", "edit 1 one, and more")
    for one in (a, b):
        one.wait_for(f"* {alice.username} edited #1: one, and more")
    b.type("reply #1 indeed", "/react 1 👍")
    a.wait_for(f"{bob.username} (answers #1): indeed")
    a.wait_for(f"* {bob.username} reacts to #1: 👍")
    b.type("react 1 🎉", "unreact 1 🎉")
    a.wait_for(f"* {bob.username} no longer reacts to #1: 🎉")
    a.type("pin 2", "send two", "recall 3")
    b.wait_for(f"* {alice.username} took back #3")
    b.type("pins", "listmsg")
    b.wait_for(f"#3 {alice.username} (taken back)")
    assert b.messages()[-4:] == [
        f"{bob.username} (answers #1): indeed", f"{alice.username} (edited, 👍): one, and more",
        f"{bob.username} (answers #1): indeed", f"{alice.username} (taken back)"]
    b.type("unpin 2", "pins", "delete 1", "listmsg")
    b.wait_for("* you do not see it any more; the others do")
    a.wait_for(f"* {bob.username} unpinned #2")
    assert b.end() == 0, b.err
    assert b.messages()[-2:] == [f"{bob.username} (answers #1): indeed",
                                 f"{alice.username} (taken back)"]
    assert a.end() == 0, a.err


def test_what_cannot_be_done_with_a_message_is_said(two):
    (alice, bob), (a, b) = two
    a.type("send one")
    b.wait_for(f"{alice.username}: one")
    b.type("edit 1 mine", "recall 9", "react one 👍", "reply 1", "download 1")
    assert b.end() == 1
    assert [line for line in b.err if line.startswith("! ")] == [
        "! 40301 only its sender may edit a message",
        "! there is no message #9 here",
        "! which message? its number stands before the name: #one",
        "! what is the answer? reply <number> <text>",
        "! there is no file in #1"]


def test_nobody_can_put_words_into_another_s_mouth_by_a_reaction(two):
    (alice, bob), (a, b) = two
    a.type("send one")
    b.wait_for(f"{alice.username}: one")
    b.type("react 1 ):paid")
    a.wait_for("reacts to #1: ):paid")
    a.type("listmsg")
    a.wait_for(f"{alice.username} (|:paid): one")


def test_what_changed_while_the_socket_was_down_is_shown_when_it_is_back(parley, two):
    (alice, bob), (a, b) = two
    a.type("send one", "send two")
    b.wait_for(f"{alice.username}: two")
    messages = [f"/api/conversations/{single(alice, bob)}/messages/{row['_id'].split('/')[1]}"
                for row in parley.stored(single(alice, bob))]
    halt(b.process.pid)  # it sees nothing of this until the socket is gone
    parley.kill("push")
    alice.patch(messages[0], {"content": {"text": "other"}}).ok()
    alice.delete(f"{messages[1]}?scope=all").ok()
    alice.post("/api/messages", {"type": 1, "to": bob.id, "content": {"text": "three"}}).ok()
    b.process.send_signal(signal.SIGCONT)
    b.wait_for(f"{alice.username}: three")
    assert b.messages() == [
        f"{alice.username}: one", f"{alice.username}: two",
        f"{alice.username} (edited): other", f"{alice.username} (taken back)",
        f"{alice.username}: three"]
    assert a.end() == 0 and b.end() == 0, (a.err, b.err)


def test_a_cursor_that_the_server_forgot_is_no_end(parley, two):
    (alice, bob), (a, b) = two
    a.type("send one")
    b.wait_for(f"{alice.username}: one")
    parley.mongo["sync_states"].delete_many({"user_id": bob.id})
    parley.kill("push")
    a.type("send two")
    b.wait_for(f"{alice.username}: two")
    assert b.messages() == [f"{alice.username}: one", f"{alice.username}: two"]
    assert a.end() == 0 and b.end() == 0, (a.err, b.err)


@pytest.mark.smoke
def test_a_file_is_sent_and_kept_under_a_name_that_leads_nowhere_else(two, tmp_path):
    (alice, _), (a, b) = two
    sent, kept = tmp_path / "paper.txt", tmp_path / "kept"
    sent.write_bytes(b"bytes\n" * 1000)
    a.type(f"upload {sent}")
    b.wait_for(f"{alice.username}: [file paper.txt, 5.9 KiB]")
    b.type(f"download 1 {kept}", f"download 1 {kept}", f"upload {tmp_path}")
    assert b.end() == 1
    assert kept.read_bytes() == sent.read_bytes()
    assert [line for line in b.err if line.startswith("! ")] == [
        f"! {kept}: File exists", f"! {tmp_path} is no file"]
    assert a.end() == 0, a.err


# ---- What is read, and what one keeps of a conversation


def test_reading_is_told_to_who_wrote_and_to_one_s_other_devices(two, cli):
    (alice, bob), (a, b) = two
    phone = cli().type(f"login {bob.username} {PASSWORD}")
    phone.wait_for(f"logged in as {bob.username}")
    a.type("send one")
    phone.wait_for(f"[{alice.username}] {alice.username}: one")
    eventually(lambda: a.type("listmsg 1") and any("✓✓" in line for line in a.out), what="✓✓")
    phone.type("unread", "chats")  # b has read it, in whose conversation it came
    phone.wait_for_chat(alice.username, "0 unread", f"{alice.username}: one")
    assert [line for line in phone.out if " 1 unread" in line] == []
    assert all(one.end() == 0 for one in (a, b, phone))


def test_what_came_elsewhere_is_delivered_and_unread_until_one_goes_there(two):
    (alice, bob), (a, b) = two
    b.type(f"to {bob.username}")
    b.wait_for(f"talking to {bob.username}")
    a.type("send one")
    eventually(lambda: a.type("listmsg 1") and any("✓" in line for line in a.out), what="✓")
    assert not any("✓✓" in line for line in a.out)
    b.type("unread")
    b.wait_for_chat(alice.username, "1 unread", f"{alice.username}: one")
    b.type(f"to {alice.username}")
    eventually(lambda: a.type("listmsg 1") and any("✓✓" in line for line in a.out), what="✓✓")
    assert all(one.end() == 0 for one in (a, b))


def test_who_is_named_in_a_text_sees_it_in_his_list(cli, user):
    alice, bob, carol = user(), user(), user()
    a = cli().type(f"login {alice.username} {PASSWORD}",
                   f"group team {bob.username} {carol.username}",
                   f"send (@{bob.username}, @nobody.) is it a@{carol.username}?")
    a.wait_for(f"is it a@{carol.username}?")
    b, c = (cli().type(f"login {one.username} {PASSWORD}", "unread") for one in (bob, carol))
    last = f"{alice.username}: (@{bob.username}, @nobody.) is it a@"
    b.wait_for_chat("team", "1 unread, you are named", last)
    c.wait_for_chat("team", "1 unread", last)
    a.type("send @all: tea!")
    eventually(lambda: c.type("unread") and any("you are named" in line for line in c.out),
               what="everybody is named")
    assert all(one.end() == 0 for one in (a, b, c))


def test_a_muted_conversation_is_counted_and_shown_when_one_goes_there(two):
    (alice, bob), (a, b) = two
    b.type("send zero", "mute-chat", "pin-chat", f"to {bob.username}")
    b.wait_for(f"talking to {bob.username}")
    a.type("send one", "send two")
    # Both are at b's terminal, which counts them: it says so.
    eventually(lambda: a.type("listmsg 1") and any(
        "✓" in line and line.endswith(": two") for line in a.out), what="✓ at two")
    eventually(lambda: b.type("unread") and any(
        line.startswith(f"{alice.username}  2 unread, pinned, muted  ") for line in b.out),
        what="2 unread")
    assert b.messages() == [f"{bob.username}: zero"]
    b.type(f"to {alice.username}", "mute-chat off", "hide", "chats")
    b.wait_for("* it is off the list, until somebody writes in it")
    assert b.messages()[1:] == [f"{alice.username}: one", f"{alice.username}: two"]
    a.type("send three")
    b.wait_for(f"[{alice.username}] {alice.username}: three")
    assert a.end() == 0 and b.end() == 0


def test_a_group_s_message_is_passed_on_found_and_asked_for_its_readers(two):
    (alice, bob), (a, b) = two
    name = fresh("g")
    a.type(f"group {name} {bob.username}", "send the xylophone is mended")
    b.wait_for(f"[{name}] {alice.username}: the xylophone is mended")
    a.type("receipts 2", f"forward 2 {bob.username}")
    a.wait_for(f"{bob.username}  not yet")
    b.wait_for(f"{alice.username} (forwarded from {alice.username}): the xylophone is mended")
    b.type(f"join {name}")
    eventually(lambda: a.type("receipts 2") and f"{bob.username}  has read it" in a.out,
               what="a reader")
    eventually(lambda: b.type("search xylophones") and "* 2 found" in b.err, what="both")
    assert all(one.end() == 0 for one in (a, b))


def test_who_becomes_admin_or_owner_is_told(cli, user):
    alice, bob = user(), user()
    a = cli().type(f"login {alice.username} {PASSWORD}", f"group team {bob.username}")
    eventually(lambda: a.out, what="the group's id")
    path = f"/api/groups/{a.out[0].split()[0]}"
    alice.call("PUT", f"{path}/members/{bob.id}/role", {"role": "admin"}).ok()
    a.wait_for(f"* {bob.username} is an admin now")
    alice.post(f"{path}/transfer", {"user_id": bob.id}).ok()
    bob.post(f"{path}/leave").ok()
    a.wait_for(f"* {bob.username} left, {alice.username} is the owner now")
    assert a.end() == 0, a.err


def test_a_timer_is_told_and_messages_show_when_they_disappear(two):
    (alice, _), (a, b) = two
    a.type("timer soon", "timer 1h", "send not for long")
    b.wait_for(f"* {alice.username} lets messages disappear after 1 h")
    b.wait_for(": not for long")
    a.wait_for(": not for long")
    assert "(disappears 2" in a.messages()[-1] and "(disappears 2" in b.messages()[-1]
    a.type("timer off", "send for ever")
    b.wait_for(f"{alice.username}: for ever")
    assert b.messages()[-2] == f"* {alice.username} lets messages stay from now on"
    assert a.end() == 1
    assert "! after how long? 30s, 5m, 1h, 7d, or off" in a.err


# ---- People


def test_two_people_become_friends_see_each_other_come_and_go_and_part(parley, cli, user):
    alice, bob = user(), user()
    a, b = (cli().type(f"login {one.username} {PASSWORD}") for one in (alice, bob))
    for who in (alice, bob):  # the socket opens after the log-in
        eventually(lambda: parley.redis.exists(f"online:{who.id}"), what="a socket")
    a.type(f"add {bob.username} shall we?")
    b.wait_for(f"* {alice.username} wants to be your friend: shall we? "
               f"(accept {alice.username}, or reject)")
    b.type("requests", f"accept {alice.username}")
    b.wait_for(f"from {alice.username}: shall we?")
    a.wait_for(f"* {bob.username} is your friend now")
    a.wait_for(f"* {bob.username} is online")
    a.type("who")
    a.wait_for(f"{bob.username}  {bob.username}  online")
    assert b.end() == 0, b.err
    a.wait_for(f"* {bob.username} is offline")
    a.type(f"remove {bob.username}", "friends", "requests", "groups", "logout")
    a.wait_for("* logged out")
    assert a.end() == 0, a.err
    assert a.out == [f"{bob.username}  {bob.username}  online"]


def test_a_request_is_rejected_or_taken_back(cli, user):
    alice, bob, carol = user(), user(), user()
    a = cli().type(f"login {alice.username} {PASSWORD}", f"add {bob.username}", "requests")
    a.wait_for(f"to {bob.username}")
    a.type(f"remove {bob.username}")
    a.wait_for(f"* removed {bob.username}")
    carol.post("/api/friend_requests", {"user_id": alice.id}).ok()
    later = cli().type(f"login {alice.username} {PASSWORD}")
    later.wait_for(f"* {carol.username} wants to be your friend "
                   f"(accept {carol.username}, or reject)")
    assert later.end() == 0, later.err
    a.type(f"reject {carol.username}")
    a.wait_for(f"* {carol.username} is rejected")
    assert carol.get("/api/friend_requests?direction=outgoing").ok()["requests"] == []
    a.type(f"accept {carol.username}")
    a.wait_for(f"nothing of that kind with {carol.username}")
    assert a.end() == 1


def test_who_is_blocked_is_not_heard(cli, user):
    alice, bob = user(), user()
    a = cli().type(f"login {alice.username} {PASSWORD}", f"block {bob.username}", "blocks")
    a.wait_for(f"{bob.username}  {bob.username}")
    frame = {"type": 1, "to": alice.id, "content": {"text": "hello?"}}
    assert bob.device().refusal(frame)["code"] == 40302
    a.type(f"unblock {bob.username}")
    a.wait_for(f"* unblocked {bob.username}")
    assert a.end() == 0, a.err
    assert alice.get("/api/blocks").ok()["blocks"] == []


def test_a_profile_is_shown_and_changed(cli, user):
    alice, bob = user(), user()
    a = cli().type(f"login {alice.username} {PASSWORD}", "profile nickname Alice in the Attic",
                   "profile bio I count.", "profile invisible yes", "profile")
    eventually(lambda: len(a.out) == 4, what="four lines")
    assert a.out == [f"username: {alice.username}", "nickname: Alice in the Attic",
                     "bio: I count.", "invisible: yes"]
    b = cli().type(f"login {bob.username} {PASSWORD}", f"who {alice.username}")
    b.wait_for("bio: I count.")
    assert b.end() == 0, b.err
    a.type("profile bio", "profile shoes 44", "profile gender cat")
    assert a.end() == 1
    assert any("a profile has no 'shoes'" in line for line in a.err)
    assert any("! 40001 " in line and "gender" in line for line in a.err)
    assert alice.get("/api/users/me").ok()["bio"] is None


def test_sessions_are_listed_and_ended_one_or_all(cli, user):
    alice = user()
    a, b, c = (cli().type(f"login {alice.username} {PASSWORD}") for _ in range(3))
    for one in (a, b, c):
        one.wait_for(f"logged in as {alice.username}")
    b.type("sessions")
    ours = b.wait_for("(this one)").split()[0]
    a.type(f"logout {ours}")
    b.wait_for("the session has ended: log in again")
    assert b.end() == 1
    a.type("logout everywhere")
    a.wait_for("* logged out everywhere")
    c.wait_for("the session has ended: log in again")
    assert a.end() == 0, a.err
    eventually(lambda: alice.get("/api/users/me").code == 40101)


def test_a_password_is_changed(cli, parley, user):
    alice = user()
    a = cli().type(f"login {alice.username} {PASSWORD}",
                   f"password {PASSWORD} another-{PASSWORD}")
    a.wait_for("* the password has changed, and your other sessions have ended")
    assert a.end() == 0, a.err
    eventually(lambda: alice.get("/api/users/me").code == 40101)
    parley.login(alice.username, f"another-{PASSWORD}")


def test_help_names_every_command_and_says_what_it_does(cli):
    a = cli().type("help")
    assert a.end() == 0
    named = [line.split()[0] for line in a.out]
    for name in ("add", "accept", "friends", "who", "block", "sessions", "password", "profile"):
        assert name in named
    assert all(len(line) <= 100 for line in a.out)


# ---- When the server fails


def test_nothing_is_lost_or_doubled_when_push_is_killed_while_two_people_write(parley, two):
    (alice, bob), (a, b) = two
    n = 150

    def write(one, word):
        for i in range(n):
            one.type(f"send {word}{i}")
            time.sleep(0.01)  # slow enough that the kills come between

    writers = [threading.Thread(target=write, args=pair) for pair in ((a, "x"), (b, "y"))]
    for writer in writers:
        writer.start()
    for _ in range(2):
        parley.kill("push")
    for writer in writers:
        writer.join()
    for one in (a, b):
        one.wait_for("* connected again", 60)
        one.wait_for(f"{alice.username}: x{n - 1}", 60)
        one.wait_for(f"{bob.username}: y{n - 1}", 60)
    stored = parley.stored(single(alice, bob))
    assert [row["seq"] for row in stored] == list(range(1, 2 * n + 1))
    for who, word in ((alice, "x"), (bob, "y")):
        for one in (a, b):
            assert [line for line in one.messages() if line.startswith(f"{who.username}: ")] == [
                f"{who.username}: {word}{i}" for i in range(n)]
    assert a.messages() == b.messages()
    assert a.end() == 0 and b.end() == 0, (a.err, b.err)


# ---- TLS


def test_https_gives_an_encrypted_socket_whose_certificate_is_verified(parley, cli, user,
                                                                      tmp_path):
    alice, bob = user(), user()
    make_certificates(tmp_path)
    with contextlib.closing(TlsFront(tmp_path, "good", parley.port)) as front, \
            contextlib.closing(TlsFront(tmp_path, "other", parley.port)) as other:
        script = [f"login {alice.username} {PASSWORD}", f"to {bob.username}", "send sealed"]
        trusting = cli("--cacert", str(tmp_path / "ca.pem"), front.url).type(*script)
        assert trusting.end() == 0, trusting.err
        assert trusting.messages() == [f"{alice.username}: sealed"]
        assert front.shaken >= 2  # REST, and the WebSocket
        by_variable = cli(front.url, SSL_CERT_FILE=str(tmp_path / "ca.pem")).type(*script)
        assert by_variable.end() == 0, by_variable.err
        assert cli(front.url).type(*script).end() == 1
        assert cli("--cacert", str(tmp_path / "ca.pem"), other.url).type(*script).end() == 1
    assert texts(bob.private_history(alice.id)["messages"]) == ["sealed", "sealed"]
