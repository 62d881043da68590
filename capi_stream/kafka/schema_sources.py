"""Where schemas come from: a registry's own words for them, and who asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.plain_source import PlainSource, is_plain
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.stored_schemas import Stored
from capi_stream.model import SchemaKey


class Source(Protocol):
    """Asks one registry. Raises Refused for an answer that says no, and anything where there is no answer."""

    def by_key(self, key: SchemaKey) -> Stored:
        """The schema that records name by `key`."""

    def by_version(self, subject: str, version: int) -> Stored:
        """The schema that another one refers to as `version` of `subject`."""


class Found(NamedTuple):
    """A schema's text, with those of all schemas that it refers to, each after those that it refers to itself."""

    text: str
    references: tuple[str, ...]


def source_of(settings: RegistrySettings) -> Source:
    """Who asks the registry. Raises KafkaFailure for properties that it refuses.

    Confluent's client brings Authlib, cryptography and httpx, 14 MB that stay for a few questions at the start: what it
    alone can do, such as OAuth, is left to it.
    """
    if not is_plain(settings.properties):
        from capi_stream.kafka.client_source import ClientSource, registry_client

        return ClientSource(registry_client(settings))
    try:
        return PlainSource(settings.properties, settings.answer_seconds)
    except (ValueError, OSError) as error:
        raise refused_properties(error) from None


def refused_properties(error: Exception) -> KafkaFailure:
    """What to tell of properties that a client of the registry does not take."""
    return KafkaFailure(
        f"the registry's client refuses its properties: {error}. What to do: see registry in the configuration."
    )


def whole(source: Source, stored: Stored) -> Found:
    """`stored` with all that it refers to. Raises as `source` does."""
    return Found(stored.text, tuple(_below(source, stored, set())))


def _below(source: Source, stored: Stored, seen: set[tuple[str, int]]) -> Iterator[str]:
    for reference in stored.references:
        if reference not in seen:
            seen.add(reference)
            found = source.by_version(*reference)
            yield from _below(source, found, seen)
            yield found.text
