"""What becomes of an event that is prepared, for each of its pixels: it goes, is refused, or nobody wants it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from capi_stream.intake.encoding import encode
from capi_stream.intake.mapping.event_conditions import holds
from capi_stream.intake.mapping.runtime import Draft
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.violations import Violation
from capi_stream.intake.settings import IntakeSettings
from capi_stream.intake.topics import Check
from capi_stream.model import Destination, Event, Mapped, Noted, PixelId, Rejection

NO_DESTINATION = "no_destination"
"""Filtered for more than the mapping's own reasons: no destination of the pixel wants the event."""


class Judging:
    """Judges events by the rules, and finds where they go."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._rules = settings.rules
        self._routing = settings.routing
        self._default_pixels = (settings.routing.default_pixel,)
        self._max_event_bytes = settings.max_event_bytes

    def judge(self, draft: Draft, index: int, check: Check, unix_now: float, mapped: Mapped) -> None:
        """Add to `mapped` what becomes of the record's event number `index`, for each of its pixels."""
        event = draft.event
        judged = self._judged(event, check, unix_now)
        if not isinstance(judged, Violation):
            mapped.noted += [Noted(name, "missing") for name in rules.wanting(event)]
        for pixel in draft.pixels or self._default_pixels:
            destinations = self._routing.destinations.get(pixel) if pixel else None
            if pixel is None or destinations is None:
                detail = f"pixel {pixel}" if pixel else "the record names no pixel, and no pixel has its store"
                unknown = Violation("pixel_not_configured", detail)
                mapped.rejections.append(_refused("map", unknown, event, index, pixel))
            elif isinstance(judged, Violation):
                mapped.rejections.append(_refused("validate", judged, event, index, pixel))
            elif wanted := self._wanted(destinations, event):
                mapped.events.append(_accepted(event, index, wanted, judged))
            else:
                mapped.filtered.append(NO_DESTINATION)

    def _judged(self, event: dict[str, Any], check: Check, unix_now: float) -> bytes | Violation:
        """The event as it is sent, or why it cannot be."""
        if violation := check(event, unix_now, self._rules):
            return violation
        body = encode(event)
        if len(body) > self._max_event_bytes:
            return Violation("event_too_large", f"{len(body)} bytes")
        return body

    def _wanted(self, destinations: tuple[Destination, ...], event: dict[str, Any]) -> tuple[Destination, ...]:
        """Those of `destinations` whose condition holds for `event`."""
        conditions = self._routing.conditions
        if not conditions:
            return destinations
        return tuple(each for each in destinations if each not in conditions or holds(conditions[each], event))


@lru_cache(maxsize=1_000)
def _shared(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Equal `keys` as one object: thousands of events wait at a time, and most have the same."""
    return keys


def _accepted(event: dict[str, Any], index: int, destinations: tuple[Destination, ...], body: bytes) -> Event:
    return Event(
        destinations[0].pixel,
        destinations,
        event["event_name"],
        event["event_id"],
        event["event_time"],
        rules.not_after(event),
        body,
        index,
        _shared(tuple(event["user_data"])),
    )


def _refused(stage: str, why: Violation, event: dict[str, Any], index: int, pixel: PixelId | None) -> Rejection:
    return Rejection(
        stage,
        why.reason,
        why.detail,
        index=index,
        pixel=pixel,
        event_id=event["event_id"],
        event_name=event.get("event_name"),
    )
