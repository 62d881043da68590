"""Where a member starts on a real Kafka: at the committed offset, without one, or where that offset is gone."""

from __future__ import annotations

import dataclasses
from typing import Literal

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.settings import Rebalance
from capi_stream.model import Partition
from tests.conftest import MakeTopic
from tests.real.clients import committed, publish
from tests.shells.groups import REBALANCES, delete_below, new_group, numbered
from tests.shells.members import Member, commit_of, poll_until, settings


def add_partition(broker: str, topic: str) -> None:
    """Let `topic` have two partitions."""
    admin = AdminClient({"bootstrap.servers": broker})
    (done,) = admin.create_partitions([NewPartitions(topic, 2)]).values()
    done.result(10)


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
