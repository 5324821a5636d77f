"""The policy that every workload is held to, as a table: what must be so, and how it is spoilt to see
that the rule notices."""

import dataclasses
import re
import typing

IN_HAND_S = 10  # libs/service: how long requests in hand are waited for
CLOSING_S = 4  # libs/service/drain.c: push's last close frames, after DRAIN_SECONDS
MARGIN_S = 10  # from the end of the drain to SIGKILL, besides
PARTITIONS = 16
SECRETS = "/etc/parley"


@dataclasses.dataclass
class Rule:
    name: str
    holds: typing.Callable  # (workload) -> bool
    spoil: typing.Callable  # (workload), so that it does not hold any more
    who: typing.Callable = lambda workload: True

    def __str__(self):
        return self.name.replace(" ", "-")


def each_container(holds):
    return lambda workload: all(holds(each) for each in workload.containers)


def secured(container, key):
    return container.get("securityContext", {}).get(key)


def unset(find, key):
    return lambda workload: find(workload).pop(key)


def put(find, key, value):
    return lambda workload: find(workload).__setitem__(key, value)


def main(workload):
    return workload.main


def last_container(workload):
    return workload.containers[-1]


def last_security(workload):
    return workload.containers[-1]["securityContext"]


def pod(workload):
    return workload.pod


def pod_security(workload):
    return workload.pod["securityContext"]


# ---- Longer ones


def has_probes(workload):
    return all(workload.main.get(probe)
               for probe in ("startupProbe", "livenessProbe", "readinessProbe"))


def asks_the_internal_port(workload):
    """Alive and ready are two questions, on the port that nobody outside reaches."""
    ports = {each["name"]: each["containerPort"] for each in workload.main["ports"]}
    wanted = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    return ports["internal"] == 8001 and all(
        workload.main[probe].get("httpGet", {}) == {"path": path, "port": "internal"}
        for probe, path in wanted.items())


def has_bounds(container):
    resources = container.get("resources", {})
    return all({"cpu", "memory"} <= set(resources.get(kind, {})) for kind in ("requests", "limits"))


def has_own_account(workload):
    account = workload.cluster.find("ServiceAccount", workload.name)
    return (workload.pod.get("serviceAccountName") == workload.name and bool(account)
            and account.get("automountServiceAccountToken") is False
            and workload.pod.get("automountServiceAccountToken") is False)


def has_lasting_image(container):
    tag = container["image"].rpartition("/")[2].partition(":")[2]
    return "@sha256:" in container["image"] or tag not in ("", "latest")


def rolls_gently(workload):
    strategy = workload.spec.get("strategy", {})
    rolling = strategy.get("rollingUpdate", {})
    return (strategy.get("type") == "RollingUpdate" and rolling.get("maxUnavailable") == 0
            and rolling.get("maxSurge", 0) >= 1 and workload.spec.get("minReadySeconds", 0) >= 5)


def has_time_to_drain(workload):
    """Of the whole grace, preStop has its part first; what is left is SIGTERM's."""
    hook = workload.main.get("lifecycle", {}).get("preStop", {})
    grace = workload.pod.get("terminationGracePeriodSeconds", 30)
    if not workload.is_service:
        return grace >= hook.get("sleep", {}).get("seconds", 10 ** 9) + IN_HAND_S
    command = hook.get("exec", {}).get("command", [])
    drain = int(workload.environment["DRAIN_SECONDS"]) + CLOSING_S
    return (command[:3] == ["parleyctl", "drain", "--least"]
            and grace >= max(drain, int(command[3])) + IN_HAND_S + MARGIN_S)


def scales(workload):
    scaler = workload.scaler()
    if not scaler:
        return False
    spec = scaler["spec"]
    metrics = [(each["type"], (each.get("pods", {}).get("metric") or each.get("resource"))["name"])
               for each in spec["metrics"]]
    wanted = ("Pods", "parley_push_sockets") if workload.name == "push" else ("Resource", "cpu")
    slowly = spec.get("behavior", {}).get("scaleDown", {}).get("stabilizationWindowSeconds", 0) >= 300
    fits = workload.name != "message" or spec["maxReplicas"] <= PARTITIONS
    return metrics == [wanted] and slowly and fits and "replicas" not in workload.spec


def may_be_moved(workload):
    budget = workload.budget()
    return bool(budget) and budget["spec"].get("maxUnavailable") == 1


def is_spread(workload):
    return {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} <= {
        each["topologyKey"] for each in workload.pod.get("topologySpreadConstraints", [])
        if each["labelSelector"]["matchLabels"].items() <= workload.labels.items()}


def has_a_name(workload):
    """By which RabbitMQ's rights know it: <service>-…, unique."""
    return any(each["name"] == "NODE_ID"
               and each.get("valueFrom") == {"fieldRef": {"fieldPath": "metadata.name"}}
               for each in workload.main["env"])


