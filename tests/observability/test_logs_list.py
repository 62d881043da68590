"""docs/logs.md lists every event that the code logs, with its level and its keys, and nothing else."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from capi_stream.observability.sampling import REPEATING
from tests.builders import ROOT

LEVELS = frozenset(("debug", "info", "warning", "error", "critical", "exception"))
BY_A_PROCESSOR = {"library_said"}  # what libraries write gets its name from logs.py
OF_HELPERS = {"_gate": frozenset(("scope", "name", "reason", "attempt"))}  # log.warning("gate_held", **_gate(view))


class Call(NamedTuple):
    """One log call: where it is, what it says, and the keys that it gives."""

    where: str
    level: str
    event: str | None
    keys: frozenset[str]


def calls() -> Iterator[Call]:
    """Every log call of the service."""
    for path in sorted((ROOT / "capi_stream").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_log(node.func):
                yield _call(f"{path.relative_to(ROOT)}:{node.lineno}", node)


def _is_log(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in LEVELS
        and isinstance(function.value, ast.Name)
        and function.value.id in ("log", "logger")
    )


def _call(where: str, node: ast.Call) -> Call:
    assert isinstance(node.func, ast.Attribute)
    (name,) = node.args
    event = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None
    keys: set[str] = set()
    for keyword in node.keywords:
        if keyword.arg is not None:
            keys.add(keyword.arg)
        else:
            keys |= OF_HELPERS[ast.unparse(keyword.value).partition("(")[0]]
    if event in REPEATING:
        keys.add("repeats")
    return Call(where, node.func.attr, event, frozenset(keys))


def listed() -> dict[str, tuple[set[str], set[str]]]:
    """Event -> levels and keys, as the page has them."""
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| ([`\w, ]*) \|", (ROOT / "docs/logs.md").read_text(), re.MULTILINE)
    assert len(rows) == len({event for event, _, _ in rows}), "each event once"
    return {event: (set(levels.split(", ")), set(re.findall(r"\w+", keys))) for event, levels, keys in rows}


def logged() -> dict[str, tuple[set[str], set[str]]]:
    """Event -> levels and keys, as the code has them."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for call in calls():
        assert call.event is not None, f"{call.where}: an event's name is a text that can be searched for"
        found[call.event][0].add(call.level)
        found[call.event][1].update(call.keys)
    return dict(found)


def test_every_event_of_the_code_stands_in_the_list_with_its_levels_and_keys_and_the_other_way_round() -> None:
    in_docs = {event: row for event, row in listed().items() if event not in BY_A_PROCESSOR}
    assert in_docs == logged()
    assert listed().keys() >= BY_A_PROCESSOR


def test_an_event_has_the_same_keys_wherever_it_is_logged() -> None:
    keys: dict[str | None, set[frozenset[str]]] = defaultdict(set)
    for call in calls():
        keys[call.event].add(call.keys)
    assert {event: kinds for event, kinds in keys.items() if len(kinds) > 1} == {}


def test_names_are_words_in_lower_case_and_end_in_their_unit() -> None:
    names = {name for event, (_, keys) in logged().items() for name in (event, *keys)}
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert names & {"seconds", "duration", "count", "number", "msg", "message", "err", "exception", "problem"} == set()


def test_what_is_sampled_says_so_in_the_list() -> None:
    rows = (ROOT / "docs/logs.md").read_text().splitlines()
    says = {row.split("`")[1] for row in rows if row.startswith("| `") and "Sampled" in row}
    assert says == {*REPEATING, "gate_held", "library_said"}


def test_the_keys_that_make_two_lines_the_same_are_keys_of_that_event() -> None:
    found = logged()
    assert [event for event, same_by in REPEATING.items() if not set(same_by) <= found[event][1]] == []
