"""The second half of docs/protocol.md: every route, frame and field, as schemas/ has them.

From openapi.json the routes, from asyncapi.json the frames, and from <record>.json the fields of
each record that one of them refers to. tools/gen-docs puts it behind <!-- reference -->.
"""

import json
import pathlib

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "schemas"
METHODS = ("get", "post", "put", "patch", "delete")
WIDEST = 2 ** 53  # what a number in JSON can be anyway

HEAD = """## Reference

What follows is printed from [`schemas/`](../schemas). Names lead to the fields of a body or frame.
"""

ROUTES = """Where nobody is named, a user may call: whoever is logged in. `anybody` needs no token; a name with a dot
is the right of an administrator or moderator. Besides the errors named, any call may meet 42901, 50001
and 50301; one with something to send 40000, 40001 and 41301; one that is not for anybody 40101 and
40102, and 40304 if it changes something.
"""


def read(name):
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def table(head, rows):
    """Cells are Markdown, but hold no HTML and no bars of their own."""
    lines = [[cell.replace("|", "\\|").replace("<", "&lt;") for cell in row] for row in rows]
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|",
            *(f"| {' | '.join(line)} |" for line in lines), ""]


def link(record):
    """To the record's heading: its name without the dot."""
    return f"[`{record}`](#{record.replace('.', '')})" if record else ""


def records_of(node, document=None):
    """The records that a schema names, in order; document resolves its #/… references."""
    found = []
    if isinstance(node, dict):
        ref = node.get("$ref", "")
        if ref.endswith(".json"):
            found.append(ref.removesuffix(".json"))
        elif ref.startswith("#/") and document:
            target = document
            for part in ref[2:].split("/"):
                target = target[part]
            found += records_of(target, document)
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            found += records_of(each, document)
    return found


# ---- Routes


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def callers_of(operation):
    """Users are not mentioned: most is for them."""
    if "x-right" in operation:
        return f"`{operation['x-right']}`"
    if operation.get("security") == []:
        return "anybody"
    return "users, programs" if operation.get("x-services") else ""


def answer_of(operation):
    if "x-file" in operation:
        return "a file"
    return "302" if operation.get("x-redirect") else link(operation.get("x-reply"))


def routes(document):
    ret = ["### Routes\n", ROUTES]
    for tag in document["tags"]:
        rows = []
        for method, path, operation in operations(document):
            if tag["name"] in operation["tags"]:
                asked = "a form: `file`" if operation.get("x-upload") else link(
                    operation.get("x-request"))
                rows.append((f"`{method.upper()} {path}`", operation["summary"],
                             callers_of(operation), asked, answer_of(operation),
                             ", ".join(map(str, operation.get("x-errors", [])))))
        ret += [f"**{tag['name']}**: {tag['description']}\n",
                *table(("route", "what it does", "who", "request", "`data` of the answer", "errors"), rows)]
    return ret


# ---- Frames


def frames(document):
    ret = ["### Frames\n"]
    for name in ("receive", "send"):
        operation, rows = document["operations"][name], []
        for each in operation["messages"]:
            message = document["components"]["messages"][each["$ref"].rsplit("/", 1)[1]]
            record = records_of(message["payload"])[0]
            rows.append((message["title"], message.get("summary", ""), link(record)))
        rows.sort(key=lambda row: int(row[0].split()[0]))
        ret += [f"{operation['title']}:\n", *table(("type", "what it is", "fields"), rows)]
    return ret


# ---- Fields


def bounds(low, high, unit=""):
    low = None if low in (None, 0) and unit else low
    if low is not None and abs(low) >= WIDEST:
        low = None
    if high is not None and abs(high) >= WIDEST:
        high = None
    if low is not None and low == high:
        return f"{low}{unit}"
    if low is not None and high is not None:
        return f"{low} to {high}{unit}"
    if high is not None:
        return f"≤ {high}{unit}"
    return f"≥ {low}{unit}" if low is not None else ""


def limits(schema):
    found = []
    if "maxLength" in schema:
        found.append(bounds(schema.get("minLength"), schema["maxLength"], " characters"))
    if "minimum" in schema:
        found.append(bounds(schema["minimum"], schema["maximum"]))
    if "maxItems" in schema:
        found.append(bounds(schema.get("minItems"), schema["maxItems"], " of them"))
    if "x-max-bytes" in schema:
        found.append(f"≤ {schema['x-max-bytes'] // 1024} KiB")
    if "pattern" in schema:
        found.append(f"`{schema['pattern']}`")
    if "default" in schema:
        found.append(f"default {json.dumps(schema['default'], ensure_ascii=False)}")
    return found


def kind(schema):
    """What a value is, in a few words."""
    if "$ref" in schema:
        return link(schema["$ref"].removesuffix(".json"))
    if "anyOf" in schema:
        return " or ".join(map(kind, schema["anyOf"]))
    if schema["type"] == "array":
        item = ", each ".join([kind(schema["items"]), *filter(None, limits(schema["items"]))])
        return f"list of {item}"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(types)


def fields(record):
    schema = read(record + ".json")
    required = schema.get("required", [])
    rows = [(f"`{name}`", ", ".join(filter(None, [kind(field), *limits(field)])),
             "yes" if name in required else "", field.get("description", ""))
            for name, field in schema["properties"].items()]
    about = [f"#### {record}\n", schema["title"] + ".\n"]
    return about + (table(("field", "type", "always", "meaning"), rows) if rows else [])


def needed(openapi, asyncapi):
    """Every record that a client meets, and what these refer to."""
    waiting = records_of([asyncapi["operations"][name]["messages"] for name in ("receive", "send")],
                         asyncapi)
    for _, _, operation in operations(openapi):
        waiting += [operation[key] for key in ("x-request", "x-reply") if key in operation]
    waiting.append("error.data")
    found = set()
    while waiting:
        record = waiting.pop()
        if record not in found:
            found.add(record)
            waiting += records_of(read(record + ".json"))
    return sorted(found)


def reference():
    openapi, asyncapi = read("openapi.json"), read("asyncapi.json")
    page = [HEAD, *routes(openapi), *frames(asyncapi), "### Fields\n",
            "What is not *always* there may be left out, in requests and in answers.\n"]
    for record in needed(openapi, asyncapi):
        page += fields(record)
    return "\n".join(page)
