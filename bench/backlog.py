"""The backlog of a scenario: purchases, a share of them poison if so wanted, or what a shop does."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from confluent_kafka import Producer

from bench.events import Buyers, framed
from bench.scenario import Scenario
from bench.sink import POISON_ID

DIFFERENT = 50_000  # events; a larger backlog has each several times
FLUSH_SECONDS = 60.0
NOBODY = "999"  # a pixel that is not configured


def fill(bootstrap: str, topic: str, registry: str, pixels: Sequence[str], scenario: Scenario) -> None:
    """Publish all of it."""
    if scenario.load == "shop":
        _as_a_shop(bootstrap, topic, registry, pixels, scenario)
    else:
        publish(bootstrap, topic, purchases(pixels, scenario))


def purchases(pixels: Sequence[str], scenario: Scenario) -> Iterator[tuple[int, bytes]]:
    """Partition and value of each record. Every partition has records of every pixel; poison is anywhere."""
    buyers = Buyers(pixels, items=scenario.items)
    now_ms = int(time.time() * 1000) - 60_000
    values = buyers.values(min(scenario.events, DIFFERENT), now_ms)
    poison = set(random.Random(1).sample(range(scenario.events), scenario.poisoned))
    for number in range(scenario.events):
        value = values[number % len(values)]
        if number in poison:
            value = poisoned(buyers.purchase(number, now_ms), number, by_us=scenario.found_by == "us")
        yield number // len(pixels) % scenario.partitions, value


def poisoned(event: dict[str, Any], number: int, *, by_us: bool) -> bytes:
    """The value of a record like `event` that must become a dead letter.

    The API refuses it for what only the API knows; we find in turn that it cannot be decoded, has no pixel of ours, or
    breaks a rule.
    """
    if not by_us:
        return framed({**event, "event_id": f"{POISON_ID}{number}"})
    match number % 3:
        case 0:
            return framed(event)[:-20]
        case 1:
            return framed({**event, "pixel_id": NOBODY})
        case _:
            return framed({**event, "order": {**event["order"], "currency": "no money"}})


def publish(bootstrap: str, topic: str, records: Iterable[tuple[int, bytes]]) -> None:
    """Publish records, as fast as the broker takes them, however many they are."""
    failures: list[Any] = []
    reported = {"on_delivery": lambda error, _: failures.append(error) if error else None}
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "acks": "all", **reported})
    for partition, value in records:
        while True:
            try:
                producer.produce(topic, value, partition=partition)
            except BufferError:  # the broker is slower than this loop
                producer.poll(0.1)
            else:
                break
        producer.poll(0)
    left = producer.flush(FLUSH_SECONDS)
    assert not left, f"{left} records were not published"
    assert not failures, failures


def _as_a_shop(bootstrap: str, topic: str, registry: str, pixels: Sequence[str], scenario: Scenario) -> None:
    where = ["--bootstrap", bootstrap, "--topic", topic, "--registry", registry]
    what = ["--pixels", ",".join(pixels), "--count", str(scenario.events), "--rate", "0", "--seed", "1"]
    command = [sys.executable, "-m", "capi_stream", "produce", *where, *what]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
