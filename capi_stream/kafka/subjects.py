"""What a registry has under a subject, asked at a person's wish. The service itself asks by id (`registry.py`).

A question is asked once, without retries. Whatever goes wrong is a KafkaFailure, whose sentences say what to do; that
the registry knows no such thing is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from confluent_kafka.schema_registry import RegisteredSchema, Schema
from confluent_kafka.schema_registry.error import SchemaRegistryError

from capi_stream.kafka.client_source import ClientSource, registry_client, stored_of
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.schema_sources import whole
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.stored_schemas import Refused

T = TypeVar("T")

NOT_THERE = 404  # a subject, or a level of its own: registries differ in the longer code that they add
REFUSED = (409, 422)  # incompatible; no schema that the registry can read
RIGHTS = (401, 403)
SUFFIX = "-value"
_ADDRESS = "check registry.url (or --registry), registry.properties and the network between here and there"


class SchemaRefusedError(KafkaFailure):
    """The registry does not take the schema; the message is its own. A failure for who asked for no verdict."""


class Registered(NamedTuple):
    """One version of a subject, with the texts of all schemas that it refers to."""

    version: int
    schema_id: int
    schema_text: str
    references: Sequence[str]


class Subjects:
    """One registry's subjects, and a connection that ends on leaving.

    Questions raise KafkaFailure where it cannot be asked, and so does the making, for properties that are refused.
    """

    def __init__(self, settings: RegistrySettings) -> None:
        self._client = registry_client(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def of(self, topic: str) -> list[str]:
        """The subjects of the values of `topic`, as Confluent's serializers name them; of all topics for a pattern."""
        if not topic.startswith("^"):
            return [topic + SUFFIX]
        known = _asked(self._client.get_subjects)
        return [each for each in known if each.endswith(SUFFIX) and re.match(topic, each.removesuffix(SUFFIX))]

    def newest(self, subject: str) -> Registered | None:
        """The newest version of `subject`; None where the registry knows no such subject."""
        found = _if_there(lambda: self._client.get_latest_version(subject))
        return None if found is None else self._registered(found)

    def versions(self, subject: str) -> list[Registered]:
        """Every version of `subject`, oldest first; empty where the registry knows no such subject."""
        numbers = _if_there(lambda: self._client.get_versions(subject)) or []
        found = (_asked(partial(self._client.get_version, subject, number)) for number in sorted(numbers))
        return [self._registered(each) for each in found]

    def level(self, subject: str) -> str:
        """The compatibility level that holds for `subject`: its own, else the registry's."""
        return _if_there(lambda: self._client.get_compatibility(subject)) or _asked(self._client.get_compatibility)

    def takes(self, subject: str, text: str) -> bool:
        """Whether the schema in `text` is compatible with all versions that count at the subject's level.

        Raises SchemaRefusedError where the registry cannot read it; so do the next two.
        """
        return _asked(lambda: self._client.test_compatibility_all_versions(subject, Schema(text, "AVRO")))

    def takes_beside(self, subject: str, text: str, version: int) -> bool:
        """Whether the schema in `text` is compatible with that version."""
        return _asked(lambda: self._client.test_compatibility(subject, Schema(text, "AVRO"), version))

    def register(self, subject: str, text: str) -> int:
        """Register the schema in `text`; its id."""
        number = _asked(lambda: self._client.register_schema(subject, Schema(text, "AVRO")))
        self._client.clear_caches()  # type: ignore[no-untyped-call]
        return number

    def _registered(self, found: RegisteredSchema) -> Registered:
        schema = _asked(lambda: whole(ClientSource(self._client), stored_of(found.schema)))
        return Registered(int(found.version or 0), int(found.schema_id or 0), *schema)


class _NotThereError(KafkaFailure):
    """The registry has no such subject, or none of its own settings for it."""


def _if_there(ask: Callable[[], T]) -> T | None:
    """As `_asked`; None where the registry says that there is no such thing."""
    try:
        return _asked(ask)
    except _NotThereError:
        return None


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except SchemaRegistryError as error:
        # The client lets an answer without a code through.
        raise _failure(error.http_status_code, error.error_code or -1, error.error_message or "") from None
    except Refused as refused:
        raise _failure(refused.status, refused.code) from None
    except Exception as error:  # noqa: BLE001  the client lets its HTTP library's and its parser's errors through
        why = type(error).__name__
    raise KafkaFailure(f"the schema registry does not answer ({why}). What to do: {_ADDRESS}.")


def _failure(status: int, code: int, message: str = "") -> KafkaFailure:
    if status in REFUSED:
        return SchemaRefusedError(f"The registry says: {message or status!s:.300}")
    if status in RIGHTS:
        return KafkaFailure(
            f"the schema registry refuses the user or the password (HTTP {status}). What to do: see its properties."
        )
    if status == NOT_THERE and code > NOT_THERE:  # the registry's own word; a 404 without it is some proxy's page
        return _NotThereError(f"the schema registry has no such thing (code {code}). What to do: ask again.")
    if status == NOT_THERE:
        return KafkaFailure(
            f"what answers is no schema registry, or one that knows no compatibility (HTTP {status}). What to do: "
            f"{_ADDRESS}."
        )
    return KafkaFailure(f"the schema registry answers HTTP {status}, code {code}. What to do: see its log.")
