"""A letter's headers: why it is here and where it came from. Their names are a promise."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from capi_stream import __version__
from capi_stream.delivery.batches import Letter

PREFIX = "capi-stream."

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "kind": "`dead_letter`: the record is refused. `parked`: it is good, and its pixel cannot take it now",
        "reason": "why, a word from a closed set",
        "stage": "where that was found: `decode`, `map`, `validate` or `post`",
        "detail": "the same for a person; may quote the record",
        "event_index": "which event of the record, from 0, where only that one failed",
        "event_id": "the event's id, given or derived",
        "event_name": "the event's name",
        "pixel": "the pixel that it was meant for",
        "endpoint": "`graph` or `gateway`: who refused it",
        "status": "the answer's HTTP status",
        "code": "the API's error code",
        "subcode": "the API's error subcode",
        "message": "the API's own words; `…` stands for what is not of a closed list: it may quote the event",
        "fbtrace_id": "what Meta's support asks for",
        "attempts": "how often it was posted",
        "first_failed_at": "Unix milliseconds",
        "last_failed_at": "Unix milliseconds",
        "source_topic": "where the record was read",
        "source_partition": "likewise",
        "source_offset": "likewise",
        "source_timestamp": "the record's own, in Unix milliseconds; -1 where it had none",
        "schema": "the registry's id or GUID of the schema that its value was written with",
        "value_omitted": "`true` where the value was too large for this topic: read it at its source",
        "version": "of the service",
    }
)
"""Header without prefix -> what it says. One without a value is left out."""


def headers(letter: Letter, unix_offset: float) -> list[tuple[str, str | bytes | None]]:
    """The headers of `letter`: the record's own, then ours. `unix_offset` turns its monotonic times into Unix time.

    Headers of ours that the record came with are left out, be they of an earlier letter or made up: ours stand alone.
    """
    own: list[tuple[str, str | bytes | None]] = [
        each for each in letter.record.headers if not each[0].startswith(PREFIX)
    ]
    ours = {**_why(letter, unix_offset), **_whence(letter)}
    return own + [(PREFIX + name, _encoded(ours[name])) for name in HEADERS if ours[name] is not None]


def _encoded(value: object) -> bytes:
    return str(value).encode(errors="replace")  # half of a surrogate pair must not keep the letter from going


def _why(letter: Letter, unix_offset: float) -> dict[str, object]:
    rejection, answer = letter.rejection, letter.answer
    return {
        "kind": letter.kind.value,
        "reason": rejection.reason,
        "stage": rejection.stage,
        "detail": rejection.detail or None,
        "event_index": rejection.index,
        "event_id": rejection.event_id,
        "event_name": rejection.event_name,
        "pixel": rejection.pixel,
        "endpoint": letter.destination.endpoint if letter.destination else None,
        "status": answer.status,
        "code": answer.code,
        "subcode": answer.subcode,
        "message": answer.message or None,
        "fbtrace_id": answer.fbtrace_id,
        "attempts": letter.attempts,
        "first_failed_at": round((letter.first_failed_at + unix_offset) * 1_000),
        "last_failed_at": round((letter.last_failed_at + unix_offset) * 1_000),
    }


def _whence(letter: Letter) -> dict[str, object]:
    record = letter.record
    return {
        "source_topic": record.partition.topic,
        "source_partition": record.partition.number,
        "source_offset": record.offset,
        "source_timestamp": record.timestamp_ms,
        "schema": letter.schema,
        "value_omitted": None if letter.carries_value else "true",
        "version": __version__,
    }
