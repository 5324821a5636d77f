"""Autobahn's core cases against an echo server on the same libs/ws that push runs on."""

import asyncio
import json
import os
import pathlib
import subprocess

import kosoku
import pytest

from instance import ROOT

# 9 (limits and speed) takes minutes and belongs to benchmarks; 12 and 13 test an extension that we
# do not offer.
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
N_CASES = 247
BIN = pathlib.Path(os.environ.get("BIN", ROOT / "build/bin"))


@pytest.fixture
def echo_url():
    """The server listens on a port of the kernel's choice and says which."""
    with subprocess.Popen([BIN / "parley-echo", "127.0.0.1:0"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as echo:
        port = json.loads(echo.stdout.readline())["port"]
        yield f"ws://127.0.0.1:{port}/"
        assert echo.poll() is None, "the echo server died"
        echo.kill()


@pytest.mark.timeout(300)
def test_each_core_case_of_autobahn_passes(echo_url):
    async def run():
        return await kosoku.run_fuzzingclient(echo_url, CASES, concurrency=4)

    try:
        results = asyncio.run(run())
    except kosoku.FailureError as failure:
        results = failure.results
    assert len(results) == N_CASES
    assert not [(case.case_id, case.behavior.value, case.behavior_close.value, case.result)
                for case in results if not case.passed]
