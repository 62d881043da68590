"""The benchmark of growth: what it compares, and that members and poison are measured to the last event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scale import JOIN_SECONDS, Axis, axes, compared, measured, poisoned, ratio, table
from bench.scenario import Run, Scenario
from bench.sink import Accepted
from bench.watch import time_of

BASE = Scenario(pixels=3, events=2_000, partitions=2)
RUN = Run(100, 100, 10.0, 80.0, 70.0, 75.0, 5, 20.0, 1, 0, 0.9, 0.1, 0.5)


@pytest.mark.real
def test_members_and_poison_are_measured_to_the_last_event() -> None:
    _, by_us, by_the_api = poisoned(BASE, 0.01)
    two_members = replace(by_the_api, members=2, core=None)
    axis = Axis("all", "nothing", [by_us, two_members], join_seconds=JOIN_SECONDS)
    found = measured(axis, rounds=1)
    (one,), (two,) = found.values()
    for run in (one, two):
        assert run.dead_letters == 20
        assert run.requests * run.events_per_request == pytest.approx(1_980, rel=0.01)
        assert run.cpu_us_per_event > 0
    assert two.peak_mb > 1.5 * one.peak_mb  # of both
    assert two.requests > one.requests + 20  # each was posted alone, and in one batch at least before
    assert by_the_api.label in table(compared(axis, found))


def test_every_axis_has_one_thing_different_at_a_time() -> None:
    found = {axis.name: axis.points for axis in axes(100_000)}
    assert [point.members for point in found["members"]] == [1, 2, 4]
    assert {point.scenario for point in found["members"]} == {found["little poison"][0].scenario}
    for key in ("pixels", "partitions", "items"):
        points = found["size" if key == "items" else key]
        values = [getattr(point.scenario, key) for point in points]
        assert [replace(points[0].scenario, **{key: value}) for value in values] == [each.scenario for each in points]


def test_little_poison_is_ten_in_a_hundred_thousand() -> None:
    (little,) = (axis for axis in axes(100_000) if axis.name == "little poison")
    assert [point.scenario.poisoned for point in little.points] == [0, 10, 10]
    assert [point.scenario.refused for point in little.points] == [0, 0, 10]


def test_a_ratio_is_of_medians_with_the_range_of_the_rounds() -> None:
    runs = [replace(RUN, pace=pace) for pace in (90, 60, 200)]
    base = [replace(RUN, pace=pace) for pace in (100, 80, 120)]
    assert ratio("pace", runs, base) == {"median": 0.9, "low": 0.75, "high": 1.667}


def test_the_pace_leaves_out_what_lingers_at_the_end() -> None:
    answered = [Accepted(2.0, 50, []), Accepted(3.0, 40, []), Accepted(9.0, 10, [])]
    assert (time_of(0.9, answered), time_of(1.0, answered)) == (3.0, 9.0)
