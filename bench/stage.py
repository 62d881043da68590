"""What is measured end to end: a backlog in a real Kafka, a sink, and between them one process of ours or the loop."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.backlog import fill
from bench.events import SCHEMA_ID, SCHEMA_TEXT
from bench.processes import Crew, answers, pinned, running, wait_until
from bench.scenario import Run, Scenario
from bench.watch import Watch
from capi_stream.sandbox.registry import StandInRegistry
from tests.real.broker import RealBroker, free_port
from tests.real.clients import committed, end_offsets, make_topic

MEASURED, OTHERS = 0, 1  # cores
OURS, BARE = "capi-stream", "bare loop"
STARTED = "partitions_assigned"  # in the log of either, once it can read
LETTERS_SECONDS = 60.0
OF_DELIVERY = ("batch_bytes", "linger_seconds", "buffer_bytes")  # what a scenario says of `delivery`


class Stage:
    """A broker with a backlog for one scenario, and what the measured processes need beside it."""

    def __init__(self, bootstrap: str, registry: StandInRegistry, scenario: Scenario, folder: Path) -> None:
        self.bootstrap, self.scenario = bootstrap, scenario
        self._registry, self._folder = registry, folder
        self.topic = make_topic(bootstrap, f"bench-{uuid.uuid4().hex[:8]}", scenario.partitions)
        self.pixels = [f"{10**15 + number}" for number in range(scenario.pixels)]
        self._dead, self._parked = (make_topic(bootstrap, f"{self.topic}-{letters}") for letters in ("dead", "parked"))
        assert registry.register(f"{self.topic}-value", SCHEMA_TEXT) == SCHEMA_ID
        fill(bootstrap, self.topic, registry.url, self.pixels, scenario)

    def run(self, way: str, members: int = 1, core: int | None = MEASURED) -> Run:
        """Deliver the backlog by `way`: one process on a core of its own, or a group's members."""
        before, expected = self._dead_letters(), self.scenario.poisoned
        with self.started(way, members, core) as (url, crew):
            watch = Watch(self.scenario, crew, url)
            wait_until(lambda: self._is_done(watch), self.scenario.most_seconds, "everything is answered")
            wait_until(lambda: self._dead_letters() >= before + expected, LETTERS_SECONDS, "poison is stored")
            return watch.ended(self._dead_letters() - before)

    def _is_done(self, watch: Watch) -> bool:
        """Whether everything was answered; of a shop's events, which consent filters, whether all is committed."""
        watch.look()
        if self.scenario.load == "shop":
            return committed(self.bootstrap, self._group, self.topic) == end_offsets(self.bootstrap, self.topic)
        return watch.has_answered_all

    @contextmanager
    def started(self, way: str, members: int = 1, core: int | None = MEASURED) -> Iterator[tuple[str, Crew]]:
        """The sink's address, and processes that can read from now on."""
        logs = [self._folder / f"{way}-{number}.log" for number in range(members)]
        with self._sink() as url, ExitStack() as entered:
            arguments = self._arguments(way, url)
            crew = Crew([entered.enter_context(running(arguments, core, log)) for log in logs], logs)
            wait_until(lambda: crew.have_all_said(STARTED), 60, "all have their partitions")
            yield url, crew

    @contextmanager
    def _sink(self) -> Iterator[str]:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        arguments = ["-m", "bench.sink", str(port), str(self.scenario.sink_seconds)]
        with running(arguments, OTHERS, self._folder / "sink.log"):
            wait_until(lambda: answers(url), 10, "the sink answers")
            yield url

    def _arguments(self, way: str, url: str) -> Sequence[str]:
        if way == BARE:
            return ["-m", "bench.bare_loop", self.bootstrap, self.topic, url, str(self.scenario.events)]
        return self._ours(url)

    def _ours(self, url: str) -> Sequence[str]:
        """Everything is on, and every setting is as it comes."""
        self._group = f"bench-{uuid.uuid4().hex[:8]}"
        token = self._folder / "token"
        token.write_text("token")
        settings: dict[str, Any] = {
            "kafka": {"common": {"bootstrap.servers": self.bootstrap},
                      "consumer": {"group.id": self._group}},
            "registry": {"url": self._registry.url},
            "topics": {self.topic: {}},
            "dead_letters": {"topic": self._dead},
            "parked": {"topic": self._parked},
            "api": {"url": url},
            "pixels": {pixel: {"token_file": str(token)} for pixel in self.pixels},
            "delivery": {name: getattr(self.scenario, name) for name in OF_DELIVERY},
            "admin": {"port": 0},
        }  # fmt: skip
        config = self._folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        return ["-m", "capi_stream", "run", "--config", str(config)]

    def _dead_letters(self) -> int:
        return sum(end_offsets(self.bootstrap, self._dead).values())


class PatientBroker(RealBroker):
    """Its groups wait for further members, so that several processes begin with their shares."""

    def __init__(self, join_seconds: float) -> None:
        self._join_seconds = join_seconds
        super().__init__()

    def properties(self) -> dict[str, str]:
        """The broker's configuration."""
        return {**super().properties(), "group.initial.rebalance.delay.ms": str(round(self._join_seconds * 1000))}


@contextmanager
def kafka(join_seconds: float = 0.0) -> Iterator[tuple[RealBroker, StandInRegistry]]:
    """A real broker and a registry's stand-in, on the other core."""
    with pinned(OTHERS), PatientBroker(join_seconds) as broker, StandInRegistry() as registry:
        yield broker, registry
