"""The lines of a straight-line decoder while they are written, and those that every kind of value has in common.

In them `b` are the bytes, `i` is where the next value begins, `n` is a length and `k` a union's branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from capi_stream.intake.avro.schemas import Type

DEEPEST = 15  # loops and branches: Python itself refuses 20 loops
LONGEST = 4_000  # lines, and values: names make a schema a graph, whose ways can be far more than its types


class NotStraightError(Exception):
    """Schemas between which no straight line leads."""


class Lines:
    """Lines of one function. Raises NotStraightError when they become too many or too deep."""

    def __init__(self) -> None:
        self.tables: list[str] = []
        self.lines: list[str] = []
        self._depth = 1
        self._names = 0
        self._values = 0

    def line(self, text: str) -> None:
        """Write one line."""
        if len(self.lines) > LONGEST:
            raise NotStraightError
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def under(self, text: str) -> Iterator[None]:
        """Write a line that ends in a colon, and what follows below it."""
        self.line(text)
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotStraightError
        yield
        self._depth -= 1

    def count(self) -> None:
        """One value more is read or passed over."""
        self._values += 1
        if self._values > LONGEST:
            raise NotStraightError

    def name(self) -> str:
        """A variable of one's own."""
        self._names += 1
        return f"v{self._names}"

    def table(self, entries: tuple[Any, ...]) -> str:
        """A constant above the function; its name."""
        self.tables.append(f"T{len(self.tables)} = {entries!r}")
        return f"T{len(self.tables) - 1}"

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
        self.size()
        with self.under("while n:"):
            with self.under("for _ in range(n):"):
                yield
            self.size()

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
