"""What the dashboard says of gates that hold: how many things, and which of them wait for a person."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.ops.dashboard_queries import panel, substituted
from tests.ops.tools import program

pytestmark = pytest.mark.ops

Gate = tuple[str, str, str]
"""Scope, name and reason."""

DEAD = ("credential", "1", "token_invalid")
DEAD_AT_GATEWAY = ("credential", "1@gateway", "token_invalid")
THROTTLED = ("pixel", "1", "throttled")
OTHER = ("pixel", "22", "usage_limit")
AWAY = ("endpoint", "gateway", "timeout")
FUSE = ("all", "", "fuse")
FULL = ("topic", "letters", "too_large")


@pytest.mark.parametrize(("gates", "held"), [
    ([], 0),
    ([DEAD, OTHER], 2),
    ([DEAD, THROTTLED], 1),
    ([DEAD, DEAD_AT_GATEWAY], 1),
    ([AWAY], 1),
    ([FUSE], 1),
    ([FULL], 1),
    ([DEAD, DEAD_AT_GATEWAY, OTHER, AWAY, FUSE, FULL], 5),
])  # fmt: skip
def test_held_counts_each_pixel_once_and_an_endpoint_a_topic_and_all(
    gates: list[Gate], held: int, tmp_path: Path
) -> None:
    assert promtool_says(unit_test("Held", gates, [{"labels": "{}", "value": held}], tmp_path)) == ""


@pytest.mark.parametrize(("gate", "waits_for"), [
    (DEAD, "a person"),
    (DEAD_AT_GATEWAY, "a person"),
    (FUSE, "a person"),
    (FULL, "a person"),
    (THROTTLED, "time"),
    (OTHER, "time"),
    (AWAY, "time"),
])  # fmt: skip
def test_the_table_says_what_a_gate_waits_for(gate: Gate, waits_for: str, tmp_path: Path) -> None:
    labels = f'{{{_named(gate)}, waits_for="{waits_for}"}}'
    expected = [{"labels": labels, "value": 2}]
    assert promtool_says(unit_test("What is held now, and why", [gate], expected, tmp_path)) == ""


def unit_test(title: str, gates: list[Gate], expected: list[dict[str, object]], folder: Path) -> Path:
    """A unit test of the panel's query, with two members that have these gates, for promtool."""
    names = ['capi_stream_buffered_events{job="cs"', *(f"capi_stream_gate_holding{{{_named(each)}" for each in gates)]
    series = [f'{name}, namespace="shop", pod="{pod}"}}' for pod in ("a", "b") for name in names]
    (target,) = panel(title)["targets"]
    asked = {"expr": substituted(target["expr"], "1m", "3h"), "eval_time": "1m", "exp_samples": expected}
    test = {
        "interval": "1m",
        "input_series": [{"series": each, "values": "1+0x5"} for each in series],
        "promql_expr_test": [asked],
    }
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    return file


def promtool_says(file: Path) -> str:
    """What is wrong with a unit test; nothing if it passes."""
    ran = subprocess.run([program("promtool"), "test", "rules", file], capture_output=True, text=True)
    return ran.stdout + ran.stderr if ran.returncode else ""


def _named(gate: Gate) -> str:
    named = zip(("scope", "name", "reason"), gate, strict=True)
    return ", ".join(f'{name}="{value}"' for name, value in named if value)
