"""The independent judge: schemas/ as the Python library jsonschema reads them.

It shares nothing with libs/record but the schemas, and agrees with it about every example.
"""

import functools
import json
import pathlib
import re

import jsonschema
import referencing
import referencing.jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
OTHERS = {"errors", "openapi", "asyncapi"}
DEPTH_MAX = 32
RECORDS = sorted(path.stem for path in SCHEMAS.glob("*.json") if path.stem not in OTHERS)


def read(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))


# ---- JSON as docs/protocol.md has it: what Python's reader lets through is refused here.


def _object(pairs):
    ret = dict(pairs)
    if len(ret) != len(pairs):
        raise ValueError("a key comes twice")
    return ret


def _constant(text):
    raise ValueError(f"{text} is not JSON")


def _check(value, depth=0):
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("U+0000")
        value.encode("utf-8")  # half a surrogate pair is refused
    elif isinstance(value, dict | list):
        if depth >= DEPTH_MAX:
            raise ValueError("nested too deep")
        for key in value if isinstance(value, dict) else ():
            _check(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)


def parse(raw):
    """The value of JSON bytes; ValueError when they are not JSON."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ValueError("byte order mark")
    value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    _check(value)
    return value


# ---- JSON Schema, with the two words that need care


def _max_bytes(validator, limit, value, schema):
    if not isinstance(value, dict):
        return
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > limit:
        yield jsonschema.ValidationError(f"more than {limit} bytes")


def _pattern(validator, pattern, value, schema):
    """As ECMA 262 has it: $ is the end, also behind a line break."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError(f"does not match {pattern}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"x-max-bytes": _max_bytes, "pattern": _pattern})


def _resource(name):
    schema = read(name)
    schema.pop("$schema", None)  # it would make jsonschema forget our two words
    return f"{name}.json", referencing.Resource(schema, referencing.jsonschema.DRAFT202012)


@functools.cache
def registry():
    return referencing.Registry().with_resources(map(_resource, [*RECORDS, "asyncapi"]))


def faults(value, schema, known=None):
    """What is wrong with value, each as a text; nothing when all is well."""
    return [f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message}"
            for error in Validator(schema, registry=known or registry()).iter_errors(value)]


def faults_of_answer(value, document, method, path, status):
    """Does the OpenAPI document foresee this answer?"""
    answers = document["paths"][path][method.lower()]["responses"]
    if str(status) not in answers:
        return [f"no answer with status {status}"]
    place = path.replace("/", "~1")
    known = registry().with_resource(
        "openapi.json", referencing.Resource(document, referencing.jsonschema.DRAFT202012))
    return faults(value, {"$ref": f"openapi.json#/paths/{place}/{method.lower()}/responses/{status}"
                                  "/content/application~1json/schema"}, known)


def faults_of_record(value, record):
    return faults(value, {"$ref": f"{record}.json"})


def is_valid(raw, record):
    """The verdict about bytes that should be a record."""
    try:
        return not faults_of_record(parse(raw), record)
    except (ValueError, RecursionError):
        return False


@functools.cache
def frame_schemas(operation):
    """The payloads of one direction in asyncapi.json: "receive" is what clients send."""
    messages = read("asyncapi")["operations"][operation]["messages"]
    return [{"$ref": f"asyncapi.json#/components/messages/{message['$ref'].split('/')[-1]}/payload"}
            for message in messages]


def is_valid_frame(raw, operation="receive"):
    try:
        value = parse(raw)
    except (ValueError, RecursionError):
        return False
    return any(not faults(value, schema) for schema in frame_schemas(operation))
