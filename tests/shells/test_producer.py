"""Letters on a real Kafka: what they carry, when they count as stored, and what stops the producer."""

from __future__ import annotations

import time
from typing import Any, get_args

import pytest
from confluent_kafka import Message
from structlog.testing import capture_logs

from capi_stream import __version__
from capi_stream.kafka.clients import CONSUMER_DEFAULTS, bystander_properties, consumer_properties, producer_properties
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.producer import LetterProducer
from capi_stream.kafka.settings import (
    OWNED_BY_BROKER,
    OWNED_CONSUMER,
    OWNED_PRODUCER,
    ConsumerSettings,
    Rebalance,
    owned_consumer,
)
from capi_stream.letter_heads import HEADERS, PREFIX
from capi_stream.model import Rejection
from tests.builders import OCCURRED_AT_MS, PIXEL, record
from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import make_topic, read_all, wait_until
from tests.shells.letters import full_letter, letter, reported, settings, started, stored

EVERY_HEADER = {
    "kind": b"parked",
    "reason": b"unknown",
    "stage": b"post",
    "detail": "refused for f\u00fcnf reasons".encode(),
    "event_index": b"0",
    "event_id": b"order-1001",
    "event_name": b"Purchase",
    "pixel": PIXEL.encode(),
    "endpoint": b"gateway",
    "status": b"400",
    "code": b"100",
    "subcode": b"2804019",
    "message": b"Invalid parameter",
    "fbtrace_id": b"AbC",
    "attempts": b"3",
    "source_topic": b"commerce.events",
    "source_partition": b"2",
    "source_offset": b"41",
    "source_timestamp": str(OCCURRED_AT_MS).encode(),
    "schema": b"7",
    "version": __version__.encode(),
}
"""What `full_letter` says; its two times and `value_omitted` apart."""

OF_OTHERS = {"content", "mapping", "read_from", "encrypted", "replay_count", "replay_id", "first_reason"}


def ours(message: Message) -> dict[str, Any]:
    """The headers that the service wrote, in order, without their prefix."""
    headers: list[Any] = list(message.headers() or [])
    return {name.removeprefix(PREFIX): value for name, value in headers if name.startswith(PREFIX)}


# What a letter carries.


def test_a_letter_has_the_original_bytes_and_the_records_own_headers_before_ours(broker: str, topic: MakeTopic) -> None:
    name = topic()
    with started(settings(broker, name)) as producer:
        stored(producer, full_letter(name))
    (message,) = read_all(broker, name)
    assert (message.key(), message.value()) == (b"\xfe", b"\x00\xff\x01")
    headers: list[Any] = list(message.headers() or [])
    assert headers[:2] == [("h", b"1"), ("h", None)]
    assert all(header.startswith(PREFIX) for header, _ in headers[2:])


def test_a_full_letter_says_all_that_there_is_to_say(broker: str, topic: MakeTopic) -> None:
    name = topic()
    now, unix_now = time.monotonic(), time.time()
    with started(settings(broker, name)) as producer:
        stored(producer, full_letter(name, first_failed_at=now - 60, last_failed_at=now, carries_value=False))
    found = ours(*read_all(broker, name))
    assert list(found) == [name for name in HEADERS if name not in OF_OTHERS]
    first, last = int(found.pop("first_failed_at")), int(found.pop("last_failed_at"))
    assert last - first == pytest.approx(60_000, abs=1)
    assert last == pytest.approx(unix_now * 1_000, abs=10_000), "Unix milliseconds"
    assert found == {**EVERY_HEADER, "value_omitted": b"true"}


def test_headers_without_a_value_are_left_out(broker: str, topic: MakeTopic) -> None:
    name = topic()
    with started(settings(broker, name)) as producer:
        stored(producer, letter(name))
    found = ours(*read_all(broker, name))
    assert set(found) == {"kind", "reason", "stage", "attempts", "first_failed_at", "last_failed_at", "source_topic",
                          "source_partition", "source_offset", "source_timestamp", "version"}  # fmt: skip
    assert (found["kind"], found["attempts"]) == (b"dead_letter", b"0")


