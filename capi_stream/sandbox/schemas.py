"""The books of a schema registry: subjects, versions, ids, GUIDs, references. No HTTP.

Ids count from 1. The same schema has the same id under every subject, as in Confluent's. Compatibility is not judged.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PRIMITIVES = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))


class RegistryError(Exception):
    """What the registry answers in place of what was asked: its `code`, from whose first three digits the status is."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Schema:
    """A registered schema. `references` are as they were sent: {"name", "subject", "version"}."""

    id: int
    guid: str
    text: str
    kind: str
    references: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """As `GET /schemas/ids/{id}` has it; AVRO goes without saying."""
        found: dict[str, Any] = {"schema": self.text, "guid": self.guid}
        if self.kind != "AVRO":
            found["schemaType"] = self.kind
        if self.references:
            found["references"] = [dict(reference) for reference in self.references]
        return found


@dataclass(frozen=True, slots=True)
class Version:
    """A schema under a subject."""

    subject: str
    number: int
    schema: Schema

    def as_json(self) -> dict[str, Any]:
        """As `GET /subjects/{subject}/versions/{number}` has it."""
        return {
            "subject": self.subject,
            "version": self.number,
            "id": self.schema.id,
            **self.schema.as_json(),
        }


class Schemas:
    """All that is registered. Shared by the threads that answer; every look-up raises RegistryError."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._by_form: dict[str, Schema] = {}
        self._subjects: dict[str, list[Version]] = {}

    def register(
        self, subject: str, text: str, references: Sequence[Mapping[str, Any]] = (), kind: str = "AVRO"
    ) -> Version:
        """Put a schema under `subject`, once: a second time gives back the first. 42201 for what is no schema."""
        with self._lock:
            self._check(text, references, kind)
            schema = self._schema(text, references, kind)
            versions = self._subjects.setdefault(subject, [])
            for version in versions:
                if version.schema is schema:
                    return version
            versions.append(Version(subject, len(versions) + 1, schema))
            return versions[-1]

    def look_up(self, subject: str, text: str, references: Sequence[Mapping[str, Any]], kind: str) -> Version:
        """The version under which this schema is registered. 40401, 40403."""
        with self._lock:
            form = _form(text, references, kind)
            for version in self._versions(subject):
                if version.schema is self._by_form.get(form):
                    return version
        raise RegistryError(40403, "Schema not found")

    def by_id(self, schema_id: int) -> Schema:
        """The schema of that id. 40403."""
        return self._one(lambda schema: schema.id == schema_id, f"Schema {schema_id} not found")

    def by_guid(self, guid: str) -> Schema:
        """The schema of that GUID. 40403."""
        return self._one(lambda schema: schema.guid == guid.lower(), f"Schema {guid} not found")

    def subjects(self) -> list[str]:
        """The subjects, in alphabetical order."""
        with self._lock:
            return sorted(self._subjects)

    def versions_of(self, schema_id: int) -> list[Version]:
        """Where a schema is registered. 40403."""
        schema = self.by_id(schema_id)
        with self._lock:
            return [version for versions in self._subjects.values() for version in versions if version.schema is schema]

    def versions(self, subject: str) -> list[Version]:
        """The versions of a subject, the oldest first. 40401."""
        with self._lock:
            return list(self._versions(subject))

    def version(self, subject: str, number: str) -> Version:
        """One version; `number` may be "latest" or "-1". 40401, 40402, 42202."""
        found = self.versions(subject)
        if number in ("latest", "-1"):
            return found[-1]
        if not re.fullmatch("[0-9]{1,9}", number) or int(number) < 1:
            raise RegistryError(42202, f"The specified version '{number}' is not a valid version id")
        if int(number) > len(found):
            raise RegistryError(40402, f"Version {number} not found.")
        return found[int(number) - 1]

    def _versions(self, subject: str) -> list[Version]:
        if subject not in self._subjects:
            raise RegistryError(40401, f"Subject '{subject}' not found.")
        return self._subjects[subject]

    def _one(self, is_wanted: Callable[[Schema], bool], message: str) -> Schema:
        with self._lock:
            for schema in self._by_form.values():
                if is_wanted(schema):
                    return schema
        raise RegistryError(40403, message)

    def _schema(self, text: str, references: Sequence[Mapping[str, Any]], kind: str) -> Schema:
        form = _form(text, references, kind)
        if form not in self._by_form:
            guid = str(uuid.UUID(bytes=hashlib.sha256(form.encode()).digest()[:16], version=4))
            self._by_form[form] = Schema(len(self._by_form) + 1, guid, text, kind, tuple(references))
        return self._by_form[form]

    def _check(self, text: str, references: Sequence[Mapping[str, Any]], kind: str) -> None:
        if kind == "AVRO" and not _is_avro(text):
            raise RegistryError(42201, "Either the input schema or one its references is invalid")
        for reference in references:
            try:
                self.version(str(reference.get("subject")), str(reference.get("version")))
            except RegistryError as error:
                raise RegistryError(42201, f"Invalid schema: reference {reference.get('name')}: {error}") from error


def _form(text: str, references: Sequence[Mapping[str, Any]], kind: str) -> str:
    """What makes two schemas the same: their parsed text and their references, not their blanks."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        parsed = text
    return json.dumps([kind, parsed, [dict(reference) for reference in references]])


def _is_avro(text: str) -> bool:
    """Whether `text` looks like Avro: not a parser, which the standard library has none of."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return text in PRIMITIVES
    match parsed:
        case str():
            return True
        case list():
            return True
        case {"type": "record", "name": str(), "fields": list()}:
            return True
        case {"type": "record"}:
            return False
        case {"type": _}:
            return True
        case _:
            return False
