"""librdkafka's messages as our records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message, TopicPartition

from capi_stream.kafka.sealing import Seals
from capi_stream.model import Headers, Partition, Record


@lru_cache(4_096)
def _partition(topic: str, number: int) -> Partition:
    """The same object for each record of a partition: the hash of its topic is worked out once."""
    return Partition(topic, number)


def record(message: Message) -> Record:
    """The record of a message that carries no error."""
    topic, number, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert number is not None
    assert offset is not None
    kind, timestamp_ms = message.timestamp()
    return Record(
        _partition(topic, number),
        offset,
        -1 if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms,
        message.key(),
        message.value(),
        cast("Headers", message.headers() or ()),  # what is read has bytes as values, never texts
    )


def reader(letter_keys: Sequence[str]) -> Callable[[Message], Record]:
    """As `record`; letters that were encrypted with one of `letter_keys` are plain, and others as they lie."""
    if not letter_keys:
        return record
    seals = Seals(letter_keys)
    return lambda message: seals.opened(record(message))


def partitions_of(offsets: Sequence[TopicPartition]) -> list[Partition]:
    """Which partitions a callback speaks of."""
    return [Partition(each.topic, each.partition) for each in offsets]
