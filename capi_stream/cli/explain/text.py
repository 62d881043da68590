"""An explanation as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from capi_stream.cli.explain.explanation import Explanation, Made
from capi_stream.cli.json_text import written
from capi_stream.intake.intake import REASONS as INTAKE_REASONS
from capi_stream.intake.parameters.rules import REASONS as RULES

VERDICTS = {
    "sent": "it would be sent",
    "rejected": "it would be rejected: a dead letter",
    "filtered": "it would not be sent: filtered",
    "nothing": "nothing would be sent: it has no value (a tombstone)",
}


def lines(explanation: Explanation) -> Iterator[str]:
    """The whole text, line by line."""
    for note in explanation.read_as:
        yield f"Read as {note}."
    yield f"Schema {explanation.schema}, mapping {explanation.mapping}. Nothing was sent to anybody."
    if explanation.record is not None:
        yield from _section("The record, without its nulls", [written(_without_nulls(explanation.record))])
    for made in explanation.events:
        yield from _event(made, len(explanation.events))
    if explanation.notes:
        yield from _section("Worth knowing", explanation.notes)
    yield from _section("Verdict", [VERDICTS[explanation.verdict], *(_why(*each) for each in explanation.why)])


def _why(reason: str, detail: str) -> str:
    meaning = RULES.get(reason) or INTAKE_REASONS.get(reason)
    return "  " + " - ".join(dict.fromkeys(each for each in (reason, meaning, detail) if each))


def _section(title: str, rows: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    for row in rows:
        yield from (f"  {line}" for line in row.splitlines())


def _event(made: Made, count: int) -> Iterator[str]:
    yield from _section(f"Event {made.index} ({made.index + 1} of {count})", _fate(made))
    yield from _section(
        "  Made by the mapping, before normalising and hashing", [f"  {line}" for line in _mapped(made)]
    )
    identifiers = [
        f"  {each.name:18} {each.normal_form:32} {each.sent if each.is_hashed else '(not hashed)'}"
        for each in made.identifiers
    ]
    yield from _section("  Customer information: normal form, and the hash that is sent", identifiers or ["  none"])
    if made.left_out:
        rows = [f"  {each.name:18} {each.raw!s:32} {each.reason.replace('_', ' ')}" for each in made.left_out]
        yield from _section("  Left out: the event goes on without it", rows)
    rules = [f"  {each.verdict:11} {each.reason}{f': {each.detail}' if each.detail else ''}" for each in made.rules]
    yield from _section("  Rules", rules)
    yield from _section("  Size", [f"  {made.size_bytes:,} bytes of at most {made.most_bytes:,}"])
    better = [f"  {each.name:18} {each.good_for}" for each in made.for_better_matching]
    yield from _section("  For better matching, it lacks", better or ["  nothing that we know of"])


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each not in (None, [], {})}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _mapped(made: Made) -> list[str]:
    return written(made.event).splitlines()


def _fate(made: Made) -> Iterator[str]:
    if not made.fate:
        yield "no pixel: the record names none, and there is no default"
    for pixel, fate in made.fate.items():
        yield f"pixel {pixel}: " + ("to " + ", ".join(fate) if isinstance(fate, list) else fate)
