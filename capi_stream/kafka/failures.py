"""What librdkafka's errors mean to the service: what ends it, what is waited out, and what to tell a person.

Each channel tells of something else: a wrong password reaches only `error_cb`, missing rights come once as a message's
error, a letter's fate is in its delivery report, a commit's in `on_commit`. All are read here.
"""

# ruff: noqa: SLF001 - the client names librdkafka's own errors with an underscore; they are public

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

T = TypeVar("T")

RETRY_SECONDS = 0.1
ATTEMPT_SECONDS = 1.0  # of one question, so that a refused password is noticed between two


class KafkaFailure(Exception):  # noqa: N818 - it is what ends the service, not any error of Kafka
    """The service cannot go on with Kafka. The message says what, where and what to do."""


_CREDENTIALS = "check security.protocol and the sasl.* properties under kafka.common"
_STATIC = (
    "another process runs with the same group.instance.id, or one that was killed has not timed out yet: "
    "give each process its own, or wait for the session timeout and start again"
)

ENDINGS: Mapping[int, str] = MappingProxyType(
    {
        KafkaError._AUTHENTICATION: _CREDENTIALS,
        KafkaError.SASL_AUTHENTICATION_FAILED: _CREDENTIALS,
        KafkaError.UNSUPPORTED_SASL_MECHANISM: "set sasl.mechanism to one that the broker offers",
        KafkaError.TOPIC_AUTHORIZATION_FAILED: "give the service's user the right to this topic: READ and DESCRIBE on "
        "source topics, WRITE and DESCRIBE on the dead-letter and parked topics (READ too for replay and dead-letters)",
        KafkaError.GROUP_AUTHORIZATION_FAILED: "give the service's user READ and DESCRIBE on its group.id",
        KafkaError.CLUSTER_AUTHORIZATION_FAILED: "give the service's user IDEMPOTENT_WRITE on the cluster, or WRITE on "
        "the dead-letter and parked topics",
        KafkaError.FENCED_INSTANCE_ID: _STATIC,
        KafkaError.UNRELEASED_INSTANCE_ID: _STATIC,
        KafkaError.INCONSISTENT_GROUP_PROTOCOL: "the group's other members use another kafka.rebalance: give all the "
        "same, or stop all before you change it",
        KafkaError.UNSUPPORTED_ASSIGNOR: "set kafka.rebalance to what the broker offers",
        KafkaError._UNSUPPORTED_FEATURE: "set kafka.rebalance: cooperative; the broker is too old for this one",
        KafkaError.UNSUPPORTED_VERSION: "set kafka.rebalance: cooperative; the broker is too old for this one",
        KafkaError.GROUP_MAX_SIZE_REACHED: "run fewer members, or raise the broker's group.max.size",
        KafkaError.INVALID_GROUP_ID: "set a group.id under kafka.consumer",
    }
)
"""Errors that waiting does not mend, and what a person should do."""

PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._SSL,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._WAIT_COORD,
        KafkaError._WAIT_CACHE,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError._PARTITION_EOF,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
    }
)
"""Errors that pass: outages, and the ordinary ones of a rebalance. The client goes on by itself."""


ALL_DOWN = KafkaError._ALL_BROKERS_DOWN
OFFSET_GONE = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError._LOG_TRUNCATION})
TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_MSG_SIZE})
UNKNOWN_TOPIC = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})


def ends_service(error: KafkaError) -> bool:
    """Whether waiting does not mend `error`."""
    return error.fatal() or error.code() == KafkaError._FATAL or error.code() in ENDINGS


def passes(error: KafkaError) -> bool:
    """Whether `error` is known to mend by waiting. One that neither ends nor passes may have cost a record."""
    return not ends_service(error) and (error.retriable() or error.code() in PASSING)


def slug(error: KafkaError) -> str:
    """The name of `error` as a label: `illegal_generation`."""
    return error.name().strip("_").lower()


def failure(doing: str, error: KafkaError) -> KafkaFailure:
    """What ends the service: `doing` says what was attempted, and on what."""
    return KafkaFailure(f"{doing}: {error.str()}. What to do: {_advice(error)}.")


def _advice(error: KafkaError) -> str:
    if error.code() != KafkaError._FATAL:
        return ENDINGS.get(error.code(), "see the broker's log and librdkafka's lines above")
    # Such an error has its cause in its text alone (seen: a missing right to the group, under KIP-848).
    named = (advice for code, advice in ENDINGS.items() if KafkaError(code).str() in error.str())
    return next(named, _STATIC if "instance" in error.str() else "start the service again")


def answer_of(ask: Callable[[float], T], doing: str, seconds: float, between: Callable[[], None] | None = None) -> T:
    """What Kafka answers to `ask(timeout)`, which is asked again until `seconds` are over.

    `between` is called after each attempt that failed. Raises KafkaFailure, named after `doing`, when the time is over
    or the error will not pass.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask(max(0.01, min(ATTEMPT_SECONDS, deadline - time.monotonic())))
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            if between is not None:
                between()
            if ends_service(error):
                raise failure(doing, error) from None
            if time.monotonic() >= deadline:
                raise KafkaFailure(
                    f"{doing}: no answer within {seconds:g} s ({error.str()}). What to do: check bootstrap.servers, "
                    "security.protocol and the network between here and the brokers."
                ) from None
            time.sleep(RETRY_SECONDS)
