"""The OpenAPI document as the edge serves it, held against the services by schemathesis: whatever fits
it and whatever does not, nobody gets a 5xx, a status or a body that the document does not know."""

import subprocess
import sys

import pytest

from instance import SLOWNESS

PATIENCE = 300 * SLOWNESS
pytestmark = pytest.mark.timeout(3 * PATIENCE)  # two probes, and what is before them
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance")
SEED = 1  # the same requests each time
LINE_MAX = 400  # of its report: what it sends may be long


def probe(parley, folder, *options, token=None, **parameters):
    """Run it, as whoever has the token; parameters have this value wherever they are asked for."""
    config = "\n".join(f'"{name}" = "{value}"' for name, value in parameters.items())
    path = folder / "schemathesis.toml"
    path.write_text(f"[parameters]\n{config}\n")
    headers = ("-H", f"Authorization: Bearer {token}") if token else ()
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", path, "run",
         parley.url + "/openapi.json", "--seed", str(SEED), "--max-examples", "10",
         "--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS),
         "--continue-on-failure", "--no-color", *headers, *options],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    report = "\n".join(line[:LINE_MAX] for line in (done.stdout + done.stderr).splitlines())
    assert done.returncode == 0, report
    return report


# A session that has ended would hide the rest.
PEOPLE = ("--include-tag", "auth", "--include-tag", "user", "--exclude-operation-id", "logout")


def test_as_anonymous(parley, tmp_path):
    probe(parley, tmp_path, "--include-tag", "auth", "--include-tag", "user")


def test_as_a_user(parley, user, tmp_path):
    probe(parley, tmp_path, *PEOPLE, "--exclude-path-regex", "^/v1/admin/", token=user().token)


def test_as_a_user_who_names_another(parley, user, tmp_path):
    probe(parley, tmp_path, *PEOPLE, "--include-path-regex", "{user_id}", "--exclude-path-regex",
          "^/v1/admin/", token=user().token, user_id=user().id)


def test_as_an_admin(parley, admin, user, tmp_path):
    for folder, parameters in (("random", {}), ("someone", {"user_id": user().id})):
        (tmp_path / folder).mkdir()
        probe(parley, tmp_path / folder, "--include-path-regex", "^/v1/admin/", token=admin.token,
              **parameters)


def test_the_end_of_a_session(parley, user, tmp_path):
    probe(parley, tmp_path, "--include-operation-id", "logout", token=user().token)


def test_conversations_and_groups(parley, user, tmp_path):
    """One's own: most answers are of what is there."""
    alice, bob = user(), user()
    group_id = alice.create_group(bob)
    ack = alice.device().say("hello", group_id=group_id)
    probe(parley, tmp_path, "--include-tag", "message", "--include-tag", "group",
          "--exclude-path-regex", "/leave$", token=alice.token,
          group_id=group_id, conversation_id=f"group:{group_id}", message_id=ack["message_id"])
