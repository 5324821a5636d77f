"""A Parley of its own: started by tools/run on its own port and folder, and broken on purpose."""

import contextlib
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("auth", "user", "group", "message", "push", "bot")
SERVERS = ("rabbitmq", "mongod", "redis", "nginx")
SLOWNESS = int(os.environ.get("PARLEY_TEST_SLOWNESS", "1"))  # how much slower programs may be
IS_SANITIZED = SLOWNESS > 2  # as slow as a sanitizer makes them: tools/test
SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): (Address|Thread|Leak|Memory)Sanitizer|: runtime error: ")


def eventually(condition, timeout=10, what="the condition"):
    """The first true value of condition(), asked again until timeout, and once after it: whoever asks
    may have stood still meanwhile."""
    end = time.monotonic() + timeout * SLOWNESS
    while True:
        is_last = time.monotonic() >= end
        value = condition()
        if value:
            return value
        assert not is_last, f"{what} did not come true within {timeout * SLOWNESS} s"
        time.sleep(0.02)


def stat_of(task):
    """What proc(5) says of /proc/<task>, from its state on; None: there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{task}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def life_of(pid):
    """When it began, which tells a process from a later one of the same id; None: it is over."""
    fields = stat_of(pid)
    return None if fields is None or fields[0] in ("Z", "X") else int(fields[19])


def is_alive(pid):
    return life_of(pid) is not None


def halt(pid):
    """SIGSTOP, and wait until all of its threads stand: they go on until one has taken the signal."""
    def stands(thread):
        fields = stat_of(f"{pid}/task/{thread.name}")
        return fields is None or fields[0] == "T"

    os.kill(pid, signal.SIGSTOP)
    threads = pathlib.Path(f"/proc/{pid}/task")
    eventually(lambda: all(map(stands, threads.glob("*"))), 30, f"process {pid} stands")


def base_port(port):
    """The first of the 32 ports of an instance (the table in the README)."""
    return 10000 + (port % 700) * 32


def several(names, count):
    """auth, auth-2, …"""
    return [name if number == 1 else f"{name}-{number}"
            for name in names for number in range(1, count + 1)]


class Instance:
    """REPLICAS and EDGES of the environment as tools/run has them: replica 2 of auth is auth-2."""

    def __init__(self, port, var, replicas=1, edges=1, **environment):
        environment.update(REPLICAS=str(replicas), EDGES=str(edges))
        self.port = port
        self.replicas = replicas
        self.edges = edges
        self.var = pathlib.Path(var)
        self.base = base_port(port)
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.push_url = f"ws://127.0.0.1:{self.base + 8 + 3 * 4}/ws"
        self.environment = environment
        self.lines = []
        self.process = None
        self.seen = set()  # (pid, life)

    # ---- Life

    def start(self, timeout=100, wait=True):
        environment = dict(os.environ, PORT=str(self.port), VAR=str(self.var), **self.environment)
        for name in ("AMQP_URL", "MONGODB_URI", "REDIS_URL"):
            if name not in self.environment:
                environment.pop(name, None)
        self.process = subprocess.Popen(
            [str(ROOT / "tools/run")], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        printed = queue.Queue()
        threading.Thread(target=self._read_output, args=(printed,), daemon=True).start()
        if wait:
            self.wait_for_line(printed, timeout)
        return self

    def _read_output(self, printed):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            printed.put(line)
        printed.put(None)

    def wait_for_line(self, printed, timeout):
        """Wait for the line with the address: from then on everything is ready."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = printed.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                raise AssertionError("tools/run printed no address:\n" + "\n".join(self.lines))
            if self.url in line:
                return

    def stop(self, number=signal.SIGTERM, timeout=60):
        """End it as `kill` or Ctrl-C would; the exit status."""
        if self.process is None:
            return None
        self.seen |= {(pid, life_of(pid)) for pid in self.pids()}
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None
        return status

    def left_behind(self):
        """What still lives or listens although the instance ended."""
        mark = str(self.var).encode()
        found = [f"process {pid}" for pid, life in self.seen if life and life_of(pid) == life]
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                if mark in command or b"VAR=" + mark in (entry / "environ").read_bytes():
                    found.append(f"process {entry.name}: {command.decode(errors='replace')[:200]}")
            except OSError:
                continue  # it ended, or is not ours
        for port in self.ports():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    found.append(f"port {port}")
        return found

    def ports(self):
        """All that may be used: replica 2 has those of an instance at PORT + 1."""
        several = range(self.port, self.port + max(self.replicas, self.edges))
        return [port for number in several
                for port in (number, *range(base_port(number), base_port(number) + 32))]

    def sanitizer_reports(self):
        found = []
        for path in sorted((self.var / "log").glob("*")):
            text = path.read_text(encoding="utf-8", errors="replace")
            for match in SANITIZER_REPORT.finditer(text):
                found.append(f"{path.name}: {text[match.start():match.start() + 3000]}")
                break
        return found

    # ---- Processes

    def pid(self, name):
        return int((self.var / "run" / f"{name}.pid").read_text().strip())

    def find_pid(self, name):
        """The process id, or None while nobody lives under that name."""
        try:
            pid = self.pid(name)
        except (OSError, ValueError):
            return None
        return pid if is_alive(pid) else None

    def services(self):
        """The names of all processes of services."""
        return several(SERVICES, self.replicas)

    def pids(self):
        names = [*self.services(), *SERVERS, *several(("nginx",), self.edges)]
        return {pid for pid in map(self.find_pid, names) if pid}

    def cpu_seconds(self, name):
        """The processor's time that it has used."""
        fields = stat_of(self.pid(name))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, name, number):
        """To whoever lives under that name, or will in a moment: it may just be replaced."""
        pid = eventually(lambda: self.find_pid(name), 30, f"a process for {name}")
        self.seen.add((pid, life_of(pid)))
        if number == signal.SIGSTOP:
            halt(pid)
        else:
            os.kill(pid, number)
        return pid

    def kill(self, name, wait=True, timeout=60):
        """kill -9, then wait until another lives in its place and all say that they are ready."""
        old = self.signal(name, signal.SIGKILL)
        if wait:
            self.wait_replaced(name, old, timeout)
        return old

    @contextlib.contextmanager
    def without(self, name):
        """Meanwhile nobody lives under that name, and knows what is stored from before."""
        halt(self.process.pid)
        try:
            old = self.signal(name, signal.SIGKILL)
            eventually(lambda: not is_alive(old), 10, f"the end of {name}")
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)
        self.wait_replaced(name, old)

    def wait_replaced(self, name, old, timeout=60):
        eventually(lambda: self.find_pid(name) not in (None, old), timeout,
                   f"a new process for {name}")
        self.wait_ready(timeout)

    def wait_whole(self, timeout=90):
        """Also the broker, whose death the services may not have noticed yet."""
        eventually(lambda: self.listens(self.base), timeout, "RabbitMQ")
        self.wait_ready(timeout)

    @staticmethod
    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def wait_ready(self, timeout=60):
        for name in self.services():
            eventually(lambda: self.is_ready(name), timeout, f"/readyz of {name}")

    def port_of(self, name, which=0):
        """Of "message" or "message-2". 0: REST or WebSocket, 1: internal, 2: RPC."""
        service, _, replica = name.partition("-")
        return (base_port(self.port + int(replica or 1) - 1) + 8 + 3 * SERVICES.index(service)
                + which)

    def internal_url(self, name):
        return f"http://127.0.0.1:{self.port_of(name, 1)}"

    def edge_url(self, number=1):
        return f"http://127.0.0.1:{self.port + number - 1}"

    def is_ready(self, name):
        try:
            with urllib.request.urlopen(self.internal_url(name) + "/readyz", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def metrics(self, name):
        """The text of its /metrics."""
        with urllib.request.urlopen(self.internal_url(name) + "/metrics", timeout=10) as answer:
            return answer.read().decode()

    def log(self, name):
        """Its whole lines: the last may just be written."""
        text = (self.var / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return text[:text.rfind("\n") + 1]
