"""The edge's configuration, from the services' own route tables."""

import json
import os
import pwd
import re
import subprocess

from .programs import SERVICES, numbered
from .supervisor import CannotStart


# Archives take minutes to be made.
SLOW = "/export"


def slow_location(target):
    return (f" location ~ {SLOW}$ {{ proxy_pass http://{target}; proxy_read_timeout 600s; }}")


# Files go through as they come: no copy of them here, neither in memory nor on disk.
FILES = "/api/files"
FILE_MAX_BYTES = 100 * 1024 * 1024  # as services/message has it
FORM_BYTES = 64 * 1024  # what a form has around its file, as libs/http has it


def file_location(environment):
    """Inside of the locations that lead to files."""
    try:
        size = int(environment.get("FILE_MAX_BYTES") or FILE_MAX_BYTES)
    except ValueError:
        raise CannotStart("FILE_MAX_BYTES must be a number") from None
    return (f" client_max_body_size {size + FORM_BYTES}; proxy_request_buffering off;"
            " proxy_buffering off; proxy_read_timeout 300s;")


def routes_of(programs, service):
    done = subprocess.run([programs / f"parley-{service}", "--routes"], capture_output=True,
                          text=True, check=False, timeout=20, stdin=subprocess.DEVNULL)
    try:
        return [route["path"] for route in json.loads(done.stdout)]
    except (ValueError, KeyError, TypeError):
        raise CannotStart(f"{service} cannot start: its --routes are not readable") from None


def prefixes(tables):
    """The fewest path prefixes that tell the services apart: {prefix: service}.

    tables maps a service to its paths. Two segments are enough for most ("/api/groups"); where two
    services share them, their paths are told apart further on, up to the first parameter.
    """
    fixed = {}
    for service, paths in tables.items():
        for path in paths:
            fixed.setdefault(tuple(path.split("{")[0].strip("/").split("/")), set()).add(service)
    ret = {}
    for path, owners in fixed.items():
        for length in range(min(2, len(path)), len(path) + 1):
            sharing = set().union(*(who for other, who in fixed.items()
                                    if other[:length] == path[:length]))
            if len(sharing) == 1:
                ret["/" + "/".join(path[:length])] = sharing.pop()
                break
        else:
            raise CannotStart(f"nginx cannot start: /{'/'.join(path)} belongs to "
                              f"{' and '.join(sorted(owners))}")
    return ret


def connect_sources(environment):
    """Where pages may send requests: our origin, and push where it has an address of its own."""
    address = environment.get("PUSH_PUBLIC_URL", "")
    origin = re.match(r"wss?://[A-Za-z0-9.:\[\]-]+", address)
    return "'self'" + (f" {origin[0]}" if origin else "")


def upstream(service, addresses):
    """Who cannot be reached is left alone for a second. A lone one is always tried, says nginx.

    Not so push: nginx counts a try as a success when the request ends, and a WebSocket does not, so one
    that is back would get one socket a second. Each new socket tries it, and goes on to the next."""
    care = "max_fails=0" if service == "push" else "max_fails=3 fail_timeout=1s"
    servers = "\n".join(f"        server {address} {care};" for address in addresses)
    return (f"    upstream {service} {{\n{servers}\n"
            "        keepalive 32;\n        keepalive_timeout 60s;\n    }")


def look_up(service, address):
    """Instead of an upstream, where addresses come and go: the name is looked up again and again. All
    that it stands for are tried, but no connection is kept for the next request."""
    return f"    map $host $to_{service} {{\n        default {address};\n    }}"


def locations(tables, targets, environment):
    ret = []
    for prefix, service in sorted(prefixes(tables).items()):
        # Exactly the prefix, or what is below it: /api/users is not /api/users_of_others.
        slow = any(path.startswith(prefix + "/") and path.endswith(SLOW)
                   for path in tables[service])
        more = file_location(environment) if prefix == FILES else ""
        target = targets[service]
        ret.append(f"        location = {prefix} {{ proxy_pass http://{target};{more} }}")
        ret.append(f"        location ^~ {prefix}/ {{ proxy_pass http://{target};{more}"
                   f"{slow_location(target) if slow else ''} }}")
    return "\n".join(ret).strip()


def services(programs, addresses, environment, resolver=None):
    """What the template is told of the services, which are at addresses: {service: [address, …]}.

    With a resolver (its address), each has one address, a name that it looks up.
    """
    tables = {service: routes_of(programs, service) for service in SERVICES}
    if resolver:
        targets = {service: f"$to_{service}" for service in SERVICES}
        upstreams = [f"    resolver {resolver} valid=1s ipv6=off;"]
        upstreams += [look_up(service, *addresses[service]) for service in SERVICES]
    else:
        targets = {service: service for service in SERVICES}
        upstreams = [upstream(service, addresses[service]) for service in SERVICES]
    return {
        "CONNECT": connect_sources(environment),
        "UPSTREAMS": "\n".join(upstreams).strip(),
        "LOCATIONS": locations(tables, targets, environment),
        "PUSH": targets["push"],
    }


def fill(root, values):
    """docker/nginx.conf.in with its values."""
    template = (root / "docker/nginx.conf.in").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda match: values[match[1]], template)


def render(place):
    """etc/nginx.conf, and nginx-2.conf … when there are several edges."""
    values = {
        # As root, workers would become nobody, who cannot read var/.
        "USER": f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else "",
        "HOST": "127.0.0.1",
        "DATA": str(place.var / "data"),
        "ROOT": str(place.root),
        "FRONT": "",
        "INTERNAL": "",
        **services(place.bin, {service: place.addresses_of(service) for service in SERVICES},
                   place.environment),
    }
    for number in range(1, place.edges + 1):
        name = numbered("nginx", number)
        values.update(PORT=str(place.port + number - 1), NGINX=name, EDGE=name,
                      LOG=str(place.var / "log" / f"{numbered('edge', number)}.log"))
        place.write(f"etc/{name}.conf", fill(place.root, values))
