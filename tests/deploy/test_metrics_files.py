"""Alert rules and dashboard: they parse, name only what there is, and each alert is raised by what it
is for and by nothing else. promtool judges; no server."""

import json
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "docs/alerts/parley.yaml"
DASHBOARD = json.loads((ROOT / "docs/dashboards/parley.json").read_text())
ALERTS = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
NAME = re.compile(r"\b((?:parley|process)_[a-z_]+)\b")


def exported():
    """Every name that has a sample: docs/metrics.md, which another test compares with the programs."""
    names = {"up"}
    for name, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE):
        names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_prometheus_gets_it(query):
    return query.replace("$__rate_interval", "1m").replace("$__interval", "1m").replace("$job", "parley")


def test_rules_are_valid():
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(RULES))


def test_every_alert_says_what_to_do():
    headings = re.findall(r"^#+ (.*)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for name, rule in ALERTS.items():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md" and anchor in anchors, name
        assert rule["annotations"]["summary"], name
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name


@pytest.mark.parametrize("what, queries", [("alerts", [rule["expr"] for rule in ALERTS.values()]),
                                           ("dashboard", QUERIES)])
def test_only_metrics_that_there_are_are_named(what, queries):
    assert {name for query in queries for name in NAME.findall(query)} <= exported(), what


def test_every_query_of_the_dashboard_parses(tmp_path):
    rules = [{"record": f"panel:{i}", "expr": as_prometheus_gets_it(query)} for i, query in enumerate(QUERIES)]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_the_dashboard_is_what_the_table_says():
    subprocess.run([ROOT / "tools/gen-dashboard", "--check"], check=True)


def test_the_dashboard_is_one_that_grafana_takes():
    """What its importer needs: numbers that are unique, places that do not overlap, a data source to
    choose, queries with letters of their own."""
    assert DASHBOARD["schemaVersion"] >= 36 and DASHBOARD["title"] and DASHBOARD["uid"]
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(letters) == len(set(letters)), panel["title"]


# ---- What raises each: series as `promtool test rules` has them, one sample each 15 s.

SOME = '{job="parley",service="message",instance="m1"}'


def labelled(text):
    return SOME[:-1] + "," + text + "}"


def slow(name, labels, bucket):
    """A histogram of which all falls into one bucket, 10 a second."""
    ends = ["0.1", "0.5", "1", "2.5", "5", "+Inf"]
    return {name + labelled(f'{labels}{"," if labels else ""}le="{end}"'):
            "0+150x80" if i >= ends.index(bucket) else "0x80" for i, end in enumerate(ends)}


BAD = {
    "ParleyServiceDown": {"up" + SOME: "1x4 0x80"},
    "ParleyServiceGone": {"up" + SOME: "0x80"},
    "ParleyNotReady": {"parley_ready" + SOME: "0x80"},
    "ParleyRestarts": {"process_start_time_seconds" + SOME: "1x8 2x8 3x8 4x8"},
    "ParleyErrorsLogged": {"parley_log_lines_total" + labelled('level="error"'): "0x70 1x8"},
    "ParleyVersionsMixed": {"parley_build_info" + labelled('version="a"'): "1x300",
                            "parley_build_info" + labelled('version="b"'): "1x300"},
    "ParleyFilesShort": {"process_open_fds" + SOME: "900x80", "process_max_fds" + SOME: "1000x80"},
    "ParleyRequestsFail": {"parley_http_answers_total" + labelled('status="OK"'): "0+95x80",
                           "parley_http_answers_total" + labelled('status="INTERNAL"'): "0+5x80"},
    "ParleyRequestsSlow": slow("parley_http_seconds_bucket", 'route="/api/sync"', "5"),
    "ParleyAnswersLate": slow("parley_push_answer_seconds_bucket", 'outcome="acknowledged"', "2.5"),
    "ParleyAnswersFail": {"parley_push_answers_total" + labelled('status="OK"'): "0+95x80",
                          "parley_push_answers_total" + labelled('status="UNAVAILABLE"'): "0+5x80"},
    "ParleySocketsRefused": {"parley_ws_refused_total" + labelled('status="UNAVAILABLE"'): "0+150x80"},
    "ParleyCommandsWait": {"parley_push_outgoing_bytes" + SOME: "9000000x80"},
    "ParleyPartitionsWithoutOwner": {"parley_message_partitions" + SOME: "15x80"},
    "ParleyBatchesGivenBack": {"parley_message_batches_failed_total" + SOME: "0+15x80"},
    "ParleyParked": {"parley_bus_parked_total" + labelled('queue="message.p3"'): "0x70 1x8"},
    "ParleyDeadLetters": {"parley_bus_queue_messages" + labelled('queue="dead"'): "1x300"},
    "ParleyQueueGrows": {"parley_bus_queue_messages" + labelled('queue="message.p3"'): "2000x80"},
    "ParleyGroupChangesStuck": {"parley_group_outbox_failed_total" + SOME: "0+15x80"},
    "ParleyCallsFail": {"parley_rpc_calls_total" + labelled('side="client",method="user.find",status="UNAVAILABLE"'):
                        "0+15x80"},
    "ParleyCallsRefused": {"parley_rpc_refused_total" + SOME: "0x70 1x8"},
    "ParleyRabbitmqLost": {"parley_bus_connections" + labelled('state="down"'): "1x80"},
    "ParleyMongodbWithoutPrimary": {"parley_store_has_primary" + SOME: "0x80"},
    "ParleyStoreSlow": slow("parley_store_seconds_bucket", 'operation="find"', "2.5"),
    "ParleyStoreErrors": {"parley_store_errors_total" + labelled('status="UNAVAILABLE"'): "0+15x80"},
    "ParleyRedisAway": {"parley_cache_errors_total" + SOME: "0+15x80"},
}

# A day on which nobody need look: people are let in and refused, some stores are taken twice.
GOOD = {
    "up" + SOME: "1x300", "parley_ready" + SOME: "1x300", "process_start_time_seconds" + SOME: "1x300",
    "parley_log_lines_total" + labelled('level="error"'): "0x300",
    "parley_log_lines_total" + labelled('level="warn"'): "0+1x300",
    "parley_build_info" + labelled('version="a"'): "1x300",
    "process_open_fds" + SOME: "500x300", "process_max_fds" + SOME: "1000x300",
    "parley_http_answers_total" + labelled('status="OK"'): "0+95x300",
    "parley_http_answers_total" + labelled('status="NOT_FOUND"'): "0+95x300",
    "parley_push_answers_total" + labelled('status="OK"'): "0+95x300",
    "parley_push_answers_total" + labelled('status="BLOCKED"'): "0+95x300",
    "parley_ws_refused_total" + labelled('status="UNAUTHENTICATED"'): "0+150x300",
    "parley_push_outgoing_bytes" + SOME: "4000x300", "parley_message_partitions" + SOME: "16x300",
    "parley_message_batches_failed_total" + SOME: "0x300",
    "parley_bus_parked_total" + labelled('queue="message.p3"'): "7x300",
    "parley_bus_queue_messages" + labelled('queue="dead"'): "0x300",
    "parley_bus_queue_messages" + labelled('queue="message.p3"'): "900x300",
    "parley_group_outbox_failed_total" + SOME: "3x300",
    "parley_rpc_calls_total" + labelled('side="client",method="user.find",status="NOT_FOUND"'): "0+15x300",
    "parley_rpc_refused_total" + SOME: "5x300",
    "parley_bus_connections" + labelled('state="down"'): "0x300", "parley_store_has_primary" + SOME: "1x300",
    "parley_store_errors_total" + labelled('status="ID_TAKEN"'): "0+150x300",
    "parley_cache_errors_total" + SOME: "2x300",
    **{series: values.replace("80", "300") for each in (
        slow("parley_http_seconds_bucket", 'route="/api/sync"', "0.5"),
        slow("parley_http_seconds_bucket", 'route="/api/files/{file_id}"', "5"),
        slow("parley_push_answer_seconds_bucket", 'outcome="acknowledged"', "0.1"),
        slow("parley_store_seconds_bucket", 'operation="find"', "0.1"),
        slow("parley_store_seconds_bucket", 'operation="index"', "5")) for series, values in each.items()},
}


def trial(series, query, expected, at):
    return {"interval": "15s", "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": query, "eval_time": at, "exp_samples": expected}]}


def test_each_alert_is_raised_by_what_it_is_for_and_none_on_a_good_day(tmp_path):
    assert set(BAD) == set(ALERTS)
    firing = 'count by (alertname) (ALERTS{{alertname=~"{}",alertstate="firing"}})'
    trials = [trial(series, firing.format(name), [{"labels": f'{{alertname="{name}"}}', "value": 1}],
                    "65m" if ALERTS[name].get("for") == "1h" else "8m" if name == "ParleyRestarts" else "18m")
              for name, series in BAD.items()]
    trials.append(trial(GOOD, firing.format(".*"), [], "70m"))
    file = tmp_path / "trials.yaml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": trials}))
    promtool("test", "rules", str(file))
