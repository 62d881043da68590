"""The last commit before partitions are given away, against a coordinator that refuses for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from capi_stream.kafka.committing import Committing

Answer = Callable[["Coordinator", list[TopicPartition]], None]


class Coordinator:
    """Stands for the client: takes commits as `answers` say, one each, and tells what it has."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.has: dict[tuple[str, int], TopicPartition] = {}
        self.asked = 0

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        assert asynchronous
        self.asked += 1
        self._answers.pop(0)(self, offsets)

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        assert timeout > 0
        return [self.has.get((each.topic, each.partition), each) for each in partitions]


def takes(coordinator: Coordinator, offsets: list[TopicPartition]) -> None:
    for each in offsets:
        coordinator.has[each.topic, each.partition] = each


def drops(_: Coordinator, __: list[TopicPartition]) -> None:
    """Refused, and nobody is told before the next poll."""


def refuses(code: int) -> Answer:
    def refuse(_: Coordinator, __: list[TopicPartition]) -> None:
        raise KafkaException(KafkaError(code))

    return refuse


def refuses_texts(coordinator: Coordinator, offsets: list[TopicPartition]) -> None:
    if not any(each.metadata for each in offsets):
        takes(coordinator, offsets)


def commit(coordinator: Any, seconds: float = 5.0) -> str | None:
    consumer: Consumer = coordinator
    return Committing().send_and_see(consumer, [TopicPartition("orders", 0, 7, "text")], seconds)


def test_what_the_coordinator_has_is_acknowledged() -> None:
    coordinator = Coordinator(takes)
    assert commit(coordinator) is None
    assert coordinator.asked == 1


def test_a_commit_between_two_generations_is_sent_again() -> None:
    coordinator = Coordinator(refuses(KafkaError.REBALANCE_IN_PROGRESS), drops, takes)
    assert commit(coordinator) is None
    assert coordinator.has["orders", 0].offset == 7
    assert coordinator.asked == 3


def test_a_text_that_is_refused_does_not_cost_the_offset() -> None:
    coordinator = Coordinator(refuses_texts, refuses_texts)
    assert commit(coordinator) is None
    assert coordinator.has["orders", 0].offset == 7


def test_it_ends_with_its_time_and_says_why() -> None:
    coordinator = Coordinator(*[drops] * 100)
    assert commit(coordinator, seconds=0.3) == "not_acknowledged"
    assert 1 < coordinator.asked < 5


def test_what_waiting_does_not_mend_is_not_tried_again() -> None:
    coordinator = Coordinator(refuses(KafkaError.GROUP_AUTHORIZATION_FAILED))
    assert commit(coordinator) == "group_authorization_failed"
    assert coordinator.asked == 1