@pytest.mark.parametrize(("key", "value"), [(None, b"v"), (b"", b""), (b"k", b"\x00" * 3)])
def test_keys_and_values_are_told_from_empty_ones(
    broker: str, topic: MakeTopic, key: bytes | None, value: bytes
) -> None:
    name = topic()
    with started(settings(broker, name)) as producer:
        stored(producer, letter(name, record(value, key=key)))
    (message,) = read_all(broker, name)
    assert (message.key(), message.value()) == (key, value)


def test_a_letter_whose_value_was_too_large_has_none_and_says_so(broker: str, topic: MakeTopic) -> None:
    name = topic()
    with started(settings(broker, name)) as producer:
        stored(producer, letter(name, carries_value=False))
    (message,) = read_all(broker, name)
    assert (message.key(), message.value(), ours(message)["value_omitted"]) == (b"k", None, b"true")


def test_headers_of_ours_that_a_record_came_with_do_not_stand_beside_those_of_the_letter(
    broker: str, topic: MakeTopic
) -> None:
    name = topic()
    forged = record(b"x", headers=[(f"{PREFIX}reason", b"forged"), ("h", b"1")])
    with started(settings(broker, name)) as producer:
        stored(producer, letter(name, forged))
    (message,) = read_all(broker, name)
    headers: list[Any] = list(message.headers() or ())
    assert [value for key, value in headers if key == f"{PREFIX}reason"] == [b"undecodable"]
    assert ("h", b"1") in headers


def test_a_detail_that_is_no_unicode_does_not_stop_the_letter(broker: str, topic: MakeTopic) -> None:
    name = topic()
    odd = letter(name, rejection=Rejection("map", "invalid_value", "a lone \ud800 surrogate"))
    with started(settings(broker, name)) as producer:
        assert stored(producer, odd) == [(odd, None)]
    assert ours(*read_all(broker, name))["detail"].startswith(b"a lone ")


# What becomes of it.


def test_a_letter_is_reported_once_the_broker_has_it(own_broker: RealBroker) -> None:
    name = make_topic(own_broker.bootstrap, "letters")
    with started(settings(own_broker.bootstrap, name, store_seconds=60.0)) as producer:
        first, second = letter(name), letter(name)
        assert stored(producer, first) == [(first, None)]
        assert producer.reports() == []
        own_broker.kill()
        producer.store(second)
        wait_until(lambda: producer.reports() or producer.outage, 20, "the outage shows")
        assert producer.reports() == []
        own_broker.start()
        assert reported(producer, 1, 40.0) == [(second, None)]
    assert len(read_all(own_broker.bootstrap, name)) == 2


def test_a_letter_that_no_broker_took_in_time_is_reported_and_may_be_tried_again(own_broker: RealBroker) -> None:
    name = make_topic(own_broker.bootstrap, "letters")
    with started(settings(own_broker.bootstrap, name, store_seconds=1.0)) as producer:
        stored(producer, letter(name), seconds=10.0)
        own_broker.kill()
        again = letter(name)
        assert stored(producer, again, seconds=15.0) == [(again, "msg_timed_out")]
        assert producer.outage is not None
        own_broker.start()
        wait_until(lambda: stored(producer, again) == [(again, None)], 40, "the broker is back")
        assert producer.outage is None


def test_a_value_that_the_topic_refuses_for_its_size_is_too_large_and_its_neighbours_are_stored(
    broker: str, topic: MakeTopic
) -> None:
    name = topic(max_message_bytes="100000")
    large = letter(name, record(b"x" * 150_000))
    ordinary = [letter(name, record(b"x" * 30_000)) for _ in range(8)]
    with started(settings(broker, name)) as producer:
        reports = dict(stored(producer, *ordinary[:4], large, *ordinary[4:]))
    assert reports.pop(large) == "too_large"
    assert reports == dict.fromkeys(ordinary)


def test_small_letters_are_stored_in_a_topic_that_takes_no_batch_of_them(broker: str, topic: MakeTopic) -> None:
    """They were refused batch by batch for ever: 9,514 refusals in 18 s (seen)."""
    name = topic(max_message_bytes="3000")
    letters = [letter(name, record(b"x" * 500)) for _ in range(40)]
    with started(settings(broker, name)) as producer:
        assert {error for _, error in stored(producer, *letters)} == {None}
    assert len(read_all(broker, name)) == 40


