"""A record that comes back: read as the record that it was, and only the part of it that its letter names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from capi_stream import letter_heads
from capi_stream.intake.encoding import derived_event_id
from capi_stream.intake.mapping.runtime import Draft
from capi_stream.model import WHOLE, Event, Mapped, Part, PixelId, Record, Rejection


def first_read(record: Record) -> tuple[Record, Part]:
    """`record` as it was first read, and what of it is meant: a letter, or what a replay made of one, says both."""
    head = letter_heads.read(record.headers)
    return (record, WHOLE) if head is None else (letter_heads.original(record, head), head.part)


def meant(made: Sequence[Draft], part: Part, first: Record, mapping: str) -> list[tuple[int, Draft]]:
    """Those of the events `made` of `first`, each with its number, that `part` means; `mapping` made them.

    A mapping may have changed: an event is known by its name and its id. Where its number was its id, and the mapping
    was another, only one that has no sibling of its name is: better a new letter than another event under its id.
    """
    numbered = list(enumerate(made))
    if part.index is None:
        return numbered
    named = [each for each in numbered if part.name in (None, each[1].event.get("event_name"))]
    found = _known(named, part, first, mapping) or _only(named, part)
    if part.event_id:
        for _, draft in found:
            draft.event["event_id"] = part.event_id
    return found


Numbered = list[tuple[int, Draft]]


def _known(named: Numbered, part: Part, first: Record, mapping: str) -> Numbered:
    """The one of `named` that has the id; where several have it, or none is told, that with the number."""
    are_numbers_good = part.mapping in (None, mapping) or len(named) == 1
    good = [each for each in named if are_numbers_good or _has_id(each[1])]
    known = [each for each in good if part.event_id in (None, _id(each[1], each[0], first))]
    return known if len(known) == 1 else [each for each in known if each[0] == part.index]


def _only(named: Numbered, part: Part) -> Numbered:
    """The one that is left of `named`, if its name is the letter's, or its number where that tells no name."""
    return [each for each in named if len(named) == 1 and (part.name is not None or each[0] == part.index)]


def of_pixel(draft: Draft, part: Part, default_pixels: Sequence[PixelId | None]) -> Draft | None:
    """`draft` for the pixel that is meant alone; None where it does not go there any more."""
    if part.pixel is None:
        return draft
    return draft._replace(pixels=[part.pixel]) if part.pixel in (draft.pixels or default_pixels) else None


def _has_id(draft: Draft) -> bool:
    return bool((draft.event.get("event_id") or "").strip())


def _id(draft: Draft, number: int, first: Record) -> str:
    """The id that the event has now."""
    given: str = draft.event["event_id"] if _has_id(draft) else derived_event_id(first, number)
    return given


def narrowed(mapped: Mapped, part: Part) -> None:
    """Leave in `mapped` what is of `part`. What is not of its event or its pixel was never made."""
    mapped.events = [each for event in mapped.events if (each := _event(event, part)) is not None]
    mapped.rejections = [each for each in mapped.rejections if _is_of(each, part)]
    if not (mapped.events or mapped.rejections or mapped.filtered):
        mapped.rejections.append(_gone(part))


def _event(event: Event, part: Part) -> Event | None:
    """`event` for the destinations that are meant; None where there are none."""
    if part.pixel not in (None, event.pixel):
        return None
    wanted = tuple(each for each in event.destinations if part.endpoint in (None, each.endpoint))
    return replace(event, destinations=wanted) if wanted else None


def _is_of(rejection: Rejection, part: Part) -> bool:
    return None in (part.pixel, rejection.pixel) or part.pixel == rejection.pixel


def _gone(part: Part) -> Rejection:
    detail = f"event {part.index} for pixel {part.pixel} at {part.endpoint or 'each endpoint'}"
    return Rejection("map", "no_longer_made", detail, part.index, part.pixel, part.event_id, part.name)
