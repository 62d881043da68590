"""Looking into topics of a real Kafka, with rights and with ends that no record stands at."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from capi_stream.kafka.browser import Browser, Where
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.model import Partition
from tests.real.clients import end_offsets, publish, wait_until
from tests.shells import members
from tests.shells.test_secure import DESCRIBE, READ, Place, place

__all__ = ["place"]  # the fixture: topics, and a user without a right

MakeTopic = Callable[..., str]


def test_no_right_to_any_group_is_needed(place: Place) -> None:
    place.allow(READ, place.source)
    publish(place.broker.client(), place.source, [{"value": b"v"}])
    settings = members.settings(place.broker.client("service"), place.source, group=place.group)
    with Browser(settings, place.source) as browser:
        assert [record.value for record in browser.records("earliest", 10)] == [b"v"]


def test_a_group_that_may_not_be_asked_for_is_named_at_once(place: Place) -> None:
    place.allow(READ, place.source)
    settings = members.settings(place.broker.client("service"), place.source, group=place.group)
    began = time.monotonic()
    with Browser(settings, place.source, "a-replays-group") as browser, pytest.raises(KafkaFailure) as raised:
        list(browser.left())
    assert time.monotonic() - began < 15.0
    assert "what group a-replays-group has committed" in str(raised.value)
    advice = f"READ and DESCRIBE on this group, or on all whose names begin with {place.group}-replay-"
    assert advice in str(raised.value)


def test_a_topic_that_may_not_be_read_is_named(place: Place) -> None:
    place.allow(DESCRIBE, place.source)
    publish(place.broker.client(), place.source, [{"value": b"v"}])
    settings = members.settings(place.broker.client("service"), place.source, group=place.group)
    with Browser(settings, place.source) as browser, pytest.raises(KafkaFailure) as raised:
        list(browser.records("earliest", 10))
    assert f"read topic {place.source}: " in str(raised.value)
    assert "READ and DESCRIBE on source topics" in str(raised.value)


def test_it_ends_where_the_last_offset_is_a_marker_and_no_record(broker: str, topic: MakeTopic) -> None:
    name = topic("browsed")
    producer = Producer({"bootstrap.servers": broker, "transactional.id": name})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(name, b"v")
    producer.commit_transaction(20)
    wait_until(lambda: sum(end_offsets(broker, name).values()) == 2, 20, "the marker, which is written a little later")
    began = time.monotonic()
    with Browser(members.settings(broker, name), name) as browser:
        assert [record.value for record in browser.records("earliest", 10)] == [b"v"]
    assert time.monotonic() - began < 8.0


@pytest.mark.parametrize("where", ["earliest", "latest"])
def test_what_was_not_there_when_it_began_is_left_alone(broker: str, topic: MakeTopic, where: Where) -> None:
    name = topic("browsed")
    publish(broker, name, [{"value": b"early"}] * 3)

    class Slow(Browser):
        def ends(self) -> dict[Partition, tuple[int, int]]:
            ends = super().ends()
            publish(broker, name, [{"value": b"late"}] * 3)
            return ends

    with Slow(members.settings(broker, name), name) as browser:
        assert [record.value for record in browser.records(where, 10)] == [b"early"] * 3


def test_a_group_of_the_new_protocol_is_looked_at_as_any_other(broker: str, topic: MakeTopic) -> None:
    name = topic("browsed")
    publish(broker, name, [{"value": b"v"}])
    with Browser(members.settings(broker, name, rebalance="consumer"), name) as browser:
        assert [record.value for record in browser.records("latest", 1)] == [b"v"]


def test_a_topic_that_is_not_there_is_named(broker: str) -> None:
    settings = members.settings(broker, "nowhere")
    with Browser(settings, "nowhere") as browser, pytest.raises(KafkaFailure, match="there is no topic nowhere"):
        list(browser.records("earliest", 1))
