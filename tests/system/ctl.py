"""parleyctl as an operator calls it: with what tools/run wrote for him."""

import os
import shlex
import subprocess

from instance import SLOWNESS


def settings(parley):
    """Of that instance, by their names."""
    lines = (parley.var / "etc/operator.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def parleyctl(parley, *arguments, **environment):
    """The finished process. What is given takes the place of a file; empty, it is not there."""
    merged = {"PATH": os.environ["PATH"], **settings(parley),
              **{f"{name}_FILE": "" for name in environment}, **environment}
    return subprocess.run([parley.bin / "parleyctl", *map(str, arguments)], text=True, check=False,
                          env={name: value for name, value in merged.items() if value},
                          capture_output=True, timeout=60 * SLOWNESS)
