"""Who may log in where: made by `parleyctl secrets`, kept in var/secrets, and given as files."""

import os
import shlex
import subprocess

from .supervisor import CannotStart

SERVERS = ("AMQP_URL", "MONGODB_URI", "REDIS_URL")


def make(place):
    """Fill var/secrets with what is missing there."""
    program = place.bin / "parleyctl"
    if not os.access(program, os.X_OK):
        raise CannotStart(f"the passwords cannot be made: {program} is not there; run make")
    hosts = {"AMQP_HOST": place.amqp, "MONGODB_HOST": place.mongod, "REDIS_HOST": place.redis}
    done = subprocess.run(
        [program, "secrets", place.var / "secrets"], stdin=subprocess.DEVNULL, timeout=20,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**place.environment,
             **{name: f"127.0.0.1:{port}" for name, port in hosts.items()}})
    if done.returncode:
        raise CannotStart(f"the passwords cannot be made: {done.stdout.strip()}")
    place.secrets = place.var / "secrets"


def is_given(place, name):
    """Whether somebody else's server is to be used. A file of ours, as in operator.env, is none."""
    file = place.environment.get(f"{name}_FILE", "")
    return bool(place.environment.get(name)
                or file and not file.startswith(f"{place.secrets}/"))


def urls(place, user):
    """The variables that lead a service, or the operator, to the servers."""
    own = "operator." if user == "operator" else ""
    files = {"AMQP_URL": f"{user}.amqp_url", "MONGODB_URI": f"{own}mongodb_uri",
             "REDIS_URL": "redis_url"}
    ret = {}
    for name in SERVERS:
        if not is_given(place, name):
            ret[f"{name}_FILE"] = str(place.secrets / files[name])
    return ret


def write_operator_env(place, services):
    """All that parleyctl needs: `set -a; . var/etc/operator.env`."""
    given = {name: value for server in SERVERS if is_given(place, server)
             for name in (server, f"{server}_FILE") if (value := place.environment.get(name))}
    values = {
        **given,
        **urls(place, "operator"),
        **{f"{service.upper()}_INTERNAL": ",".join(place.addresses_of(service, 1))
           for service in services},
        "PARLEY_URL": f"http://127.0.0.1:{place.port}",
    }
    place.write("etc/operator.env", "".join(f"{name}={shlex.quote(value)}\n"
                                            for name, value in values.items()), 0o600)
