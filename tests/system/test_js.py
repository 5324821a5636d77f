"""clients/js against the real system: its promises (tests/js/live), devices whose lines are cut while services are
killed, and the examples of docs/js.md. All of it runs in the node that Playwright brings."""

import os
import pathlib
import re
import subprocess
import threading
import xml.etree.ElementTree

import pytest
from playwright._impl._driver import compute_driver_executable

from instance import ROOT, SLOWNESS

NODE = pathlib.Path(compute_driver_executable()[0])
LIVE = ROOT / "tests/js/live"
PROMISES = re.findall(r"^test\('((?:[^'\\]|\\.)+)'", (LIVE / "parley.test.js").read_text(encoding="utf-8"),
                      re.MULTILINE)
EXAMPLE = re.compile(r"^```js\n(.*?)^```", re.MULTILINE | re.DOTALL)


def node(parley, *arguments, **more):
    environment = {**os.environ, "PARLEY_URL": parley.url, "NODE_NO_WARNINGS": "1"}
    return subprocess.Popen([NODE, *map(str, arguments)], cwd=ROOT, env=environment, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


@pytest.fixture(scope="module")
def outcomes(parley, tmp_path_factory):
    """What became of each test of parley.test.js: None, or why it failed."""
    report = tmp_path_factory.mktemp("js") / "report.xml"
    parley.wait_whole()
    done = node(parley, "--test", "--test-force-exit", "--test-reporter=junit", f"--test-reporter-destination={report}",
                LIVE / "parley.test.js")
    output = done.communicate(timeout=120 * SLOWNESS)[0]
    assert report.exists(), output
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    return {case.get("name"): next((fault.text for fault in case.iter("failure")), None) for case in cases}


@pytest.mark.parametrize("promise", [promise.replace("\\'", "'") for promise in PROMISES])
def test_js_client(promise, outcomes):
    assert promise in outcomes, "it did not run"
    assert outcomes[promise] is None, outcomes[promise]


def test_js_devices_agree_although_lines_are_cut_and_services_are_killed(parley):
    """tests/js/live/chaos.js prints as it goes along: the kills fall between its steps."""
    running = node(parley, LIVE / "chaos.js", os.environ.get("PARLEY_TEST_SEED", "0"), "600")
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
