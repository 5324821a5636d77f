"""Start programs, restart what dies, end everything: one thread that waits for signals.

Every program leads a process group of its own. It is told by the kernel when we die (PDEATHSIG),
and we are the reaper of all orphans below us (SUBREAPER), so nothing is left behind however we
end. Programs start in stages; a stage begins when all programs of those before are ready.
"""

import ctypes
import dataclasses
import os
import pathlib
import resource
import signal
import socket
import sys
import time

SIGNALS = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0  # between restarts of what dies again and again
STEADY_SECONDS = 2.0  # who has lived so long is restarted at once
TRIES_AT_START = 5  # deaths before it was ever ready, after which starting is given up
POLL_SECONDS = 0.1
COMPLAIN_SECONDS = 10
LOG_KEPT = 16 * 1024 * 1024  # a log that is larger at a start becomes <name>.log.1

libc = ctypes.CDLL(None, use_errno=True)


class CannotStart(Exception):
    """One line that says what cannot start, and why."""


@dataclasses.dataclass
class Program:
    name: str
    arguments: list
    environment: dict = dataclasses.field(default_factory=dict)
    stage: int = 0
    kind: str = None  # what it is one of several of; its name when None
    grace: float = 30  # seconds from SIGTERM to SIGKILL
    ports: list = dataclasses.field(default_factory=list)
    why_ports: str = ""  # follows "port … is taken"
    ready: callable = None  # () -> (whether, why not)
    dies_with_us: str = "SIGKILL"

    pid: int = 0
    started_at: float = 0
    restart_at: float = None
    delay: float = 0
    restarts: int = 0
    was_ready: bool = False
    why_not: str = "not started yet"

    def __post_init__(self):
        self.kind = self.kind or self.name


def say(text):
    try:
        print(text, flush=True)
    except OSError:
        pass  # whoever read it is gone; we have still to end properly


def ending(status):
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit status {os.WEXITSTATUS(status)}"


