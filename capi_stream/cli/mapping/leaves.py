"""What a mapping can read in a schema: every path that leads to a value, a list or a map, and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type
from capi_stream.intake.mapping.paths import MOST_SUGGESTIONS, Found, WrongPathError, at, coercion

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Leaf(NamedTuple):
    """A path from the record, or from an item of the array at `within`. `kinds` are its JSON types; a map has `map`."""

    path: tuple[str, ...]
    within: tuple[str, ...]
    kinds: frozenset[str]
    found: Found

    @property
    def spoken(self) -> str:
        """All names on the way in one, as snake_case."""
        return "_".join(snake(name) for name in (*self.within, *self.path))

    @property
    def text(self) -> str:
        """The path as a mapping writes it; in quotes where YAML would take it for something else."""
        text = ".".join(self.path)
        return f'"{text}"' if text in ("null", "true", "false") else text

    @property
    def is_time(self) -> bool:
        """Whether it is a point in time, which becomes seconds."""
        return isinstance(self.found.only, Primitive) and (self.found.only.logical or "").startswith("timestamp")

    @property
    def is_text(self) -> bool:
        """Whether it is free text, which may say anything: a time, an amount."""
        only = self.found.only
        return self.kinds == {"text"} and isinstance(only, Primitive) and (only.kind, only.logical) == ("string", None)

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number of which the schema says no more."""
        only = self.found.only
        return self.kinds == {"integer"} and isinstance(only, Primitive) and only.logical is None

    @property
    def is_spreadable(self) -> bool:
        """Whether it is a map whose entries an event can hold as they are."""
        if not isinstance(self.found.only, Map):
            return False
        try:
            return bool(coercion(at(self.found.only.values)).kinds)
        except WrongPathError:  # of records, say
            return False

    @property
    def symbols(self) -> tuple[str, ...]:
        """Of an enum, its symbols."""
        return self.found.only.symbols if isinstance(self.found.only, Enum) else ()


def snake(name: str) -> str:
    """`unitPrice` as `unit_price`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def leaves(schema: Type) -> list[Leaf]:
    """Every leaf of a record's schema, outer ones first."""
    found = islice(_leaves(schema, (), ()), MOST_SUGGESTIONS)
    # Not a set of leaves: of what is found there a default can be a list, which has no hash.
    alike = {(each.path, each.within, each.kinds, each.is_time, each.symbols): each for each in found}
    return sorted(alike.values(), key=lambda leaf: len(leaf.path) + len(leaf.within))


def _leaves(kind: Type, path: tuple[str, ...], within: tuple[str, ...]) -> Iterator[Leaf]:
    found = at(kind)
    for record in found.kinds:
        if isinstance(record, RecordType):
            for field in record.fields:
                if PLAIN.fullmatch(field.name):  # no other name can stand in a path
                    yield from _leaves(field.type, (*path, field.name), within)
    match found.only:
        case Array(items=items) if any(isinstance(each, RecordType) for each in at(items).kinds):
            if not within:  # a mapping's each goes over one array
                yield from _leaves(items, (), path)
        case Array(items=items):
            yield from _leaf(path, within, found, at(items), "list")
        case Map():
            yield Leaf(path, within, frozenset({"map"}), found)
        case _ if path and not any(isinstance(each, RecordType) for each in found.kinds):
            yield from _leaf(path, within, found, found, "")


def _leaf(path: tuple[str, ...], within: tuple[str, ...], found: Found, held: Found, kind: str) -> Iterator[Leaf]:
    try:
        kinds = coercion(held).kinds
    except WrongPathError:  # no event can hold it
        return
    if held.kinds and path:
        yield Leaf(path, within, frozenset({kind}) if kind else kinds, found)
