"""What is measured end to end: a backlog in a real Kafka, a sink, and between them one process of ours or the loop."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bench.events import SCHEMA_ID, SCHEMA_TEXT, Buyers
from bench.processes import Cost, answers, asked, cost_of, pinned, running, wait_until
from capi_stream.sandbox.registry import StandInRegistry
from tests.real.broker import RealBroker, free_port
from tests.real.clients import committed, end_offsets, make_topic, publish

MEASURED, OTHERS = 0, 1  # cores
OURS, BARE = "capi-stream", "bare loop"
STARTED = "partitions_assigned"  # in the log of either, once it could read
MOST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is measured. `sink_seconds` is how long the API thinks over each post.

    `load`: purchases as bench/events.py makes them; or what a shop publishes, by `capi-stream produce`, which the bare
    loop cannot read: most of it are page views without an order.
    """

    pixels: int
    sink_seconds: float = 0.0
    events: int = 200_000
    partitions: int = 8
    load: Literal["purchases", "shop"] = "purchases"


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
        if scenario.load == "shop":
            self._publish_as_a_shop()
        else:
            self._publish_purchases(now_ms)

    def _publish_as_a_shop(self) -> None:
        where = ["--bootstrap", self._bootstrap, "--topic", self.topic, "--registry", self._registry.url]
        what = ["--pixels", ",".join(self._pixels), "--count", str(self._scenario.events), "--rate", "0", "--seed", "1"]
        command = [sys.executable, "-m", "capi_stream", "produce", *where, *what]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def _publish_purchases(self, now_ms: int) -> None:
        scenario = self._scenario
        values = Buyers(self._pixels).values(min(scenario.events, 50_000), now_ms)
        records = (
            {"value": values[number % len(values)], "partition": number % scenario.partitions}
            for number in range(scenario.events)
        )
        publish(self._bootstrap, self.topic, records)

    def run(self, way: str) -> Run:
        """Deliver the backlog by `way`."""
        with self._sink() as url:
            start, start_seconds = self._started(way, url)
            with running(self._arguments(way, self.topic, url), MEASURED, self._folder / f"{way}.log") as process:
                began = time.monotonic()

                def is_done() -> bool:
                    if process.poll() is not None:
                        raise RuntimeError(f"it ended with {process.returncode}: see the logs in {self._folder}")
                    return self._is_done(url)

                wait_until(is_done, MOST_SECONDS, "everything is accepted")
                seconds = time.monotonic() - began - start_seconds
                return self._figures(start, cost_of(process.pid), seconds, asked(url))

    def _is_done(self, url: str) -> bool:
        """Whether all is accepted; of a shop's events, which consent filters, whether all is committed."""
        if self._scenario.load == "purchases":
            return asked(url)["events"] >= self._scenario.events
        return committed(self._bootstrap, self._group, self.topic) == end_offsets(self._bootstrap, self.topic)

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
        self._group = f"bench-{uuid.uuid4().hex[:8]}"
        token = self._folder / "token"
        token.write_text("token")
        settings: dict[str, Any] = {
            "kafka": {"common": {"bootstrap.servers": self._bootstrap},
                      "consumer": {"group.id": self._group}},
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
