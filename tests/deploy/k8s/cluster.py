"""Manifests, as one asks about them."""

import copy
import ipaddress

SERVICES = ("auth", "user", "group", "message", "push", "bot")
OURS = "app.kubernetes.io/name"


class Cluster:
    """All that one overlay builds."""

    def __init__(self, documents):
        self.documents = documents

    def copy(self):
        return Cluster(copy.deepcopy(self.documents))

    def all(self, kind):
        return [each for each in self.documents if each["kind"] == kind]

    def find(self, kind, name):
        return next((each for each in self.all(kind) if each["metadata"]["name"] == name), None)

    def remove(self, document):
        self.documents = [each for each in self.documents if each is not document]

    def workloads(self):
        return [Workload(self, each) for each in self.documents
                if each["kind"] in ("Deployment", "StatefulSet", "Pod")]

    def workload(self, name):
        return next(each for each in self.workloads() if each.name == name)


class Workload:
    """A Deployment or StatefulSet, or a lone Pod. What a rule breaks is its cluster's."""

    def __init__(self, cluster, document):
        self.cluster = cluster
        self.document = document
        self.name = document["metadata"]["name"]
        self.kind = document["kind"]
        self.spec = document["spec"]
        template = document if self.kind == "Pod" else self.spec["template"]
        self.labels = template["metadata"]["labels"]
        self.pod = template["spec"]

    @property
    def is_service(self):
        return self.name in SERVICES

    @property
    def is_ours(self):
        """Not one of the servers."""
        return self.is_service or self.name == "edge"

    @property
    def main(self):
        return self.pod["containers"][0]

    @property
    def containers(self):
        return self.pod["containers"] + self.pod.get("initContainers", [])

    @property
    def environment(self):
        """{name: value}; a value that is not known here is None."""
        ret = {}
        for source in self.main.get("envFrom", []):
            ret.update(self.cluster.find("ConfigMap", source["configMapRef"]["name"])["data"])
        ret.update({each["name"]: each.get("value") for each in self.main.get("env", [])})
        return ret

    def mounted(self, path):
        """The volume that a file of this path lies in, or None."""
        volumes = {each["name"]: each for each in self.pod.get("volumes", [])}
        return next((volumes.get(each["name"]) for each in self.main.get("volumeMounts", [])
                     if path == each["mountPath"] or path.startswith(each["mountPath"] + "/")), None)

    def scaler(self):
        return next((each for each in self.cluster.all("HorizontalPodAutoscaler")
                     if each["spec"]["scaleTargetRef"]["name"] == self.name
                     and each["spec"]["scaleTargetRef"]["kind"] == self.kind), None)

    def budget(self):
        return next((each for each in self.cluster.all("PodDisruptionBudget")
                     if selects(each["spec"]["selector"], self.labels)), None)


def selects(selector, labels):
    """A label selector of Kubernetes; {} selects all."""
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In", "no other operator is understood here"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


# ---- Who may talk to whom

NAMESPACE = "kubernetes.io/metadata.name"
# Who else is there: {name: (namespace's labels, pod's labels)}, or an address.
OTHERS = {
    "ingress-nginx": ({NAMESPACE: "ingress-nginx"}, {OURS: "ingress-nginx"}),
    "prometheus": ({NAMESPACE: "monitoring"}, {OURS: "prometheus"}),
    "names": ({NAMESPACE: "kube-system"}, {"k8s-app": "kube-dns"}),
    "stranger": ({NAMESPACE: "default"}, {OURS: "auth"}),
    "our network": "10.1.2.3",
    "internet": "203.0.113.7",
}
PORTS = {53, 443, 5671, 5672, 6379, 8000, 8001, 8002, 8080, 15672, 27017, 22}


def is_peer(peer, who):
    """who: labels of a pod in our namespace, a pair of OTHERS, or an address."""
    if isinstance(who, str):
        block = peer.get("ipBlock")
        return bool(block) and ipaddress.ip_address(who) in ipaddress.ip_network(block["cidr"]) \
            and not any(ipaddress.ip_address(who) in ipaddress.ip_network(each)
                        for each in block.get("except", []))
    if "ipBlock" in peer:
        return False
    namespace, labels = who if isinstance(who, tuple) else (None, who)
    if "namespaceSelector" in peer:
        if namespace is None or not selects(peer["namespaceSelector"], namespace):
            return False
    elif namespace is not None:
        return False
    return selects(peer.get("podSelector", {}), labels)


def let_through(cluster, labels, others, way):
    """{(other, port)}: to whom of others a pod with these labels may talk, or who may "from" there."""
    kind, rules = ("Egress", "egress") if way == "to" else ("Ingress", "ingress")
    policies = [each["spec"] for each in cluster.all("NetworkPolicy")
                if kind in each["spec"]["policyTypes"]
                and selects(each["spec"]["podSelector"], labels)]
    if not policies:
        return {(other, port) for other in others for port in PORTS}
    ret = set()
    for rule in (rule for each in policies for rule in each.get(rules, [])):
        ports = {each["port"] for each in rule["ports"]} if "ports" in rule else PORTS
        for other, who in others.items():
            if way not in rule or any(is_peer(each, who) for each in rule[way]):
                ret |= {(other, port) for port in ports}
    return ret


def connections(cluster):
    """{(who, whom, port)}: all that the policies let through."""
    pods = {each.name: each.labels for each in cluster.workloads()}
    pods["newcomer"] = {OURS: "newcomer"}  # of whom no policy knows yet
    everybody = {**pods, **OTHERS}
    to = {name: let_through(cluster, labels, everybody, "to") for name, labels in pods.items()}
    by = {name: let_through(cluster, labels, everybody, "from") for name, labels in pods.items()}
    return {(name, other, port) for name in pods for other, port in to[name]
            if other in OTHERS or (name, port) in by[other]} | \
        {(other, name, port) for name in pods for other, port in by[name] if other in OTHERS}
