"""Books of numbered orders, small enough for millions of them: a byte for each, in place of its event id."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.ledger import Keeping, Key, Ledger
from tests.faults.publishing import number_of

READING = Conduct(is_checked=False, keeping=Keeping(events=0))
"""For a sandbox with these books: event ids are read, and nothing is judged."""

IDS_HEADER = "capi-stream.event_id"


class Orders:
    """A set of order numbers."""

    def __init__(self) -> None:
        self._seen = bytearray()

    def add(self, numbers: Iterable[int]) -> None:
        """Take them in; those that are there already change nothing."""
        for number in numbers:
            if number >= len(self._seen):
                self._seen.extend(bytes(number + 1_000_000 - len(self._seen)))
            self._seen[number] = 1

    def __len__(self) -> int:
        return self._seen.count(1)

    def missing(self, below: int, other: Orders) -> int:
        """How many of the numbers below `below` are neither here nor in `other`."""
        pairs = zip(self._seen.ljust(below, b"\0")[:below], other._seen.ljust(below, b"\0"), strict=False)
        return sum(not (here or there) for here, there in pairs)


class NumberedLedger(Ledger):
    """A sandbox's ledger that knows which orders were accepted, and how long after they were due."""

    def __init__(self, due_at: Callable[[int], float]) -> None:
        self.orders = Orders()
        self._due_at = due_at
        self._worst: Counter[str] = Counter()  # pixel -> seconds
        self._own_lock = threading.Lock()
        super().__init__(Keeping(ids=False, events=0, requests=100))

    def take(self, key: Key, events: Sequence[dict[str, Any]], warnings: Counter[str]) -> None:
        """Enter accepted `events`."""
        super().take(key, events, warnings)
        numbers = [number_of(event["event_id"]) for event in events]
        waited = time.monotonic() - self._due_at(min(numbers))
        with self._own_lock:
            self.orders.add(numbers)
            self._worst[key[0]] = max(self._worst[key[0]], waited)  # type: ignore[assignment]  # floats too

    def worst_seconds(self) -> dict[str, float]:
        """Pixel -> the longest time between due and accepted, of all that were accepted since the last call."""
        with self._own_lock:
            worst, self._worst = self._worst, Counter()
        return dict(worst)


def orders_of_letters(broker: str, topic: str) -> Orders:
    """The orders whose letters stand in `topic`, read without keeping the letters."""
    orders = Orders()
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "orders", "enable.auto.commit": False})
    try:
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            consumer.assign([TopicPartition(topic, partition, low)])
            while low < high:
                for message in consumer.consume(1_000, 0.2):
                    event_id = dict(message.headers() or ())[IDS_HEADER]
                    assert isinstance(event_id, bytes)
                    orders.add([number_of(event_id.decode())])
                    low = (message.offset() or 0) + 1
    finally:
        consumer.close()
    return orders
