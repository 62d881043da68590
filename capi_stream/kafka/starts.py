"""Where to start reading: the operator's decision, never librdkafka's.

`auto.offset.reset` is always `error`: with anything else a committed offset that is gone jumps without any signal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from capi_stream.kafka.failures import UNKNOWN_TOPIC, KafkaFailure, answer_of, ends_service, failure
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.model import Partition

COMMITTED = "read the group's committed offsets"


class Start(NamedTuple):
    """Where one partition begins. `is_resolved` where we decided it, and so must commit it before the first record."""

    offset: int
    metadata: str = ""
    is_resolved: bool = False


class Starts:
    """Answers where an assigned partition begins, from what the group has committed and from the settings."""

    def __init__(self, consumer: Consumer, settings: ConsumerSettings) -> None:
        self._consumer = consumer
        self._settings = settings
        self._new_to_group: frozenset[Partition] = frozenset()

    def learn(self, existing: Collection[Partition]) -> None:
        """Note which of the `existing` partitions are of topics that the group has never committed; before joining it.

        Only those may start at their end under `no_committed_offset: latest`; a partition added later starts at its
        beginning. Asked before joining, and not when partitions are assigned: two members that start together would
        else each see the other's first commit and take their own partitions for added ones. What a member is assigned
        without a commit was never anybody's before: each one commits where it starts.
        """
        committed = self._committed(existing, between=self.hear)
        begun = {partition.topic for partition, start in committed.items() if start.offset >= 0}
        self._new_to_group = frozenset(partition for partition in existing if partition.topic not in begun)

    def hear(self) -> None:
        """Let the client tell what no answer tells: that we may not ask for the group comes to a poll, once.

        Before the subscription, when a poll brings no record. Raises KafkaFailure.
        """
        message = self._consumer.poll(0)
        error = None if message is None else message.error()
        if error is not None and ends_service(error):
            raise failure(COMMITTED, error)

    def of(self, partitions: Collection[Partition]) -> Mapping[Partition, Start]:
        """Where each of `partitions` begins. Raises KafkaFailure where nobody can say, or a person must."""
        return {
            partition: start if start.offset >= 0 else self._without_commit(partition)
            for partition, start in self._committed(partitions).items()
        }

    def after_gap(self, partition: Partition, position: int) -> Start:
        """Where to go on when the offset `position` is not in the log. Raises KafkaFailure where a person must say."""
        low, high = self.ends(partition)
        where = f"Kafka no longer has offset {position} of {_name(partition)}, which is next to be read"
        if self._settings.committed_offset_gone == "error":
            raise KafkaFailure(
                f"{where}: the log now {_holds(low, high)}. What to do: find out why (retention shorter than the "
                "outage, a topic created anew), then set kafka.committed_offset_gone to earliest or latest, or set the "
                "group's offset with Kafka's own tools."
            )
        return Start(low if self._settings.committed_offset_gone == "earliest" else high, is_resolved=True)

    def _without_commit(self, partition: Partition) -> Start:
        match self._settings.no_committed_offset:
            case "error":
                raise KafkaFailure(
                    f"the group has no committed offset for {_name(partition)}. What to do: if that is right, set "
                    "kafka.no_committed_offset to earliest or latest; if not, check group.id under kafka.consumer."
                )
            case "latest" if partition in self._new_to_group:
                return Start(self.ends(partition)[1], is_resolved=True)
            case _:
                return Start(self.ends(partition)[0], is_resolved=True)

    def _committed(
        self, partitions: Collection[Partition], between: Callable[[], None] | None = None
    ) -> Mapping[Partition, Start]:
        return answer_of(
            lambda timeout: committed(self._consumer, partitions, timeout),
            COMMITTED,
            self._settings.answer_seconds,
            between,
        )

    def ends(self, partition: Partition) -> tuple[int, int]:
        """Where `partition` begins, and one past where it ends. Raises KafkaFailure."""
        return answer_of(
            lambda timeout: self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=timeout),
            f"read where {_name(partition)} begins and ends",
            self._settings.answer_seconds,
        )


def existing_partitions(consumer: Consumer, topic: str, timeout: float, named: str = "topics") -> list[Partition]:
    """The partitions of `topic`; where it is a pattern (`^...`), those of all topics that match it now.

    `named` is the setting, or the option, that names it.

    Raises KafkaFailure where it does not exist or may not be seen, KafkaException where Kafka cannot say now.
    """
    is_pattern = topic.startswith("^")
    found = consumer.list_topics(None if is_pattern else topic, timeout=timeout).topics
    if is_pattern:
        found = {name: each for name, each in found.items() if re.match(topic, name)}
    for name, each in found.items():
        if each.error is None:
            continue
        if each.error.code() in UNKNOWN_TOPIC:
            raise KafkaFailure(
                f"there is no topic {name}. What to do: create it, or correct its name under {named}; the service "
                "creates none, since a wrong name would then go unnoticed."
            )
        if ends_service(each.error):
            raise failure(f"look at topic {name}", each.error)
        raise KafkaException(each.error)
    return [Partition(name, number) for name, each in found.items() for number in each.partitions]


def committed(consumer: Consumer, partitions: Collection[Partition], timeout: float) -> Mapping[Partition, Start]:
    """What the group of `consumer` has committed of `partitions`; a negative offset where it has nothing.

    Raises KafkaException.
    """
    if not partitions:
        return {}
    asked = [TopicPartition(*partition) for partition in partitions]
    answer = _without_errors(consumer.committed(asked, timeout=timeout))
    return {Partition(each.topic, each.partition): Start(each.offset, each.metadata or "") for each in answer}


def _without_errors(answer: list[TopicPartition]) -> list[TopicPartition]:
    for each in answer:
        if each.error is not None:
            raise KafkaException(each.error)
    return answer


def _holds(low: int, high: int) -> str:
    return f"holds {low} to {high - 1}" if high > low else "is empty"


def _name(partition: Partition) -> str:
    return f"partition {partition.number} of topic {partition.topic}"
