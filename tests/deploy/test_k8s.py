"""k8s/, built as an operator builds it: valid, and held to the policy in k8s/rules.py. No cluster is
needed. What follows from the code is read there: settings, who asks whom, paths."""

import base64
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import kubernetes_validate
import pytest
import yaml

from addresses import own_address
from k8s.cluster import SERVICES, Cluster, connections
from k8s.rules import RULES

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / os.environ.get("BIN", "build/bin")
OVERLAYS = ("dev", "prod")
ALL = (*OVERLAYS, "operator")
schema_contents = functools.lru_cache(None)(kubernetes_validate.utils.schema_contents)
VERSIONS = ("1.32", "1.37")  # the oldest that has all that is used here, and the newest known
KUSTOMIZE = shutil.which("kustomize") or pathlib.Path.home() / ".cache/parley/kustomize"


def run(command, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    """{overlay: what is built}, from a copy, so that what ./prepare makes stays out of here."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "k8s", copy / "k8s", ignore=shutil.ignore_patterns("made"))
    shutil.copytree(ROOT / "docker", copy / "docker")
    run([copy / "k8s/overlays/dev/prepare"], env={**os.environ, "PARLEYCTL": str(BIN / "parleyctl")})
    # The optional parts, too.
    path = copy / "k8s/overlays/prod/kustomization.yaml"
    path.write_text(re.sub(r"^  # (- \.\./)", r"  \1", path.read_text(), flags=re.MULTILINE))
    folders = {**{overlay: f"overlays/{overlay}" for overlay in OVERLAYS}, "operator": "operator"}
    return {name: run([KUSTOMIZE, "build", copy / "k8s" / folder])
            for name, folder in folders.items()}


@pytest.fixture(scope="session")
def clusters(texts):
    return {overlay: Cluster(list(yaml.load_all(text, yaml.CSafeLoader)))
            for overlay, text in texts.items()}


@pytest.fixture(params=OVERLAYS)
def cluster(clusters, request):
    return clusters[request.param]


@pytest.fixture(params=ALL)
def any_cluster(clusters, request):
    return clusters[request.param]


# ---- Valid


@pytest.fixture(autouse=True)
def schemas_are_read_once(monkeypatch):
    """As kubernetes-validate --strict, but not 2 MB of definitions again for each document."""
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", schema_contents)


def faults_of(documents, version):
    ret = []
    for document in documents:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as fault:
            ret.append(f"{document['kind']} {document['metadata']['name']}: {fault.message}")
    return ret


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_what_is_built(any_cluster, version):
    """But for the kinds of Prometheus' operator, whom Kubernetes does not know."""
    known = [each for each in any_cluster.documents
             if each["apiVersion"] != "monitoring.coreos.com/v1"]
    assert len(known) > 10
    assert faults_of(known, version) == []


def test_validation_sees_a_misspelt_field_and_an_unknown_kind(clusters):
    spoilt = clusters["prod"].copy()
    security = spoilt.workload("auth").main["securityContext"]
    security["readOnlyRootFileSystem"] = security.pop("readOnlyRootFilesystem")
    spoilt.find("Service", "auth")["kind"] = "Servant"
    auth, servant = faults_of([spoilt.workload("auth").document, *spoilt.all("Servant")], VERSIONS[0])
    assert "readOnlyRootFileSystem" in auth and "Servant" in servant


# ---- The policy


def test_all_workloads_are_there(cluster):
    names = {each.name for each in cluster.workloads()}
    assert names >= {*SERVICES, "edge"}
    assert {each["metadata"]["namespace"] for each in cluster.documents
            if each["kind"] != "Namespace"} == {"parley"}


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_workload_has(rule, any_cluster):
    held = [each for each in any_cluster.workloads() if rule.who(each)]
    assert [each.name for each in held if not rule.holds(each)] == []


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_policy_notices_who_lacks(rule, any_cluster):
    for name in [each.name for each in any_cluster.workloads() if rule.who(each)]:
        spoilt = any_cluster.copy()
        rule.spoil(spoilt.workload(name))
        assert [each.name for each in spoilt.workloads()
                if rule.who(each) and not rule.holds(each)] == [name]


def test_prod_has_two_of_each(clusters):
    for name in (*SERVICES, "edge"):
        spec = clusters["prod"].workload(name).scaler()["spec"]
        assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
        assert clusters["dev"].workload(name).scaler()["spec"]["maxReplicas"] == 1


def test_kubernetes_itself_refuses_what_could_become_more(cluster):
    labels = cluster.find("Namespace", "parley")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


# ---- Settings


def known_settings():
    """{service or None: names}, from the page that is printed from the programs."""
    ret, part = {}, None
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            part = None if line == "## Every service" else line[3:]
        match = re.match(r"\| `([A-Z_]+)` .*", line)
        if match:
            ret.setdefault(part, set()).add(match[1])
            if "`…_FILE` names" in line:
                ret[part].add(match[1] + "_FILE")
    return ret


def test_every_setting_is_one(cluster):
    known = known_settings()
    elsewhere = known.get("message")  # FILE_MAX_BYTES is also the Ingress'
    for name in SERVICES:
        names = set(cluster.workload(name).environment)
        assert names - known[None] - known.get(name, set()) - elsewhere == set(), name


def uses(service):
    """What the service has open, as its main.c says."""
    code = "".join(path.read_text(encoding="utf-8")
                   for path in (ROOT / "services" / service).glob("*.c"))
    flags = set(re.findall(r"USES_(\w+)", re.search(r"\.uses = ([^,]+)", code)[1]))
    return {"rabbitmq": bool(flags & {"BUS", "IDENTITY", "ASK"}),
            "mongodb": "STORE" in flags or "blobs_open(" in code,
            "redis": "CACHE" in flags}


URLS = {"rabbitmq": ("AMQP_URL_FILE", 5672), "mongodb": ("MONGODB_URI_FILE", 27017),
        "redis": ("REDIS_URL_FILE", 6379)}


def test_each_service_has_the_urls_that_it_uses_and_no_other(cluster):
    for name in SERVICES:
        names = set(cluster.workload(name).environment)
        assert {server for server, (variable, _) in URLS.items() if variable in names} \
            == {server for server, is_used in uses(name).items() if is_used}, name


def test_the_secrets_hold_every_file_that_is_named(clusters):
    """prod's are the operator's: the same files by the same names."""
    cluster = clusters["dev"]
    for workload in (cluster.workload(name) for name in SERVICES):
        secret = next(each["secret"]["secretName"] for each in workload.pod["volumes"]
                      if "secret" in each)
        files = {value for name, value in workload.environment.items() if name.endswith("_FILE")}
        held = cluster.find("Secret", secret)["data"]
        assert {f"/etc/parley/{key}" for key in held} == files
        assert secret.startswith(f"parley-{workload.name}-")


def start(workload, folder):
    """The program with its pod's settings, but on loopback, where there is no server, and with its
    Secret's files in folder."""
    secret = next(each for each in workload.cluster.all("Secret")
                  if each["metadata"]["name"].startswith(f"parley-{workload.name}-"))
    for name, value in secret["data"].items():
        (folder / name).touch(0o600)
        (folder / name).write_bytes(re.sub(rb"[a-z0-9.-]+:(5672|27017|6379)/", rb"127.0.0.1:1/",
                                           base64.b64decode(value)))
    environment = {name: re.sub(r"^\w+:8002$", "127.0.0.1:1", value)
                   .replace("/etc/parley/", f"{folder}/")
                   for name, value in workload.environment.items() if value}
    internal = own_address()
    environment.update(PATH=f"{BIN}:{os.environ['PATH']}", NODE_ID=f"{workload.name}-7d9c5b6f4d-x2x4q",
                       LISTEN="127.0.0.1:0",
                       RPC_LISTEN="127.0.0.1:0", INTERNAL_LISTEN=internal)
    return internal, environment, subprocess.Popen(
        [BIN / f"parley-{workload.name}"], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def is_alive(internal):
    try:
        with urllib.request.urlopen(f"http://{internal}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def pre_stop(workload):
    """What Kubernetes runs beside the program, but that nobody has to hear of the end here."""
    command = workload.main["lifecycle"]["preStop"]["exec"]["command"]
    return ["0" if each == "5" else each for each in command]


def test_each_program_takes_the_settings_of_its_pod_and_is_drained_by_them(clusters, tmp_path):
    """It would end with 2; without servers it waits for them, alive."""
    started = {}
    for name in SERVICES:
        (tmp_path / name).mkdir()
        started[name] = start(clusters["dev"].workload(name), tmp_path / name)
    alive = set()
    for name, (internal, environment, program) in started.items():
        while program.poll() is None and not is_alive(internal):
            time.sleep(0.05)
        if program.poll() is None:
            alive.add(name)
            run(pre_stop(clusters["dev"].workload(name)), env=environment)
            program.terminate()
    said = {name: program.communicate(timeout=30)[0] for name, (*_, program) in started.items()}
    assert alive == set(SERVICES), [said[name] for name in SERVICES if name not in alive]
    assert [program.returncode for *_, program in started.values()] == [0] * len(SERVICES)


# ---- The network


def asked_by(service):
    """Whom the service asks by nng: rpc_client_open() in its code, and what all do for identity."""
    ret = set()
    for path in (ROOT / "services" / service).glob("*.c"):
        code = path.read_text(encoding="utf-8")
        ret |= set(re.findall(r"rpc_client_open\([^;]*?(\w+?)_rpc\b", code))
        if "USES_IDENTITY" in code:
            identity = (ROOT / "libs/service/identity.c").read_text(encoding="utf-8")
            ret |= set(re.findall(r"rpc_client_open\([^;]*?(\w+?)_rpc\b", identity))
    return ret


def wanted_connections(overlay):
    ret = {("ingress-nginx", "edge", 8080)}
    for name in SERVICES:
        ret.add(("ingress-nginx", name, 8000))
        ret |= {(name, asked, 8002) for asked in asked_by(name)}
        for server, (_, port) in URLS.items():
            if uses(name)[server]:
                ret.add((name, server if overlay == "dev" else "our network", port))
        if overlay == "prod":
            ret.add(("prometheus", name, 8001))
            ret.add((name, "our network", 5671))
    if overlay == "prod":
        ret.add(("auth", "internet", 443))  # components/oauth
    return ret | {(name, "names", 53) for name in
                  (*SERVICES, "edge", "newcomer", *(URLS if overlay == "dev" else ()))}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_network_lets_through_just_who_needs_whom(clusters, overlay):
    assert asked_by("push") == {"auth", "message"}  # the code is read as it is meant
    found, wanted = connections(clusters[overlay]), wanted_connections(overlay)
    assert found - wanted == set(), "too much"
    assert wanted - found == set(), "too little"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_without_any_one_policy_something_is_different(clusters, overlay):
    """So none is there for nothing, and connections() sees each."""
    for policy in clusters[overlay].all("NetworkPolicy"):
        spoilt = clusters[overlay].copy()
        spoilt.remove(spoilt.find("NetworkPolicy", policy["metadata"]["name"]))
        assert connections(spoilt) != wanted_connections(overlay), policy["metadata"]["name"]


def test_an_operators_pod_reaches_what_it_asks_and_is_reached_by_nobody(clusters):
    alone = clusters["dev"]
    both = Cluster(alone.documents + clusters["operator"].documents)
    assert connections(both) - connections(alone) == {
        *(("operator", name, 8001) for name in SERVICES), ("operator", "auth", 8000),
        *(("operator", server, port) for server, (_, port) in URLS.items()),
        *(("operator", "our network", port) for port in (5671, 5672, 6379, 27017)),
        ("operator", "names", 53)}


def test_only_auth_may_look_outwards():
    """bot calls nobody's web hooks yet: when it does, it needs a way out, and a policy."""
    fetching = {name for name in SERVICES for path in (ROOT / "services" / name).glob("*.[ch]")
                if '#include "fetch/fetch.h"' in path.read_text(encoding="utf-8")}
    assert fetching == {"auth"}


# ---- Ways in


def test_the_ingress_has_the_services_paths():
    run([sys.executable, ROOT / "tools/gen-k8s", "--check"], env={**os.environ, "BIN": str(BIN)})


def test_the_ingress_leads_to_doors_that_are_for_the_outside(cluster):
    settings = cluster.workload("auth").environment
    for ingress in cluster.all("Ingress"):
        spec = ingress["spec"]
        host = settings["PUBLIC_URL"].removeprefix("https://")
        assert [rule["host"] for rule in spec["rules"]] == [host]
        assert [(each["hosts"], each["secretName"]) for each in spec["tls"]] == [([host], "parley-tls")]
        for path in spec["rules"][0]["http"]["paths"]:
            target = path["backend"]["service"]
            assert target["port"] == {"name": "http"}
            service = cluster.find("Service", target["name"])
            assert "http" in {each["name"] for each in service["spec"]["ports"]}


def test_sockets_may_be_silent_for_longer_than_push_lets_them(cluster):
    annotations = cluster.find("Ingress", "sockets")["metadata"]["annotations"]
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(annotations[f"nginx.ingress.kubernetes.io/{name}"]) >= 3600


def test_every_service_finds_its_pods_and_none_is_open_to_the_world(cluster):
    for service in cluster.all("Service"):
        spec = service["spec"]
        assert spec.get("type", "ClusterIP") == "ClusterIP"
        pods = [each for each in cluster.workloads()
                if spec["selector"].items() <= each.labels.items()]
        assert [each.name for each in pods] == [service["metadata"]["name"]]
        ports = {each["name"]: each["containerPort"] for each in pods[0].main["ports"]}
        for port in spec["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_who_is_asked_has_a_door_for_it(cluster):
    asked = set().union(*map(asked_by, SERVICES))
    for name in SERVICES:
        ports = {each["name"] for each in cluster.find("Service", name)["spec"]["ports"]}
        assert ("rpc" in ports) == (name in asked)
        for other in asked:
            assert cluster.workload(name).environment[f"{other.upper()}_RPC"] == f"{other}:8002"


def test_what_is_written_to_has_a_volume(cluster):
    """The root file system is only read; libs/base/temporary.h says where files are made."""
    folder = re.search(r'TEMPORARY_FOLDER "(.+)"',
                       (ROOT / "libs/base/temporary.h").read_text(encoding="utf-8"))[1]
    makers = {name for name in SERVICES for path in (ROOT / "services" / name).glob("*.c")
              if re.search(r"temporary_open\(|archive_begin\(|\.upload_max", path.read_text("utf-8"))}
    assert makers == {"auth", "message"}
    for name in (*makers, "edge"):
        volume = cluster.workload(name).mounted(folder)
        assert volume and volume["emptyDir"]["sizeLimit"]
