"""`make bench-e2e`: the service beside the bare loop, from a backlog in a real Kafka to a fast sink, in turn.

The process that is measured has one core for itself; Kafka, the registry and the sink share the other. CPU is the
process's own, user and system, without what it takes to start: that is measured on a topic with nothing in it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.events import SCHEMA_ID, SCHEMA_TEXT, Buyers
from bench.machine import facts
from bench.processes import Cost, answers, asked, cost_of, pinned, running, wait_until
from capi_stream.sandbox.registry import StandInRegistry
from tests.real.broker import RealBroker, free_port
from tests.real.clients import make_topic, publish

MEASURED, OTHERS = 0, 1  # cores
OURS, BARE = "capi-stream", "bare loop"
STARTED = "partitions_assigned"  # in the log of either, once it could read
MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is measured. `sink_seconds` is how long the API thinks over each post."""

    pixels: int
    sink_seconds: float = 0.0
    events: int = 200_000
    partitions: int = 8


@dataclass(frozen=True, slots=True)
class Run:
    """One process's figures. `sink_busy`: the sink's CPU by the time that passed; near 1 it would be the limit."""

    events_per_second: float
    cpu_us_per_event: float
    peak_mb: float
    requests: int
    events_per_request: float
    most_in_flight: int
    sink_busy: float


class Stage:
    """A broker with a backlog for one scenario, and what the measured processes need beside it."""

    def __init__(self, bootstrap: str, registry: StandInRegistry, scenario: Scenario, folder: Path) -> None:
        self._bootstrap, self._registry, self._scenario, self._folder = bootstrap, registry, scenario, folder
        self.topic = make_topic(bootstrap, f"bench-{uuid.uuid4().hex[:8]}", scenario.partitions)
        self._pixels = [f"{10**15 + number}" for number in range(scenario.pixels)]
        for letters in ("dead", "parked"):
            make_topic(bootstrap, f"{self.topic}-{letters}")
        now_ms = int(time.time() * 1000) - 60_000
        assert registry.register(f"{self.topic}-value", SCHEMA_TEXT) == SCHEMA_ID
        self._empty = make_topic(bootstrap, f"{self.topic}-empty", scenario.partitions)
        values = Buyers(self._pixels).values(min(scenario.events, 50_000), now_ms)
        records = (
            {"value": values[number % len(values)], "partition": number % scenario.partitions}
            for number in range(scenario.events)
        )
        publish(bootstrap, self.topic, records)

    def run(self, way: str) -> Run:
        """Deliver the backlog by `way`."""
        with self._sink() as url:
            start, start_seconds = self._started(way, url)
            with running(self._arguments(way, self.topic, url), MEASURED, self._folder / f"{way}.log") as process:
                began = time.monotonic()

                def is_done() -> bool:
                    if process.poll() is not None:
                        raise RuntimeError(f"it ended with {process.returncode}: see the logs in {self._folder}")
                    return asked(url)["events"] >= self._scenario.events

                wait_until(is_done, MOST_SECONDS, "everything is accepted")
                seconds = time.monotonic() - began - start_seconds
                return self._figures(start, cost_of(process.pid), seconds, asked(url))

    @contextmanager
    def _sink(self) -> Iterator[str]:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        arguments = ["-m", "bench.sink", str(port), str(self._scenario.sink_seconds)]
        with running(arguments, OTHERS, self._folder / "sink.log"):
            wait_until(lambda: answers(url), 10, "the sink answers")
            yield url

    def _started(self, way: str, url: str) -> tuple[Cost, float]:
        """What it takes to start, and how long."""
        with running(self._arguments(way, self._empty, url), MEASURED, self._folder / f"{way}.log") as process:
            began = time.monotonic()
            wait_until(lambda: STARTED in (self._folder / f"{way}.log").read_text(), 60, "it has started")
            return cost_of(process.pid), time.monotonic() - began

    def _figures(self, start: Cost, end: Cost, seconds: float, told: Mapping[str, float]) -> Run:
        events = self._scenario.events
        return Run(
            events_per_second=round(events / seconds),
            cpu_us_per_event=round((end.cpu_seconds - start.cpu_seconds) / events * 1e6, 1),
            peak_mb=round(end.peak_bytes / 1e6, 1),
            requests=int(told["requests"]),
            events_per_request=round(told["events"] / told["requests"], 1),
            most_in_flight=int(told["most_in_flight"]),
            sink_busy=round(told["cpu_seconds"] / seconds, 2),
        )

    def _arguments(self, way: str, topic: str, url: str) -> Sequence[str]:
        if way == BARE:
            count = str(self._scenario.events if topic == self.topic else 0)
            return ["-m", "bench.bare_loop", self._bootstrap, topic, url, count]
        return self._ours(topic, url)

    def _ours(self, topic: str, url: str) -> Sequence[str]:
        """Everything is on, and every setting is as it comes."""
        token = self._folder / "token"
        token.write_text("token")
        settings: dict[str, Any] = {
            "kafka": {"common": {"bootstrap.servers": self._bootstrap},
                      "consumer": {"group.id": f"bench-{uuid.uuid4().hex[:8]}"}},
            "registry": {"url": self._registry.url},
            "topics": {topic: {}},
            "dead_letters": {"topic": f"{self.topic}-dead"},
            "parked": {"topic": f"{self.topic}-parked"},
            "api": {"url": url},
            "pixels": {pixel: {"token_file": str(token)} for pixel in self._pixels},
            "admin": {"port": free_port()},
        }  # fmt: skip
        config = self._folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        return ["-m", "capi_stream", "run", "--config", str(config)]


