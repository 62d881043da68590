"""Each bug that is planted on purpose is found, within a bounded number of schedules, by the check that is meant to."""

from __future__ import annotations

import pytest

from tests.simulation.planted_offsets import OF_OFFSETS, commits_one_too_far, commits_what_was_forgotten
from tests.simulation.planted_posts import OF_POSTS
from tests.simulation.planted_rare import OF_WHAT_IS_RARE
from tests.simulation.planting import Planted, Sabotage
from tests.simulation.schedules import explore, fault_of, shrunk
from tests.simulation.shape import Shape

BUGS = OF_OFFSETS | OF_POSTS | OF_WHAT_IS_RARE
"""Each with the invariant whose check must find it, whatever others find before."""
SCHEDULES = 5_000


@pytest.mark.parametrize(("bug", "invariant"), BUGS.items(), ids=[bug.__name__ for bug in BUGS])
def test_a_planted_bug_is_found(bug: Sabotage, invariant: str) -> None:
    found = found_by(bug)
    assert invariant in found, f"in {SCHEDULES} schedules it was found by {found or 'nothing'}"


def found_by(bug: Sabotage) -> set[str]:
    """The checks that find `bug`, up to the one that is meant to."""
    found: set[str] = set()
    for seed in range(SCHEDULES):
        if fault := fault_of(Shape.of(seed), Planted(bug)):
            found.add(fault.invariant)
            if fault.invariant == BUGS[bug]:
                break
    return found


def test_a_bug_is_found_on_all_cores_too() -> None:
    *_, found = explore(0, 2_000, Planted(commits_what_was_forgotten))
    assert found.fault is not None
    assert found.number == found.fault.shape.seed + 1


def test_a_failing_world_is_made_small() -> None:
    engine = Planted(commits_one_too_far)
    whole = fault_of(Shape.of(3), engine)
    assert whole is not None
    small = shrunk(whole, engine)
    assert small.invariant == "never early"
    assert (small.shape.members, small.shape.partitions, small.shape.faults, small.shape.moves) == (1, 1, 0.0, 0.0)
    assert small.shape.records <= 2
    assert small.shape.command().startswith("python -m tests.simulation 3 --")
