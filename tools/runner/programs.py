"""What runs in an instance: programs, ports, arguments, environment."""

import http.client
import json
import os
import pathlib
import secrets
import shutil
import socket

from . import credentials, mongo
from .supervisor import CannotStart, Program

SERVICES = ("auth", "user", "group", "message", "push", "bot")
SEVERAL_MAX = 8  # processes of each service, or edges, on one machine


def base_port(port):
    """The first of an instance's 32 ports, below the kernel's ephemeral ones."""
    return 10000 + port % 700 * 32


def numbered(name, number):
    """The first keeps its name: nginx, nginx-2."""
    return name if number == 1 else f"{name}-{number}"


class Place:
    """Where an instance lives: its folder, its ports, its programs."""

    def __init__(self, root, environment):
        self.root = root
        self.environment = dict(environment)
        # A password is for the one program that needs it.
        self.admin = {name: self.environment.pop(name) for name in
                      ("ADMIN_USERNAME", "ADMIN_PASSWORD", "ADMIN_PASSWORD_FILE")
                      if name in self.environment}
        self.port = self.number("PORT", 8080, 65535)
        self.replicas = self.number("REPLICAS", 1, SEVERAL_MAX, least=0)  # of each service
        self.edges = self.number("EDGES", 1, SEVERAL_MAX)
        if self.port + max(self.replicas, self.edges) - 1 > 65535:
            raise CannotStart("PORT is too large for so many REPLICAS or EDGES")
        self.base = base_port(self.port)
        self.var = pathlib.Path(environment.get("VAR") or root / "var").resolve()
        self.secrets = None  # where they are, once credentials.make() has made them
        self.bin = pathlib.Path(environment.get("BIN") or root / "build/bin").resolve()
        self.amqp, self.dist, self.epmd, self.mongod, self.redis = range(self.base, self.base + 5)

    def number(self, name, default, most, least=1):
        """What a variable says, from least to most."""
        text = self.environment.get(name) or str(default)
        if not text.isdecimal() or not least <= int(text) <= most:
            raise CannotStart(f"{name} must be a number from {least} to {most}")
        return int(text)

    def port_of(self, service, which=0, replica=1):
        """0: REST or WebSocket, 1: internal, 2: RPC. Replica 2 has those of PORT + 1."""
        return base_port(self.port + replica - 1) + 8 + 3 * SERVICES.index(service) + which

    def addresses_of(self, service, which=0):
        """Of all its replicas."""
        return [f"127.0.0.1:{self.port_of(service, which, replica)}"
                for replica in range(1, self.replicas + 1)]

    def origins(self):
        """Of the edges, as browsers see them."""
        return ",".join(f"http://{host}:{self.port + i}" for i in range(self.edges)
                        for host in ("127.0.0.1", "localhost"))

    def write(self, name, text, mode=0o644):
        """Write var/<name> whole or not at all; return its path."""
        path = self.var / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        new.touch(mode)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
        return path


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(port, path):
    """The status and body of an answer over HTTP; 0 and the reason when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as fault:
        return 0, f"no answer ({fault})"
    finally:
        connection.close()


def find(name, *places):
    path = shutil.which(name) or next((p for p in map(str, places) if os.access(p, os.X_OK)), None)
    if path is None:
        raise CannotStart(f"{name} is not installed: tools/setup run")
    return path


def epmd(place):
    return Program(
        "epmd", [find("epmd"), "-port", str(place.epmd), "-address", "127.0.0.1"], stage=0,
        ports=[place.epmd], ready=lambda: (is_listening(place.epmd), "does not listen yet"))


def definitions(place, data):
    """Of RabbitMQ: its users, what they may do, the topology. Where a broker of before there were
    passwords has made a guest, he may not log in any more."""
    written = json.loads((place.secrets / "definitions.json").read_text(encoding="utf-8"))
    marker = data.with_name(f"{data.name}.no-guest")
    if not data.exists():
        marker.touch()
    if not marker.exists():
        written["users"].append({"name": "guest", "password_hash": "", "tags": ""})
    return place.write("etc/rabbitmq-definitions.json", json.dumps(written), 0o600)


def rabbitmq(place):
    """As the current user and in the foreground: Debian's wrapper would change to its own."""
    home = place.var / "data/rabbitmq"
    home.mkdir(parents=True, exist_ok=True)
    cookie = home / ".erlang.cookie"
    if not cookie.exists():
        place.write("data/rabbitmq/.erlang.cookie", secrets.token_hex(20), 0o600)
    template = (place.root / "docker/rabbitmq.conf").read_text(encoding="utf-8")
    node = f"parley-{place.port}@localhost"
    more = f"\nlisteners.tcp.default = 127.0.0.1:{place.amqp}\n"
    if place.secrets:
        more += f"load_definitions = {definitions(place, home / node)}\n"
    config = place.write("etc/rabbitmq.conf", template + more)
    environment = {
        "HOME": str(home),
        "RABBITMQ_NODENAME": node,
        "RABBITMQ_DIST_PORT": str(place.dist),
        "ERL_EPMD_PORT": str(place.epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # The node's name must resolve even on a machine without /etc/hosts.
        "ERL_INETRC": str(place.write("etc/erl_inetrc", '{host, {127,0,0,1}, ["localhost"]}.\n'
                                      "{lookup, [file, native]}.\n")),
        "ERL_CRASH_DUMP_SECONDS": "0",  # its log says why
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(place.write("etc/rabbitmq-advanced.config", "[].\n")),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(place.write("etc/rabbitmq-plugins", "[].\n")),
        "RABBITMQ_MNESIA_BASE": str(home),
        "RABBITMQ_LOG_BASE": str(place.var / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "rabbitmq.pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "config"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
            "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        # Bound to cores, two schedulers would wait behind whoever else is there.
        "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
        "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, so that the pid is its
    }
    return Program(
        "rabbitmq", [find("/usr/lib/rabbitmq/bin/rabbitmq-server")], environment, stage=0,
        ports=[place.amqp, place.dist],
        ready=lambda: (is_listening(place.amqp), "does not listen yet"))


def mongod(place):
    data = place.var / "data/mongod"
    data.mkdir(parents=True, exist_ok=True)
    users = {}
    if place.secrets:
        files = {"operator": "operator.mongodb_password", "parley": "mongodb_password"}
        users = {user: (place.secrets / file).read_text(encoding="utf-8").strip()
                 for user, file in files.items()}
    program = find("mongod", place.root / "build/tools/mongod",
                   pathlib.Path.home() / ".cache/parley/mongod")
    return Program(
        "mongod",
        [program, "--dbpath", str(data), "--port", str(place.mongod), "--bind_ip", "127.0.0.1",
         "--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.5", "--oplogSize", "512", "--quiet",
         "--nounixsocket", "--setParameter", "diagnosticDataCollectionEnabled=false",
         # A primary would wait for successors that a set of one has not.
         "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0",
         *(["--keyFile", str(place.secrets / "mongodb.key")] if place.secrets else [])],
        stage=0, ports=[place.mongod], ready=lambda: mongo.prepare(place.mongod, users))


def redis(place):
    """Presence and rate limits may vanish, so nothing of it is written to disk."""
    data = place.var / "data/redis"
    data.mkdir(parents=True, exist_ok=True)
    return Program(
        "redis",
        [find("redis-server"), *([str(place.secrets / "redis.conf")] if place.secrets else []),
         "--port", str(place.redis), "--bind", "127.0.0.1", "--dir", str(data), "--save", "",
         "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"],
        stage=0, ports=[place.redis],
        ready=lambda: (is_listening(place.redis), "does not listen yet"))


def service(place, name, replica=1):
    ports = [place.port_of(name, which, replica) for which in range(3)]
    listen, internal, rpc = (f"127.0.0.1:{port}" for port in ports)
    environment = {
        **credentials.urls(place, name),
        "RPC_KEY_FILE": place.environment.get("RPC_KEY_FILE") or str(place.secrets / "rpc.key"),
        "LISTEN": listen,
        "INTERNAL_LISTEN": internal,
        "RPC_LISTEN": rpc,
        "NODE_ID": f"{name}-{replica}",
        "PUBLIC_URL": place.environment.get("PUBLIC_URL") or place.origins(),
    }
    for other in ("auth", "user", "group", "message"):
        environment[f"{other.upper()}_RPC"] = ",".join(place.addresses_of(other, 2))
    if name == "auth":
        environment["AUTH_KEY_FILE"] = str(place.var / "data/auth.key")
        environment.update(place.admin)

    def ready():
        status, body = ask(ports[1], "/readyz")
        return status == 200, body

    program = place.bin / f"parley-{name}"
    if not os.access(program, os.X_OK):
        raise CannotStart(f"{name} cannot start: {program} is not there; run make")
    return Program(numbered(name, replica), [str(program)], environment, stage=1, kind=name,
                   grace=20, ports=ports, why_ports=why_ports(place, replica), ready=ready)


def why_ports(place, number):
    """Whose ports these are, when they follow from another PORT than the one that was given."""
    if number == 1:
        return ""
    return f"; replica {number} needs the ports of PORT={place.port + number - 1}"


def nginx(place, number):
    port = place.port + number - 1
    name = numbered("nginx", number)

    def ready():
        status, body = ask(port, "/openapi.json")
        return status == 200, body

    return Program(
        name, [find("nginx", "/usr/sbin/nginx"), "-p", str(place.var), "-e", "stderr", "-c",
               str(place.var / f"etc/{name}.conf")],
        # SIGTERM: its workers would outlive a master that is killed.
        stage=2, kind="nginx", ports=[port], why_ports=why_ports(place, number), ready=ready,
        dies_with_us="SIGTERM")


def all_of(place):
    """Every program of the instance, in the order of starting. Without services there is nothing
    that an edge could lead to."""
    ret = []
    for name, own in (("AMQP_URL", (epmd, rabbitmq)), ("MONGODB_URI", (mongod,)),
                      ("REDIS_URL", (redis,))):
        if not credentials.is_given(place, name):
            ret += [make(place) for make in own]
    ret += [service(place, name, replica) for name in SERVICES
            for replica in range(1, place.replicas + 1)]
    if place.replicas:
        ret += [nginx(place, number) for number in range(1, place.edges + 1)]
    return ret
