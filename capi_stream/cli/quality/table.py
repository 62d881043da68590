"""What Meta says, for a person: a block a pixel, a table an event name, and its advice in its own words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from capi_stream.cli.quality.refusals import sentence
from capi_stream.endpoints.dataset_quality import DedupeKey, Diagnostic, EventQuality, Identifier, Quality, Said

COLUMNS = 100
UNSAID = "-"


def of(pixel: str, url: str, said: Said) -> Iterator[str]:
    """The lines of one pixel."""
    if not isinstance(said, Quality):
        yield from _wrapped(f"pixel {pixel}: {sentence(said, url)}", "")
    elif not said.events:
        yield f"pixel {pixel}: Meta says nothing of it yet; after its first web events that takes hours."
    else:
        yield f"pixel {pixel}"
        for event in said.events:
            yield from _event(event)
    yield ""


def _event(event: EventQuality) -> Iterator[str]:
    score = UNSAID if event.score is None else f"{event.score:.1f}"
    goal = "" if event.coverage_goal is None else f", goal {_percent(event.coverage_goal)}"
    yield ""
    yield f"  {_plain(event.event_name) or 'without a name'}"
    yield f"    {'match quality':<24} {score} of 10"
    yield f"    {'browser events covered':<24} {_percent(event.coverage)}{goal}"
    yield f"    {'arrives':<24} {_plain(event.freshness) or UNSAID}"
    yield from _identifiers(event.identifiers)
    yield from _dedupe_keys(event.dedupe_keys)
    for each in event.diagnostics:
        yield from _diagnostic(each)


def _identifiers(identifiers: Sequence[Identifier]) -> Iterator[str]:
    if identifiers:
        yield f"    {'identifier':<24} {'of events':>9}  more of it: conversions reported"
    for each in identifiers:
        more = "" if each.may_bring is None else f"  +{_percent(each.may_bring)}"
        yield f"    {_plain(each.name) or UNSAID:<24} {_percent(each.coverage):>9}{more}"
    for each in identifiers:
        yield from _wrapped(_plain(each.advice), "      ")


def _dedupe_keys(keys: Sequence[DedupeKey]) -> Iterator[str]:
    if keys:
        yield f"    {'deduplication key':<24} {'browser':>9} {'server':>9} {'covered':>9}"
    for each in keys:
        shares = " ".join(f"{_percent(share):>9}" for share in (each.browser, each.server, each.covered))
        yield f"    {_plain(each.name) or UNSAID:<24} {shares}"


def _diagnostic(found: Diagnostic) -> Iterator[str]:
    number = "" if found.affected is None or found.total is None else f": {found.affected} of {found.total} events"
    share = "" if found.share is None else f" ({_percent(found.share)}{number})"
    yield from _wrapped(f"! {_plain(found.name)}{share}", "    ")
    yield from _wrapped(_plain(found.description), "      ")
    yield from _wrapped(f"What to do: {_plain(found.solution)}" if found.solution else "", "      ")


def _percent(share: float | None) -> str:
    return UNSAID if share is None else f"{share * 100:.1f} %"


def _plain(text: str) -> str:
    """`text` on one line, without what would move a terminal's cursor."""
    return "".join(each if each.isprintable() else " " for each in text)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ")
