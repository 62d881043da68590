"""The benchmark end to end runs, and both ways deliver the whole backlog."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from bench.e2e import BARE, OURS, Scenario, Stage, table
from bench.processes import pinned
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
        assert 30 < run.peak_mb < 400
    assert runs[BARE].events_per_request == 1_000  # a thousand of each pixel
    ratios = {"cpu": 1.0}
    shown = table({"scenario": asdict(scenario), "ratios": ratios, "runs": {OURS: [asdict(runs[OURS])]}})
    assert "3 pixels, the sink takes 0 s, 3,000 events" in shown


def test_a_core_that_is_not_there_is_the_last() -> None:
    with pinned(10_000):
        pass
