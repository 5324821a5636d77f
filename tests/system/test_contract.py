"""The contract in schemas/, judged by tools that share nothing with our C."""

import json
import os
import pathlib
import subprocess

import jsonschema
import openapi_spec_validator
import pytest

import judge
from judge import ROOT, SCHEMAS

EXAMPLES = SCHEMAS / "examples"
BIN = pathlib.Path(os.environ.get("BIN", ROOT / "build/bin"))
SERVICES = ("auth", "user", "group", "message", "push", "bot")


# ---- Without a server


@pytest.mark.parametrize("record", judge.RECORDS)
def test_each_schema_is_json_schema(record):
    jsonschema.Draft202012Validator.check_schema(judge.read(record))


@pytest.mark.parametrize("record", [*judge.RECORDS, "frame"])
def test_the_independent_judge_agrees_about_each_example(record):
    wrong = []
    for path in sorted((EXAMPLES / record).iterdir()):
        raw = path.read_bytes()
        verdict = judge.is_valid_frame(raw) if record == "frame" else judge.is_valid(raw, record)
        if verdict != path.name.startswith("valid-"):
            wrong.append(path.name)
    assert not wrong


def test_an_unknown_word_in_a_schema_is_a_mistake():
    known = {"$schema", "$id", "$ref", "title", "description", "type", "properties", "required",
             "items", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems",
             "maxItems", "default", "anyOf", "x-max-bytes"}

    def words(schema):
        yield from schema
        for child in schema.get("properties", {}).values():
            yield from words(child)
        if "items" in schema:
            yield from words(schema["items"])

    assert {word for record in judge.RECORDS for word in words(judge.read(record))} <= known


@pytest.fixture(scope="session")
def openapi():
    """The document that the edge serves, as tools/gen-openapi makes it."""
    made = subprocess.run([ROOT / "tools/gen-openapi"], capture_output=True, check=True)
    return json.loads(made.stdout)


def test_the_openapi_document_is_valid(openapi):
    assert openapi["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(openapi)


def operations(document):
    return {(method.upper(), path): operation for path, item in document["paths"].items()
            for method, operation in item.items()}


def test_each_error_that_an_operation_names_is_in_the_table(openapi):
    codes = {error["code"]: error["http"] for error in judge.read("errors")}
    for operation in operations(openapi).values():
        for status, answer in operation["responses"].items():
            schema = next(iter(answer["content"].values()))["schema"]
            for part in schema.get("allOf", []):
                for code in part.get("properties", {}).get("code", {}).get("enum", []):
                    assert codes[code] == int(status)


def routes_of(service):
    printed = subprocess.run([BIN / f"parley-{service}", "--routes"], capture_output=True,
                             check=True, timeout=20)
    return json.loads(printed.stdout)


@pytest.fixture(scope="session")
def routes():
    return [dict(route, service=service) for service in SERVICES for route in routes_of(service)]


def test_each_route_is_an_operation_and_each_operation_a_route(openapi, routes):
    described = {key for key, operation in operations(openapi).items()
                 if not operation.get("x-static")}
    assert {(route["method"], route["path"]) for route in routes} == described


def test_operations_and_routes_say_the_same(openapi, routes):
    documented = operations(openapi)
    for route in routes:
        operation = documented[route["method"], route["path"]]
        assert operation["tags"] == [route["service"]], route
        assert (operation.get("security") == []) == (route["access"] == "public"), route
        assert operation.get("x-request") == route["request"], route
        assert operation.get("x-reply") == route["reply"], route
