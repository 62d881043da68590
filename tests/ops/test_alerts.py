"""Every alert fires when it should and keeps quiet when it nearly would, and its section of the runbook is true."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from capi_stream.cli import app
from capi_stream.delivery.outcomes import POLICY
from capi_stream.observability.metrics import DECLARED, PREFIX
from capi_stream.observability.status.advice import BY_A_PERSON
from k8s.alerts.__main__ import PATH, text
from tests.builders import ROOT
from tests.ops.alert_rules import (
    RULES,
    RUNBOOK,
    UNIT_TESTS,
    Rule,
    alerts,
    anchors,
    grouped,
    metrics,
    nodes,
    rules,
    sections,
    shown,
)
from tests.ops.tools import program, wheels

pytestmark = pytest.mark.ops

NAMES = (
    "FreshnessBurnFast", "FreshnessBurnSlow", "EventsNearExpiry", "Stalled", "PartitionStuck", "PixelHeld",
    "FuseTripped", "RejectRatioHigh", "DeadLetterWriteFailing", "ReceivedMismatch", "Throttled", "ApiLatencyHigh",
    "RebalanceStorm", "NoTraffic", "LedgerGap", "Saturated", "Down", "TokenExpiresSoon", "MatchQualityDropped",
)  # fmt: skip

LABELS = (
    {PREFIX + each.name: {*each.labels} for each in DECLARED}
    | {f"{PREFIX}{each.name}_count": {*each.labels} for each in DECLARED if each.kind == "histogram"}
    | {f"{PREFIX}{each.name}_bucket": {*each.labels, "le"} for each in DECLARED if each.kind == "histogram"}
)
VALUES = {PREFIX + each.name + part: each.values for each in DECLARED for part in ("", "_count", "_bucket")}
OF_ANY_PROCESS = {"process_start_time_seconds"}
OF_A_SCRAPE = {"namespace", "job", "pod"}
OURS = {"pixel", "topic"}
"""What label_replace makes of a gate's name."""

PARTS = ("Means", "Users notice", "First look", "Do", "Over when")
COMMAND = re.compile(r"capi-stream ((?:check|preview|explain|fuse reset|hash|config|run)\b[^`\n|]*)")


# The rules.


