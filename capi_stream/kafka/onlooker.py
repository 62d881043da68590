"""What the service asks of Kafka when it starts, asked by one who joins no group, reads nothing, commits nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation

from capi_stream.kafka.clients import Ear, bystander_properties, connected, consumer_properties
from capi_stream.kafka.failures import answer_of, failure
from capi_stream.kafka.settings import ConsumerSettings
from capi_stream.kafka.starts import Starts, existing_partitions
from capi_stream.model import Partition

T = TypeVar("T")

ASKING_SECONDS = 5.0  # for what a broker need not tell


class Begun(NamedTuple):
    """Of how many partitions there are, the group has committed this many."""

    committed: int
    partitions: int


class Onlooker:
    """Asks with the service's own properties, so with its rights. Its questions raise KafkaFailure, as a start does."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._ear = Ear("consumer")
        self._consumer: Consumer = connected(Consumer, consumer_properties(settings), self._ear.heard)
        self._starts = Starts(self._consumer, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._consumer.close()

    def brokers(self) -> int:
        """How many brokers the cluster has."""
        found = self._answer(lambda timeout: self._consumer.list_topics("", timeout=timeout), "reach the brokers")
        return len(found.brokers)

    def partitions(self, topic: str) -> Sequence[Partition]:
        """The partitions of `topic`, or of all topics that match it, once it is known that they may be read."""
        existing = self._answer(partial(existing_partitions, self._consumer, topic), f"look for topic {topic}")
        for name, found in self._described_topics(sorted({each.topic for each in existing})).items():
            if _lacks(found, AclOperation.READ):
                raise failure(f"read topic {name}", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
        return existing

    def begun(self, existing: Collection[Partition]) -> Begun:
        """What the group has committed, once it is known that it may, and that no start is left to a person."""
        self._starts.learn(existing)
        starts = self._starts.of(existing)
        self._serve()
        group = self._settings.properties["group.id"]
        if _lacks(self._described_group(group), AclOperation.READ):
            raise failure("join the group", KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))
        return Begun(sum(not start.is_resolved for start in starts.values()), len(starts))

    def _answer(self, ask: Callable[[float], T], doing: str) -> T:
        return answer_of(ask, doing, self._settings.connect_seconds, between=self._serve)

    def _serve(self) -> None:
        self._starts.hear()
        self._ear.check()

    # What a broker need not tell: old ones do not say what one may do.

    def _described_topics(self, topics: Sequence[str]) -> dict[str, Any]:
        if not topics:
            return {}
        admin = connected(AdminClient, bystander_properties(self._settings), lambda _: None)
        asked = admin.describe_topics(
            TopicCollection(list(topics)), include_authorized_operations=True, request_timeout=ASKING_SECONDS
        )
        return {topic: _told(answer) for topic, answer in asked.items()}

    def _described_group(self, group: str) -> Any:
        admin = connected(AdminClient, bystander_properties(self._settings), lambda _: None)
        asked = admin.describe_consumer_groups(
            [group], include_authorized_operations=True, request_timeout=ASKING_SECONDS
        )
        return _told(asked[group])


def _told(answer: Future[Any]) -> Any:
    try:
        return answer.result(ASKING_SECONDS + 1)
    except (KafkaException, TimeoutError):
        return None


def _lacks(described: Any, operation: AclOperation) -> bool:
    rights = getattr(described, "authorized_operations", None) or ()
    return bool(rights) and not {operation, AclOperation.ALL}.intersection(rights)
