"""A member that has its partitions, on a real Kafka: it reads, pauses and commits."""

from __future__ import annotations

import uuid

import pytest

from capi_stream.kafka.settings import Rebalance
from capi_stream.model import Partition, Record
from tests.conftest import MakeTopic
from tests.real.clients import publish
from tests.shells.groups import REBALANCES, numbered
from tests.shells.members import Member, commit_of, poll_until, settings


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