@contextmanager
def kafka() -> Iterator[tuple[RealBroker, StandInRegistry]]:
    """A real broker and a registry's stand-in, on the other core."""
    with pinned(OTHERS), RealBroker() as broker, StandInRegistry() as registry:
        yield broker, registry


def compared(scenario: Scenario, rounds: int) -> dict[str, Any]:
    """Both ways in turn; ratios are medians of the rounds'."""
    found: dict[str, list[Run]] = {OURS: [], BARE: []}
    with kafka() as (broker, registry), tempfile.TemporaryDirectory(prefix="capi-stream-bench-") as folder:
        stage = Stage(broker.bootstrap, registry, scenario, Path(folder))
        for _ in range(rounds):
            for way in (BARE, OURS):
                found[way].append(stage.run(way))
    pairs = list(zip(found[OURS], found[BARE], strict=True))
    return {
        "scenario": asdict(scenario),
        "ratios": {
            "cpu": round(statistics.median(ours.cpu_us_per_event / bare.cpu_us_per_event for ours, bare in pairs), 3),
            "events/s": round(
                statistics.median(ours.events_per_second / bare.events_per_second for ours, bare in pairs), 3
            ),
            "memory": round(statistics.median(ours.peak_mb / bare.peak_mb for ours, bare in pairs), 3),
        },
        "runs": {way: [asdict(run) for run in runs] for way, runs in found.items()},
    }


def table(found: Mapping[str, Any]) -> str:
    """One scenario for a person."""
    scenario, ratios = found["scenario"], found["ratios"]
    lines = [
        f"{scenario['pixels']} pixels, the sink takes {scenario['sink_seconds']:g} s, {scenario['events']:,} events",
        "  ours / bare loop: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()),
        f"  {'':12s} {'events/s':>9s} {'us CPU':>7s} {'peak MB':>8s} {'a request':>9s} {'in flight':>9s} {'sink':>5s}",
    ]
    for way, runs in found["runs"].items():
        lines += [
            f"  {way:12s} {run['events_per_second']:9,.0f} {run['cpu_us_per_event']:7.1f} {run['peak_mb']:8.1f} "
            f"{run['events_per_request']:9.1f} {run['most_in_flight']:9d} {run['sink_busy']:5.0%}"
            for run in runs
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure the scenarios, print a table each, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pixels", type=int, nargs="+", default=[1, 8, 1_000])
    parser.add_argument("--sink-seconds", type=float, nargs="+", default=[0.0, 0.6])
    parser.add_argument("--json", type=Path, default=Path("bench/results/e2e.json"))
    wanted = parser.parse_args()
    results = []
    for sink_seconds in wanted.sink_seconds:
        for pixels in wanted.pixels:
            results.append(compared(Scenario(pixels, sink_seconds, wanted.events), wanted.rounds))
            print(table(results[-1]), flush=True)
    wanted.json.parent.mkdir(exist_ok=True)
    wanted.json.write_text(json.dumps({"machine": facts(), "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
