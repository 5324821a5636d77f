"""The terminal client as a program would use it."""

import os
import re
import subprocess
import threading

from instance import eventually

PATIENCE = 30  # the client's own, plus nothing: what takes longer has failed
STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")
NUMBER = re.compile(r"^(\[[^\]]*\] )?#\d+ ([a-z0-9]+)(?: ✓+)?")


def said(line):
    """A line without the time, the number and the ticks."""
    return NUMBER.sub(r"\1\2", STAMP.sub("", line))


def named(user):
    """The fixture, for people who are named at a terminal: the search finds who is new in a moment."""
    def make(**more):
        someone = user(**more)
        eventually(lambda: someone.get(f"/api/users?query={someone.username}").ok()["total"],
                   what="somebody new in the search")
        return someone

    return make


class Cli:
    """`parley` in a pipe, as a program would use it."""

    def __init__(self, parley, *arguments, **environment):
        self.process = subprocess.Popen(
            [str(parley.bin / "parley"), *(arguments or [parley.url])], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", **environment))
        self.out, self.err = [], []
        self.told = threading.Condition()
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out),
                                     (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    def _read(self, stream, lines):
        for line in stream:
            with self.told:
                lines.append(line.rstrip("\n"))
                self.told.notify_all()

    def type(self, *lines):
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()
        return self

    def wait_for(self, text, timeout=PATIENCE):
        """The first line that ends with text, on either stream; what said() drops may be left out."""
        def find():
            return [line for line in self.out + self.err
                    if line.endswith(text) or said(line).endswith(text)]
        with self.told:
            assert self.told.wait_for(find, timeout), (text, self.out[-20:], self.err[-20:])
            return find()[0]

    def wait_for_chat(self, name, state, last=""):
        """A line of the list of conversations: how it stands, and the last that was said."""
        line = re.compile(re.escape(f"{name}  {state}  ") + STAMP.pattern[1:] + re.escape(last))
        with self.told:
            assert self.told.wait_for(lambda: any(map(line.match, self.out)), PATIENCE), (
                line, self.out[-20:], self.err[-20:])

    def messages(self):
        """What was shown: who said what."""
        with self.told:
            return [said(line) for line in self.out if STAMP.match(line)]

    def end(self):
        """End of input; the exit status."""
        self.process.stdin.close()
        status = self.process.wait(2 * PATIENCE)
        for reader in self.readers:
            reader.join()
        return status
