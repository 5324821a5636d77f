"""What every container of docker/compose.yaml is held to: (rule, whom, what is wrong with it).

A container is as `docker-compose config --format json` prints it; a check returns None, or says why.
"""

import re

OURS = ("edge", "auth", "user", "group", "message", "push", "bot")  # what runs, of our own images
SERVICES = OURS[1:]
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|_KEY|_URL|_URI)$")
HARMLESS = ("PUBLIC_URL", "PUSH_PUBLIC_URL", "PARLEY_URL")  # addresses without a password in them
URL_WITH_PASSWORD = re.compile(r"://[^/\s]*:[^/\s]+@")
EXACT_TAG = re.compile(r":\d+\.\d+\.\d+[\w.-]*$|@sha256:")


def always(name, container):
    return True


def runs(name, container):
    return container.get("restart") != "no"


def is_service(name, container):
    return name in SERVICES


def is_ours(name, container):
    return name in OURS


def is_foreign(name, container):
    return "build" not in container


def limit(container, what):
    return container.get("deploy", {}).get("resources", {}).get("limits", {}).get(what)


def mounts(container):
    return container.get("volumes", [])


def of_secrets(container):
    return [mount for mount in mounts(container) if mount.get("source") == "secrets"]


def secrets_in_environment(name, container):
    found = [variable for variable, value in (container.get("environment") or {}).items()
             if value and (SECRET_NAME.search(variable) and variable not in HARMLESS
                           or URL_WITH_PASSWORD.search(value))]
    return f"secrets in the environment: {found}" if found else None


def secrets_in_arguments(name, container):
    text = " ".join([*(container.get("command") or []), *(container.get("entrypoint") or [])])
    return "an argument looks like a secret" if re.search(
        r"(?i)(--?\w*(pass|secret)|requirepass)|" + URL_WITH_PASSWORD.pattern, text) else None


def foreign_secrets(name, container):
    """A service sees its own RabbitMQ user, and what all share."""
    own = {f"secrets/{name}.amqp_url", "secrets/mongodb_uri", "secrets/redis_url", "secrets/rpc.key"}
    seen = {mount.get("volume", {}).get("subpath") for mount in of_secrets(container)}
    return None if seen == own else f"sees {sorted(map(str, seen ^ own))}"


def writable_secrets(name, container):
    if name == "secrets":  # makes them
        return None
    loose = [mount["target"] for mount in of_secrets(container) if not mount.get("read_only")]
    return f"may write {loose}" if loose else None


def host_folders(name, container):
    """Of the machine, only files of docker/ and the administrator's password, and only to read."""
    loose = [mount["source"] for mount in mounts(container)
             if mount["type"] == "bind" and not (mount.get("read_only") and "/docker/" in mount["source"])]
    return f"mounts {loose}" if loose else None


def ports(name, container):
    published = container.get("ports", [])
    if name != "edge":
        return "publishes a port" if published else None
    wide = [port for port in published if port.get("host_ip") != "127.0.0.1"]
    return "is open to all by default" if wide or not published else None


def health(name, container):
    test = (container.get("healthcheck") or {}).get("test", ["NONE"])
    return None if test[0] == "CMD" else "has no health check, or one by a shell"


def networks(name, container):
    if container.get("network_mode"):
        return None if container["network_mode"] in ("none", "service:mongodb") else "is on the host's network"
    allowed = {"edge": {"outside", "services"}, "auth": {"outside", "services", "data"}}.get(
        name, {"services", "data"} if name in SERVICES or name == "ctl" else {"data"})
    return None if set(container.get("networks", {})) == allowed else "is on other networks"


def waits(name, container):
    needs = container.get("depends_on", {})
    wanted = {service: "service_healthy" for service in SERVICES} if name == "edge" else {
        "rabbitmq": "service_healthy", "mongodb": "service_healthy", "redis": "service_healthy",
        "secrets": "service_completed_successfully",
        "mongodb-init": "service_completed_successfully"}
    return None if {who: how["condition"] for who, how in needs.items()} == wanted else "starts too early"


def seconds(text):
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit]
               for number, unit in re.findall(r"(\d+)(h|m|s)", text or ""))


RULES = {
    "read-only": (always, lambda name, c: None if c.get("read_only") else "its root may be written"),
    "not root": (always, lambda name, c: None if re.fullmatch(r"[1-9]\d*:[1-9]\d*", c.get("user") or "")
                 else "may be root"),
    "no capability": (always, lambda name, c: None if c.get("cap_drop") == ["ALL"] and not c.get("cap_add")
                      and not c.get("privileged") else "has capabilities"),
    "no new privileges": (always, lambda name, c: None if "no-new-privileges:true" in c.get("security_opt", [])
                          else "may get privileges"),
    "memory": (always, lambda name, c: None if limit(c, "memory") else "has no limit of memory"),
    "processes": (always, lambda name, c: None if limit(c, "pids") else "has no limit of processes"),
    "logs": (always, lambda name, c: None if (c.get("logging") or {}).get("options", {}).get("max-size")
             else "fills the disk with its log"),
    "health": (runs, health),
    "restart": (runs, lambda name, c: None if c.get("restart") == "unless-stopped" else "stays away"),
    "pinned": (is_foreign, lambda name, c: None if EXACT_TAG.search(c["image"]) else "is any version"),
    "our own image": (lambda name, c: not is_foreign(name, c), lambda name, c: None if c.get("pull_policy") == "build"
                      else "may be somebody else's image"),
    "environment": (always, secrets_in_environment),
    "arguments": (always, secrets_in_arguments),
    "own secrets": (is_service, foreign_secrets),
    "secrets stay": (always, writable_secrets),
    "the machine": (always, host_folders),
    "ports": (always, ports),
    "networks": (always, networks),
    "order": (is_ours, waits),
    "time to end": (is_ours, lambda name, c: None if seconds(c.get("stop_grace_period")) >= 20
                    else "is killed while it drains"),
    "several": (is_service, lambda name, c: "cannot be several" if c.get("container_name") or c.get("hostname")
                or "NODE_ID" in c.get("environment", {}) else None),
}


def offences(containers):
    """[(rule, container, what is wrong)]"""
    ret = []
    for rule, (whom, check) in RULES.items():
        for name, container in containers.items():
            why = check(name, container) if whom(name, container) else None
            if why:
                ret.append((rule, name, why))
    return ret
