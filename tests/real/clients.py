"""What tests do with a broker and a registry beside the service: make topics, publish, read, wait."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

Properties = dict[str, str | int | float | bool]
Client = Mapping[str, str | int | float | bool]


def client(bootstrap: str | Client) -> Properties:
    """Properties of a client: a broker's address alone, or properties that are taken as they are."""
    return {"bootstrap.servers": bootstrap} if isinstance(bootstrap, str) else dict(bootstrap)


def make_topic(bootstrap: str | Client, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
    """Make a topic and wait until it is there; its name."""
    admin = AdminClient(client(bootstrap))
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
    for made in admin.create_topics([topic], operation_timeout=30).values():
        made.result(30)
    wait_until(lambda: name in admin.list_topics(timeout=10).topics, 30, f"topic {name} exists")
    return name


def publish(bootstrap: str | Client, topic: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Publish records, each given as `Producer.produce` takes them (value, key, headers, partition, timestamp)."""
    producer = Producer({**client(bootstrap), "linger.ms": "5", "acks": "all"})
    failures: list[Any] = []
    for record in records:
        producer.produce(topic, on_delivery=lambda error, _: failures.append(error) if error else None, **record)
        producer.poll(0)
    left = producer.flush(30)
    assert not left, f"{left} records were not published"
    assert not failures, failures


def read_all(bootstrap: str | Client, topic: str) -> list[Message]:
    """Every record of `topic` that is there now, partition by partition."""
    consumer = Consumer({**client(bootstrap), "group.id": "reader", "enable.auto.commit": False})
    messages: list[Message] = []
    try:
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            consumer.assign([TopicPartition(topic, partition, low)])
            while low < high:
                for message in consumer.consume(1_000, 0.2):
                    assert message.error() is None, message.error()
                    messages.append(message)
                    low = (message.offset() or 0) + 1
    finally:
        consumer.close()
    return messages


def end_offsets(bootstrap: str | Client, topic: str) -> dict[int, int]:
    """Partition -> one past its last record."""
    consumer = Consumer({**client(bootstrap), "group.id": "reader"})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1]
            for number in partitions
        }
    finally:
        consumer.close()


def committed(bootstrap: str | Client, group: str, topic: str) -> dict[int, int]:
    """Partition -> what `group` has committed; without those that it has not."""
    return {each.partition: each.offset for each in _committed(bootstrap, group, topic)}


def committed_with_metadata(bootstrap: str | Client, group: str, topic: str) -> list[tuple[int, str]]:
    """What `group` has committed, each offset with the text beside it."""
    return [(each.offset, each.metadata or "") for each in _committed(bootstrap, group, topic)]


def _committed(bootstrap: str | Client, group: str, topic: str) -> list[TopicPartition]:
    admin = AdminClient({**client(bootstrap), "log_level": 2})  # one of hundreds: a line each would bury the test's own
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    try:
        offsets = asked[group].result(10).topic_partitions
    except KafkaException:
        return []
    return [each for each in offsets if each.topic == topic and each.offset >= 0]


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Ask until `condition` holds; fail, naming `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def register_schema(url: str, subject: str, text: str, references: Sequence[Mapping[str, Any]] = ()) -> int:
    """Register an Avro schema; its id."""
    body = json.dumps({"schema": text, "references": list(references)}).encode()
    request = urllib.request.Request(
        f"{url}/subjects/{subject}/versions", body, {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(json.loads(answer.read())["id"])


def confluent_frame(schema_id: int, payload: bytes) -> bytes:
    """`payload` as Confluent's serializers write it."""
    return b"\x00" + schema_id.to_bytes(4, "big") + payload
