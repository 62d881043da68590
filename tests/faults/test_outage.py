"""`make outage`, small: memory stays flat while the API is down, and afterwards everything is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.memory import MB, Memory, Sample, slope
from tests.faults.numbered import Orders
from tests.faults.outage import Plan, Report, measure, say, table, verdict
from tests.service.shop import OTHER_PIXEL

SMALL: Mapping[str, Any] = {"delivery": {"buffer_bytes": 8 * MB, "batch_bytes": 500_000}}
# Half a minute is too short for a process to settle (seen: 18 MB); without a budget it grows by 90 MB and more.
# Whether it is flat is for the ten minutes of `make outage`.
LOOSE: Mapping[str, Any] = {"growth_share": 1, "growth_bytes": 32 * MB}
PLAN = Plan(rate=3_000, outage_seconds=20, before_seconds=4, changes=SMALL, **LOOSE)


def measured(broker: str, folder: Path, plan: Plan) -> Report:
    """The report of `plan`; its table is shown where the test fails."""
    report = measure(broker, folder, plan)
    say(f"{table(report.samples)}\n{verdict(report)}")
    return report


@pytest.mark.timeout(240)
def test_memory_stays_flat_while_the_api_is_down_and_everything_is_accepted_afterwards(
    broker: str, tmp_path: Path
) -> None:
    report = measured(broker, tmp_path, PLAN)
    assert report.faults() == []
    assert max(sample.paused for sample in report.outage) > 0, "the buffers were full"
    assert max(sample.buffered_bytes for sample in report.samples) < 8 * MB + 1_000 * 3_000, "the budget and one poll"
    assert report.accepted == report.published


@pytest.mark.timeout(240)
def test_a_held_pixel_takes_neither_the_memory_nor_the_time_of_the_other(broker: str, tmp_path: Path) -> None:
    changes = {"delivery": {**SMALL["delivery"], "park_after_seconds": 1}}
    plan = replace(PLAN, outage_seconds=30, is_held=True, wait_seconds=30, changes=changes)
    report = measured(broker, tmp_path, plan)
    assert report.faults() == []
    assert report.parked > 0
    assert any(OTHER_PIXEL in sample.waited for sample in report.outage[-8:]), "the free pixel went on to the end"


def test_the_verdict_names_growth_and_loss() -> None:
    def sample(at: float, resident: int) -> Sample:
        return Sample(at, "outage", Memory(resident, resident), 0, 0, 0, 0, 0, {})

    plan = Plan(rate=3_000, outage_seconds=20)
    flat = Report(plan, [sample(at, 200 * MB) for at in range(20)], 10, 1.0, 10, 10, 0, 0)
    growing = replace(flat, samples=[sample(at, (200 + at * 2) * MB) for at in range(20)])
    assert flat.faults() == []
    assert growing.faults() == ["memory grew by 28 MB; allowed are 16"]
    assert round(growing.slope / MB) == 120
    assert replace(flat, committed=9, missing=1).faults() == [
        "committed are 9 of 10 records",
        "1 orders are neither accepted nor parked",
    ]


def test_what_is_in_neither_set_of_orders_is_missing() -> None:
    accepted, parked = Orders(), Orders()
    accepted.add([0, 1, 1, 4])
    parked.add([2, 4])
    assert len(accepted) == 3
    assert [accepted.missing(below, parked) for below in (0, 3, 5, 6)] == [0, 0, 1, 2]


def test_a_slope_is_that_of_the_nearest_line() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == 2
    assert slope([(1, 1)]) == 0
