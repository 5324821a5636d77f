"""What the dashboard's panels show of a running instance: tests/bench/dashboard.py [FOLDER].

Starts an instance and Debian's Prometheus, lets people talk for SECONDS (60), and prints the result of
every query of docs/dashboards/parley.json at the end of it. With FOLDER, the panels are drawn there,
too (panels.svg), from the same data: no Grafana is needed.
"""

import asyncio
import contextlib
import html
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from conftest import Parley, stop_and_look  # noqa: E402
from instance import ROOT, eventually  # noqa: E402

from bench import Client  # noqa: E402

SECONDS = float(os.environ.get("SECONDS", "60"))
STEP = 5
SERVICES = ("auth", "user", "group", "message", "push", "bot")
DASHBOARD = json.loads((ROOT / "docs/dashboards/parley.json").read_text())


class Prometheus:
    def __init__(self, parley, folder):
        self.url = f"http://127.0.0.1:{parley.base + 30}"
        config = {
            "global": {"scrape_interval": "2s", "evaluation_interval": "5s"},
            "rule_files": [str(ROOT / "docs/alerts/parley.yaml")],
            "scrape_configs": [{"job_name": "parley", "static_configs": [
                {"targets": [parley.internal_url(name).removeprefix("http://")],
                 "labels": {"service": name}} for name in SERVICES]}],
        }
        file = pathlib.Path(folder) / "prometheus.yaml"
        file.write_text(json.dumps(config))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self.url.removeprefix('http://')}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.is_ready, 30, "Prometheus")

    def is_ready(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=2).status == 200
        return False

    def ask(self, query, path="query", **more):
        query = query.replace("$__rate_interval", "15s").replace("$__interval", "15s").replace("$job", "parley")
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode({'query': query, **more})}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]["result"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


async def talk(people, group_id):
    """Pairs and a group, at a pace that leaves the machine some room; now and then one comes or goes,
    or says what is refused."""
    clients = [Client(person, {"type": 1, "to": people[i ^ 1].id}, 0, True) for i, person in enumerate(people)]
    clients += [Client(person, {"type": 2, "group_id": group_id}, 0) for person in people[:10]]
    for client in clients:
        await client.open()
    tasks = [asyncio.create_task(client.live()) for client in clients]
    tasks += [asyncio.create_task(client.send_at(0.5 + i % 7 * 0.1)) for i, client in enumerate(clients)]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        guest = Client(people[0], {"type": 1, "to": "nobody"}, 0)
        await guest.open()
        tasks.append(asyncio.create_task(guest.live()))
        await guest.send()
        await asyncio.sleep(1)
        await guest.socket.close()
    for task in tasks:
        task.cancel()


def ask_over_http(people, is_over):
    """Some of each kind of request, from one thread."""
    while not is_over.is_set():
        for person in people[:20]:
            person.get("/api/conversations")
            person.get("/api/sync")
            person.get("/api/messages/search?q=xxxx")
            person.get("/api/users/nobody")
            if is_over.wait(0.1):
                return


def load(parley):
    people = [parley.register() for _ in range(60)]
    group_id = people[0].create_group(*people[1:])
    bot = eventually(lambda: [row for row in people[0].get("/api/users?query=hubot").ok()["users"]
                              if row["username"] == "hubot"], what="hubot")[0]["user_id"]
    is_over = threading.Event()
    asker = threading.Thread(target=ask_over_http, args=(people, is_over))
    asker.start()
    people[0].device().say("/echo hello", to=bot)
    asyncio.run(talk(people, group_id))
    is_over.set()
    asker.join()


def legend(target, labels):
    text = target["legendFormat"]
    for name, value in labels.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def print_panels(prometheus, at):
    empty = 0
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            print(f"\n== {panel['title']}")
            continue
        print(f"-- {panel['title']} ({panel['fieldConfig']['defaults']['unit']})")
        rows = [(legend(target, each["metric"]), float(each["value"][1]))
                for target in panel["targets"] for each in prometheus.ask(target["expr"], time=at)]
        empty += not rows
        for name, value in rows or [("nothing", float("nan"))]:
            print(f"   {name:48} {value:14.6g}")
    print(f"\n{empty} panels have nothing to show")
    for alert in prometheus.ask('ALERTS{alertstate="firing"}', time=at):
        print("alert:", alert["metric"]["alertname"], alert["metric"].get("service", ""))


# ---- A picture

WIDTH, HEIGHT, GAP = 420, 190, 12
COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"))


def short(value):
    if value == 0:
        return "0"
    size, prefix = next((each for each in PREFIXES if abs(value) >= each[0]), PREFIXES[-1])
    return f"{value / size:.3g} {prefix}"


def draw_panel(x, y, panel, lines, first, last):
    unit = {"s": "s", "bytes": "B", "Bps": "B/s", "ops": "/s", "reqps": "/s"}.get(
        panel["fieldConfig"]["defaults"]["unit"], "")
    top = max((value for _, points in lines for _, value in points), default=0) or 1
    out = [f'<g transform="translate({x},{y})"><rect width="{WIDTH}" height="{HEIGHT}" fill="#181b1f"/>'
           f'<text x="10" y="18" fill="#ccccdc" font-weight="bold">{html.escape(panel["title"])}</text>']
    left, width, low, height = 62, WIDTH - 74, 140, 108
    for i in range(3):
        at = low - height * i / 2
        out.append(f'<path d="M{left} {at}H{left + width}" stroke="#33373d"/>'
                   f'<text x="{left - 5}" y="{at + 4}" text-anchor="end" fill="#9fa7b3">{short(top * i / 2)}{unit}</text>')
    shown = sorted(lines, key=lambda line: -max((value for _, value in line[1]), default=0))[:8]
    for i, (_, points) in enumerate(shown):
        path = " ".join(f"{left + width * (when - first) / (last - first):.1f},{low - height * value / top:.1f}"
                        for when, value in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[i]}" stroke-width="1.5"/>')
    if not lines:
        out.append(f'<text x="{WIDTH / 2}" y="90" text-anchor="middle" fill="#9fa7b3">nothing</text>')
    for i, (name, _) in enumerate(shown[:4]):
        out.append(f'<text x="{10 + i % 2 * 205}" y="{162 + i // 2 * 16}" fill="{COLOURS[i]}">{html.escape(name[:32])}</text>')
    return "".join(out) + "</g>"


def draw(prometheus, first, last, file):
    out, x, y = [], 0, GAP
    for panel in DASHBOARD["panels"]:
        if panel["type"] == "row":
            y += (HEIGHT + GAP) * (x > 0)
            x = 0
            out.append(f'<text x="{GAP}" y="{y + 16}" fill="#ccccdc" font-size="15">{panel["title"]}</text>')
            y += 26
            continue
        lines = []
        for target in panel["targets"]:
            for each in prometheus.ask(target["expr"], "query_range", start=first, end=last, step=2):
                points = [(when, float(value)) for when, value in each["values"] if value not in ("NaN", "+Inf")]
                lines += [(legend(target, each["metric"]), points)] if points else []
        out.append(draw_panel(GAP + x * (WIDTH + GAP), y, panel, lines, first, last))
        x += 1
        if x == 3:
            x, y = 0, y + HEIGHT + GAP
    y += (HEIGHT + GAP) * (x > 0)
    width = 3 * (WIDTH + GAP) + GAP
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}"'
                    f' font-family="sans-serif" font-size="11"><rect width="{width}" height="{y}" fill="#111217"/>'
                    + "\n".join(out) + "</svg>\n")


def main():
    if not shutil.which("prometheus"):
        sys.exit("prometheus is not installed: apt-get install prometheus")
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as var:
        parley = Parley(int(os.environ.get("PARLEY_TEST_PORT", "8195")), var).start()
        prometheus = None
        try:
            prometheus = Prometheus(parley, var)
            time.sleep(2 * STEP)  # a few samples of a quiet instance
            first = time.time()
            load(parley)
            last = time.time()
            print_panels(prometheus, last)
            if len(sys.argv) > 1:
                draw(prometheus, first - STEP, last, pathlib.Path(sys.argv[1]) / "panels.svg")
        finally:
            if prometheus:
                prometheus.stop()
            print("\n".join(stop_and_look(parley)))


if __name__ == "__main__":
    main()
