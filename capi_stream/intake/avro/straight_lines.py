"""The lines of a straight-line decoder while they are written, and those that every kind of value has in common.

In them `b` are the bytes, `i` is where the next value begins, `n` is a length and `k` a union's branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from capi_stream.intake.avro.schemas import Type

MOST_LOOPS = 15  # within each other: Python itself refuses 20
MOST_BRANCHES = 60  # within each other: Python itself refuses 100 indents
MOST_VALUES = 4_000  # names make a schema a graph, whose ways can be far more than its types
MOST_CHARACTERS = 400_000  # in all: some 600 fields; a schema that is wider than that is read by fastavro


class NotStraightError(Exception):
    """Schemas between which no straight line leads."""


class Lines:
    """Lines of one function. Raises NotStraightError when they become too many or too deep."""

    def __init__(self) -> None:
        self._tables: dict[tuple[Any, ...], str] = {}
        self._lines: list[str] = []
        self._indents = 1
        self._loops = 0
        self._names = 0
        self._values = 0
        self._characters = 0

    def text(self, head: str) -> str:
        """The whole of it: tables, then the function that begins with `head`."""
        tables = [f"{name} = {entries!r}" for entries, name in self._tables.items()]
        return "\n".join([*tables, "", "", head, *self._lines, ""])

    def line(self, text: str) -> None:
        """Write one line."""
        line = "    " * self._indents + text
        self._counted(len(line))
        self._lines.append(line)

    @contextmanager
    def under(self, text: str) -> Iterator[None]:
        """Write a line that ends in a colon, and what follows below it."""
        self.line(text)
        self._indents += 1
        if self._indents > MOST_BRANCHES:
            raise NotStraightError
        yield
        self._indents -= 1

    def _counted(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MOST_CHARACTERS:
            raise NotStraightError

    def count(self) -> None:
        """One value more is read or passed over."""
        self._values += 1
        if self._values > MOST_VALUES:
            raise NotStraightError

    def name(self) -> str:
        """A variable of one's own."""
        self._names += 1
        return f"v{self._names}"

    def table(self, entries: tuple[Any, ...]) -> str:
        """A constant above the function, of which there is one however often it is needed; its name."""
        if entries not in self._tables:
            self._counted(len(repr(entries)))
            self._tables[entries] = f"T{len(self._tables)}"
        return self._tables[entries]

    # What several kinds of values have in common.

    def size(self) -> None:
        """Read a length or a count into `n`."""
        self.line("n = SIZE[b[i]]")
        self.longer("n", "< 0", "size")

    def longer(self, name: str, is_longer: str, call: str) -> None:
        """Go on behind the one byte that `name` was looked up by, or `call` for a number that has more."""
        self.line(f"if {name} {is_longer}:")
        self.line(f"    {name}, i = {call}(b, i)")
        self.line("else:")
        self.line("    i += 1")

    def pass_fixed(self, length: int) -> None:
        """Unlike what begins with a length, it would not notice that the bytes have ended, however often it is read."""
        self.line(f"i += {length}")
        self.line("if i > len(b):")
        self.line("    raise OddError")

    @contextmanager
    def blocks(self, items: Type) -> Iterator[None]:
        """Loops over the items of an array or a map, block by block."""
        if not items.least_bytes:  # a count would be believed that no bytes stand behind
            raise NotStraightError
        self._loops += 2
        if self._loops > MOST_LOOPS:
            raise NotStraightError
        self.size()
        with self.under("while n:"):
            with self.under("for _ in range(n):"):
                yield
            self.size()
        self._loops -= 2

    def branches(self, kinds: tuple[Type, ...]) -> Iterator[Type]:
        """Lines that read which branch of a union comes; what is written meanwhile stands in the branch of `kinds`."""
        if len(kinds) > 64:
            raise NotStraightError
        self.line("k = b[i]")
        self.line("i += 1")
        for index in reversed(range(len(kinds))):  # null stands first most often, and is the shortest to come to
            with self.under(f"{'if' if index == len(kinds) - 1 else 'elif'} k == {index << 1}:"):
                yield kinds[index]
        self.line("else:")
        self.line("    raise OddError")
