"""The backlogs of the benchmarks are what their scenarios say."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

import pytest

from bench.backlog import poisoned, purchases
from bench.events import Buyers
from bench.path import intake_of, records_of
from bench.scenario import Scenario
from capi_stream.model import Malformed, Mapped

PIXELS = ["1", "2", "3"]


def test_every_partition_has_records_of_every_pixel() -> None:
    intake, pixels = intake_of(PIXELS), defaultdict[int, set[str]](set)
    for partition, value in purchases(PIXELS, Scenario(pixels=3, events=120, partitions=4)):
        reading = intake(records_of([value])[0], time.time())
        assert isinstance(reading, Mapped)
        pixels[partition].add(reading.events[0].pixel)
    assert pixels == {partition: set(PIXELS) for partition in range(4)}


@pytest.mark.parametrize(("items", "least", "most"), [(1, 300, 330), (3, 340, 360), (30, 700, 1_200)])
def test_more_items_make_larger_records(items: int, least: int, most: int) -> None:
    values = [value for _, value in purchases(PIXELS, Scenario(pixels=3, events=50, items=items))]
    assert least < sum(map(len, values)) / len(values) < most


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.01, 10), (0.1, 100)])
def test_the_share_of_poison_is_exact_and_we_find_it_all(share: float, count: int) -> None:
    scenario = Scenario(pixels=3, events=1_000, poison=share)
    values = [value for _, value in purchases(PIXELS, scenario)]
    assert (len(values), scenario.poisoned, scenario.refused) == (1_000, count, 0)
    assert sum(stage is not None for stage in refused_at(values)) == count


def test_each_stage_finds_some_of_what_we_find_and_none_finds_what_only_the_api_does() -> None:
    event = Buyers(PIXELS).purchase(0, int(time.time() * 1000))
    by_us = [poisoned(event, number, by_us=True) for number in range(3)]
    by_the_api = poisoned(event, 7, by_us=False)
    assert refused_at([*by_us, by_the_api]) == ["decode", "map", "validate", None]


def refused_at(values: Sequence[bytes]) -> list[str | None]:
    """The stage of intake that refuses each record; None for one whose event goes on."""
    intake = intake_of(PIXELS)
    stages: list[str | None] = []
    for record in records_of(values):
        match intake(record, time.time()):
            case Malformed(rejection):
                stages.append(rejection.stage)
            case Mapped(events, rejections):
                assert len(events) + len(rejections) == 1
                stages.append(rejections[0].stage if rejections else None)
    return stages
