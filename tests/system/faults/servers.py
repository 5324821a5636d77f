#!/usr/bin/env python3
"""RabbitMQ and Redis without services, kept alive by the supervisor of tools/run."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

from runner import programs  # noqa: E402
from runner.supervisor import Supervisor  # noqa: E402

place = programs.Place(ROOT, os.environ)
for name in ("run", "log", "data", "etc"):
    (place.var / name).mkdir(parents=True, exist_ok=True)
supervisor = Supervisor(
    place, [programs.epmd(place), programs.rabbitmq(place), programs.redis(place)])
supervisor.check_ports()
sys.exit(supervisor.run())
