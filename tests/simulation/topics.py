"""The topics that take letters, new ones and those that go on, or do not."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from capi_stream.delivery.batches import Letter


class Topics:
    """All that a world has: each may take nothing for a while, or no large value ever."""

    def __init__(self, random: Random, faults: float, names: Sequence[str]) -> None:
        self._random = random
        self._names = names
        self.faults = faults
        self._largest = random.choice((1_000, 200)) if faults else 1_000
        self._failing_until: dict[str, float] = {}

    def weather(self, now: float) -> None:
        """One of them takes nothing for a while."""
        self._failing_until[self._random.choice(self._names)] = now + self._random.choice((1.0, 60.0, 300.0))

    def recover(self) -> None:
        """Take everything but what is too large."""
        self.faults = 0.0
        self._failing_until.clear()

    def refusal(self, letter: Letter, now: float) -> str | None:
        """Why `letter` is not taken."""
        if now < self._failing_until.get(letter.topic, 0.0) or self._random.random() < self.faults:
            return self._random.choice(("timed_out", "too_large") if letter.carries_value else ("timed_out",))
        return "too_large" if letter.carries_value and letter.record.size_bytes > self._largest else None
