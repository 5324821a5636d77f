"""The terminal client in a window: what a person sees while he types."""

import os
import subprocess

import pytest

from client import fresh, single, texts
from conftest import PASSWORD
from instance import eventually
from terminal_client import PATIENCE, named


@pytest.fixture
def user(user):
    return named(user)


class Terminal:
    """`parley` in a window of tmux: what a person sees."""

    def __init__(self, parley, folder, width=60, height=20):
        self.tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm")
        subprocess.run([*self.tmux, "new-session", "-d", "-x", str(width), "-y", str(height),
                        f"'{parley.bin}/parley' {parley.url}; echo status $?; read end"],
                       check=True, env=environment)

    def keys(self, *keys):
        subprocess.run([*self.tmux, "send-keys", *keys], check=True)
        return self

    def line(self, text):
        return self.keys("-l", text).keys("Enter")

    def rows(self):
        shown = subprocess.run([*self.tmux, "capture-pane", "-p"], check=True,
                               capture_output=True, text=True).stdout
        return [row.rstrip() for row in shown.rstrip().split("\n")]

    def wait_for(self, text):
        eventually(lambda: any(text in row for row in self.rows()), PATIENCE, text)
        return self

    def answer(self, question, text):
        """Type text when the last row asks for it."""
        eventually(lambda: self.rows()[-1] == question, PATIENCE, question)
        return self.line(text)

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], check=False)


@pytest.fixture
def terminal(parley, tmp_path):
    window = Terminal(parley, tmp_path)
    yield window.wait_for("parley>")
    window.close()


def test_a_message_that_arrives_leaves_the_typed_line_as_it_was(terminal, user):
    alice, bob = user(username=fresh("a")[:8]), user(username=fresh("b")[:8])
    device = bob.device()
    terminal.line(f"login {alice.username} {PASSWORD}").wait_for("logged in as")
    terminal.line(f"to {bob.username}").wait_for("talking to")
    # Longer than the row, with wide characters, and the cursor back in the middle of it.
    typed = "send a line that does not fit into the sixty columns, 日本語 end"
    prompt = f"{alice.username} @{bob.username}> "
    terminal.keys("-l", typed).wait_for("日本語 end").keys("Left", "Left", "Left")
    device.say("first", to=alice)
    device.say("second, which is itself much longer than one row of this window", to=alice)
    terminal.wait_for("row of this window")
    eventually(lambda: "".join(terminal.rows()).endswith(prompt + typed), what="the prompt below it")
    whole = "".join(terminal.rows())
    assert whole.count("send a line") == 1
    assert whole.index("first") < whole.index("second") < whole.index(typed)
    terminal.keys("-l", "the ").keys("Enter")
    eventually(lambda: len(device.messages()) == 1, what="the line")
    assert texts(device.messages()) == [typed.replace("send ", "").replace("end", "the end")]


def test_the_prompt_tells_that_the_last_message_was_read(terminal, user):
    alice, bob = user(username=fresh("a")[:8]), user(username=fresh("b")[:8])
    terminal.line(f"login {alice.username} {PASSWORD}").wait_for("logged in as")
    terminal.line(f"to {bob.username}").wait_for("talking to")
    terminal.line("send hi").wait_for(f"{alice.username}: hi")
    bob.device().send({"type": 31, "conversation_id": single(alice, bob), "seq": 1})
    eventually(lambda: terminal.rows()[-1] == f"{alice.username} @{bob.username} ✓✓>", what="✓✓")


def test_a_password_is_asked_for_and_never_shown(terminal):
    name = fresh("a")[:12]
    terminal.line(f"register {name}").answer("password:", PASSWORD)
    terminal.answer("once more:", PASSWORD).wait_for(f"registered {name}")
    terminal.line(f"login {name}").answer("password:", PASSWORD)
    terminal.wait_for(f"logged in as {name}").keys("Up")
    terminal.keys("C-u").line("quit").wait_for("status 0")
    assert PASSWORD not in "\n".join(terminal.rows())
