"""The way to Kafka: a client with the user's properties, that counts every delivery report."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from capi_stream.cli.produce.load import Made
from capi_stream.cli.produce.tally import Tally
from capi_stream.kafka.clients import Ear, connected
from capi_stream.kafka.failures import UNKNOWN_TOPIC, KafkaFailure, answer_of, ends_service, failure, slug

DEFAULTS = MappingProxyType(
    {"linger.ms": "20", "message.timeout.ms": "25000", "topic.metadata.refresh.interval.ms": "30000"}
)
OWN = MappingProxyType({"acks": "all", "enable.idempotence": "true"})  # as docs/publishing.md asks of everybody
FLUSH_SECONDS = 30.0  # more than message.timeout.ms: each record then has its report


class Publisher:
    """Publishes to one topic. Raises KafkaFailure where that cannot go on."""

    def __init__(self, properties: Mapping[str, str], topic: str, tally: Tally) -> None:
        self._topic = topic
        self._tally = tally
        self._ear = Ear("producer")
        self._producer: Producer = connected(Producer, {**DEFAULTS, **properties, **OWN}, self._ear.heard)

    def look(self, seconds: float) -> None:
        """Check that Kafka answers and has the topic; give it `seconds`."""
        answer_of(self._look, f"look for topic {self._topic}", seconds, between=lambda: self.wait(0.0))

    def _look(self, timeout: float) -> None:
        found = self._producer.list_topics(self._topic, timeout=timeout).topics[self._topic]
        if found.error is None:
            return
        if found.error.code() in UNKNOWN_TOPIC:
            raise KafkaFailure(f"there is no topic {self._topic}. What to do: create it, or correct --topic.")
        if ends_service(found.error):
            raise failure(f"look at topic {self._topic}", found.error)
        raise KafkaException(found.error)

    def store(self, made: Made) -> bool:
        """Send `made`; False where the client's queue is full, and nothing was sent."""
        try:
            self._producer.produce(self._topic, made.value, made.key, on_delivery=self._reported)
        except BufferError:
            return False
        except KafkaException as exception:
            self._tally.reported(slug(exception.args[0]))
        self._tally.published(made)
        return True

    def _reported(self, error: KafkaError | None, _: Message) -> None:
        self._tally.reported(None if error is None else slug(error))

    def wait(self, seconds: float) -> None:
        """Serve delivery reports; at most `seconds`, less where some come."""
        try:
            self._producer.poll(seconds)
        except KafkaException as exception:
            raise failure(f"publish to {self._topic}", exception.args[0]) from None
        self._ear.check()

    def finish(self) -> None:
        """Wait until each record has its report, or the time is over."""
        deadline = time.monotonic() + FLUSH_SECONDS
        while len(self._producer) and time.monotonic() < deadline:
            self.wait(0.1)
