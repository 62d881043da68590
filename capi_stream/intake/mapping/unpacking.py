"""What a mapping reads of a record stands in a tuple: its layout as it grows, and the line that unpacks it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from capi_stream.intake.avro.layout import Layout, Place
from capi_stream.intake.avro.schemas import Array, RecordType
from capi_stream.intake.mapping.paths import Found, at, step

Path = tuple[str, ...]

WIDTH = 110  # characters of a line


class Fields:
    """What is read of one record, or of each item of an array: grows while the mapping is written."""

    def __init__(self) -> None:
        self._places: dict[Path, Place] = {}
        self._items: dict[Path, Fields] = {}

    def add(self, path: Path, found: Found) -> None:
        """Read what is at `path`, which is `found`."""
        if path not in self._places:
            self._places[path] = Place(path, is_record=isinstance(found.only, RecordType))
            if isinstance(found.only, Array) and isinstance(at(found.only.items).only, RecordType):
                self._items[path] = Fields()

    def items(self, path: Path) -> Fields | None:
        """Of the array at `path`, what is read of its items; None where these are no records."""
        return self._items.get(path)

    def paths(self) -> tuple[Path, ...]:
        """All that is read, in the order of its places."""
        return tuple(self._places)

    def layout(self) -> Layout:
        """Where everything stands."""
        return tuple(
            place._replace(items=self._items[path].layout()) if path in self._items else place
            for path, place in self._places.items()
        )


@dataclass(slots=True)
class Unpacking:
    """A line that gives the values in the tuple `name` their variables; there is none where nothing is read.

    It is written before all that is read is known, and others read other values of the same tuples.
    """

    fields: Fields
    name: str
    indent: str
    variables: dict[Path, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Its text."""
        names = [self.variables.get(path, "_") for path in self.fields.paths()]
        if not self.variables:
            return []
        listed = f"({', '.join(names)}{',' if len(names) == 1 else ''})"
        *first, last = textwrap.wrap(listed, WIDTH, subsequent_indent=" ", break_long_words=False)
        return [self.indent + line for line in (*first, f"{last} = {self.name}")]


def through_records(begin: Found, path: Path) -> Found | None:
    """What is at `path` from the record `begin`; None where something else than a record is on the way.

    Raises WrongPathError where there is no such path.
    """
    found, is_nullable = Found(begin.kinds), False
    for name in path:
        if not isinstance(found.only, RecordType):
            return None
        is_nullable |= found.is_nullable
        _, found = step(found, name, "")
    return Found(found.kinds, is_nullable or found.is_nullable)
