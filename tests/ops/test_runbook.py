"""The runbook has a true section for each alert, and its routing wakes for pages alone."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from capi_stream.cli import app
from tests.builders import ROOT
from tests.ops.alert_rules import RUNBOOK, alerts, anchors, sections
from tests.ops.tools import program

pytestmark = pytest.mark.ops

PARTS = ("Means", "Users notice", "First look", "Do", "Over when")
COMMAND = re.compile(
    r"capi-stream ((?:check|preview|explain|fuse reset|hash|config|run|replay|dead-letters \w+)\b[^`\n|]*)"
)


# The sections.


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    assert {each for each in sections() if each.startswith("CapiStream")} == {each.alert for each in alerts()}


@pytest.mark.parametrize("alert", sorted({str(each.alert) for each in alerts()}))
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
        if words[0] in ("fuse", "dead-letters"):
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


def test_the_runbooks_search_of_the_log_finds_what_is_wrong_and_the_plain_lines_of_a_bad_configuration() -> None:
    (pattern,) = re.findall(r"grep -E '([^']+)'", RUNBOOK.read_text())
    wrong = [
        '{"time": "2026", "level": "error", "event": "stopped"}',
        "config.yaml: api.version: this is no version: 25. Write it as v25.0",
    ]
    usual = ['{"time": "2026", "level": "info", "event": "draining"}']

    found = subprocess.run(["grep", "-E", pattern], input="\n".join(wrong + usual), capture_output=True, text=True)

    assert found.stdout.splitlines() == wrong


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
