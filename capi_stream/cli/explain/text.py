"""An explanation as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capi_stream.cli.explain.steps import Because, Explanation, Made, Note, Ruled
from capi_stream.cli.explain.verdicts import is_for_several_pixels, sentence
from capi_stream.cli.json_text import without_nulls, written
from capi_stream.intake.intake import REASONS as INTAKE_REASONS
from capi_stream.intake.parameters.violations import REASONS as RULES


def lines(explanation: Explanation) -> Iterator[str]:
    """The whole text, line by line."""
    for note in explanation.read_as:
        yield f"Read as {note}."
    yield f"Schema {explanation.schema}, mapping {explanation.mapping}. Nothing was sent to anybody."
    if explanation.record is not None:
        yield from _section("The record, without its nulls", [written(without_nulls(explanation.record))])
    for made in explanation.events:
        yield from _event(made, len(explanation.events))
    if explanation.notes:
        yield from _section(
            "Worth knowing", dict.fromkeys(_place(each, explanation) + each.text for each in explanation.notes)
        )
    fates = [each.fate for each in explanation.events]
    whys = (f"  {_place(each, explanation)}{_why(each)}" for each in explanation.why)
    yield from _section("Verdict", [sentence(explanation.verdict, explanation.counts, fates), *whys])


def _why(because: Because) -> str:
    meaning = RULES.get(because.reason) or INTAKE_REASONS.get(because.reason)
    return " - ".join(dict.fromkeys(each for each in (because.reason, meaning, because.detail) if each))


def _place(told: Because | Note, explanation: Explanation) -> str:
    """Which event and pixel it is of, where the record makes several."""
    if told.event is None:
        return ""
    is_one = len(explanation.events) == 1
    is_of_one = not is_for_several_pixels(each.fate for each in explanation.events)
    event = "" if is_one else f"event {told.event}"
    pixel = "" if told.pixel is None or (is_one and is_of_one) else f"pixel {told.pixel}"
    place = ", ".join(filter(None, (event, pixel)))
    return f"{place}: " if place else ""


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
    yield from _section("  Rules", [f"  {each}" for each in _rules(made.rules)])
    yield from _section("  Size", [f"  {made.size_bytes:,} bytes of at most {made.most_bytes:,}"])
    better = [f"  {each.name:18} {each.good_for}" for each in made.for_better_matching]
    yield from _section("  For better matching, it lacks", better or ["  nothing that we know of"])


def _rules(rules: list[Ruled]) -> Iterator[str]:
    """Those that are broken, and how many are not."""
    others = [each for each in rules if each.verdict != "broken"]
    for each in rules:
        if each.verdict == "broken":
            yield f"broken      {each.reason}{f': {each.detail}' if each.detail else ''}"
    if others:
        which = "all" if len(others) == len(rules) else "the other"
        yield f"{others[0].verdict:11} {which} {len(others)}"


def _mapped(made: Made) -> list[str]:
    return written(made.event).splitlines()


def _fate(made: Made) -> Iterator[str]:
    for pixel, fate in made.fate.items():
        to = f"pixel {pixel}" if pixel else "no pixel, and no default_pixel"
        yield f"{to}: " + (f"to {', '.join(fate)}" if isinstance(fate, list) else f"nowhere, {fate}")
