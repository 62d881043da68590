"""`python -m tests.simulation SEED` replays one schedule; with two numbers, all from the first up to the second."""

from __future__ import annotations

import sys

from tests.simulation.world import World

first = int(sys.argv[1])
last = int(sys.argv[2]) if len(sys.argv) > 2 else first + 1
for seed in range(first, last):
    try:
        World(seed).run()
    except AssertionError:
        print(f"seed {seed} breaks an invariant:", file=sys.stderr)
        raise
print(f"{last - first} schedules held")
