"""Letters in a table for a person, and as objects for a program: what their headers say, but for what may quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.words import code, place, when
from capi_stream.cli.json_text import short
from capi_stream.letter_heads import QUOTING, Head

COLUMNS = ("place", "failed last", "stage", "reason", "pixel", "code", "event", "event id", "replays")
FOREIGN = "(no letter of ours)"
UNSAID = "-"
LONGEST_PLACE = 249 + 1 + 10 + 1 + 19  # a topic's name, a partition, an offset: never cut, since `show` wants it whole
MAY_QUOTE = frozenset(QUOTING)


class Row(NamedTuple):
    """A letter without its key and value: many are held at a time, and a value may be a megabyte."""

    at_ms: int
    offset: int
    place: str
    head: Head | None
    values: dict[str, Any]


def row(each: Lying) -> Row:
    """What is shown of `each`. `at_ms` is when it failed last; of what does not say so, when it was stored."""
    failed_at = each.head.last_failed_at if each.head else None
    at_ms = each.record.timestamp_ms if failed_at is None else failed_at
    return Row(at_ms, each.record.offset, place(each.record), each.head, _values(each))


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each, below the names of the columns; nothing for none."""
    if not rows:
        return
    table = [COLUMNS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cells(each: Row) -> tuple[str, ...]:
    head = each.head
    if head is None:
        return (short(each.place, LONGEST_PLACE), when(each.at_ms), UNSAID, FOREIGN, *[UNSAID] * (len(COLUMNS) - 4))
    texts = (head.stage, head.reason, head.pixel, code(head), head.event_name, head.event_id, str(head.replay_count))
    return (short(each.place, LONGEST_PLACE), when(each.at_ms), *(short(text or UNSAID) for text in texts))


def _values(each: Lying) -> dict[str, Any]:
    record = each.record
    at = {"topic": record.partition.topic, "partition": record.partition.number, "offset": record.offset}
    about = {"timestamp": record.timestamp_ms, "has_value": record.value is not None, "is_foreign": each.head is None}
    return {**at, **about, **({} if each.head is None else said(each.head, MAY_QUOTE))}


def said(head: Head, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What the headers of a letter say, without those that it does not have, and those `left_out`."""
    return {name: value for name, value in asdict(head).items() if name not in left_out and value not in (None, "")}
