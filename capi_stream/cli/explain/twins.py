"""Events of one record that Meta takes for one: the same event_id, event_name and pixel ("Deduplicate Pixel and Server
Events")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from capi_stream.model import Mapped, PixelId, Reading


class Twins(NamedTuple):
    """Which events of a record, by their numbers, are one to Meta at `pixel`."""

    events: Sequence[int]
    pixel: PixelId

    def text(self, masked: Callable[[str], str] = str) -> str:
        """The same as the beginning of a sentence."""
        *others, last = map(str, self.events)
        return (
            f"events {', '.join(others)} and {last} have one event_id and one event_name, at pixel {masked(self.pixel)}"
        )


def twins(reading: Reading) -> Iterator[Twins]:
    """All that a record has."""
    found: defaultdict[tuple[PixelId, str, str], list[int]] = defaultdict(list)
    for event in reading.events if isinstance(reading, Mapped) else ():
        found[event.pixel, event.event_id, event.name].append(event.index)
    yield from (Twins(events, pixel) for (pixel, *_), events in found.items() if len(events) > 1)
