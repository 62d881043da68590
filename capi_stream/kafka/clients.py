"""librdkafka's clients as this service runs them: its own properties over the user's, and one ear for their errors."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, libversion
from confluent_kafka.admin import AdminClient

from capi_stream.kafka.failures import ALL_DOWN, KafkaFailure, ends_service, failure, slug
from capi_stream.kafka.settings import ConsumerSettings, ProducerSettings

C = TypeVar("C", Consumer, Producer, AdminClient)

LIBRDKAFKA: str = libversion()[0]
"""The version of the library in C that all clients stand on."""

Heard = Callable[[KafkaError], None]

log = structlog.get_logger("capi_stream.kafka")

_METADATA_MARK = b"CGMDv2:"  # then the epoch, 4 bytes

CONSUMER_DEFAULTS = {
    # What is prefetched, beside our own budget: its default is 64 MB. These 2 MB are some 5,000 records, a fifth of a
    # second at full speed: many times the way to the broker and back. With 1 MB a catching-up member waits (measured).
    "queued.max.messages.kbytes": 2_048,
    "fetch.queue.backoff.ms": 10,  # its default of a second makes a queue of this size stutter (seen)
    "topic.metadata.refresh.interval.ms": 30_000,  # how late added partitions are seen; its default is 5 minutes
    "socket.timeout.ms": 10_000,  # a broker that went silent is told of after 20 s; with the default of 60 s, after 70
    "socket.connection.setup.timeout.ms": 5_000,  # and one that is not there at all, with the default of 30 s, so too
}
"""Where librdkafka's own defaults do not suit this service. The user's settings stand over them."""

LETTER_BATCH_BYTES = 65_536  # far below an ordinary topic's max.message.bytes; one larger letter still goes, alone
LARGEST_LETTER_BYTES = 1_000_000_000  # librdkafka's own bound: the topic decides, not its default of 1 MB


class Ear:
    """Listens to one client's `error_cb`: keeps the failure that ends the service, and tells of outages once each.

    Called by the client from inside `poll`, so it never raises.
    """

    def __init__(self, client: str) -> None:
        self.failure: KafkaFailure | None = None
        self.outage: str | None = None  # the error's name, while no broker can be reached
        self._client = client

    def heard(self, error: KafkaError) -> None:
        """Take in what the client says. Most of it passes by itself and is in librdkafka's own log."""
        if ends_service(error):
            self.failure = self.failure or failure(f"Kafka refuses the {self._client}", error)
        elif error.code() == ALL_DOWN and self.outage is None:
            self.outage = slug(error)
            log.warning("kafka_unreachable", client=self._client, error=slug(error), detail=error.str())

    def works(self) -> None:
        """A broker has answered."""
        if self.outage is not None:
            self.outage = None
            log.info("kafka_reachable", client=self._client)

    def check(self) -> None:
        """Raise the failure that was heard, if any."""
        if self.failure is not None:
            raise self.failure


def consumer_properties(settings: ConsumerSettings) -> dict[str, Any]:
    """The user's properties with those of the service over them."""
    own: dict[str, Any] = {
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": settings.stops_at_ends,
        "allow.auto.create.topics": False,
    }
    match settings.rebalance:
        case "cooperative":
            own["partition.assignment.strategy"] = "cooperative-sticky"
        case "eager":
            own["partition.assignment.strategy"] = "range,roundrobin"
        case "consumer":
            own["group.protocol"] = "consumer"
    if settings.group_instance_id is not None:
        own["group.instance.id"] = settings.group_instance_id
    return {**CONSUMER_DEFAULTS, **settings.properties, **own}


def producer_properties(settings: ProducerSettings, batch_bytes: int = LETTER_BATCH_BYTES) -> dict[str, Any]:
    """The user's properties with those of the service over them. A batch is larger only if one letter alone is."""
    own = {
        "acks": "all",
        "enable.idempotence": True,
        "message.timeout.ms": round(settings.store_seconds * 1000),
        "batch.size": batch_bytes,
    }
    return {"message.max.bytes": LARGEST_LETTER_BYTES, **settings.properties, **own}


def bystander_properties(settings: ConsumerSettings) -> dict[str, Any]:
    """Those of a client that only asks questions: it has the member's way to the brokers, and joins nothing."""
    return {**settings.properties, "enable.auto.commit": False}


def connected(kind: type[C], properties: Mapping[str, Any], heard: Heard, **callbacks: Any) -> C:
    """A client of `kind` whose errors are `heard`. Raises KafkaFailure where librdkafka refuses a property."""
    wired: dict[str, Any] = {
        **properties,
        **callbacks,
        "error_cb": heard,
        "logger": logging.getLogger("librdkafka"),
    }
    try:
        return kind(wired)
    except (KafkaException, ValueError, TypeError) as error:
        raise KafkaFailure(
            f"librdkafka refuses the properties of the {kind.__name__.lower()}: {_text(error)}. What to do: see "
            "kafka.common and the properties of this client in the configuration."
        ) from None


def has_member_epoch(consumer: Consumer) -> bool:
    """Whether the group's coordinator has taken `consumer` in: its epoch is then above 0.

    It stands behind a mark in what librdkafka writes down for transactions, the only place where the client shows it.
    Another mark than the one that is known says yes: being shown as ready too early delays nothing.
    """
    written: bytes = consumer.consumer_group_metadata()
    start = len(_METADATA_MARK)
    epoch = int.from_bytes(written[start : start + 4], sys.byteorder, signed=True)
    return not written.startswith(_METADATA_MARK) or epoch > 0


def _text(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return inner.str() if isinstance(inner, KafkaError) else str(inner)
