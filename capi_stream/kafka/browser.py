"""A look into a topic: records of it, without a group. Nothing is joined, nothing is committed.

The client must have a group's id; it gets one of its own, which no coordinator ever hears of as a member's.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Literal, Self, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from capi_stream.delivery import runs
from capi_stream.kafka.clients import CONSUMER_DEFAULTS, Ear, bystander_properties, connected
from capi_stream.kafka.failures import KafkaFailure, answer_of, ends_service, failure, passes
from capi_stream.kafka.records import reader
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.kafka.starts import Start, committed, existing_partitions
from capi_stream.model import Partition, Record

T = TypeVar("T")

MOST_AT_ONCE = 1_000
WAIT_SECONDS = 0.5

NO_MATTER = KafkaError.GROUP_AUTHORIZATION_FAILED  # we want nothing of a group, and may have no right to it

Where = int | Literal["earliest", "latest"]
"""Where to begin: an offset, the same in each partition; at the beginning; or so that the newest records are read."""


class Browser:
    """Reads `topic`, which the setting `named` names; `group` is whose offsets `left` asks for. Raises KafkaFailure."""

    def __init__(self, settings: ConsumerSettings, topic: str, group: str = "", named: str = "topics") -> None:
        self._settings = settings
        self._topic = topic
        self._named = named
        self._group = group or f"{settings.properties['group.id']}-preview"
        self._record = reader(settings.letter_keys)
        self._ear = Ear("consumer")
        own = {
            "group.id": self._group,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",  # where retention is faster than we are
            "allow.auto.create.topics": False,
        }
        properties = {**CONSUMER_DEFAULTS, **bystander_properties(settings), **own}
        self._consumer: Consumer = connected(Consumer, properties, self._ear.heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._consumer.close()

    def records(self, where: Where, limit: int) -> Iterator[Record]:
        """Up to `limit` records that were there when it began: from `where` on, or the newest by their timestamps."""
        ends = self.ends()
        if where == "latest":
            last = {partition: (max(low, high - limit), high) for partition, (low, high) in ends.items()}
            newest = heapq.nlargest(limit, self._read(last), key=lambda each: (each.timestamp_ms, each.offset))
            yield from reversed(newest)
            return
        first = 0 if where == "earliest" else where
        spans = {partition: (min(max(low, first), high), high) for partition, (low, high) in ends.items()}
        yield from self._read(spans, limit)

    def left(self, ends: Mapping[Partition, int] | None = None) -> Iterator[Record]:
        """The records that were there when it began, and that the group has not settled yet; those below `ends`."""
        starts = self._committed()
        settled = {partition: runs.read(start.metadata, start.offset) for partition, start in starts.items()}
        for each in self._read(self._spans_left(starts, ends)):
            skip = settled[each.partition]
            if isinstance(skip, runs.Unread) or each.offset not in skip:
                yield each

    def _committed(self) -> Mapping[Partition, Start]:
        existing = self._answer(
            partial(existing_partitions, self._consumer, self._topic, named=self._named), "look for"
        )
        doing = f"read what group {self._group} has committed of topic {self._topic}"
        ask = partial(committed, self._consumer, existing)
        return answer_of(ask, doing, self._settings.connect_seconds, between=partial(self._serve_group, doing))

    def _serve_group(self, doing: str) -> None:
        """That we may not ask for a group comes to a poll, once, where it is no answer to the question."""
        message = self._consumer.poll(0)
        error = None if message is None else message.error()
        if error is not None and error.code() == NO_MATTER:
            groups = f"this group, or on all whose names begin with {self._settings.properties['group.id']}-replay-"
            raise KafkaFailure(
                f"{doing}: the right to see it is missing. What to do: give the user of this command READ and "
                f"DESCRIBE on {groups}."
            )
        if error is not None and ends_service(error):
            raise failure(doing, error)
        self._ear.check()

    def exists(self, topic: str, named: str) -> None:
        """Raises KafkaFailure where there is no `topic`, which `named` names."""
        self._answer(partial(existing_partitions, self._consumer, topic, named=named), f"look for topic {topic}, as")

    def _spans_left(
        self, starts: Mapping[Partition, Start], ends: Mapping[Partition, int] | None
    ) -> dict[Partition, tuple[int, int]]:
        there = self.ends()
        return {
            partition: (
                start.offset if low <= start.offset <= high else low,  # elsewhere, as if nothing were committed
                high if ends is None else min(high, ends.get(partition, low)),
            )
            for partition, start in starts.items()
            for low, high in (there[partition],)
        }

    def every(self) -> Iterator[Record]:
        """All records that were there when it began, each partition's in their order."""
        yield from self._read(self.ends())

    def at(self, place: Partition, offset: int) -> Record | None:
        """The record at `offset`, which is between the ends of `place`; None where it is gone, or was a marker."""
        found = list(self._read({place: (offset, offset + 1)}))
        return found[0] if found else None

    def ends(self) -> dict[Partition, tuple[int, int]]:
        """Where each partition begins, and one past where it ends."""
        existing = self._answer(
            partial(existing_partitions, self._consumer, self._topic, named=self._named), "look for"
        )
        return {partition: self._answer(partial(self._span, partition), "find the ends of") for partition in existing}

    def _span(self, partition: Partition, timeout: float) -> tuple[int, int]:
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=timeout)
        return low, high

    def _answer(self, ask: Callable[[float], T], doing: str) -> T:
        return answer_of(ask, f"{doing} topic {self._topic}", self._settings.connect_seconds, between=self._serve)

    def _serve(self) -> None:
        self._consumer.poll(0)  # nothing is assigned, so no record comes; but error_cb is called
        self._ear.check()

    def _read(self, spans: Mapping[Partition, tuple[int, int]], limit: int | None = None) -> Iterator[Record]:
        """The records in `spans`, each from an offset to one that is not of it; what comes later is left alone."""
        ends = {partition: end for partition, (start, end) in spans.items() if start < end}
        self._consumer.assign([TopicPartition(*partition, spans[partition][0]) for partition in ends])
        read, silent_since = 0, time.monotonic()
        while ends and (limit is None or read < limit):
            messages = self._consume(MOST_AT_ONCE if limit is None else min(MOST_AT_ONCE, limit - read))
            silent_since = time.monotonic() if messages else silent_since
            self._end_silence(silent_since)
            for message in messages:
                if (found := self._found(message, ends)) is not None:
                    read += 1
                    yield found
        self._consumer.unassign()

    def _consume(self, number: int) -> list[Message]:
        try:
            return self._consumer.consume(number, WAIT_SECONDS)
        except KafkaException as exception:
            raise failure(f"read topic {self._topic}", exception.args[0]) from None

    def _end_silence(self, since: float) -> None:
        self._ear.check()
        if time.monotonic() - since > self._settings.connect_seconds:
            raise KafkaFailure(
                f"read topic {self._topic}: nothing came for {self._settings.connect_seconds:g} s. What to do: check "
                "the brokers and the network between here and there."
            )

    def _found(self, message: Message, ends: dict[Partition, int]) -> Record | None:
        """The record of `message` if it is wanted; its partition is taken out of `ends` when it has no more of them."""
        error = message.error()
        if error is not None:
            self._met(message, error, ends)
            return None
        found = self._record(message)
        end = ends.get(found.partition, 0)
        if found.offset >= end - 1:
            ends.pop(found.partition, None)
        return found if found.offset < end else None

    def _met(self, message: Message, error: KafkaError, ends: dict[Partition, int]) -> None:
        topic, number = message.topic(), message.partition()
        if error.code() == KafkaError._PARTITION_EOF and topic is not None and number is not None:  # noqa: SLF001
            ends.pop(Partition(topic, number), None)  # the last offsets may be markers, or compacted away
        elif error.code() != NO_MATTER and not passes(error):
            raise failure(f"read topic {self._topic}", error)
