"""The demo's side of Kafka: a broker to talk to, what is published, and what can be read off it afterwards."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from capi_stream.cli.demo.ending import DemoError

PARTITIONS = 8  # of a real broker's topic: one for each of the most members
CONNECT_SECONDS = 6.0
ANSWER_SECONDS = 15.0
ATTEMPT_SECONDS = 3.0  # of one question: between two of them a signal is heard
RETRY_SECONDS = 0.1
QUEUED = 50_000  # records on their way; librdkafka's own bound is 100,000

T = TypeVar("T")


@contextmanager
def embedded_broker() -> Iterator[str]:
    """The address of the mock cluster inside librdkafka, which lives in this process. One member, one group life."""
    host = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    brokers = host.list_topics(timeout=ANSWER_SECONDS).brokers
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    host.flush(0)


@dataclass(slots=True)
class Topics:
    """The demo's topics and group at one broker, with names that no other run uses.

    `pause(seconds)` is how it waits. Whatever asks the broker raises DemoError where it does not answer, or refuses.
    """

    bootstrap: str
    pause: Callable[[float], None]
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

    @property
    def names(self) -> tuple[str, str, str]:
        """All topics."""
        return (self.source, self.dead_letters, self.parked)

    def connect(self) -> None:
        """Wait until the broker answers."""
        admin = self._admin()
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                admin.list_topics(timeout=1)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise DemoError(
                        f"no Kafka answered at {self.bootstrap} within {CONNECT_SECONDS:.0f} s. Give --kafka HOST:PORT "
                        "of a broker that takes clients without TLS or passwords, or leave it out for the embedded one."
                    ) from None
                self.pause(RETRY_SECONDS)
            else:
                return

    def make(self, *, is_embedded: bool) -> None:
        """Make the topics, and wait until they have leaders. The embedded broker makes what somebody looks for."""
        admin = self._admin()
        topics = [NewTopic(name, num_partitions=PARTITIONS) for name in self.names]
        try:
            asked = {} if is_embedded else admin.create_topics(topics, operation_timeout=ANSWER_SECONDS)
            for made in asked.values():
                made.result(ANSWER_SECONDS)
            for name in self.names:
                admin.list_topics(name, timeout=ANSWER_SECONDS)
        except (KafkaException, TimeoutError) as error:
            raise self._refusal("make topics", error) from None
        for name in self.names:
            self._answer(self.group, f"look for topic {name}", partial(_ends, topic=name))

    def publish(self, values: Sequence[bytes]) -> None:
        """Publish and wait until the broker has every record."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 20, "log_level": 0})
        stored = 0

        def count(error: object, _: Message) -> None:
            nonlocal stored
            stored += error is None

        for number, value in enumerate(values):
            if len(producer) >= QUEUED:
                producer.flush(ANSWER_SECONDS)
            producer.produce(self.source, value, key=str(number), on_delivery=count)
            producer.poll(0)
        producer.flush(ANSWER_SECONDS)
        if left := len(values) - stored:
            raise DemoError(
                f"Kafka at {self.bootstrap} did not take {left:,} of {len(values):,} records for topic {self.source}"
            )

    def ends(self) -> dict[int, int]:
        """Partition of the source topic -> its end offset."""
        return self._answer(self.group, "read the ends of its topic", partial(_ends, topic=self.source))

    def committed(self) -> dict[int, int]:
        """Partition of the source topic -> what the group has committed; 0 where it has nothing."""
        return self._answer(self.group, "read what is committed", partial(_committed, topic=self.source))

    def letters(self) -> list[Mapping[str, str]]:
        """The headers of every dead letter."""
        return self._answer(f"{self.group}.reader", "read the dead letters", self._read)

    def _read(self, reader: Consumer) -> list[Mapping[str, str]]:
        found: list[Mapping[str, str]] = []
        deadline = time.monotonic() + ANSWER_SECONDS
        for number, end in _ends(reader, self.dead_letters).items():
            reader.assign([TopicPartition(self.dead_letters, number, 0)])
            at = 0
            while at < end:
                for message in reader.consume(500, 0.5):
                    found.append(_headers(message))
                    at = (message.offset() or 0) + 1
                if time.monotonic() > deadline:
                    raise self._refusal("read the dead letters", TimeoutError())
        return found

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _answer(self, group: str, what: str, ask: Callable[[Consumer], T]) -> T:
        """What `ask(reader)` finds, asked again for a while: a topic that was just made has no leaders yet."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "log_level": 0})
        deadline = time.monotonic() + ANSWER_SECONDS
        try:
            while True:
                try:
                    return ask(reader)
                except KafkaException as error:
                    if time.monotonic() > deadline:
                        raise self._refusal(what, error) from None
                    self.pause(RETRY_SECONDS)
        finally:
            reader.close()

    def _refusal(self, what: str, error: KafkaException | TimeoutError) -> DemoError:
        why = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
        return DemoError(
            f"Kafka at {self.bootstrap} did not let the demo {what}: {why}. It must be up, and let clients without a "
            "password make topics, write and read."
        )


def _ends(reader: Consumer, topic: str) -> dict[int, int]:
    found = reader.list_topics(topic, timeout=ATTEMPT_SECONDS).topics[topic]
    if found.error is not None or not found.partitions:
        raise KafkaException(found.error or KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    return {
        number: reader.get_watermark_offsets(TopicPartition(topic, number), timeout=ATTEMPT_SECONDS)[1]
        for number in found.partitions
    }


def _committed(reader: Consumer, topic: str) -> dict[int, int]:
    partitions = [TopicPartition(topic, number) for number in _ends(reader, topic)]
    answer = reader.committed(partitions, timeout=ATTEMPT_SECONDS)
    return {each.partition: max(0, each.offset) for each in answer}


def _headers(message: Message) -> Mapping[str, str]:
    headers = dict(message.headers() or ())
    return {name: value.decode(errors="replace") for name, value in headers.items() if isinstance(value, bytes)}
