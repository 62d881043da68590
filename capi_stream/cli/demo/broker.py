"""The demo's side of Kafka: a broker to talk to, what is published, and what can be read off it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

PARTITIONS = 4
ANSWER_SECONDS = 15.0


@contextmanager
def embedded_broker() -> Iterator[str]:
    """The address of the mock cluster inside librdkafka, which lives in this process. One member, one group life."""
    host = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    brokers = host.list_topics(timeout=ANSWER_SECONDS).brokers
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    host.flush(0)


@dataclass(slots=True)
class Topics:
    """The demo's topics and group at one broker, with names that no other run uses."""

    bootstrap: str
    source: str = field(default_factory=lambda: f"demo.commerce.events.{uuid.uuid4().hex[:6]}")

    @property
    def group(self) -> str:
        """The consumer group of the service."""
        return f"{self.source}.capi-stream"

    @property
    def dead_letters(self) -> str:
        """Where dead letters go."""
        return f"{self.source}.dead-letters"

    @property
    def parked(self) -> str:
        """Where parked records go."""
        return f"{self.source}.parked"

    def make(self, *, is_embedded: bool) -> None:
        """Make the topics. The embedded broker makes them itself, when they are asked for."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        names = (self.source, self.dead_letters, self.parked)
        if is_embedded:
            for name in names:
                admin.list_topics(name, timeout=ANSWER_SECONDS)
            return
        topics = [NewTopic(name, num_partitions=PARTITIONS, replication_factor=1) for name in names]
        for made in admin.create_topics(topics, operation_timeout=ANSWER_SECONDS).values():
            made.result(ANSWER_SECONDS)

    def publish(self, values: Sequence[bytes]) -> None:
        """Publish and wait until the broker has every record."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 20, "log_level": 0})
        for number, value in enumerate(values):
            producer.produce(self.source, value, key=str(number))
            producer.poll(0)
        if left := producer.flush(ANSWER_SECONDS):
            raise RuntimeError(f"{left} of {len(values)} records could not be published to {self.bootstrap}")

    def ends(self) -> dict[int, int]:
        """Partition of the source topic -> its end offset."""
        with self._reader(self.group) as reader:
            return _ends(reader, self.source)

    def committed(self) -> dict[int, int]:
        """Partition of the source topic -> what the group has committed; 0 where it has nothing."""
        with self._reader(self.group) as reader:
            partitions = [TopicPartition(self.source, number) for number in _ends(reader, self.source)]
            answer = reader.committed(partitions, timeout=ANSWER_SECONDS)
            return {each.partition: max(0, each.offset) for each in answer}

    def letters(self) -> list[Mapping[str, str]]:
        """The headers of every dead letter."""
        found: list[Mapping[str, str]] = []
        with self._reader(f"{self.group}.reader") as reader:
            for number, end in _ends(reader, self.dead_letters).items():
                reader.assign([TopicPartition(self.dead_letters, number, 0)])
                at = 0
                while at < end:
                    for message in reader.consume(500, 0.5):
                        found.append(_headers(message))
                        at = (message.offset() or 0) + 1
        return found

    @contextmanager
    def _reader(self, group: str) -> Iterator[Consumer]:
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "log_level": 0})
        try:
            yield reader
        finally:
            reader.close()


def _ends(reader: Consumer, topic: str) -> dict[int, int]:
    partitions = reader.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic].partitions
    return {
        number: reader.get_watermark_offsets(TopicPartition(topic, number), timeout=ANSWER_SECONDS)[1]
        for number in partitions
    }


def _headers(message: Message) -> Mapping[str, str]:
    headers = dict(message.headers() or ())
    return {name: value.decode(errors="replace") for name, value in headers.items() if isinstance(value, bytes)}
