"""Ways to do the same work, timed in turn: machines are shared, so only what was measured side by side is compared.

Times are of the thread's own CPU. Each round runs every way once over the same inputs, in an order that moves on; a
ratio is the median of the rounds' ratios, a time the least of its rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], object]
"""One round of a way: all inputs, once."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Nanoseconds an event of each way, by round."""

    rounds: Mapping[str, Sequence[float]]

    def nanoseconds(self, way: str) -> float:
        """What an event costs by `way`, where nothing else disturbed it."""
        return min(self.rounds[way])

    def ratio(self, way: str, other: str) -> float:
        """`way` as a multiple of `other`."""
        return statistics.median(a / b for a, b in zip(self.rounds[way], self.rounds[other], strict=True))

    def spread(self, way: str, other: str) -> tuple[float, float]:
        """The lower and the upper quartile of the rounds' ratios."""
        ratios = sorted(a / b for a, b in zip(self.rounds[way], self.rounds[other], strict=True))
        return ratios[len(ratios) // 4], ratios[(3 * len(ratios)) // 4]


def measured(ways: Mapping[str, Work], events: int, rounds: int) -> Measured:
    """Time `ways`, each of which works on `events` events, in turn; a round that counts for nothing comes first."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds + 1):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            gc.collect()
            began = time.thread_time_ns()
            ways[name]()
            if number:
                found[name].append((time.thread_time_ns() - began) / events)
    return Measured(found)
