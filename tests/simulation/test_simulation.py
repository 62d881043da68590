"""The engine under random schedules. `python -m tests.simulation SEED` replays one, `make simulate N=...` runs many.

What is rare (features.py) must have been exercised among the twenty thousand: else what is checked there says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.settings import Limits
from tests.simulation.features import Feature
from tests.simulation.schedules import Explored, explore, fault_of, first_fault, shrunk
from tests.simulation.shape import Shape

SCHEDULES = 20_000
QUICK = 400
RARELY = 10
FAILED_ONCE = (1_021_425, 1_060_546)  # beyond those of every run; docs/reliability.md says what they found


def test_the_invariants_hold_in_a_few_hundred_schedules() -> None:
    fault = first_fault(0, QUICK)
    assert fault is None, str(fault)


@pytest.mark.timeout(900)
def test_the_invariants_hold_in_twenty_thousand_schedules(
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    found = Explored()
    for found in explore(0, SCHEDULES):
        assert found.fault is None, f"after {found.number} schedules: {shrunk(found.fault)}"
    assert found.number >= SCHEDULES
    counts = {feature.value: found.exercised[feature] for feature in Feature}
    for name, number in counts.items():
        record_testsuite_property(name, number)
    assert {name: number for name, number in counts.items() if number < RARELY} == {}


def test_the_same_seed_is_the_same_world() -> None:
    first, second = (counted(range(7, 8)) for _ in range(2))
    assert first == second


def test_the_worlds_are_bad_enough() -> None:
    """What the engine is made for happens in them often: else nothing that holds there would mean much."""
    counts = counted(range(QUICK))
    assert {name: number for name, number in counts.items() if number < 50} == {}


def counted(seeds: range) -> Counter[str]:
    """What all engines of the worlds of `seeds` counted, by the names of their ledgers' fields."""
    engines: list[Engine] = []

    def engine(limits: Limits) -> Engine:
        engines.append(Engine(limits))
        return engines[-1]

    for seed in seeds:
        assert fault_of(Shape.of(seed), engine) is None
    return sum((_totals(each.ledger) for each in engines), Counter())


def _totals(ledger: Ledger) -> Counter[str]:
    records = Counter[str]()
    for (_, outcome), number in ledger.records.items():
        records[outcome] += number
    return records + Counter({
        "splits": ledger.splits,
        "retries": ledger.retries,
        "resent": ledger.resent_events,
        "commits refused": ledger.commits["refused"],
        "texts ignored": ledger.metadata_ignored.total(),
        "dead letters": ledger.dead_letters.total(),
        "parked": ledger.parked.total(),
        "forwarded": ledger.forwarded.total(),
        "letters refused": ledger.letter_errors.total(),
        "answers lost": ledger.unknown_outcome_events.total(),
    })  # fmt: skip


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_what_once_failed_holds(seed: int) -> None:
    fault = fault_of(Shape.of(seed), Engine)
    assert fault is None, fault
