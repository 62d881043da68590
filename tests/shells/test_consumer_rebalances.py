"""What a rebalance of a real group asks of a member, and what it must not forget or remember."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection

import pytest

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.settings import Rebalance
from capi_stream.model import Partition
from tests.conftest import MakeTopic
from tests.real.clients import committed, publish
from tests.shells.groups import REBALANCES, new_group, numbered
from tests.shells.members import Member, commit_of, poll_until, settings


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_second_member_gets_its_share_after_the_first_has_committed(
    broker: str, topic: MakeTopic, rebalance: Rebalance
) -> None:
    name, group = topic(partitions=4), new_group()
    for partition in range(4):
        publish(broker, name, numbered(5, partition))
    same = settings(broker, name, group=group, rebalance=rebalance)
    with Member(same) as first:
        first.read(20)
        answers: list[str | None] = []

        def commit_all(partitions: Collection[Partition]) -> None:
            answers.append(first.consumer.commit_now(commit_of(dict.fromkeys(partitions, 4)), 5.0))

        first.on_revoking = commit_all
        with Member(same) as second:
            poll_until(lambda: len(first.starts) == len(second.starts) == 2, first, second)
            assert set(second.starts.values()) == {4}
            assert second.read(2) == [b"4", b"4"]
            assert set(answers) == {None}
            assert not first.starts.keys() & second.starts.keys()
        poll_until(lambda: len(first.starts) == 4, first)


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_leaving_the_group_revokes_and_lets_it_commit(broker: str, topic: MakeTopic, rebalance: Rebalance) -> None:
    name, group = topic(), new_group()
    publish(broker, name, numbered(3))
    errors: list[str | None] = []
    with Member(settings(broker, name, group=group, rebalance=rebalance)) as member:
        member.read(3)
        member.on_revoking = lambda _: errors.append(member.consumer.commit_now(commit_of({Partition(name, 0): 3}), 5))
    assert member.told[-1] == ("revoking", frozenset({Partition(name, 0)}))
    assert errors == [None]
    assert committed(broker, group, name) == {0: 3}


def test_nobody_waits_for_a_member_that_left_while_it_was_joining(broker: str, topic: MakeTopic) -> None:
    """The group waits for its first member, so the second's farewell is answered too late; it is heard all the same."""
    same = settings(broker, topic(partitions=2), group=new_group(), rebalance="eager")
    patient = {**same.properties, "session.timeout.ms": "30000"}
    with Member(same) as first:
        first.join(2)
        second = Member(dataclasses.replace(same, properties=patient))
        second.consumer.start()
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            second.poll()

        second.consumer.close(5.0)

        assert second.told == []
        poll_until(lambda: len(first.told) == 5, first, seconds=10.0)  # two assigned, both given back, two assigned
        assert len(first.starts) == 2


def test_an_exception_in_a_callback_is_raised_by_the_poll_and_no_record_comes_with_it(
    broker: str, topic: MakeTopic
) -> None:
    """Out of the callback itself it would swallow records of partitions that are kept, without a sign."""
    name, group = topic(partitions=4), new_group()
    same = settings(broker, name, group=group)

    def break_down(_: Collection[Partition]) -> None:
        raise ZeroDivisionError

    first = Member(same)
    first.consumer.start()
    first.join(4)
    first.on_revoking = break_down
    with Member(same) as second:
        with pytest.raises(ZeroDivisionError):
            poll_until(lambda: False, first, second)
        with pytest.raises(ZeroDivisionError):
            first.poll()
        assert first.consumer.commit_now(commit_of({Partition(name, 0): 0}), 1.0) == "not_sent"
        with pytest.raises(ZeroDivisionError):
            first.consumer.close(5.0)
        poll_until(lambda: len(second.starts) == 4, second)


def test_a_static_member_comes_back_to_its_partitions_without_a_rebalance(broker: str, topic: MakeTopic) -> None:
    name, group = topic(partitions=2), new_group()
    same = settings(broker, name, group=group, group_instance_id="pod-0")
    with Member(dataclasses.replace(same, group_instance_id="pod-1")) as other:
        with Member(same) as member:
            poll_until(lambda: len(member.starts) == len(other.starts) == 1, member, other)
            told = len(other.told)
        with Member(same) as again:
            poll_until(lambda: len(again.starts) == 1, again, other)
        assert len(other.told) == told


def test_a_second_process_with_the_same_instance_id_ends_the_first_and_says_why(broker: str, topic: MakeTopic) -> None:
    name = topic()
    same = settings(broker, name, group=new_group(), group_instance_id="pod-0")
    with Member(same) as first:
        first.join(1)
        with Member(same) as second:
            second.join(1)
            with pytest.raises(KafkaFailure, match=r"group\.instance\.id"):
                poll_until(lambda: False, first, second)


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_pause_does_not_outlive_a_rebalance(broker: str, topic: MakeTopic, rebalance: Rebalance) -> None:
    """librdkafka remembers it: the partition would stay silent for ever."""
    name, group = topic(partitions=2), new_group()
    same = settings(broker, name, group=group, rebalance=rebalance)
    with Member(same) as first:
        first.join(2)
        first.consumer.keep_paused(first.starts.keys())
        with Member(same) as second:
            poll_until(lambda: len(first.starts) == len(second.starts) == 1, first, second)
            first.consumer.keep_paused(())
        first.join(2)
        for partition in (0, 1):
            publish(broker, name, numbered(1, partition))
        first.read(2)
