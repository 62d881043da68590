"""What the shop publishes in a storm: orders of every kind, each of which must come to an end that its kind allows."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from enum import Enum
from random import Random
from types import TracebackType
from typing import Self

from confluent_kafka import Producer

from tests.builders import encoded
from tests.real.clients import client
from tests.service.shop import PIXELS, Shop, fresh

POISON = "poison-"  # how the ids begin that the API alone refuses
CHUNK = 10  # orders at a time


class Kind(Enum):
    """A kind of order, as its record's key begins, and how likely it is."""

    GOOD = "good", 80
    NAMELESS = "nameless", 10  # without an id of its own: one is derived
    INVALID = "invalid", 3  # a purchase without its value: the service refuses it
    POISON = "poison", 3  # the API refuses it
    GARBLED = "garbled", 2  # no Avro
    TOMBSTONE = "tombstone", 2

    def __init__(self, word: str, weight: int) -> None:
        self.word = word
        self.weight = weight

    @classmethod
    def of(cls, key: str) -> Kind:
        """The kind of the order that `key` names."""
        return next(kind for kind in cls if key.startswith(f"{kind.word}-"))


KINDS = tuple(Kind)


class Traffic:
    """Publishes `rate` orders a second from entering to leaving, from a thread of its own."""

    def __init__(self, shop: Shop, rate: float, random: Random) -> None:
        self._shop = shop
        self._random = random
        self._partitions = len(shop.ends)
        self._pause = CHUNK / rate
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic")
        self._failures: list[object] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    def check(self) -> None:
        """Fail unless every order got into the topic."""
        assert not self._failures, f"orders that Kafka did not take: {self._failures[:3]}"

    def _run(self) -> None:
        producer = Producer({**client(self._shop.broker), "enable.idempotence": True, "linger.ms": 5, "log_level": 2})
        orders = self._orders()
        while not self._stopping.wait(self._pause):
            for key, value in itertools.islice(orders, CHUNK):
                partition = self._random.randrange(self._partitions)
                producer.produce(self._shop.topic, key=key, value=value, partition=partition, on_delivery=self._report)
            producer.poll(0)
        left = producer.flush(120)
        if left:
            self._failures.append(f"{left} that were never acknowledged")

    def _report(self, error: object, _: object) -> None:
        if error is not None:
            self._failures.append(error)

    def _orders(self) -> Iterator[tuple[str, bytes | None]]:
        weights = [kind.weight for kind in KINDS]
        for number in itertools.count():
            (kind,) = self._random.choices(KINDS, weights)
            key = f"{kind.word}-{number}"
            yield key, self._value(kind, key)

    def _value(self, kind: Kind, key: str) -> bytes | None:
        if kind is Kind.TOMBSTONE:
            return None
        if kind is Kind.GARBLED:
            return f"no Avro: {key}".encode()
        event = fresh(
            "" if kind is Kind.NAMELESS else key,
            pixel_id=self._random.choice(PIXELS),
            order_order_id=key,
        )
        if kind is Kind.INVALID:
            event["order"] = {**event["order"], "value": None}
        return encoded(event, self._shop.schema_id)
