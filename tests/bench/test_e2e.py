"""The benchmark end to end runs, and both ways deliver the whole backlog."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from bench.e2e import ratios, table
from bench.processes import pinned
from bench.scenario import Scenario
from bench.stage import BARE, OURS, Stage
from capi_stream.sandbox.registry import StandInRegistry

EVENTS = 3_000


@pytest.mark.real
def test_both_ways_deliver_the_backlog_and_are_measured(broker: str, tmp_path: Path) -> None:
    scenario = Scenario(pixels=3, events=EVENTS, partitions=2)
    with StandInRegistry() as registry:
        stage = Stage(broker, registry, scenario, tmp_path)
        runs = {way: stage.run(way) for way in (OURS, BARE)}
    for run in runs.values():
        assert run.requests * run.events_per_request == pytest.approx(EVENTS, rel=0.01)
        assert run.cpu_us_per_event > 0
        assert 30 < run.quarter_mb <= run.peak_mb < 400
        assert 30 < run.end_mb <= run.peak_mb
        assert run.pace > 0
        assert run.dead_letters == 0
    assert runs[BARE].events_per_request == 1_000  # a thousand of each pixel
    found = ratios([runs[OURS]], [runs[BARE]])
    assert found["cpu"] == pytest.approx(runs[OURS].cpu_us_per_event / runs[BARE].cpu_us_per_event, abs=0.001)
    shown = table({"scenario": asdict(scenario), "ratios": found, "runs": {OURS: [asdict(runs[OURS])]}})
    assert "3 pixels, the sink takes 0 s, 3,000 purchases" in shown


@pytest.mark.real
def test_a_shops_events_by_produce_are_all_committed(broker: str, tmp_path: Path) -> None:
    scenario = Scenario(pixels=3, events=EVENTS, partitions=2, load="shop")
    with StandInRegistry() as registry:
        run = Stage(broker, registry, scenario, tmp_path).run(OURS)
    assert 0.8 * EVENTS < run.requests * run.events_per_request < EVENTS  # some refuse consent
    assert ratios([run], []) == {}


def test_a_core_that_is_not_there_is_the_last() -> None:
    with pinned(10_000):
        pass
