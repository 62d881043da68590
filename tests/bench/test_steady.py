"""The benchmark of a steady load: every event is accounted for, and its time runs from when it was due."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from bench.scenario import Scenario
from bench.sink import Accepted
from bench.stage import Stage
from bench.steady import load, percentile, table, waits_of
from capi_stream.sandbox.registry import StandInRegistry
from tests.faults.publishing import Publisher


@pytest.mark.real
def test_every_event_of_a_steady_load_is_accounted_for(broker: str, tmp_path: Path) -> None:
    with StandInRegistry() as registry:
        stage = Stage(broker, registry, Scenario(pixels=3, sink_seconds=0.1, events=0, partitions=2), tmp_path)
        found = load(stage, rate=200.0, seconds=3.0)
    assert 0 < found.published <= 600
    assert found.accepted == found.published
    assert 0.1 < found.p50 <= found.p99 <= found.most  # no sooner than the sink answers
    assert found.beyond == pytest.approx(found.p99 - found.linger - 0.1, abs=0.002)
    assert f"{found.published:,} of {found.published:,} accepted" in table(found)


class Due:
    """Stands for a publisher of one event a second."""

    def due_at(self, number: int) -> float:
        return float(number)


def test_an_event_that_was_accepted_twice_counts_from_due_to_the_first_time() -> None:
    answered = [Accepted(3.5, 2, [1, 2]), Accepted(4.0, 2, [2, 3])]
    assert waits_of(cast("Publisher", Due()), answered) == [1.0, 1.5, 2.5]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(1, 101)], share) == expected
