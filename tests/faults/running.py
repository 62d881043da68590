"""One storm from its broker to its report."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.faults.books import Books
from tests.faults.proxy import Proxy
from tests.faults.storm import BATCH_EVENTS, POSTS, Storm
from tests.faults.weather import Weather, World, set_topic
from tests.real.broker import RealBroker
from tests.service.shop import Shop, rebalancing

KINDS = ("cooperative", "eager", "consumer", "static")
"""How the group hands partitions over: `static` is cooperative with a `group.instance.id` for each member."""

PARTITIONS = 4
INTERRUPTIONS = ("SIGKILL", "SIGSTOP")


@dataclass(frozen=True, slots=True)
class Report:
    """What a storm came to: `violations` and `crashes` must be empty; `text` says the rest."""

    violations: list[str]
    crashes: list[str]
    text: str


def run(kind: str, folder: Path, *, seed: int, weathers: Sequence[Weather], rate: float) -> Report:
    """Have one storm over a broker, a sandbox and members of its own; print its course and its books."""
    is_static = kind == "static"
    kafka = rebalancing("cooperative" if is_static else kind)
    wire = Proxy()
    with RealBroker(advertised_port=wire.port) as broker:
        wire.target_port = broker.port
        with wire, Shop(f"127.0.0.1:{wire.port}", folder, PARTITIONS) as shop:
            world = World(shop, broker, wire, Random(seed))
            for topic in (shop.dead_letters, shop.parked):  # a letter's time is then the broker's, not its producer's
                set_topic(world, topic, "message.timestamp.type", "LogAppendTime")
            storm = Storm(world, {"kafka": kafka}, is_static=is_static, seed=seed)
            books = storm.blow(weathers, rate)
            report = Report(books.violations(), storm.crashes(), _text(kind, seed, storm, books))
    sys.stdout.write(report.text + "\n".join((*report.violations[:20], *report.crashes)) + "\n")
    return report


def _text(kind: str, seed: int, storm: Storm, books: Books) -> str:
    interruptions = sum(storm.counts[move] for move in INTERRUPTIONS)
    said = {word: number for word, number in storm.said().items() if word.isidentifier()}  # and not librdkafka's lines
    in_flight = POSTS * BATCH_EVENTS
    return f"""{kind}, seed {seed}: {_listed(storm.counts)}
  published {len(books.orders):,}: {_listed(books.ends)}
  commits {len(books.commits):,}, of them below the one before: {books.backward}
  accepted again {books.sent_twice:,}, stored again {books.stored_twice:,}
    where the answers to {storm.answers_lost:,} events were lost, and {interruptions} kills and freezes x {in_flight} in
    flight are {interruptions * in_flight:,}
  said: {_listed(said)}
"""


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items()))
