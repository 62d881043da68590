"""Schemas by Confluent's client, which knows every way to show a registry who we are."""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from capi_stream.kafka.schema_sources import refused_properties
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.stored_schemas import Refused, Stored, stored
from capi_stream.model import SchemaKey


class ClientSource:
    """Asks by `client`. Raises Refused, NoSchemaInAnswer, and what the client lets through of its libraries' errors."""

    def __init__(self, client: SchemaRegistryClient) -> None:
        self._client = client

    def by_key(self, key: SchemaKey) -> Stored:
        """The schema of an id or a GUID."""
        if isinstance(key, int):
            return self._asked(lambda: self._client.get_schema(key))
        return self._asked(lambda: self._client.get_schema_by_guid(key))

    def by_version(self, subject: str, version: int) -> Stored:
        """The schema of a subject's version."""
        return self._asked(lambda: self._client.get_version(subject, version).schema)

    def _asked(self, ask: Callable[[], Schema]) -> Stored:
        try:
            return stored_of(ask())
        except SchemaRegistryError as error:
            raise Refused(error.http_status_code, error.error_code) from None
        except Exception:
            self._client.clear_caches()  # type: ignore[no-untyped-call]  # it keeps answers without a schema too
            raise


def stored_of(schema: Schema) -> Stored:
    """What the client has understood. Raises NoSchemaInAnswer."""
    pairs = [(each.subject, each.version) for each in schema.references or ()]
    known = [(subject, version) for subject, version in pairs if subject is not None and version is not None]
    return stored(schema.schema_str, tuple(known))


def registry_client(settings: RegistrySettings) -> SchemaRegistryClient:
    """A client of the registry. Raises KafkaFailure for properties that it refuses."""
    # Not the client's own retries: who asks asks again, and an outage would show only after four timeouts.
    own = {"timeout": settings.answer_seconds, "max.retries": 0}
    try:
        return SchemaRegistryClient({**own, **settings.properties})
    except (ValueError, TypeError, OSError) as error:
        raise refused_properties(error) from None