@pytest.mark.parametrize("file", ["rules", "prometheusrule"])
def test_prometheus_takes_the_rules_without_a_complaint(file: str, tmp_path: Path) -> None:
    groups = {"rules": yaml.safe_load(RULES.read_text()), "prometheusrule": yaml.safe_load(PATH.read_text())["spec"]}
    plain = tmp_path / "rules.yaml"
    plain.write_text(yaml.safe_dump(groups[file]))
    ran = subprocess.run(
        [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", plain], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("file", UNIT_TESTS, ids=lambda file: file.stem)
def test_each_fires_with_its_whole_text_and_keeps_quiet_in_a_near_miss(file: Path) -> None:
    ran = subprocess.run([program("promtool"), "test", "rules", file], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_there_is_an_alert_for_all_that_somebody_must_know() -> None:
    assert {each.alert for each in alerts()} == {f"CapiStream{name}" for name in NAMES}


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_an_alert_says_how_urgent_it_is_what_it_saw_and_where_to_read_on(rule: Rule) -> None:
    assert rule.labels["severity"] in {"page", "ticket"}
    assert rule.annotations.keys() == {"summary", "description", "runbook_url"}
    assert re.search(r"\{\{[^}]*\$value *\}\}", rule.annotations["description"]), "no number"
    page, _, anchor = rule.annotations["runbook_url"].partition("#")
    assert page.endswith("/docs/runbook.md")
    assert anchor in anchors(RUNBOOK.read_text())
    assert anchor == str(rule.alert).lower()


def test_every_threshold_has_its_reason_above_it() -> None:
    first = re.findall(r"- alert: (\w+)\n +(\S)", RULES.read_text())
    assert [name for name, sign in first if sign != "#"] == []
    assert len(first) == len(alerts())


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_it_is_shown_to_fire_and_to_keep_quiet(rule: Rule) -> None:
    wheels()
    used = metrics(rule.expr)
    of_it = [each for each in shown() if each.alert == rule.alert]
    assert [each for each in of_it if not each.is_quiet and each.labels.items() >= rule.labels.items()]
    assert [each for each in of_it if each.is_quiet and each.metrics & used]


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_a_rule_asks_only_for_what_the_service_has(rule: Rule) -> None:
    wheels()
    recorded = {each.record for each in rules()}
    for each in nodes(rule.expr, "VectorSelector"):
        assert each.name in LABELS.keys() | recorded | OF_ANY_PROCESS, f"there is no metric {each.name}"
        for matcher in each.matchers.matchers:
            if each.name in LABELS:
                assert matcher.name in LABELS[each.name], f"{each.name} has no label {matcher.name}"
                known = VALUES.get(each.name, {}).get(matcher.name)
                assert not known or any(re.fullmatch(matcher.value, value) for value in known), matcher.value
    known_labels = {label for name in metrics(rule.expr) if name in LABELS for label in LABELS[name]}
    assert grouped(rule.expr) <= known_labels | OF_A_SCRAPE | OURS


def test_reasons_that_alerts_name_are_reasons_of_gates() -> None:
    wheels()
    asked = [
        matcher.value
        for rule in alerts()
        for each in nodes(rule.expr, "VectorSelector")
        for matcher in each.matchers.matchers
        if matcher.name == "reason"
    ]
    matched = [{reason for reason in POLICY if re.fullmatch(value, reason)} for value in asked]
    assert matched == [
        BY_A_PERSON - {"fuse"},  # what the status page shows as a person's
        {"fuse"},
        {"throttled", "app_limit", "user_limit", "account_limit", "business_limit"},
    ]


# For the operator.


def test_the_operators_rules_are_what_the_script_makes() -> None:
    """`python -m k8s.alerts` writes them."""
    assert PATH.read_text() == text()
    assert yaml.safe_load(PATH.read_text())["spec"] == yaml.safe_load(RULES.read_text())


def test_the_operator_knows_every_field() -> None:
    wheels()
    from cloudcoil.models.prometheus_operator import v1

    document = yaml.safe_load(PATH.read_text())
    read = v1.PrometheusRule.model_validate(document)
    assert lost(document, read.model_dump(by_alias=True, exclude_unset=True, mode="json")) == []


def test_a_field_that_the_operator_does_not_know_is_noticed() -> None:
    wheels()
    from cloudcoil.models.prometheus_operator import v1

    document = yaml.safe_load(PATH.read_text())
    document["spec"]["groups"][0]["intervall"] = "1m"
    read = v1.PrometheusRule.model_validate(document)
    dumped = read.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert lost(document, dumped) == [".spec.groups[0].intervall"]


def lost(given: Any, kept: Any, path: str = "") -> list[str]:
    """The places of `given` that `kept` does not have: the models pass over unknown fields."""
    if isinstance(given, dict):
        inner = [
            lost(value, kept[key], f"{path}.{key}") if isinstance(kept, dict) and key in kept else [f"{path}.{key}"]
            for key, value in given.items()
        ]
    elif isinstance(given, list):
        inner = [lost(each, other, f"{path}[{at}]") for at, (each, other) in enumerate(zip(given, kept, strict=True))]
    else:
        inner = []
    return [each for part in inner for each in part]


# The runbook.


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    assert {each for each in sections() if each.startswith("CapiStream")} == {each.alert for each in alerts()}


@pytest.mark.parametrize("alert", [f"CapiStream{name}" for name in NAMES])
def test_a_section_says_what_it_means_who_notices_where_to_look_what_to_do_and_when_it_is_over(alert: str) -> None:
    section = sections()[alert]
    assert tuple(re.findall(rf"^\*\*({'|'.join(PARTS)})\.\*\* ?", section, re.MULTILINE)) == PARTS
    what_to_do = section.partition("**Do.**")[2].partition("**Over when.**")[0]
    steps = [int(each) for each in re.findall(r"^(\d+)\. ", what_to_do, re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert steps


def test_every_panel_that_the_runbook_names_is_on_the_dashboard() -> None:
    rows: dict[str, set[str]] = {}
    for each in json.loads((ROOT / "k8s/grafana/capi-stream.json").read_text())["panels"]:
        if each["type"] == "row":
            of_row = rows.setdefault(each["title"], set())
        else:
            of_row.add(each["title"])
    named = re.findall(rf"\*\*({'|'.join(rows)}):\s([^*]+)\*\*", RUNBOOK.read_text())
    assert len(named) > 40
    assert [(row, title) for row, title in named if " ".join(title.split()) not in rows[row]] == []


def test_every_command_that_the_runbook_names_is_one() -> None:
    found = COMMAND.findall(RUNBOOK.read_text())
    assert len(found) > 8
    for each in found:
        words = [word.strip(".,;:)") for word in shlex.split(each, comments=True)]
        command: Any = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
        if words[0] == "fuse":
            command = command.commands[words[1]]
        options = {option for parameter in command.params for option in parameter.opts}
        assert [word for word in words if word.startswith("-") and word not in options] == []


def test_every_setting_log_line_and_link_of_the_runbook_is_there() -> None:
    page = RUNBOOK.read_text()
    quoted = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)`", page))
    settings = {each for each in quoted if each.partition(".")[0] in {"delivery", "kafka", "deadlines", "api"}}
    assert settings <= set(re.findall(r"^\| `([^`]+)`", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE))
    code = "".join(each.read_text() for each in (ROOT / "capi_stream").rglob("*.py"))
    lines = {
        each for each in quoted if each.endswith(("_held", "_opened", "_reset", "_renewed", "_stalled", "_crashed"))
    }
    assert lines >= {"gate_opened", "fuses_reset", "token_renewed", "loop_stalled", "thread_crashed"}
    assert [each for each in lines if f'"{each}"' not in code] == []
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(anchors(page))
    for other, anchor in re.findall(r"\]\(([\w-]+\.md)#([^)]+)\)", page):
        assert anchor in anchors((ROOT / "docs" / other).read_text())


# Who is woken.


@pytest.fixture
def routing(tmp_path: Path) -> Path:
    """The runbook's configuration of Alertmanager, as a file."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    (block,) = [each for each in blocks if "inhibit_rules" in each]
    file = tmp_path / "alertmanager.yaml"
    file.write_text(block)
    return file


def test_the_runbooks_routing_wakes_for_pages_and_not_for_tickets(routing: Path) -> None:
    amtool = program("amtool")
    checked = subprocess.run([amtool, "check-config", routing], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    for severity, receiver in (("page", "on-call"), ("ticket", "tickets")):
        told = [
            "config",
            "routes",
            "test",
            f"--config.file={routing}",
            f"severity={severity}",
            "alertname=CapiStreamDown",
        ]
        assert subprocess.run([amtool, *told], capture_output=True, text=True).stdout.strip() == receiver


def test_no_alert_that_the_routing_names_is_missing(routing: Path) -> None:
    text = routing.read_text()
    patterns = [each for found in re.findall(r'alertname=~?"([^"]+)"', text) for each in alternatives(found)]
    assert len(patterns) > 10
    names = [str(each.alert) for each in alerts()]
    assert [each for each in patterns if not any(re.fullmatch(each, name) for name in names)] == []


def alternatives(pattern: str) -> list[str]:
    """`A(B|C)` as AB and AC."""
    head, _, rest = pattern.partition("(")
    return [head + each for each in rest.rstrip(")").split("|")]
