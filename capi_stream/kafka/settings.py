"""How this service uses Kafka and the schema registry. Built by config, read here.

Properties are librdkafka's own, as texts: whatever it knows passes through, but for what the tables below keep for the
service. Texts may be secrets, so no `repr` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

Rebalance = Literal["cooperative", "eager", "consumer"]

Content = Literal["record", "hashed_event"]
"""What a letter holds: its record byte for byte, or the event as it would be posted."""


class Owned(NamedTuple):
    """Why a property is not the user's to set, and what to do instead."""

    reason: str
    instead: str


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """The consumer group and where it starts to read. Times in seconds.

    `properties` holds those for every client and those for the consumer, merged; `bootstrap.servers` and `group.id`
    are among them. A topic that starts with `^` is a pattern.
    """

    properties: Mapping[str, str] = field(repr=False)
    topics: tuple[str, ...]
    rebalance: Rebalance = "cooperative"
    no_committed_offset: Literal["earliest", "latest", "error"] = "earliest"  # of the three, the one that loses nothing
    committed_offset_gone: Literal["error", "earliest", "latest"] = "error"  # a gap is for a person to know
    group_instance_id: str | None = None  # static membership; unique in the group, such as the pod's name
    stops_at_ends: bool = False  # read each partition up to where it ends when the member starts
    connect_seconds: float = 30.0  # until Kafka must have answered at start
    answer_seconds: float = 10.0  # for committed offsets and the like, asked while the group waits for us
    watermarks_every_seconds: float = 5.0  # how old a lag may be
    letter_keys: tuple[str, ...] = field(default=(), repr=False)  # with which letters may be encrypted


@dataclass(frozen=True, slots=True)
class ProducerSettings:
    """The producer of letters. Times in seconds; `properties` as for the consumer."""

    properties: Mapping[str, str] = field(repr=False)
    dead_letter_topic: str
    parked_topic: str
    replay_topic: str = ""  # a third one, for letters that are to be read again there
    replay_id: str = ""  # the replay that runs, for the headers of its letters
    letter_keys: tuple[str, ...] = field(default=(), repr=False)  # the first one encrypts letters; none: they are plain
    content: Content = "record"
    store_seconds: float = 10.0  # until a letter that no broker acknowledged is reported as failed, and tried again
    connect_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """A schema registry. Times in seconds.

    `properties` are those of confluent-kafka's SchemaRegistryClient: `url`, `basic.auth.user.info`,
    `ssl.ca.location`, ... An id that the registry does not know is asked for again until it said so for
    `unknown_after_seconds`, since its replicas may lag; the verdict then holds for `unknown_for_seconds`.
    """

    properties: Mapping[str, str] = field(repr=False)
    unknown_after_seconds: float = 30.0
    unknown_for_seconds: float = 300.0
    answer_seconds: float = 5.0
    longest_backoff_seconds: float = 15.0


_GROUP = "it decides how partitions are handed over, which the service's own bookkeeping hangs on"
_OFFSETS = "offsets are committed only when every event of their records is settled"
_START = "librdkafka would jump without a word where a committed offset is gone"
_CALLBACK = "it names a function, which a text cannot"

OWNED_CONSUMER: Mapping[str, Owned] = MappingProxyType(
    {
        "enable.auto.commit": Owned(_OFFSETS, "leave it out"),
        "auto.commit.enable": Owned(_OFFSETS, "leave it out"),
        "auto.commit.interval.ms": Owned(_OFFSETS, "leave it out"),
        "enable.auto.offset.store": Owned(_OFFSETS, "leave it out"),
        "auto.offset.reset": Owned(_START, "set kafka.no_committed_offset and kafka.committed_offset_gone"),
        "partition.assignment.strategy": Owned(_GROUP, "set kafka.rebalance"),
        "group.protocol": Owned(_GROUP, "set kafka.rebalance"),
        "group.instance.id": Owned(
            "every member needs one of its own, and this file is the same for all", "set kafka.static_membership"
        ),
        "enable.partition.eof": Owned("the end of a partition is no event here", "leave it out"),
        "allow.auto.create.topics": Owned("a topic with a wrong name must be an error", "create the topic"),
        "logger": Owned(_CALLBACK, "leave it out"),
        "on_commit": Owned(_CALLBACK, "leave it out"),
        "error_cb": Owned(_CALLBACK, "leave it out"),
        "stats_cb": Owned(_CALLBACK, "leave it out"),
        "throttle_cb": Owned(_CALLBACK, "leave it out"),
        "oauth_cb": Owned(_CALLBACK, "set sasl.oauthbearer.method: oidc and the sasl.oauthbearer.* beside it"),
    }
)
"""Consumer properties that the service must own."""

_BROKER_SIDE = Owned("with kafka.rebalance: consumer the broker decides it", "leave it out")

OWNED_BY_BROKER: Mapping[str, Owned] = MappingProxyType(
    {
        "session.timeout.ms": _BROKER_SIDE._replace(
            instead="set group.consumer.session.timeout.ms on the broker, or consumer.session.timeout.ms for the group"
        ),
        "heartbeat.interval.ms": _BROKER_SIDE._replace(
            instead="set group.consumer.heartbeat.interval.ms on the broker, or consumer.heartbeat.interval.ms for the "
            "group"
        ),
        "group.protocol.type": _BROKER_SIDE,
    }
)
"""Consumer properties that librdkafka refuses under `rebalance: consumer` (KIP-848)."""

_STORED = "a record counts as settled once its letter is on all in-sync replicas, once and in order"
_BATCH = "a topic that refuses a batch for its size would refuse every letter in it"
_STORE_TIME = "letters must be judged before partitions are given back, so the service's deadlines set it"

OWNED_PRODUCER: Mapping[str, Owned] = MappingProxyType(
    {
        "acks": Owned(_STORED, "leave it out: it is all"),
        "request.required.acks": Owned(_STORED, "leave it out: it is all"),
        "enable.idempotence": Owned(_STORED, "leave it out: it is true"),
        "transactional.id": Owned("the service writes no transactions", "leave it out"),
        "message.timeout.ms": Owned(_STORE_TIME, "leave it out"),
        "delivery.timeout.ms": Owned(_STORE_TIME, "leave it out"),
        "batch.size": Owned(_BATCH, "leave it out"),
        "enable.gapless.guarantee": Owned("one letter that takes too long would stop the producer", "leave it out"),
        "delivery.report.only.error": Owned("every acknowledgement is counted", "leave it out"),
        **{name: owned for name, owned in OWNED_CONSUMER.items() if owned.reason == _CALLBACK},
        "on_delivery": Owned(_CALLBACK, "leave it out"),
        "partitioner_cb": Owned(_CALLBACK, "set partitioner"),
    }
)
"""Producer properties that the service must own."""


def owned_consumer(rebalance: Rebalance) -> Mapping[str, Owned]:
    """The consumer properties that a user may not set under `rebalance`."""
    return {**OWNED_CONSUMER, **OWNED_BY_BROKER} if rebalance == "consumer" else OWNED_CONSUMER
