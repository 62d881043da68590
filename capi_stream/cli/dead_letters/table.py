"""Letters in a table for a person, and as objects for a program: what their headers say, but for what may quote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.words import NONE, code, place, when
from capi_stream.cli.json_text import printable, short
from capi_stream.cli.letters.shown import shown
from capi_stream.letter_heads import QUOTING, Head

COLUMNS = ("place", "failed last", "stage", "reason", "pixel", "code", "event", "event id", "replays")
FOREIGN = "(no letter of ours)"
UNSAID = "-"
LONGEST_PLACE = 249 + 1 + 10 + 1 + 19  # a topic's name, a partition, an offset: never cut, since `show` wants it whole
MAY_QUOTE = frozenset(QUOTING)
DAY_MS = 86_400_000  # clocks differ; a time that is later than tomorrow was damaged, or never one
_NOTHING = {"code": {UNSAID, NONE}, "replays": {UNSAID, "0"}}
GAP, INDENT = 2, 4  # blanks between columns, and before what is left of a letter on its next line


class Row(NamedTuple):
    """A letter without its key and value: many are held at a time, and a value may be a megabyte."""

    at_ms: int | None
    offset: int
    topic: str
    place: str
    head: Head | None
    values: dict[str, Any]

    @property
    def age(self) -> tuple[int, int]:
        """What the rows are sorted by, the newest last; one without a time is the oldest."""
        return (-1 if self.at_ms is None else self.at_ms, self.offset)


def row(each: Lying, now_ms: int) -> Row:
    """What is shown of `each`. `at_ms` is when it failed last; of what does not say so, when it was stored."""
    record = each.record
    told = (each.head.last_failed_at if each.head else None, record.timestamp_ms)
    at_ms = next((time for time in told if time is not None and 0 <= time < now_ms + DAY_MS), None)
    return Row(at_ms, record.offset, record.partition.topic, place(record), each.head, _values(each))


def lines(rows: Sequence[Row], width: int | None = None) -> Iterator[str]:
    """A line for each, below the names of the columns; nothing for none.

    In `width` characters, where it is given: a topic that all share is said once, columns in which nothing stands are
    left out, and what does not fit into a letter's line stands in the next one. A place is never cut.
    """
    if not rows:
        return
    table = [COLUMNS, *map(_cells, rows)]
    if width is None or sum(_widths(table)) + GAP * (len(COLUMNS) - 1) <= width:
        yield from _drawn(table, [list(range(len(COLUMNS)))])
        return
    topics = {each.topic for each in rows}
    if len(topics) == 1:
        yield printable(f"All lie in {topics.pop()},")
        yield "which `show` takes before the place, as TOPIC/PLACE."
        yield ""
        table = [COLUMNS, *((each.place.partition("/")[2], *_cells(each)[1:]) for each in rows)]
    yield from _drawn(table, _folded(table, width))


def _folded(table: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """Which columns stand in each line of a letter, so that no line is longer than `width`, if it can be had."""
    widths, folded, left = _widths(table), [[0]], width - _widths(table)[0]
    for column in range(1, len(widths)):
        if all(cells[column] in _NOTHING.get(COLUMNS[column], {UNSAID}) for cells in table[1:]):
            continue
        if widths[column] + GAP > left:
            folded.append([])
            left = width - INDENT + GAP
        folded[-1].append(column)
        left -= widths[column] + GAP
    return folded


def _drawn(table: Sequence[Sequence[str]], folded: Sequence[Sequence[int]]) -> Iterator[str]:
    widths = _widths(table)
    for cells in table:
        for number, columns in enumerate(folded):
            if number and all(cells[column] == UNSAID for column in columns):
                continue
            text = (" " * GAP).join(f"{cells[column]:<{widths[column]}}" for column in columns)
            yield f"{' ' * INDENT if number else ''}{text}".rstrip()


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*table, strict=True)]


def _cells(each: Row) -> tuple[str, ...]:
    head, at = each.head, (short(each.place, LONGEST_PLACE), when(each.at_ms))
    if head is None:
        return (*at, UNSAID, FOREIGN, *[UNSAID] * (len(COLUMNS) - 4))
    pixel, name, event_id = (each.values.get(key) for key in ("pixel", "event_name", "event_id"))
    texts = (head.stage, head.reason, pixel, code(head), name, event_id)
    return (*at, *(short(text or UNSAID) for text in texts), str(head.replay_count))


def _values(each: Lying) -> dict[str, Any]:
    record = each.record
    at = {"topic": record.partition.topic, "partition": record.partition.number, "offset": record.offset}
    about = {"timestamp": record.timestamp_ms, "has_value": record.value is not None, "is_foreign": each.head is None}
    return {**at, **about, **({} if each.head is None else shown(said(each.head, MAY_QUOTE)))}


def said(head: Head, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What the headers of a letter say, without those that it does not have, and those `left_out`."""
    return {name: value for name, value in asdict(head).items() if name not in left_out and value not in (None, "")}
