"""The consumer group's member on a real Kafka: where it starts, what a rebalance asks of it, and what ends it."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Collection
from typing import Literal, get_args

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (
    AdminClient,
)
from confluent_kafka.cimpl import NewPartitions

from capi_stream.kafka.consumer import GroupConsumer
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.settings import (
    Rebalance,
)
from capi_stream.model import Partition, Record
from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import committed, make_topic, publish
from tests.shells.members import Member, commit_of, poll_until, settings

REBALANCES = get_args(Rebalance)


def numbered(count: int, partition: int = 0, first: int = 0) -> list[dict[str, object]]:
    return [{"value": b"%d" % number, "partition": partition} for number in range(first, first + count)]


def new_group() -> str:
    return f"group-{uuid.uuid4().hex[:8]}"


def delete_below(broker: str, partition: Partition, offset: int) -> None:
    """Let the log of `partition` begin at `offset`."""
    admin = AdminClient({"bootstrap.servers": broker})  # an answer comes only while its client is there
    (done,) = admin.delete_records([TopicPartition(*partition, offset)]).values()
    done.result(10)


def add_partition(broker: str, topic: str) -> None:
    """Let `topic` have two partitions."""
    admin = AdminClient({"bootstrap.servers": broker})
    (done,) = admin.create_partitions([NewPartitions(topic, 2)]).values()
    done.result(10)


# Records.


def test_a_record_is_read_with_all_it_has(broker: str, topic: MakeTopic) -> None:
    name = topic()
    full = {"value": b"v", "key": b"k", "headers": [("h", b"1"), ("h", None)], "timestamp": 1_700_000_000_000}
    publish(broker, name, [full, {"value": None}])
    with Member(settings(broker, name)) as member:
        member.read(2)
    whole, tombstone = member.records
    assert whole == Record(Partition(name, 0), 0, 1_700_000_000_000, b"k", b"v", headers=[("h", b"1"), ("h", None)])
    assert (tombstone.offset, tombstone.key, tombstone.value, tombstone.headers) == (1, None, None, ())


def test_topics_are_read_by_pattern(broker: str, topic: MakeTopic) -> None:
    prefix = f"shop-{uuid.uuid4().hex[:6]}"
    names = [topic(f"{prefix}-a"), topic(f"{prefix}-b")]
    for name in names:
        publish(broker, name, numbered(1))
    with Member(settings(broker, f"^{prefix}-.*")) as member:
        member.read(2)
    assert {record.partition.topic for record in member.records} == set(names)


# Where to start.


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_new_group_starts_at_the_beginning_and_commits_that_at_once(
    broker: str, topic: MakeTopic, rebalance: Rebalance
) -> None:
    name, group = topic(), new_group()
    publish(broker, name, numbered(3))
    delete_below(broker, Partition(name, 0), 1)
    with Member(settings(broker, name, group=group, rebalance=rebalance)) as member:
        assert member.read(2) == [b"1", b"2"]
        assert member.starts == {Partition(name, 0): 1}
        assert committed(broker, group, name) == {0: 1}


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_latest_skips_what_is_there_and_loses_nothing_that_comes_later(
    broker: str, topic: MakeTopic, rebalance: Rebalance
) -> None:
    name, group = topic(), new_group()
    publish(broker, name, numbered(3))
    latest = settings(broker, name, group=group, rebalance=rebalance, no_committed_offset="latest")
    with Member(latest) as member:
        poll_until(lambda: committed(broker, group, name) == {0: 3}, member)
    assert member.records == []
    publish(broker, name, numbered(1, first=3))
    with Member(latest) as again:
        assert again.read(1) == [b"3"]


def test_latest_holds_for_members_that_start_together(broker: str, topic: MakeTopic) -> None:
    name = topic(partitions=2)
    for partition in (0, 1):
        publish(broker, name, numbered(3, partition))
    latest = settings(broker, name, group=new_group(), no_committed_offset="latest")
    with Member(latest) as one, Member(latest) as other:
        poll_until(lambda: len(one.starts) == len(other.starts) == 1, one, other)
        assert {*one.starts.values(), *other.starts.values()} == {3}


def test_a_partition_that_was_added_later_is_read_from_its_beginning_under_latest(
    broker: str, topic: MakeTopic
) -> None:
    name, group = topic(), new_group()
    publish(broker, name, numbered(3))
    latest = settings(broker, name, group=group, no_committed_offset="latest")
    with Member(latest) as member:
        poll_until(lambda: committed(broker, group, name) == {0: 3}, member)
    add_partition(broker, name)
    publish(broker, name, numbered(2, partition=1))
    with Member(latest) as again:
        assert again.read(2) == [b"0", b"1"]


def test_without_a_committed_offset_a_person_can_be_asked(broker: str, topic: MakeTopic) -> None:
    name = topic()
    told = rf"no committed offset for partition 0 of topic {name}.*group\.id"
    with (
        pytest.raises(KafkaFailure, match=told),
        Member(settings(broker, name, no_committed_offset="error")) as member,
    ):
        member.join(1)


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_it_goes_on_where_the_group_has_committed(broker: str, topic: MakeTopic, rebalance: Rebalance) -> None:
    name = topic()
    partition = Partition(name, 0)
    publish(broker, name, numbered(5))
    same = settings(broker, name, group=new_group(), rebalance=rebalance)
    with Member(same) as member:
        member.read(5)
        assert member.commit(partition, 3, metadata="beside it") is None
    with Member(same) as again:
        assert again.read(2) == [b"3", b"4"]
        assert (again.starts, again.metadata) == ({partition: 3}, {partition: "beside it"})


def test_a_committed_offset_that_is_gone_stops_it_with_what_to_do(broker: str, topic: MakeTopic) -> None:
    name = topic()
    partition = Partition(name, 0)
    publish(broker, name, numbered(10))
    same = settings(broker, name, group=new_group())
    with Member(same) as member:
        member.read(10)
        member.commit(partition, 2)
    delete_below(broker, partition, 6)
    with Member(same) as again, pytest.raises(KafkaFailure, match=r"no longer has offset 2.*holds 6 to 9.*_gone"):
        again.read(1)


@pytest.mark.parametrize("rebalance", REBALANCES)
@pytest.mark.parametrize(("decision", "start"), [("earliest", 6), ("latest", 10)])
def test_a_committed_offset_that_is_gone_jumps_where_the_operator_says(
    broker: str, topic: MakeTopic, rebalance: Rebalance, decision: Literal["earliest", "latest"], start: int
) -> None:
    name, group = topic(partitions=2), new_group()
    partition = Partition(name, 0)
    publish(broker, name, [*numbered(10), *numbered(3, partition=1)])
    same = settings(broker, name, group=group, rebalance=rebalance)
    with Member(same) as member:
        member.read(13)
        member.commit(partition, 2)
    delete_below(broker, partition, 6)
    with Member(dataclasses.replace(same, committed_offset_gone=decision)) as again:
        poll_until(lambda: committed(broker, group, name)[0] == start, again)
        publish(broker, name, numbered(1, first=10))
        expected = [(0, offset) for offset in range(start, 11)] + [(1, offset) for offset in range(3)]
        again.read(len(expected))
        assert sorted({(record.partition.number, record.offset) for record in again.records}) == expected
        assert again.starts[partition] == 2, "forward, the tracker stays: what is in memory still settles"
        again.commit(partition, 3)
        assert committed(broker, group, name)[0] == start, "a commit never leads back into the gap"


def test_a_log_that_ends_before_the_committed_offset_begins_a_new_life(broker: str, topic: MakeTopic) -> None:
    """The topic was deleted and created anew: what lies below the old offset are other records."""
    name, group = topic(), new_group()
    partition = Partition(name, 0)
    publish(broker, name, numbered(2))
    earliest = settings(broker, name, group=group, committed_offset_gone="earliest")
    with Member(earliest) as member:
        member.read(2)
        assert member.consumer.commit_now(commit_of({partition: 50}), 5.0) is None
    with Member(earliest) as again:
        assert again.read(2) == [b"0", b"1"]
        assert [what for what, _ in again.told] == ["assigned", "lost", "assigned"]
        assert again.starts == {partition: 0}


# Rebalances.


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


# Pauses.


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_paused_partitions_are_not_read_and_others_are(broker: str, topic: MakeTopic, rebalance: Rebalance) -> None:
    name = topic(partitions=2)
    with Member(settings(broker, name, rebalance=rebalance)) as member:
        member.join(2)
        member.consumer.keep_paused({Partition(name, 0), Partition("another", 7)})
        for partition in (0, 1):
            publish(broker, name, numbered(3, partition))
        member.read(3)
        poll_until(lambda: member.consumer.high_watermarks() == {Partition(name, n): 3 for n in (0, 1)}, member)
        assert {record.partition.number for record in member.records} == {1}
        member.consumer.keep_paused(())
        member.read(6)


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


# Commits.


def test_each_commit_comes_back_with_its_own_answer(broker: str, topic: MakeTopic) -> None:
    name = topic()
    partition = Partition(name, 0)
    publish(broker, name, numbered(3))
    with Member(settings(broker, name)) as member:
        member.read(3)
        fine, refused = commit_of({partition: 1}), commit_of({partition: 2}, metadata="x" * 5_000)
        for commit in (fine, refused):
            member.consumer.commit(commit)
        ended: dict[object, str | None] = {}

        def both_ended() -> bool:
            ended.update(member.consumer.commits_ended())
            return len(ended) == 2

        poll_until(both_ended, member)
        assert ended == {fine: None, refused: "offset_metadata_too_large"}
        assert member.consumer.commit_now(refused, 5.0) is None, "the offset goes without the text then"
        member.consumer.commit(None)
        assert member.consumer.commits_ended() == []


def test_a_commit_is_waited_for_no_longer_than_it_may_take(own_broker: RealBroker) -> None:
    name = make_topic(own_broker.bootstrap, "orders")
    member = Member(settings(own_broker.bootstrap, name))
    member.consumer.start()
    member.join(1)
    own_broker.kill()
    began = time.monotonic()
    assert member.consumer.commit_now(commit_of({Partition(name, 0): 0}), 0.3) == "timed_out"
    member.consumer.close(0.5)
    assert time.monotonic() - began < 5.0, "the client's own commit and close take 45 s each"


# Outages and refusals.


def test_an_outage_of_kafka_is_told_and_waited_out(own_broker: RealBroker) -> None:
    name = make_topic(own_broker.bootstrap, "orders")
    publish(own_broker.bootstrap, name, numbered(1))
    with Member(settings(own_broker.bootstrap, name)) as member:
        member.read(1)
        own_broker.kill()
        poll_until(lambda: member.consumer.outage, member)
        own_broker.start()
        publish(own_broker.bootstrap, name, numbered(1, first=1))
        member.read(2, seconds=30)
        poll_until(lambda: member.consumer.outage is None, member)


def test_no_broker_at_all_is_said_within_the_deadline() -> None:
    nobody = GroupConsumer(settings("127.0.0.1:1", "orders", connect_seconds=0.5), Listener())
    with pytest.raises(KafkaFailure, match=r"no answer within 0.5 s.*bootstrap.servers"):
        nobody.start()
    nobody.close(0.0)


def test_a_topic_that_is_not_there_is_named(broker: str, topic: MakeTopic) -> None:
    wrong = GroupConsumer(settings(broker, topic(), "comerce.events"), Listener())
    with pytest.raises(KafkaFailure, match=r"there is no topic comerce\.events"):
        wrong.start()
    wrong.close(0.0)


def test_a_property_that_librdkafka_does_not_know_is_named() -> None:
    given = settings("127.0.0.1:1", "orders")
    unknown = dataclasses.replace(given, properties={**given.properties, "no.such.thing": "1"})
    with pytest.raises(KafkaFailure, match=r'refuses the properties of the consumer: .*"no.such.thing"'):
        GroupConsumer(unknown, Listener())


class Listener:
    """Of a member that never joins."""

    def joined(self) -> None: ...

    def assigned(self, partition: Partition, start: int, metadata: str) -> None: ...

    def revoking(self, partitions: Collection[Partition]) -> None: ...

    def lost(self, partitions: Collection[Partition]) -> None: ...