class Supervisor:
    def __init__(self, place, programs):
        self.place = place
        self.programs = programs
        self.serving = False
        self.stopping = False
        self.failure = None
        self.complained_at = 0

    # ---- Before anything starts

    def check_ports(self):
        """A port may still be in the hands of an instance that has just been killed: wait 2 s."""
        end = time.monotonic() + 2
        for program in self.programs:
            for port in program.ports:
                while not self.is_free(port):
                    if time.monotonic() > end:
                        raise CannotStart(f"{program.name} cannot start: port {port} is taken"
                                          f"{program.why_ports}")
                    time.sleep(0.05)

    @staticmethod
    def is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True

    # ---- Life

    def run(self):
        """Until a signal. The exit status: 0, or 1 when something could not start."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.complained_at = time.monotonic()
        try:
            while not self.stopping and not self.failure:
                self.start_what_is_due()
                self.look_who_is_ready()
                self.wait(self.next_timeout())
        finally:
            self.stop_all()
        if self.failure:
            print(self.failure, file=sys.stderr, flush=True)
        return 1 if self.failure else 0

    def next_timeout(self):
        due = [p.restart_at - time.monotonic() for p in self.programs if p.restart_at is not None]
        if not self.serving:
            due.append(POLL_SECONDS)
        return max(0.0, min(due, default=60))

    def wait(self, timeout):
        """For a signal, or until timeout."""
        info = signal.sigtimedwait(SIGNALS, timeout)
        if info is not None and info.si_signo != signal.SIGCHLD:
            self.stopping = True
        self.reap()

    def reap(self):
        """Signals of the same kind are merged, so one may stand for many dead."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for program in self.programs:
                if program.pid == pid:
                    self.bury(program, status)

    def bury(self, program, status):
        self.end_group(program)  # nginx's workers, for one, would keep the port
        program.pid = 0
        self.pid_file(program).unlink(missing_ok=True)
        if self.stopping:
            return
        what = f"{program.name} ended ({ending(status)})"
        if not program.was_ready:
            last = self.last_line(program)
            what = f"{program.name} cannot start: {last or ending(status)}"
            # 2: a fault in its settings, which does not heal; 127: it could not be executed.
            final = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (2, 127)
            if not self.serving and (final or program.restarts + 1 >= TRIES_AT_START):
                self.failure = what
                return
        program.restarts += 1
        if time.monotonic() - program.started_at > STEADY_SECONDS:
            program.delay = 0
        else:
            program.delay = min(max(FIRST_DELAY, program.delay * 2), LONGEST_DELAY)
        program.restart_at = time.monotonic() + program.delay
        program.why_not = "ended"
        say(f"{what}; restart {program.restarts} in {program.delay:.1f} s")

    def start_what_is_due(self):
        stage = min((p.stage for p in self.programs if not p.was_ready), default=99)
        for program in self.programs:
            if program.pid or program.stage > stage:
                continue
            if program.restart_at is None or program.restart_at <= time.monotonic():
                self.start(program)

    def look_who_is_ready(self):
        if self.serving:
            return
        for program in self.programs:
            if program.pid and not program.was_ready:
                program.was_ready, program.why_not = program.ready()
        if all(p.was_ready for p in self.programs):
            self.serving = True
            say(f"{self.what_serves()}  (Ctrl-C ends it)")
        elif time.monotonic() - self.complained_at > COMPLAIN_SECONDS:
            self.complained_at = time.monotonic()
            for program in self.programs:
                if program.pid and not program.was_ready:
                    say(f"still waiting for {program.name}: {' '.join(program.why_not.split())}")

    def what_serves(self):
        if self.place.replicas == 0:
            return "The servers are up, and no service"
        return f"Parley is at http://127.0.0.1:{self.place.port}"

    # ---- One program

    def pid_file(self, program):
        return self.place.var / "run" / f"{program.name}.pid"

    def log_file(self, program):
        return self.place.var / "log" / f"{program.name}.log"

    def last_line(self, program):
        with open(self.log_file(program), "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 4096))
            lines = log.read().decode(errors="replace").split("\n")
        return next((line.strip()[:500] for line in reversed(lines) if line.strip()), None)

    def start(self, program):
        path = self.log_file(program)
        if program.restarts == 0 and path.exists() and path.stat().st_size > LOG_KEPT:
            path.replace(path.with_suffix(".log.1"))
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        environment = {**self.place.environment, **program.environment}
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self.become(program, environment, log, parent)
        os.close(log)
        program.pid, program.restart_at, program.started_at = pid, None, time.monotonic()
        self.place.write(f"run/{program.name}.pid", f"{pid}\n")

    @staticmethod
    def become(program, environment, log, parent):
        """In the child: never returns."""
        try:
            os.setsid()
            libc.prctl(PR_SET_PDEATHSIG, signal.Signals[program.dies_with_us], 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked to be told
                os._exit(1)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(program.arguments[0], program.arguments, environment)
        except OSError as fault:
            os.write(2, f"{program.arguments[0]}: {fault.strerror}\n".encode())
        finally:
            os._exit(127)

    @staticmethod
    def end_group(program, number=signal.SIGKILL):
        try:
            os.killpg(program.pid, number)
        except ProcessLookupError:
            pass

    # ---- The end

    def stop_all(self):
        """In reverse order. A second signal ends the patience."""
        self.stopping = True
        say("\nParley ends")
        nginx = [p for p in self.programs if p.kind == "nginx"]
        self.tell(nginx, signal.SIGQUIT)  # no new connections; push closes the old ones itself
        services = dict.fromkeys(p.kind for p in reversed(self.programs) if p.stage == 1)
        for kind in services:
            self.stop([p for p in self.programs if p.kind == kind])
        self.stop(nginx)
        self.stop([p for p in self.programs if p.stage == 0 and p.name != "epmd"])
        self.stop([p for p in self.programs if p.name == "epmd"])
        self.sweep()

    @staticmethod
    def tell(programs, number):
        for program in programs:
            if program.pid:
                try:
                    os.kill(program.pid, number)
                except ProcessLookupError:
                    pass

    def stop(self, programs):
        self.tell(programs, signal.SIGTERM)
        end = time.monotonic() + max((p.grace for p in programs), default=0)
        while any(p.pid for p in programs):
            left = end - time.monotonic()
            info = signal.sigtimedwait(SIGNALS, max(0.0, left))
            if info is not None and info.si_signo != signal.SIGCHLD:
                end = 0  # the user insists
            elif left <= 0:
                for program in programs:
                    if program.pid:
                        say(f"{program.name} did not end by itself and was killed")
                        self.end_group(program)
                end = time.monotonic() + 5
            self.reap()

    def sweep(self):
        """Orphans that came to us, such as the Erlang VM's helpers: end and bury them."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.reap()
            orphans = [pid for pid in self.children() if pid]
            if not orphans:
                return
            for pid in orphans:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)

    @staticmethod
    def children():
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                yield int(entry.name)
