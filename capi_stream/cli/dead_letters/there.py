"""What there is where filters take nothing: who has misspelt a reason sees those that lie there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from capi_stream.cli.json_text import short
from capi_stream.cli.letters.shown import shown_name, shown_pixel
from capi_stream.letter_heads import Head
from capi_stream.replay.choosing import Choice

MOST = 10  # values of each filter

_SAID: Mapping[str, Callable[[Head], str | None]] = MappingProxyType(
    {
        "--reason": lambda head: head.reason,
        "--stage": lambda head: head.stage,
        "--pixel": lambda head: head.pixel and shown_pixel(head.pixel),
        "--code": lambda head: None if head.code is None else str(head.code),
        "--topic": lambda head: head.source_topic,
        "--event-name": lambda head: head.event_name and shown_name(head.event_name),
    }
)


class There:
    """Counts, of all letters, what the headers say that the filters of `choice` ask for."""

    def __init__(self, choice: Choice) -> None:
        asked = (choice.reasons, choice.stages, choice.pixels, choice.codes, choice.topics, choice.event_names)
        self._counts: dict[str, Counter[str]] = {
            option: Counter() for option, values in zip(_SAID, asked, strict=True) if values
        }
        self.letters = 0

    def counts(self, head: Head | None) -> None:
        """One more record that lies there."""
        if head is None:
            return
        self.letters += 1
        for option, counts in self._counts.items():
            if said := _SAID[option](head):
                counts[said] += 1

    def lines(self, where: str) -> Iterator[str]:
        """For a person, where the filters take none: the values that each could take, the most frequent first."""
        if not self.letters:
            yield f"There is none in {where}."
            return
        yield f"The filters take none of {self.letters:,} in {where}{', which have:' if self._counts else '.'}"
        for option, counts in self._counts.items():
            largest = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST]
            values = [f"{short(value)} ({number:,})" for value, number in largest]
            more = f", and {len(counts) - MOST:,} more" if len(counts) > MOST else ""
            yield f"  {option}: {', '.join(values) or 'none'}{more}"
