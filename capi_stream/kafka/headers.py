"""The headers that a letter gets. `letter_heads` has their names, and reads them again."""

from __future__ import annotations

from dataclasses import asdict

from capi_stream import __version__
from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.letter_heads import HEADERS, PREFIX, REPLAY, Head, own_headers, read

_WHERE_IT_BEGAN = ("source_topic", "source_partition", "source_offset", "source_timestamp", "first_failed_at")
_WHAT_IS_MEANT = ("event_index", "mapping", "event_id", "event_name", "pixel", "endpoint", "schema")


def headers(letter: Letter, unix_offset: float, replay_id: str = "") -> list[tuple[str, bytes | None]]:
    """The headers of `letter`: the record's own, then ours. `unix_offset` turns its monotonic times into Unix time.

    Where the record was an earlier letter, or came of one, ours remember that; `replay_id` is the replay that runs.
    """
    ours = {**_why(letter, unix_offset), **_whence(letter)}
    earlier = read(letter.record.headers)
    if earlier is not None:
        kept = asdict(earlier) if letter.kind is LetterKind.REPLAY else _again(ours, earlier)
        now = {"kind": letter.kind.value, "version": __version__, "attempts": earlier.attempts + letter.attempts}
        ours = {**ours, **kept, **now, **_replayed(earlier, replay_id), "read_from": _place(letter)}
    written = [(PREFIX + name, _encoded(ours[name])) for name in HEADERS if ours.get(name) not in (None, "")]
    return [*own_headers(letter.record.headers), *written]


def _encoded(value: object) -> bytes:
    return str(value).encode(errors="replace")  # half of a surrogate pair must not keep the letter from going


def _why(letter: Letter, unix_offset: float) -> dict[str, object]:
    rejection, answer = letter.rejection, letter.answer
    return {
        "kind": letter.kind.value,
        "reason": rejection.reason,
        "stage": rejection.stage,
        "detail": rejection.detail,
        "event_index": rejection.index,
        "mapping": None if rejection.index is None else letter.ticket.mapping,
        "event_id": rejection.event_id,
        "event_name": rejection.event_name,
        "pixel": rejection.pixel,
        "endpoint": letter.destination.endpoint if letter.destination else None,
        "status": answer.status,
        "code": answer.code,
        "subcode": answer.subcode,
        "message": answer.message,
        "fbtrace_id": answer.fbtrace_id,
        "attempts": letter.attempts,
        "first_failed_at": round((letter.first_failed_at + unix_offset) * 1_000),
        "last_failed_at": round((letter.last_failed_at + unix_offset) * 1_000),
    }


def _place(letter: Letter) -> str:
    partition = letter.record.partition
    return f"{partition.topic}/{partition.number}/{letter.record.offset}"


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


def _again(ours: dict[str, object], earlier: Head) -> dict[str, object]:
    """What is to be said otherwise than `ours` says: where it began stays, and no more is meant than before."""
    before = asdict(earlier)
    began = {name: before[name] for name in _WHERE_IT_BEGAN if before[name] is not None}
    meant = {name: before[name] for name in _WHAT_IS_MEANT if ours[name] is None}
    lasting = {"encrypted": earlier.encrypted, "first_reason": earlier.first_reason or earlier.reason}
    return {**began, **meant, **lasting}


def _replayed(earlier: Head, replay_id: str) -> dict[str, object]:
    """That it was replayed: counted where it is taken from the letters, not where a service reads what was put back."""
    count = earlier.replay_count + (earlier.kind != REPLAY)
    return {"replay_count": count, "replay_id": replay_id or earlier.replay_id}
