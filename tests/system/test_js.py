"""clients/js against the real system: its promises (tests/js/live), devices whose lines are cut
while services are killed, and the examples of docs/js.md. All of it runs in the node that
Playwright brings."""

import os
import pathlib
import re
import secrets
import subprocess
import threading
import xml.etree.ElementTree

import pytest
from playwright._impl._driver import compute_driver_executable

from instance import ROOT, SLOWNESS, eventually

NODE = pathlib.Path(compute_driver_executable()[0])
LIVE = ROOT / "tests/js/live"
PHRASE = "correct horse battery"  # as docs/js.md has it
PROMISES = re.findall(r"^test\('((?:[^'\\]|\\.)+)'",
                      (LIVE / "parley.test.js").read_text(encoding="utf-8"), re.MULTILINE)
EXAMPLE = re.compile(r"^```js\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)


def node(parley, *arguments, **more):
    environment = {**os.environ, "PARLEY_URL": parley.url, "NODE_NO_WARNINGS": "1"}
    return subprocess.Popen([NODE, *map(str, arguments)], env=environment, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **{"cwd": ROOT, **more})


@pytest.fixture(scope="module")
def outcomes(parley, tmp_path_factory):
    """What became of each test of parley.test.js: None, or why it failed."""
    report = tmp_path_factory.mktemp("js") / "report.xml"
    parley.wait_whole()
    done = node(parley, "--test", "--test-reporter=junit",
                f"--test-reporter-destination={report}", LIVE / "parley.test.js")
    output = done.communicate(timeout=120 * SLOWNESS)[0]
    assert report.exists(), output
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    return {case.get("name"): next((fault.text for fault in case.iter("failure")), None)
            for case in cases}


@pytest.mark.parametrize("promise", [promise.replace("\\'", "'") for promise in PROMISES])
def test_js_client(promise, outcomes):
    assert promise in outcomes, "it did not run"
    assert outcomes[promise] is None, outcomes[promise]


def test_js_devices_agree_although_lines_are_cut_and_services_are_killed(parley):
    """tests/js/live/chaos.js prints as it goes along: the kills fall between its steps."""
    running = node(parley, LIVE / "chaos.js", os.environ.get("PARLEY_TEST_SEED", "0"), "400")
    watch = threading.Timer(120 * SLOWNESS, running.kill)
    watch.start()
    victims = iter(["message", "push", "message", "push"])
    lines = []
    for line in running.stdout:
        lines.append(line)
        if line.startswith("step ") and len(lines) % 2:
            name = next(victims, None)
            if name:
                parley.kill(name, wait=False)
    watch.cancel()
    assert running.wait() == 0, "".join(lines)
    assert next(victims, None) is None, "not all kills came: " + "".join(lines)


@pytest.fixture
def examples(parley, user, hubot, tmp_path):
    """The programs of docs/js.md and what they print, with the people that they are about."""
    names = {name: user(username=f"{name}_{secrets.token_hex(4)}", password=PHRASE).username
             for name in ("ben", "teabot")}
    names["ada"] = f"ada_{secrets.token_hex(4)}"
    found = []
    text = (ROOT / "docs/js.md").read_text(encoding="utf-8")
    for number, (program, output) in enumerate(EXAMPLE.findall(text)):
        program = program.replace("./clients/js", str(ROOT / "clients/js"))
        program = program.replace("http://127.0.0.1:8080", parley.url)
        for name, own in names.items():
            program = program.replace(f"'{name}'", f"'{own}'")
        path = tmp_path / f"example_{number}.mjs"
        path.write_text(program, encoding="utf-8")
        found.append((path, output))
    return found


def test_js_examples_of_the_manual_print_what_it_says(parley, examples, tmp_path):
    (first, printed), (bot, _), *others = examples
    assert run_to_end(parley, first) == printed
    answering = node(parley, bot)
    try:
        assert answering.stdout.readline() == "ready\n"
        ask_for_tea(parley, examples)
        for program, output in others:
            assert run_to_end(parley, program, cwd=tmp_path) == output, program.read_text()
    finally:
        answering.terminate()
        assert answering.wait(20 * SLOWNESS) == 0, answering.stdout.read()


def run_to_end(parley, program, **more):
    done = node(parley, program, **more)
    output = done.communicate(timeout=60 * SLOWNESS)[0]
    assert done.returncode == 0, output
    return output


def ask_for_tea(parley, examples):
    """Ben and the bot talk as the example of histories shows it."""
    names = [re.search(r"username: '(\w+)'", path.read_text()).group(1) for path, _ in examples]
    ben = parley.login(names[2], PHRASE)
    [bot] = eventually(lambda: [row["user_id"] for row in ben.get(
        f"/api/users?query={names[1]}").ok()["users"]], what="the bot among all users")
    for text in ("Is there tea?", "/tea"):
        ben.post("/api/messages", {"type": 1, "to": bot, "content": {"text": text}}).ok()
    eventually(lambda: len(ben.get(f"/api/messages/private/{bot}").ok()["messages"]) == 3,
               what="the bot's answer")
