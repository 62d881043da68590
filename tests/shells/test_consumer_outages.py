"""A Kafka that is away, and settings with which a member cannot begin."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection

import pytest

from capi_stream.kafka.consumer import GroupConsumer
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.model import Partition
from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import make_topic, publish
from tests.shells.groups import numbered
from tests.shells.members import Member, commit_of, poll_until, settings


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
