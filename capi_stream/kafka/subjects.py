"""Which schemas a registry has for a topic: asked once, by a person's tool. The service asks by id (`registry.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from confluent_kafka.schema_registry.error import SchemaRegistryError

from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.registry import references_of, registry_client, text_of
from capi_stream.kafka.settings import RegistrySettings

T = TypeVar("T")

UNKNOWN_SUBJECT = (40401, 40402)  # the registry's own words; a 404 without them is some proxy's page
SUFFIX = "-value"


class Newest(NamedTuple):
    """A subject's newest schema, with the texts of all that it refers to."""

    version: int
    schema_id: int
    schema_text: str
    references: Sequence[str]


class Subjects:
    """One registry's subjects. Questions raise KafkaFailure where it cannot be asked."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._client = registry_client(settings)

    def of(self, topic: str) -> list[str]:
        """The subjects of the values of `topic`, as Confluent's serializers name them; of all topics for a pattern."""
        if not topic.startswith("^"):
            return [topic + SUFFIX]
        known = self._asked(self._client.get_subjects) or []
        return [each for each in known if each.endswith(SUFFIX) and re.match(topic, each.removesuffix(SUFFIX))]

    def newest(self, subject: str) -> Newest | None:
        """The newest schema of `subject`; None where the registry knows no such subject."""
        return self._asked(lambda: self._newest(subject))

    def _newest(self, subject: str) -> Newest:
        found = self._client.get_latest_version(subject)
        references = references_of(self._client, found.schema)
        return Newest(int(found.version or 0), int(found.schema_id or 0), text_of(found.schema), references)

    def _asked(self, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except SchemaRegistryError as error:
            if error.error_code in UNKNOWN_SUBJECT:
                return None
            why = f"HTTP {error.http_status_code}, code {error.error_code}"
        except Exception as error:  # noqa: BLE001  the client lets its HTTP library's and its parser's errors through
            why = type(error).__name__
        raise KafkaFailure(
            f"the schema registry does not answer ({why}). What to do: check registry.url, registry.properties and the "
            "network between here and there; while it is away, records of schemas not yet known wait."
        )
