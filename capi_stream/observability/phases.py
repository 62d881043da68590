"""Where the loop's time goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Phases:
    """Seconds by phase of the loop: poll, map, engine, commit, idle. Belongs to the loop's thread."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """The block is of `phase`. One that raises is not counted: it ends the loop."""
        began = time.monotonic()
        yield
        self.took(phase, time.monotonic() - began)

    def took(self, phase: str, seconds: float) -> None:
        """So long was spent on `phase`."""
        self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds

    @property
    def seconds(self) -> Mapping[str, float]:
        """Phase -> what all its turns took; as it is now."""
        return dict(self._seconds)
