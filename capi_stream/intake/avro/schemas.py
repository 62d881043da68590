"""An Avro schema as a tree of types. `schema_text.py` reads one from its JSON.

Every name is resolved, so nobody looks one up. Logical types stand beside the primitive they annotate. `least_bytes` is
the length of the shortest value, in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MISSING: Any = object()
"""A field's default where it has none (None is a default like any other)."""


class SchemaError(Exception):
    """A schema that cannot be used. The message says what is wrong with it and holds no record's data.

    UTF-8 can write it, whatever names the schema has: it stands in dead letters.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.encode("utf-8", "backslashreplace").decode())


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive, or a fixed (`name` is then its full name), with its logical type."""

    kind: str
    logical: str | None = None
    scale: int = 0
    size: int = 0
    name: str = ""
    aliases: tuple[str, ...] = ()
    least_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum; `default` stands for a writer's symbol that it does not have."""

    name: str
    symbols: tuple[str, ...]
    default: str | None
    aliases: tuple[str, ...]
    least_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Array:
    """A list of `items`."""

    items: Type
    least_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Map:
    """A dict of strings to `values`."""

    values: Type
    least_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Union:
    """One of `branches`."""

    branches: tuple[Type, ...]
    least_bytes: int = 1


@dataclass(frozen=True, slots=True)
class Field:
    """A record's field. `default` is the value as a decoder would give it, or MISSING."""

    name: str
    type: Type
    default: Any
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record; decodes to a dict of its fields."""

    name: str
    fields: tuple[Field, ...]
    aliases: tuple[str, ...]
    least_bytes: int

    def field(self, name: str) -> Field | None:
        """The field called `name`."""
        return next((each for each in self.fields if each.name == name), None)


Type = Primitive | Enum | Array | Map | Union | RecordType


def bare_name(name: str) -> str:
    """A full name without its namespace: all that schema resolution compares."""
    return name.rpartition(".")[2]


def branches(kind: Type) -> tuple[Type, ...]:
    """The types that a value of `kind` can have."""
    return kind.branches if isinstance(kind, Union) else (kind,)
