"""Letters out, and what became of each: only the broker's acknowledgement settles one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from capi_stream.delivery.batches import Letter
from capi_stream.kafka.clients import LETTER_BATCH_BYTES, Ear, connected, log, producer_properties
from capi_stream.kafka.failures import TOO_LARGE, UNKNOWN_TOPIC, KafkaFailure, answer_of, ends_service, failure, slug
from capi_stream.kafka.sealing import GROWTH
from capi_stream.kafka.settings import ProducerSettings
from capi_stream.kafka.writing import Writing

K = TypeVar("K")

ASKING_SECONDS = 5.0  # for what a broker need not tell
ROOM_BYTES = 1_048_588  # Kafka's default of max.message.bytes: a topic with less will refuse ordinary letters


class LetterProducer:
    """Stores letters with acks=all and idempotence. Used by one thread; raises KafkaFailure where it cannot go on."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._topics = sorted({settings.dead_letter_topic, settings.parked_topic, settings.replay_topic} - {""})
        self._writing = Writing(settings, time.time() - time.monotonic())
        self._ear = Ear("producer")
        self._producer = self._connected(LETTER_BATCH_BYTES)
        self._reports: list[tuple[Letter, str | None]] = []

    def start(self) -> None:
        """Check that the topics of letters are there and can be written. Raises KafkaFailure."""
        small = self.look()
        for topic, room in small.items():
            advised = room_bytes(self._settings, topic)
            log.warning("letter_topic_is_small", topic=topic, max_message_bytes=room, advised_bytes=advised)
        # A broker refuses a batch for its size as a whole, and the letters in it that would fit alone.
        if (batch_bytes := min([LETTER_BATCH_BYTES, *(room // 2 for room in small.values())])) < LETTER_BATCH_BYTES:
            self._producer = self._connected(max(1, batch_bytes))

    def _connected(self, batch_bytes: int) -> Producer:
        return connected(Producer, producer_properties(self._settings, batch_bytes), self._ear.heard)

    def look(self) -> dict[str, int]:
        """As `start`, in silence: the topics that would refuse letters for their size, and what each takes in bytes.

        Raises KafkaFailure.
        """
        for topic in self._topics:
            answer_of(
                lambda timeout, topic=topic: self._look_at(topic, timeout),  # type: ignore[misc]
                f"look for topic {topic}",
                self._settings.connect_seconds,
                between=self._serve,
            )
        return self._ask_what_a_broker_need_not_tell()

    def _look_at(self, topic: str, timeout: float) -> None:
        found = self._producer.list_topics(topic, timeout=timeout).topics[topic]
        if found.error is None:
            return
        if found.error.code() in UNKNOWN_TOPIC:
            raise KafkaFailure(
                f"there is no topic {topic}. What to do: create it, or correct dead_letters.topic and parked.topic; "
                "the service creates none."
            )
        if ends_service(found.error):
            raise failure(f"look at topic {topic}", found.error)
        raise KafkaException(found.error)

    def _ask_what_a_broker_need_not_tell(self) -> dict[str, int]:
        """Both questions are out before either is waited for: a broker that answers none costs the time of one."""
        admin = connected(AdminClient, dict(self._settings.properties), lambda _: None)
        rights = admin.describe_topics(
            TopicCollection(self._topics), include_authorized_operations=True, request_timeout=ASKING_SECONDS
        )
        resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in self._topics]
        configurations = admin.describe_configs(resources, request_timeout=ASKING_SECONDS)
        _check_rights(_answers(rights))
        found = {each.name: properties for each, properties in _answers(configurations).items()}
        return _small_topics(found, {topic: room_bytes(self._settings, topic) for topic in self._topics})

    def _serve(self) -> None:
        with _told():
            self._producer.poll(0)
        self._ear.check()

    def store(self, letter: Letter) -> None:
        """Send `letter`; `reports` tells what became of it."""
        written = self._writing.written(letter)
        try:
            self._producer.produce(
                letter.topic,
                value=written.value,
                key=written.key,
                headers=[*written.headers],
                on_delivery=self._reporter(letter),
            )
        except BufferError:
            self._reports.append((letter, "queue_full"))
        except KafkaException as exception:
            self._reports.append((letter, _reason(exception.args[0])))

    def _reporter(self, letter: Letter) -> Callable[[KafkaError | None, Message], None]:
        def report(error: KafkaError | None, _: Message) -> None:
            self._reports.append((letter, None if error is None else _reason(error)))
            if error is None:
                self._ear.works()

        return report

    def reports(self) -> list[tuple[Letter, str | None]]:
        """The letters whose fate is known since the last call: None, or why the broker did not take it.

        A missing right ends the service only while it starts; later it is an outage of that topic, which holds its
        letters and offsets and is shown. Raises KafkaFailure where the client itself broke.
        """
        with _told():
            self._producer.poll(0)
        reports, self._reports = self._reports, []
        return reports

    @property
    def outage(self) -> str | None:
        """Why no broker can be reached; None while one can."""
        return self._ear.outage

    def close(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for what is out."""
        with _told():
            self._producer.flush(timeout)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KafkaException as exception:  # a fatal error comes this way, once: the client stores nothing any more
        raise failure("store letters", exception.args[0]) from None


def _check_rights(topics: Mapping[str, Any]) -> None:
    """Raise KafkaFailure for a topic that may be seen and not written. Old brokers do not say what one may do."""
    for topic, found in topics.items():
        rights = found.authorized_operations
        if rights and not {AclOperation.WRITE, AclOperation.ALL}.intersection(rights):
            raise failure(f"write to topic {topic}", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))


def room_bytes(settings: ProducerSettings, topic: str) -> int:
    """What `topic` should take in bytes, so that it takes ordinary letters."""
    is_sealed = settings.letter_keys and topic != settings.replay_topic
    return round(ROOM_BYTES * GROWTH) if is_sealed else ROOM_BYTES


def _small_topics(configurations: Mapping[str, Any], wanted: Mapping[str, int]) -> dict[str, int]:
    """The topics that would refuse ordinary letters for their size, and what each takes."""
    limits = {topic: properties.get("max.message.bytes") for topic, properties in configurations.items()}
    rooms = {topic: wanted[topic] if limit is None else int(limit.value) for topic, limit in limits.items()}
    return {topic: room for topic, room in rooms.items() if room < wanted[topic]}


def _reason(error: KafkaError) -> str:
    return "too_large" if error.code() in TOO_LARGE else slug(error)


def _answers(asked: Mapping[K, Future[Any]]) -> dict[K, Any]:
    """What Kafka says of each, without those that it does not speak of: not knowing is no reason to stop."""
    found: dict[K, Any] = {}
    for each, answer in asked.items():
        try:
            found[each] = answer.result(ASKING_SECONDS + 1)
        except (KafkaException, TimeoutError) as error:
            log.debug("letter_topic_not_described", topic=str(each), error=type(error).__name__)
    return found
