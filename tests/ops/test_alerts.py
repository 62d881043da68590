"""Every alert fires when it should, keeps quiet when it nearly would, and asks for what the service has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from capi_stream.cli import app
from capi_stream.delivery.outcomes import POLICY
from capi_stream.observability.metrics import DECLARED, PREFIX
from capi_stream.observability.status.advice import BY_A_PERSON
from k8s.alerts.__main__ import PATH
from k8s.grafana.queries import REPLAYS
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


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_a_command_that_an_alert_names_is_one_and_it_sends_nothing(rule: Rule) -> None:
    """Whoever pastes it looks; that `--yes` sends stands beside it."""
    named = re.findall(r"`capi-stream (\w+) ([^`]*)`", rule.annotations["description"])
    assert named or rule.labels.get("where") != "parked"
    for name, options in named:
        given = get_command(app).commands[name].make_context(name, options.split()).params  # type: ignore[attr-defined]
        assert not given["yes"]
        assert "`--yes" in rule.annotations["description"]


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
            if matcher.name == "job":
                assert matcher.value == REPLAYS, "what a job is called is the operator's, but for a replay's"
            elif each.name in LABELS:
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
