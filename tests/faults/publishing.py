"""Numbered orders, published at a steady rate by a process of its own, whatever the service makes of them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event as Stop
from types import TracebackType
from typing import Any, NamedTuple, Self

from confluent_kafka import Producer

from tests.builders import commerce_event, encoded

DIGITS = 10
TICK_SECONDS = 0.01
FLUSH_SECONDS = 60.0


class Template(NamedTuple):
    """An encoded record around the order's number: a record costs a join and no Avro."""

    before: bytes
    after: bytes


def template(pixel: str, schema_id: int) -> Template:
    """The records of one pixel."""
    mark = event_id_of(0)
    now_ms = int(time.time() * 1_000)
    before, after = encoded(commerce_event(event_id=mark, pixel_id=pixel, occurred_at=now_ms), schema_id).split(
        mark.encode()
    )
    return Template(before, after)


def event_id_of(number: int) -> str:
    """The event id of an order; its length is always the same."""
    return f"n-{number:0{DIGITS}d}"


def number_of(event_id: str) -> int:
    """The order that has this event id."""
    return int(event_id[2:])


class Publisher:
    """Publishes order after order, `rate` a second from entering to leaving: an open loop, which never waits.

    Orders go to the templates in turn, and once each template had one, to the next partition: every partition has
    records of every pixel.
    """

    def __init__(self, broker: str, topic: str, partitions: int, templates: Sequence[Template], rate: float) -> None:
        spawning = multiprocessing.get_context("spawn")  # librdkafka's threads do not live through a fork
        self._rate = rate
        self._began: Synchronized[float] = spawning.Value("d", 0.0)
        self._ended: Synchronized[float] = spawning.Value("d", 0.0)
        self._sent: Synchronized[int] = spawning.Value("q", 0)
        self._failed: Synchronized[int] = spawning.Value("q", 0)
        self._stop: Stop = spawning.Event()
        shared = (self._began, self._ended, self._sent, self._failed, self._stop)
        self._process = spawning.Process(
            target=_publish, args=(broker, topic, partitions, tuple(templates), rate, *shared), daemon=True
        )

    @property
    def sent(self) -> int:
        """How many orders are published: the next one's number."""
        return self._sent.value

    @property
    def rate(self) -> float:
        """Orders a second that it really reached."""
        began, ended = self._began.value, self._ended.value or time.monotonic()
        return self.sent / (ended - began) if began else 0.0

    def due_at(self, number: int) -> float:
        """When order `number` was due, on the monotonic clock, which all processes share."""
        return self._began.value + number / self._rate

    def __enter__(self) -> Self:
        self._process.start()
        deadline = time.monotonic() + 60
        while not self._began.value:
            assert self._process.is_alive(), f"the publisher ended with {self._process.exitcode}"
            assert time.monotonic() < deadline, "the publisher did not begin"
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """Publish no more; until all that was published is acknowledged."""
        self._stop.set()
        self._process.join(FLUSH_SECONDS + 10)
        assert self._process.exitcode == 0, f"the publisher ended with {self._process.exitcode}"
        assert not self._failed.value, f"{self._failed.value} records were not published"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _publish(
    broker: str,
    topic: str,
    partitions: int,
    templates: Sequence[Template],
    rate: float,
    began: Synchronized[float],
    ended: Synchronized[float],
    sent: Synchronized[int],
    failed: Synchronized[int],
    stop: Stop,
) -> None:
    """The process: what is due by now, every few milliseconds."""

    def acknowledged(error: Any, _: Any) -> None:
        if error is not None:
            failed.value += 1

    producer = Producer({"bootstrap.servers": broker, "linger.ms": 5, "on_delivery": acknowledged})
    producer.list_topics(topic, timeout=30)
    began.value = time.monotonic()
    number = 0
    while not stop.wait(TICK_SECONDS):
        due = int((time.monotonic() - began.value) * rate)
        for number in range(number, due):  # noqa: B020  it goes on where it was
            before, after = templates[number % len(templates)]
            value = before + event_id_of(number).encode() + after
            _produce(producer, topic, value, number // len(templates) % partitions)
        number = sent.value = due
        producer.poll(0)
    left = producer.flush(FLUSH_SECONDS)
    ended.value = time.monotonic()
    failed.value += left


def _produce(producer: Producer, topic: str, value: bytes, partition: int) -> None:
    while True:
        try:
            producer.produce(topic, value=value, partition=partition)
        except BufferError:  # the broker is slower than the rate, which is then told as it was
            producer.poll(0.1)
        else:
            return
