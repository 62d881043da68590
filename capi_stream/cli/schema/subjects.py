"""A subject of a schema registry, asked once and at a person's wish: no retries, and a sentence where it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from capi_stream.cli.schema.understanding import Change, compared
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError
from capi_stream.kafka.settings import RegistrySettings

NOT_THERE = 404  # a subject, or a level of its own: registries differ in the longer code that they add
REFUSED = (409, 422)  # incompatible; no schema that the registry can read
RIGHTS = (401, 403)

Answer = TypeVar("Answer")
Arguments = ParamSpec("Arguments")


class RegistryError(Exception):
    """The registry cannot be asked. The message holds no password."""


class SchemaRefusedError(Exception):
    """The registry does not take the schema."""


class Subject:
    """What is registered under `name`, and a connection that ends on leaving.

    Every method raises RegistryError where the registry cannot be asked.
    """

    def __init__(self, settings: RegistrySettings, name: str) -> None:
        self._name = name
        own = {"timeout": settings.answer_seconds, "max.retries": 0}
        try:
            self._client = SchemaRegistryClient({**own, **settings.properties})
        except (ValueError, TypeError, OSError) as error:
            raise RegistryError(f"its client refuses the settings: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def level(self) -> str:
        """The compatibility level that holds for the subject: its own, else the registry's."""
        own = _asked_if_there(self._client.get_compatibility, self._name)
        return own or _asked(self._client.get_compatibility)

    def versions(self) -> dict[int, str]:
        """Version -> the schema's text, oldest first; empty where the subject is not there."""
        numbers = _asked_if_there(self._client.get_versions, self._name) or []
        versions = (_asked(self._client.get_version, self._name, number) for number in sorted(numbers))
        return {each.version or 0: each.schema.schema_str or "" for each in versions}

    def refusing(self, text: str, level: str) -> dict[int, list[str]]:
        """The versions that the registry finds `text` incompatible with, and what parts them, where that is seen here.

        Empty if it is compatible. Raises SchemaRefusedError where the registry cannot read it.
        """
        candidate = Schema(text, "AVRO")
        if _asked(self._client.test_compatibility_all_versions, self._name, candidate):
            return {}
        versions = self.versions()
        counting = versions if level.endswith("_TRANSITIVE") else list(versions)[-1:]
        refusing = [
            each for each in counting if not _asked(self._client.test_compatibility, self._name, candidate, each)
        ]
        return {number: reasons(text, versions[number]) for number in refusing or counting}

    def found(self, text: str) -> tuple[int, int] | None:
        """The id and version of a schema that is `text` but for its layout; the newest."""
        wanted = json.loads(text)
        for number, there in reversed(self.versions().items()):
            if there and json.loads(there) == wanted:
                return _asked(self._client.get_version, self._name, number).schema_id or 0, number
        return None

    def register(self, text: str) -> tuple[int, int]:
        """Register `text`; its id and version. Raises SchemaRefusedError."""
        number = _asked(self._client.register_schema, self._name, Schema(text, "AVRO"))
        self._client.clear_caches()  # type: ignore[no-untyped-call]
        found = self.found(text)
        if found is None:
            raise RegistryError(f"it gave id {number}, and does not list the schema under {self._name}")
        return found


def reasons(candidate: str, version: str) -> list[str]:
    """What parts a candidate from a version that is there, in both directions; empty where it is not seen here."""
    try:
        new, old = read_schema(candidate), read_schema(version)
    except SchemaError:
        return []
    pairs = (("it cannot read what this one wrote", old, new), ("this one cannot read what it writes", new, old))
    return [
        f"{what}: {each.text}"
        for what, writer, reader in pairs
        for each in compared(writer, reader)
        if not isinstance(each, Change)
    ]


def _asked_if_there(
    ask: Callable[Arguments, Answer], *args: Arguments.args, **named: Arguments.kwargs
) -> Answer | None:
    """As `_asked`; None where the registry says that there is no such thing."""
    try:
        return _asked(ask, *args, **named)
    except _NotThereError:
        return None


class _NotThereError(RegistryError):
    """The registry has no such subject, or none of its own settings for it."""


def _asked(ask: Callable[Arguments, Answer], *args: Arguments.args, **named: Arguments.kwargs) -> Answer:
    try:
        return ask(*args, **named)
    except SchemaRegistryError as error:
        raise _failure(error) from None
    except Exception as error:  # noqa: BLE001  the client lets its HTTP library's and its parser's errors through
        raise RegistryError(f"it does not answer ({type(error).__name__})") from None


def _failure(error: SchemaRegistryError) -> RegistryError | SchemaRefusedError:
    status, code = error.http_status_code, error.error_code
    if status in REFUSED:
        return SchemaRefusedError(f"The registry says: {error.error_message[:300]}")
    if status in RIGHTS:
        return RegistryError(f"it refuses the user or the password (HTTP {status}): see registry.properties")
    if status == NOT_THERE and code > NOT_THERE:  # the registry's own word; a 404 without it is some proxy's page
        return _NotThereError(f"it has no such thing (code {code})")
    if status == NOT_THERE:
        return RegistryError("it answers HTTP 404: this is no schema registry, or one that knows no compatibility")
    return RegistryError(f"it answers HTTP {status}, code {code}")
