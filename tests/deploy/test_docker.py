"""docker/, as Docker would read it. Nothing is built or started: that is `make check-images`."""

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from compose_rules import OURS, RULES, SERVICES, offences

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "docker/Dockerfile"
TOOLS = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])


def run(*command, **environment):
    done = subprocess.run([shutil.which(command[0], path=TOOLS), *map(str, command[1:])], cwd=ROOT,
                          env={"PATH": TOOLS, "HOME": "/nonexistent", **environment}, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def composed(**environment):
    return json.loads(run("docker-compose", "-f", "docker/compose.yaml", "--profile", "*", "config",
                          "--format", "json", **environment))


@pytest.fixture(scope="session")
def compose():
    return composed()


# ---- compose.yaml

def test_compose_understands_the_file():
    run("docker-compose", "-f", "docker/compose.yaml", "config", "-q")


def test_every_container_is_held_to_the_rules(compose):
    assert offences(compose["services"]) == []


def limits(container):
    return container["deploy"]["resources"]["limits"]


def change(**values):
    return lambda container: container.update(values)


# For each rule a container, and what breaks the rule there.
BREACHES = {
    "read-only": ("redis", change(read_only=False)),
    "not root": ("push", change(user="0:0")),
    "no capability": ("auth", change(cap_add=["NET_ADMIN"])),
    "no new privileges": ("edge", change(security_opt=[])),
    "memory": ("message", lambda c: limits(c).pop("memory")),
    "processes": ("bot", lambda c: limits(c).pop("pids")),
    "logs": ("user", lambda c: c.pop("logging")),
    "health": ("group", lambda c: c.pop("healthcheck")),
    "restart": ("mongodb", lambda c: c.pop("restart")),
    "pinned": ("rabbitmq", change(image="rabbitmq:latest")),
    "our own image": ("auth", lambda c: c.pop("pull_policy")),
    "environment": ("auth", lambda c: c["environment"].update(ADMIN_PASSWORD="secret")),
    "arguments": ("redis", lambda c: c["command"].extend(["--requirepass", "secret"])),
    "own secrets": ("bot", lambda c: c["volumes"][0]["volume"].update(
        subpath="secrets/operator.amqp_url")),
    "secrets stay": ("user", lambda c: c["volumes"][0].pop("read_only")),
    "the machine": ("edge", lambda c: c["volumes"].append(
        {"type": "bind", "source": "/var/run/docker.sock", "target": "/var/run/docker.sock"})),
    "ports": ("mongodb", change(ports=[{"published": "27017", "target": 27017}])),
    "networks": ("redis", lambda c: c["networks"].update(outside=None)),
    "order": ("message", lambda c: c["depends_on"].pop("mongodb-init")),
    "time to end": ("push", lambda c: c.pop("stop_grace_period")),
    "several": ("message", change(container_name="message")),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_breach_of_the_rule_is_found(compose, rule):
    name, breach = BREACHES[rule]
    containers = copy.deepcopy(compose["services"])
    breach(containers[name])
    assert (rule, name) in [offence[:2] for offence in offences(containers)]


def test_servers_cannot_be_reached_from_outside(compose):
    inner = {name for name, network in compose["networks"].items() if network.get("internal")}
    assert inner == {"services", "data"}


def test_the_volume_of_secrets_is_seen_file_by_file(compose):
    for name, container in compose["services"].items():
        for mount in container.get("volumes", []):
            if mount.get("source") == "secrets" and name != "secrets":
                assert mount["volume"]["subpath"].startswith("secrets/"), name


def test_the_services_believe_the_edges_network(compose):
    subnet = compose["networks"]["services"]["ipam"]["config"][0]["subnet"]
    for name in SERVICES:
        assert subnet in compose["services"][name]["environment"]["TRUSTED_ADDRESSES"].split(",")


def test_containers_are_given_settings_that_their_services_know(compose):
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    known = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        known[section.split("\n")[0]] = set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))
    for name in SERVICES:
        allowed = known["Every service"] | known.get(name, set())
        given = {variable for variable, value in compose["services"][name]["environment"].items()}
        assert {variable for variable in given
                if variable not in allowed and variable.removesuffix("_FILE") not in allowed} == set()


def test_an_administrators_password_comes_as_a_file():
    auth = composed(ADMIN_USERNAME="root", ADMIN_PASSWORD_FILE="/run/it")
    environment = auth["services"]["auth"]["environment"]
    assert environment["ADMIN_PASSWORD_FILE"] == "/run/secrets/admin_password"
    assert "ADMIN_PASSWORD" not in environment
    assert auth["secrets"]["admin_password"]["file"] == "/run/it"


# ---- Dockerfile

def stages():
    """{name: its lines}"""
    ret = {}
    for line in DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ").split("\n"):
        begin = re.match(r"FROM \S+ AS (\w+)", line)
        if begin:
            ret[begin[1]] = lines = []
        if ret and line and not line.startswith("#"):
            lines.append(line)
    return ret


def test_hadolint_finds_nothing():
    run("hadolint", DOCKERFILE)


def test_every_base_can_be_pinned():
    names = set(stages())
    for base in re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE):
        assert base == "${BASE}" or base in names, base


@pytest.mark.parametrize("stage", ["service", "edge", "ctl"])
def test_an_image_ends_as_a_user_without_name(stage):
    found = stages()
    users = [line for line in found["common"] + found[stage] if line.startswith("USER ")]
    assert re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", users[-1]), users


@pytest.mark.parametrize("stage", ["service", "edge"])
def test_an_image_says_how_it_is_and_how_it_ends(stage):
    text = "\n".join(stages()[stage])
    assert re.search(r'^HEALTHCHECK .*CMD \["parleyctl", "health"\]', text, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIG(TERM|QUIT)$", text, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["', text, re.MULTILINE), "a shell would be process 1"


def test_no_image_is_made_of_what_builds_it():
    for name, lines in stages().items():
        if name not in ("build", "routes"):
            assert "build" not in lines[0].split()[1]
            assert not re.search(r"tools/setup|-dev|gcc|build-essential", "\n".join(lines)), name


def packages():
    """{image: packages} of docker/packages."""
    lines = (ROOT / "docker/packages").read_text(encoding="utf-8").split("\n")
    return {line.split()[0]: line.split()[1:] for line in lines if line and line[0] != "#"}


def test_programs_that_a_service_starts_are_in_its_image():
    for service in SERVICES:
        text = "".join(path.read_text(encoding="utf-8")
                       for path in (ROOT / "services" / service).glob("*.c"))
        for program in set(re.findall(r'"(/usr/s?bin/[^"]+)"', text)):
            owner = run("dpkg", "-S", program).split(":")[0]
            assert owner in packages().get(service, []), f"{service} starts {program}"


def test_every_image_of_the_table_is_one():
    assert set(packages()) <= {"common", *OURS}
    assert set(SERVICES) == {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}
