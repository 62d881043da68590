"""Offsets on their way to the group's coordinator, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from capi_stream.kafka.assignment import Assignment
from capi_stream.kafka.clients import log
from capi_stream.kafka.failures import KafkaFailure, ends_service, failure, slug
from capi_stream.kafka.starts import Start
from capi_stream.model import Partition

TRY_AGAIN_SECONDS = 0.1
START_COMMIT_SECONDS = 1.0  # between two attempts to commit where a partition starts

Ended = Callable[[str | None], None]
"""Told how a commit ended: None when acknowledged, else the error's name."""


class _Sent(NamedTuple):
    offsets: frozenset[tuple[str, int, int]]
    ended: Ended


class Committing:
    """Sends commits, and tells each sender how its own ended. `answered` is the client's `on_commit`.

    Ordinary errors of a rebalance mean "not acknowledged". One that waiting does not mend is kept as `failure`.
    """

    def __init__(self) -> None:
        self.failure: KafkaFailure | None = None
        self._sent: list[_Sent] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a commit was sent that is not answered yet, as far as polls have told."""
        return bool(self._sent)

    def send(self, consumer: Consumer, offsets: Sequence[TopicPartition], ended: Ended) -> None:
        """Commit `offsets`; `ended` is called by a later poll, or at once where the client refuses."""
        self._sent.append(_Sent(_key(offsets), ended))
        try:
            consumer.commit(offsets=list(offsets), asynchronous=True)
        except KafkaException as exception:
            self.answered(exception.args[0], list(offsets))

    def answered(self, error: KafkaError | None, offsets: Sequence[TopicPartition]) -> None:
        """The coordinator answered a commit of `offsets`, or the client gave up. Never raises: librdkafka calls it."""
        error = error or next((each.error for each in offsets if each.error is not None), None)
        key = _key(offsets)
        sent = next((each for each in self._sent if each.offsets == key), None)
        if sent is not None:
            self._sent.remove(sent)
            sent.ended(self._read(error, offsets))

    def send_and_see(self, consumer: Consumer, offsets: Sequence[TopicPartition], timeout: float) -> str | None:
        """Commit `offsets` and read them back, again and again for `timeout` seconds. None, or the last error's name.

        The client's own synchronous commit has no deadline (seen: 45 s without a coordinator, minutes with one that
        hangs), it lets no other thread in while a callback runs, and `on_commit` is served by the very poll that a
        rebalance callback is called from. The question goes to the coordinator behind the commit, on one connection,
        so its answer knows.

        Again, because a commit may be refused and taken a moment later, as between two generations of the group (seen
        under load: what was settled since the last commit was sent twice; the refusal itself is inferred). Without the
        text beside it then, which may be why.
        """
        deadline = time.monotonic() + timeout
        while (error := self._try(consumer, offsets, deadline - time.monotonic())) is not None:
            if self.failure is not None or time.monotonic() + TRY_AGAIN_SECONDS >= deadline:
                return error
            time.sleep(TRY_AGAIN_SECONDS)
            offsets = [TopicPartition(each.topic, each.partition, each.offset) for each in offsets]
        return None

    def _try(self, consumer: Consumer, offsets: Sequence[TopicPartition], timeout: float) -> str | None:
        refusals: list[str | None] = []
        self.send(consumer, offsets, refusals.append)
        if refusals:
            return refusals[0]
        asked = [TopicPartition(each.topic, each.partition) for each in offsets]
        try:
            found = {(each.topic, each.partition): each for each in consumer.committed(asked, timeout=timeout)}
        except KafkaException as exception:
            return self._read(exception.args[0], offsets)
        is_there = all(_same(found[each.topic, each.partition], each) for each in offsets)
        return None if is_there else "not_acknowledged"

    def _read(self, error: KafkaError | None, offsets: Sequence[TopicPartition]) -> str | None:
        if error is None:
            return None
        if ends_service(error):
            self.failure = self.failure or failure(f"commit the group's offsets of {_topics(offsets)}", error)
        return slug(error)


class StartCommits:
    """Commits the starts that we decided, and tries again until the broker has them."""

    def __init__(self, consumer: Consumer, committing: Committing, assignment: Assignment) -> None:
        self._consumer = consumer
        self._committing = committing
        self._assignment = assignment
        self._is_out = False
        self._next_at = 0.0

    def send_due(self, now: float) -> None:
        """Send what the broker does not have yet, unless a commit of starts is out or was refused just before."""
        due = dict(self._assignment.uncommitted_starts)
        if not due or self._is_out or now < self._next_at:
            return
        self._is_out = True
        self._next_at = now + START_COMMIT_SECONDS
        offsets = [TopicPartition(*partition, start.offset) for partition, start in due.items()]
        self._committing.send(self._consumer, offsets, partial(self._ended, due))

    def _ended(self, starts: Mapping[Partition, Start], error: str | None) -> None:
        self._is_out = False
        if error is not None:
            log.warning("kafka_start_not_committed", error=error)
            return
        self._next_at = 0.0
        for partition, start in starts.items():
            self._assignment.start_committed(partition, start)
        self._assignment.reconcile()


def _topics(offsets: Sequence[TopicPartition]) -> str:
    return ", ".join(f"topic {topic}" for topic in sorted({each.topic for each in offsets}))


def _same(found: TopicPartition, wanted: TopicPartition) -> bool:
    return found.offset == wanted.offset and (found.metadata or "") == (wanted.metadata or "")


def _key(offsets: Sequence[TopicPartition]) -> frozenset[tuple[str, int, int]]:
    return frozenset((each.topic, each.partition, each.offset) for each in offsets)
