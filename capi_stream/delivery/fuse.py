"""The fuse: a bad deploy upstream must not pour a topic into the dead letters.

Of each pixel, and of all together, it counts how many events were found invalid among those that were judged, over a
window that moves in steps. Past a minimum and a share it blows; what it counted is forgotten then, so that after
somebody opened the gate it needs the minimum once more.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from capi_stream.delivery.gates import Gate, Gates, gate_name
from capi_stream.delivery.outcomes import Scope
from capi_stream.delivery.settings import FuseSettings
from capi_stream.model import Destination, PixelId

FUSE = "fuse"  # the reason that a blown fuse's gate holds for, until a person opens it
STEPS = 10  # of which a window is made


@dataclass(slots=True)
class _Step:
    until: float
    judged: int = 0
    invalid: int = 0


class Fuse:
    """Counts for one pixel, or for all."""

    def __init__(self, settings: FuseSettings) -> None:
        self._settings = settings
        self._steps: deque[_Step] = deque()

    def judged(self, number: int, invalid: int, now: float) -> bool:
        """Count events that were judged, `invalid` of them so found. Returns whether that blew the fuse."""
        step = self._step(now)
        step.judged += number
        step.invalid += invalid
        if not invalid:
            return False
        total = sum(each.invalid for each in self._steps)
        if total < self._settings.minimum or total <= self._settings.share * sum(each.judged for each in self._steps):
            return False
        self._steps.clear()
        return True

    def _step(self, now: float) -> _Step:
        length = self._settings.window_seconds / STEPS
        while self._steps and self._steps[0].until <= now - self._settings.window_seconds:
            self._steps.popleft()
        if not self._steps or self._steps[-1].until <= now:
            self._steps.append(_Step(now + length))
        return self._steps[-1]

    def forget(self) -> None:
        """Begin anew: what was counted is dealt with."""
        self._steps.clear()


class Fuses:
    """One fuse for each configured pixel, and one for all; a blown one holds its gates until a person opens them."""

    def __init__(self, settings: FuseSettings | None, gates: Gates, destinations: Iterable[Destination]) -> None:
        self._gates = gates
        self._of_pixel: dict[PixelId, tuple[Fuse, list[Gate]]] = {}
        self._of_all: Fuse | None = None
        if settings is None:
            return
        self._of_all = Fuse(settings)
        for destination in destinations:
            _, held = self._of_pixel.setdefault(destination.pixel, (Fuse(settings), []))
            held.append(Gate(Scope.PIXEL, gate_name(destination)))

    def judged(self, pixel: PixelId | None, number: int, invalid: int, now: float) -> None:
        """Count events of `pixel` that were judged, and hold what that blows. A pixel's own fuse spares the others."""
        if self._of_all is None:
            return
        own = self._of_pixel.get(pixel) if pixel else None
        is_blown = self._of_all.judged(number, invalid, now)
        if own is not None and own[0].judged(number, invalid, now):
            self._of_all.forget()
            self._hold(own[1], now)
        elif is_blown:
            self._hold([Gate(Scope.ALL)], now)

    def _hold(self, gates: Collection[Gate], now: float) -> None:
        for gate in gates:
            self._gates.hold(gate, FUSE, now, 0.0, seconds=math.inf)

    def holds(self, pixel: PixelId | None) -> bool:
        """Whether letters of `pixel` wait for a person. A pixel that is not configured waits with all alone."""
        gates = [Gate(Scope.ALL)] if pixel not in self._of_pixel else [Gate(Scope.ALL), *self._of_pixel[pixel][1]]
        return any(row.reason == FUSE for _, row in self._gates.rows(gates))

    def reset(self) -> int:
        """A person opens every gate that a fuse holds; how many that were."""
        blown = [Gate(Scope(view.scope), view.name) for view in self._gates.holding() if view.reason == FUSE]
        for gate in blown:
            self._gates.open(gate)
        return len(blown)
