"""The engine under random schedules. `python -m tests.simulation SEED` replays one."""

from __future__ import annotations

import pytest

from tests.simulation.world import World

SCHEDULES = 200


@pytest.mark.parametrize("first", range(0, SCHEDULES, 50))
def test_the_invariants_hold_under_random_schedules(first: int) -> None:
    for seed in range(first, first + 50):
        try:
            World(seed).run()
        except AssertionError as broken:
            pytest.fail(f"seed {seed}: {broken}; replay with: python -m tests.simulation {seed}")