def test_a_letter_over_the_clients_own_default_of_a_million_bytes_is_stored(broker: str, topic: MakeTopic) -> None:
    name = topic(max_message_bytes="3000000")
    with started(settings(broker, name)) as producer:
        assert stored(producer, letter(name, record(b"x" * 2_000_000)))[0][1] is None


# What is checked at start.


@pytest.mark.parametrize("is_there", [0, 1])
def test_a_missing_topic_is_named(broker: str, topic: MakeTopic, is_there: int) -> None:
    names = ["no-dead-letters", "no-parked"]
    names[is_there] = topic()
    with pytest.raises(KafkaFailure, match=rf"there is no topic {names[1 - is_there]}\..*create it"):
        LetterProducer(settings(broker, *names)).start()


def test_a_topic_that_has_no_room_for_ordinary_letters_is_warned_of(broker: str, topic: MakeTopic) -> None:
    small, ordinary = topic(max_message_bytes="5000"), topic()
    with capture_logs() as logs, started(settings(broker, small, ordinary)):
        pass
    warnings = [each for each in logs if each["log_level"] == "warning"]
    assert [(each["event"], each["topic"], each["max_message_bytes"]) for each in warnings] == [
        ("letter_topic_is_small", small, 5_000)
    ]


def test_no_broker_at_all_is_said_within_the_deadline() -> None:
    producer = LetterProducer(settings("127.0.0.1:1", "letters", connect_seconds=0.5))
    with pytest.raises(KafkaFailure, match=r"look for topic letters: no answer within 0.5 s.*bootstrap.servers"):
        producer.start()


def test_a_property_that_librdkafka_does_not_know_is_named() -> None:
    with pytest.raises(KafkaFailure, match=r'refuses the properties of the producer: .*"no.such.thing"'):
        LetterProducer(settings({"bootstrap.servers": "127.0.0.1:1", "no.such.thing": "1"}, "letters"))


# Properties.


def test_properties_that_the_service_owns_stand_over_the_users() -> None:
    wrong = {"bootstrap.servers": "b", "group.id": "g", "enable.auto.commit": "true", "auto.offset.reset": "latest",
             "enable.auto.offset.store": "true", "allow.auto.create.topics": "true", "enable.partition.eof": "true",
             "partition.assignment.strategy": "roundrobin", "group.instance.id": "theirs"}  # fmt: skip
    reader = ConsumerSettings(wrong, ("t",), group_instance_id="ours")
    assert consumer_properties(reader) == {
        **CONSUMER_DEFAULTS,
        "bootstrap.servers": "b",
        "group.id": "g",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
        "enable.partition.eof": False,
        "partition.assignment.strategy": "cooperative-sticky",
        "group.instance.id": "ours",
    }
    assert bystander_properties(reader)["enable.auto.commit"] is False

    unsafe = {
        "acks": "0",
        "enable.idempotence": "false",
        "message.timeout.ms": "1",
        "batch.size": "1",
        "linger.ms": "9",
    }
    assert producer_properties(settings(unsafe, "letters", store_seconds=7.5)) == {
        "acks": "all",
        "enable.idempotence": True,
        "message.timeout.ms": 7_500,
        "batch.size": 65_536,
        "linger.ms": "9",
        "message.max.bytes": 1_000_000_000,
    }


def test_the_users_settings_stand_over_our_defaults() -> None:
    theirs = dict.fromkeys(CONSUMER_DEFAULTS, "1")
    assert theirs.items() <= consumer_properties(ConsumerSettings(theirs, ("t",))).items()


@pytest.mark.parametrize("rebalance", get_args(Rebalance))
def test_no_property_that_the_service_sets_is_the_users_to_set(rebalance: Rebalance) -> None:
    set_by_us = consumer_properties(ConsumerSettings({}, ("t",), rebalance=rebalance, group_instance_id="pod-0"))
    assert set_by_us.keys() - CONSUMER_DEFAULTS.keys() <= owned_consumer(rebalance).keys()
    assert producer_properties(settings({}, "letters")).keys() - {"message.max.bytes"} <= OWNED_PRODUCER.keys()


def test_the_broker_owns_what_it_decides_under_the_consumer_protocol() -> None:
    assert owned_consumer("consumer") == {**OWNED_CONSUMER, **OWNED_BY_BROKER}
    assert not OWNED_BY_BROKER.keys() & owned_consumer("cooperative").keys()
