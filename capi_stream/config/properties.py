"""Properties that are not ours: librdkafka's and the registry client's. They pass through, but for what we own.

Each is checked alone, by letting librdkafka parse it: a client is asked for with one property more that no librdkafka
knows, so it is never made, and what is complained of first is what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from confluent_kafka import KafkaException, Producer
from pydantic import AfterValidator, BeforeValidator

from capi_stream.config.mistakes import WrongValueError, WrongValuesError, misspelt
from capi_stream.kafka.settings import OWNED_CONSUMER, OWNED_PRODUCER, Owned

OWNED_COMMON: Mapping[str, Owned] = {**OWNED_PRODUCER, **OWNED_CONSUMER}

REGISTRY_PROPERTIES = (
    "basic.auth.credentials.source",
    "basic.auth.user.info",
    "bearer.auth.client.id",
    "bearer.auth.client.secret",
    "bearer.auth.credentials.source",
    "bearer.auth.identity.pool.id",
    "bearer.auth.issuer.endpoint.url",
    "bearer.auth.logical.cluster",
    "bearer.auth.scope",
    "bearer.auth.token",
    "proxy",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
)
"""What of confluent-kafka's SchemaRegistryClient can be set. It has more, which registry's own keys stand for."""

USUAL = [
    "bootstrap.servers",
    "client.id",
    "client.rack",
    "security.protocol",
    "sasl.mechanisms",
    "sasl.username",
    "sasl.password",
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.config",
    "sasl.kerberos.service.name",
    "sasl.kerberos.principal",
    "sasl.kerberos.keytab",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.key.password",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.endpoint.identification.algorithm",
    "enable.ssl.certificate.verification",
    "ssl.crl.location",
    "ssl.cipher.suites",
    "group.id",
    "group.remote.assignor",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "fetch.min.bytes",
    "fetch.max.bytes",
    "fetch.wait.max.ms",
    "fetch.message.max.bytes",
    "max.partition.fetch.bytes",
    "fetch.queue.backoff.ms",
    "fetch.error.backoff.ms",
    "queued.min.messages",
    "queued.max.messages.kbytes",
    "isolation.level",
    "check.crcs",
    "topic.blacklist",
    "topic.metadata.refresh.interval.ms",
    "metadata.max.age.ms",
    "message.max.bytes",
    "receive.message.max.bytes",
    "max.in.flight.requests.per.connection",
    "compression.type",
    "compression.level",
    "linger.ms",
    "batch.num.messages",
    "queue.buffering.max.messages",
    "queue.buffering.max.kbytes",
    "retries",
    "retry.backoff.ms",
    "retry.backoff.max.ms",
    "request.timeout.ms",
    "partitioner",
    "socket.timeout.ms",
    "socket.keepalive.enable",
    "socket.nagle.disable",
    "socket.connection.setup.timeout.ms",
    "connections.max.idle.ms",
    "reconnect.backoff.ms",
    "reconnect.backoff.max.ms",
    "broker.address.ttl",
    "broker.address.family",
    "client.dns.lookup",
    "statistics.interval.ms",
    "log_level",
    "debug",
    "api.version.request",
    "test.mock.num.brokers",
]
"""Properties that people set, to find what a misspelt one was meant to be. librdkafka knows more, and all pass."""

_SECRET = re.compile(
    r"password|passphrase|secret|key\.pem|user\.info|oauthbearer\.(config|extensions)|auth\.token|^proxy$"
)
_UNKNOWN_TO_ALL = "capi-stream.last"


def is_secret(name: str) -> bool:
    """Whether the value of property `name` must not be shown."""
    return bool(_SECRET.search(name))


def unparsable(name: str, value: str) -> WrongValueError | None:
    """What librdkafka finds wrong with one property; None if it can parse it. Files and hosts are not looked at."""
    try:
        Producer({name: value, _UNKNOWN_TO_ALL: ""})
    except KafkaException as error:
        return _refusal(name, str(error.args[0].str()))
    except (TypeError, ValueError):  # a callback, which is no text
        return WrongValueError("this property takes no text", "Leave it out")
    raise AssertionError("librdkafka knows a property that must not exist")


def _refusal(name: str, complaint: str) -> WrongValueError | None:
    """librdkafka's `complaint` in our words. It quotes values, which may be secrets: they are cut."""
    if _UNKNOWN_TO_ALL in complaint:
        return None
    if complaint.startswith("No such"):
        return misspelt("librdkafka knows no such property", name, USUAL, "See its CONFIGURATION.md")
    bounds = re.search(r"allowed range (\S+)\.\.(\S+)", complaint)
    if bounds:
        return WrongValueError("librdkafka refuses the value", f"Write a number from {bounds[1]} to {bounds[2]}")
    return WrongValueError("librdkafka refuses the value", f"See {name} in its CONFIGURATION.md")


def owned_mistakes(properties: Mapping[str, str], owned: Mapping[str, Owned]) -> Iterator[tuple[str, WrongValueError]]:
    """Those of `properties` that are the service's own, with the reason."""
    for name in properties:
        if name in owned:
            reason, instead = owned[name]
            yield name, WrongValueError(f"the service must own this: {reason}", instead[0].upper() + instead[1:])


def _client_check(owned: Mapping[str, Owned]) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """A check of librdkafka's properties that raises all that is wrong with them."""

    def check(properties: Mapping[str, str]) -> Mapping[str, str]:
        mistakes = dict(owned_mistakes(properties, owned))
        for name, value in properties.items():
            if name not in mistakes and (wrong := unparsable(name, value)):
                mistakes[name] = wrong
        return _raised(properties, mistakes)

    return check


def _registry_check(properties: Mapping[str, str]) -> Mapping[str, str]:
    every = ", ".join(REGISTRY_PROPERTIES)
    mistakes = {
        name: misspelt("this cannot be set", name, REGISTRY_PROPERTIES, f"Write one of {every}")
        for name in properties
        if name not in REGISTRY_PROPERTIES
    }
    return _raised(properties, mistakes)


def _raised(properties: Mapping[str, str], mistakes: Mapping[str, WrongValueError]) -> Mapping[str, str]:
    if mistakes:
        raise WrongValuesError(mistakes)
    return properties


_OrEmpty = BeforeValidator(lambda value: {} if value is None else value)

CommonProperties = Annotated[Mapping[str, str], AfterValidator(_client_check(OWNED_COMMON)), _OrEmpty]
ConsumerProperties = Annotated[Mapping[str, str], AfterValidator(_client_check(OWNED_CONSUMER)), _OrEmpty]
ProducerProperties = Annotated[Mapping[str, str], AfterValidator(_client_check(OWNED_PRODUCER)), _OrEmpty]
RegistryProperties = Annotated[Mapping[str, str], AfterValidator(_registry_check), _OrEmpty]
