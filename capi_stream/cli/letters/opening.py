"""Letters as they lie in a topic, each with what its headers say, and what would become of it now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from capi_stream.cli.preview.reading import Reader
from capi_stream.config.settings import Settings
from capi_stream.intake.intake import Intake
from capi_stream.letter_heads import Head, read
from capi_stream.model import Mapped, Reading, Record
from capi_stream.replay.reading import Wish, with_hope


class Opened(NamedTuple):
    """A letter that a wish takes, and what it would become if it were sent now."""

    letter: Record
    head: Head
    reading: Reading


class Passed(NamedTuple):
    """A letter that it does not take, and why."""

    letter: Record
    reason: str


class Opening:
    """Says of letters what a replay with `wish` would make of them, without making it so."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._wish = wish
        self._intake = Intake(settings.intake)
        self._reader = Reader(self._intake, settings.registries)

    def opened(self, letters: Iterable[Record]) -> Iterator[Opened | Passed]:
        """Each of `letters`, as of now."""
        for letter in letters:
            head = read(letter.headers)
            reason = self._wish.passes_over(head, self._intake.reads)
            yield Passed(letter, reason or "no_letter") if reason or head is None else self._opened(letter, head)

    def _opened(self, letter: Record, head: Head) -> Opened:
        if self._wish.to_topic:
            return Opened(letter, head, Mapped())
        [(_, reading)] = self._reader.read([letter], time.time())
        return Opened(letter, head, with_hope(reading))
