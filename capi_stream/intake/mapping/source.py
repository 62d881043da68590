"""The text of a compiled mapping while it is written: lines, names that are free, and what is wrong."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from capi_stream.intake.mapping.runtime import GIVEN
from capi_stream.intake.mapping.spec import Mistake, Place
from capi_stream.intake.mapping.unpacking import Fields, Unpacking

PARAMETERS = ("record", "kafka", "stores", "dropped")
BUILT_INS = ("any", "bool", "bytes", "dict", "float", "int", "str", "type")


class Atom(NamedTuple):
    """A Python expression without side effects.

    `is_there` is the test for a value, empty where there always is one. `kinds` are the JSON types that it can have:
    text, integer, number, flag, list, object.
    """

    code: str
    is_there: str
    kinds: frozenset[str]

    def within(self, name: str, *, is_sure: bool = False) -> str:
        """The test for a value in the variable `name`, which holds this one or, unless `is_sure`, null."""
        if self.is_there == self.code:  # a list or an object, which counts as null while it is empty
            return name
        return "" if is_sure and not self.is_there else f"{name} is not None"


NULL = Atom("None", "False", frozenset())


class Source:
    """Straight-line Python, line by line."""

    def __init__(self, schema_name: str) -> None:
        self.schema_name = schema_name
        self.mistakes: list[Mistake] = []
        self.fields = Fields()  # of the record
        self.is_sure = True  # what is made is of the parameters' JSON types, whatever the record
        self._tables: list[str] = []
        self._lines: list[str | Unpacking] = []
        self._indent = 1
        self._names = {*PARAMETERS, *GIVEN, *BUILT_INS, *keyword.kwlist, "key", "each", "mapping"}

    def text(self, mapping_name: str) -> str:
        """The whole of it: tables, then the function."""
        head = [f"# Compiled from the mapping {mapping_name} for {self.schema_name}.", *self._tables]
        lines = [text for line in self._lines for text in ([line] if isinstance(line, str) else line.lines())]
        return "\n".join([*head, "", "", f"def mapping({', '.join(PARAMETERS)}):", *lines, ""])

    def line(self, text: str) -> None:
        """Write one line."""
        self._lines.append("    " * self._indent + text)

    def unpack(self, fields: Fields, name: str) -> Unpacking:
        """Write the line that unpacks the tuple `name`."""
        made = Unpacking(fields, name, "    " * self._indent)
        self._lines.append(made)
        return made

    @contextmanager
    def under(self, text: str) -> Iterator[None]:
        """Write a line that ends in a colon, and what follows below it."""
        self.line(text)
        self._indent += 1
        yield
        self._indent -= 1

    def assign(self, wish: str, code: str) -> str:
        """Write `wish = code`, or as near to the name as is free; gives the name."""
        name = self.name(wish)
        self.line(f"{name} = {code}")
        return name

    def assign_if(self, wish: str, code: str, is_there: str) -> str:
        """A variable with what `code` makes of a value; null unless the test `is_there` holds, if there is one."""
        return self.assign(wish, f"{code} if {is_there} else None" if is_there else code)

    def table(self, wish: str, entries: dict[Any, Any]) -> str:
        """Write a constant above the function; gives its name."""
        name = self.name(wish.upper())
        self._tables.append(f"{name} = {entries!r}")
        return name

    def name(self, wish: str) -> str:
        """A variable's name, as near to `wish` as is free."""
        base = re.sub(r"\W+", "_", wish, flags=re.ASCII).strip("_") or "value"
        base = f"_{base}" if base[0].isdigit() else base
        name, number = base, 1
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names.add(name)
        return name

    def wrong(self, place: Place, text: str) -> None:
        """Note that what `place` makes is wrong."""
        self.mistakes.append(Mistake(place.line, f"{place.makes} {text}"))
