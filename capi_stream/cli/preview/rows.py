"""What would become of a record, a row for each of its events; shown to a person or to a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

import orjson

from capi_stream.cli.json_text import printable
from capi_stream.cli.masking import masked
from capi_stream.cli.times import written
from capi_stream.model import Event, Malformed, Mapped, NeedSchema, Partition, Reading, Record, Rejection, Tombstone


@dataclass(frozen=True, slots=True)
class Send:
    """This event would be posted."""

    event: Event


@dataclass(frozen=True, slots=True)
class Reject:
    """This would become a dead letter."""

    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing would be sent: `would` is filter, skip or wait."""

    would: str
    reason: str


Fate = Send | Reject | Pass


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that would become of one record."""

    partition: Partition
    offset: int
    fate: Fate


def rows(record: Record, reading: Reading) -> Iterator[Row]:
    """The rows of one record; a record without events has one too."""
    for fate in _fates(reading):
        yield Row(record.partition, record.offset, fate)


def _fates(reading: Reading) -> list[Fate]:
    match reading:
        case Mapped(events=events, rejections=rejections, filtered=filtered):
            made: list[Fate] = [
                *map(Send, events),
                *map(Reject, rejections),
                *(Pass("filter", each) for each in filtered),
            ]
            return made or [Pass("skip", "no_events")]
        case Malformed(rejection):
            return [Reject(rejection)]
        case Tombstone():
            return [Pass("skip", "tombstone")]
        case NeedSchema(schema):
            return [Pass("wait", f"schema_{schema.key}_not_told")]
        case _:
            assert_never(reading)


# For a person.


def line(row: Row, *, raw: bool) -> str:
    """One line. Without `raw` it holds the names of identifiers alone, and nothing that quotes a record."""
    place = f"{row.partition.number}/{row.offset}"
    would, words = _words(row.fate, raw=raw)
    return printable(f"{place:<12} {would:<7} {'  '.join(words)}")


def _words(fate: Fate, *, raw: bool) -> tuple[str, list[str]]:
    match fate:
        case Send(event):
            words = [event.pixel, event.name, event.event_id, written(event.time), _identifiers(event, raw=raw)]
            return "send", words
        case Reject(rejection):
            named = (rejection.pixel, rejection.event_name, rejection.event_id, rejection.detail if raw else None)
            return "reject", [rejection.stage, rejection.reason, *(each for each in named if each)]
        case Pass(would, reason):
            return would, [reason]
        case _:
            assert_never(fate)


def _identifiers(event: Event, *, raw: bool) -> str:
    user_data: dict[str, Any] = orjson.loads(event.body).get("user_data", {})
    if raw:
        return orjson.dumps(user_data).decode()
    return " ".join(f"{key}*{len(value)}" if isinstance(value, list) and len(value) > 1 else key
                    for key, value in user_data.items())  # fmt: skip


# For a program.


def entry(row: Row, *, raw: bool) -> bytes:
    """One JSON object. With `raw` the event is what would be posted, byte for byte; else personal values are masked."""
    topic, number = row.partition
    place: dict[str, Any] = {"topic": topic, "partition": number, "offset": row.offset}
    match row.fate:
        case Send(event):
            shown = orjson.Fragment(event.body) if raw else masked(orjson.loads(event.body))
            to = [destination.endpoint for destination in event.destinations]
            return orjson.dumps({**place, "would": "send", "pixel": event.pixel, "endpoints": to, "event": shown})
        case Reject(rejection):
            # json, not orjson: half of a surrogate pair, which a bad record may hold, must not end the preview.
            return json.dumps({**place, "would": "reject", **_why(rejection, raw=raw)}).encode()
        case Pass(would, reason):
            return orjson.dumps({**place, "would": would, "reason": reason})
        case _:
            assert_never(row.fate)


def _why(rejection: Rejection, *, raw: bool) -> dict[str, Any]:
    keys = ("stage", "reason", "pixel", "event_id", "event_name", *(("detail",) if raw else ()))
    return {key: value for key in keys if (value := getattr(rejection, key)) not in (None, "")}