def keeps_secrets_in_files(workload):
    """Nothing secret in the environment, which children, dumps and `kubectl describe` show."""
    environment = workload.environment
    files = [value for name, value in environment.items() if name.endswith("_FILE")]
    plain = [name for name, value in environment.items() if not name.endswith("_FILE")
             and (name.endswith(("_URL", "_URI", "PASSWORD", "SECRET"))
                  and name not in ("PUBLIC_URL", "PARLEY_URL")
                  or re.search("://[^/]*@", value or ""))]
    references = [each for container in workload.containers for each in container.get("env", [])
                  if "secretKeyRef" in each.get("valueFrom", {})]
    references += [each for container in workload.containers
                   for each in container.get("envFrom", []) if "secretRef" in each]
    volumes = [workload.mounted(path) for path in files]
    return (not plain and not references and
            all(volume and "secret" in volume and volume["secret"].get("defaultMode") == 0o440
                for volume in volumes))


def remove_scaler(workload):
    workload.cluster.remove(workload.scaler())


def remove_budget(workload):
    workload.cluster.remove(workload.budget())


def remove_account(workload):
    workload.cluster.remove(workload.cluster.find("ServiceAccount", workload.name))


def ours(workload):
    return workload.is_ours


def lasting(workload):
    return workload.kind != "Pod"


def services(workload):
    return workload.is_service


RULES = (
    Rule("all three probes", has_probes, unset(main, "startupProbe"), lasting),
    Rule("a liveness probe", has_probes, unset(main, "livenessProbe"), lasting),
    Rule("a readiness probe", has_probes, unset(main, "readinessProbe"), lasting),
    Rule("liveness does not ask for others", asks_the_internal_port,
         lambda w: w.main["livenessProbe"]["httpGet"].update(path="/readyz"), ours),
    Rule("requests", each_container(has_bounds),
         lambda w: last_container(w)["resources"]["requests"].pop("cpu")),
    Rule("limits", each_container(has_bounds),
         lambda w: last_container(w)["resources"]["limits"].pop("memory")),
    Rule("not root", lambda w: w.pod["securityContext"].get("runAsNonRoot") is True
         and w.pod["securityContext"].get("runAsUser", 0) > 0
         and not any(secured(each, "runAsUser") == 0 for each in w.containers),
         unset(pod_security, "runAsNonRoot")),
    Rule("no uid 0", lambda w: w.pod["securityContext"].get("runAsUser", 0) > 0
         and not any(secured(each, "runAsUser") == 0 for each in w.containers),
         put(last_security, "runAsUser", 0)),
    Rule("no privilege to be had", each_container(
        lambda each: secured(each, "allowPrivilegeEscalation") is False
        and not secured(each, "privileged")), unset(last_security, "allowPrivilegeEscalation")),
    Rule("a root file system that is only read", each_container(
        lambda each: secured(each, "readOnlyRootFilesystem") is True),
         put(last_security, "readOnlyRootFilesystem", False)),
    Rule("no capability", each_container(
        lambda each: secured(each, "capabilities") == {"drop": ["ALL"]}),
         unset(last_security, "capabilities")),
    Rule("the runtime's filter of system calls", lambda w: w.pod["securityContext"].get(
        "seccompProfile") == {"type": "RuntimeDefault"} and not any(
            secured(each, "seccompProfile") for each in w.containers),
         unset(pod_security, "seccompProfile")),
    Rule("nothing of the machine", lambda w: not any(
        w.pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")) and not any(
            "hostPath" in each for each in w.pod.get("volumes", [])),
         put(pod, "hostNetwork", True)),
    Rule("no token of the cluster", has_own_account,
         unset(pod, "automountServiceAccountToken")),
    Rule("an account of its own", has_own_account, remove_account),
    Rule("no neighbours in the environment", lambda w: w.pod.get("enableServiceLinks") is False,
         unset(pod, "enableServiceLinks")),
    Rule("an image that stays what it is", each_container(has_lasting_image),
         put(last_container, "image", "parley/auth")),
    Rule("secrets in files", keeps_secrets_in_files,
         lambda w: w.main.setdefault("env", []).append({"name": "AMQP_URL", "value": "amqp://u:p@h"})),
    Rule("files of Secrets that the group may read", keeps_secrets_in_files,
         lambda w: w.mounted(f"{SECRETS}/rpc.key")["secret"].pop("defaultMode"), services),
    Rule("rolling updates one by one", rolls_gently,
         lambda w: w.spec["strategy"]["rollingUpdate"].update(maxUnavailable=1), ours),
    Rule("a new pod stands for a while", rolls_gently,
         lambda w: w.spec.pop("minReadySeconds"), ours),
    Rule("a drain before the end", has_time_to_drain, lambda w: w.main.pop("lifecycle"), ours),
    Rule("time for the drain", has_time_to_drain,
         put(pod, "terminationGracePeriodSeconds", 19), ours),
    Rule("more of it when there is more to do", scales, remove_scaler, ours),
    Rule("scaled down slowly", scales,
         lambda w: w.scaler()["spec"]["behavior"].pop("scaleDown"), ours),
    Rule("scaled by what it is full of", scales,
         lambda w: w.scaler()["spec"].update(metrics=[{"type": "Resource",
                                                       "resource": {"name": "memory"}}]), ours),
    Rule("machines can be emptied, one pod at a time", may_be_moved, remove_budget, ours),
    Rule("spread over machines and zones", is_spread, unset(pod, "topologySpreadConstraints"), ours),
    Rule("a name that is unique", has_a_name,
         lambda w: w.main["env"].remove(next(each for each in w.main["env"]
                                             if each["name"] == "NODE_ID")), services),
)
