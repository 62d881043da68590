"""A record that comes back: read as the record that it was, and only the part of it that its letter names."""

from __future__ import annotations

from dataclasses import replace

from capi_stream import letter_heads
from capi_stream.model import WHOLE, Event, Mapped, Part, Record, Rejection


def first_read(record: Record) -> tuple[Record, Part]:
    """`record` as it was first read, and what of it is meant: a letter, or what a replay made of one, says both."""
    head = letter_heads.read(record.headers)
    return (record, WHOLE) if head is None else (letter_heads.original(record, head), head.part)


def narrowed(mapped: Mapped, part: Part) -> None:
    """Leave in `mapped` what is of `part`. Its index was seen to when the events were made."""
    mapped.events = [each for event in mapped.events if (each := _event(event, part)) is not None]
    mapped.rejections = [each for each in mapped.rejections if _is_of(each, part)]
    if not (mapped.events or mapped.rejections or mapped.filtered):
        mapped.rejections.append(_gone(part))


def _event(event: Event, part: Part) -> Event | None:
    """`event` for the destinations that are meant; None where there are none."""
    if part.pixel not in (None, event.pixel):
        return None
    meant = tuple(each for each in event.destinations if part.endpoint in (None, each.endpoint))
    return replace(event, destinations=meant) if meant else None


def _is_of(rejection: Rejection, part: Part) -> bool:
    return None in (part.pixel, rejection.pixel) or part.pixel == rejection.pixel


def _gone(part: Part) -> Rejection:
    detail = f"event {part.index} for pixel {part.pixel} at {part.endpoint or 'each endpoint'}"
    return Rejection("map", "no_longer_made", detail, part.index, part.pixel, part.event_id)
