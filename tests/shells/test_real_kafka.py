"""The broker and the registry that the other tests stand on are real and do what is taken for granted."""

from __future__ import annotations

import json
import urllib.request
import uuid

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import committed, end_offsets, make_topic, publish, read_all, register_schema
from tests.real.secure import SecureBroker


def test_what_is_published_is_read(broker: str, topic: MakeTopic) -> None:
    name = topic("round-trip", partitions=2)
    publish(broker, name, [{"value": b"v", "key": b"k", "headers": [("h", b"1")], "partition": 1}])
    (message,) = read_all(broker, name)
    assert (message.value(), message.key(), message.headers()) == (b"v", b"k", [("h", b"1")])
    assert end_offsets(broker, name) == {0: 0, 1: 1}
    assert committed(broker, "nobody", name) == {}


def test_the_registry_takes_schemas_with_references(registry: str) -> None:
    money = json.dumps({"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "long"}]})
    order = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "total", "type": "Money"}]})
    subject = f"money-{uuid.uuid4().hex}"
    register_schema(registry, subject, money)
    reference = {"name": "Money", "subject": subject, "version": 1}
    number = register_schema(registry, f"{subject}-order", order, [reference])
    with urllib.request.urlopen(f"{registry}/schemas/ids/{number}", timeout=10) as answer:
        found = json.loads(answer.read())
    assert json.loads(found["schema"]) == json.loads(order)
    assert found["references"][0]["subject"] == subject


def test_the_secure_broker_knows_its_users(secure_broker: SecureBroker) -> None:
    make_topic(secure_broker.client(), "secured")
    assert "secured" in AdminClient(secure_broker.client()).list_topics(timeout=10).topics
    with pytest.raises(KafkaException):
        AdminClient({**secure_broker.client("service", "wrong"), "log_level": "0"}).list_topics(timeout=2)


def test_a_broker_that_was_killed_comes_back_with_its_records(own_broker: RealBroker) -> None:
    name = make_topic(own_broker.bootstrap, "kept")
    publish(own_broker.bootstrap, name, [{"value": b"before"}])
    own_broker.kill()
    own_broker.start()
    assert [message.value() for message in read_all(own_broker.bootstrap, name)] == [b"before"]
