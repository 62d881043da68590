"""The text of a straight-line decoder, written line by line from two schemas."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from capi_stream.intake.avro.resolution import alike
from capi_stream.intake.avro.schemas import (
    MISSING,
    Array,
    Enum,
    Map,
    Primitive,
    RecordType,
    Type,
    Union,
    bare_name,
    branches,
)

Wanted = Mapping[str, Any]
"""Field -> what is wanted of its value, likewise; empty: all of it. Lists and unions are looked through."""

ALL: Wanted = {}
TEXT = Primitive("string", least_bytes=1)
DEEPEST = 15  # loops and branches: Python itself refuses 20 loops
LONGEST = 4_000  # lines, and values: names make a schema a graph, whose ways can be far more than its types


class NotStraightError(Exception):
    """Schemas between which no straight line leads."""


def straight_source(writer: Type, reader: Type, wanted: Wanted = ALL) -> str:
    """The text of `decode(b, i)`. Raises NotStraightError."""
    made = _Lines()
    value = made.value(writer, reader, wanted)
    made.line("if i != len(b):")
    made.line("    raise OddError")
    made.line(f"return {value}")
    return "\n".join([*made.tables, "", "", "def decode(b, i):", *made.lines, ""])


class _Lines:
    """Writes the lines; `b` are the bytes, `i` is where the next value begins, `n` a length."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tables: list[str] = []
        self._depth = 1
        self._names = 0
        self._values = 0

    def line(self, text: str) -> None:
        if len(self.lines) > LONGEST:
            raise NotStraightError
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def _under(self, text: str) -> Iterator[None]:
        self.line(text)
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotStraightError
        yield
        self._depth -= 1

    def _count(self) -> None:
        self._values += 1
        if self._values > LONGEST:
            raise NotStraightError

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _table(self, entries: tuple[Any, ...]) -> str:
        self.tables.append(f"T{len(self.tables)} = {entries!r}")
        return f"T{len(self.tables) - 1}"

    # A value that is wanted.

    def value(self, writer: Type, reader: Type, wanted: Wanted, name: str | None = None) -> str:
        """Lines that read a value into the variable `name`, or into one of their own; its name."""
        self._count()
        name = name or self._name()
        match writer, reader:
            case Union(), _:
                for index, branch in enumerate(writer.branches):
                    with self._branch(index):
                        self.value(branch, _like(branch, reader), wanted, name)
                self._no_branch()
            case _, Union():
                self.value(writer, _like(writer, reader), wanted, name)
            case Primitive(), Primitive() if _is_like(writer, reader) and writer.size == reader.size:
                self._primitive(writer, name)
            case Enum(), Enum() if set(writer.symbols) <= set(reader.symbols):
                self._size()
                self.line(f"{name} = {self._table(writer.symbols)}[n]")
            case Array(), Array():
                self.line(f"{name} = []")
                with self._blocks(writer.items):
                    self.line(f"{name}.append({self.value(writer.items, reader.items, wanted)})")
            case Map(), Map():
                self.line(f"{name} = {{}}")
                with self._blocks(writer.values):
                    key = self.value(TEXT, TEXT, ALL)
                    self.line(f"{name}[{key}] = {self.value(writer.values, reader.values, ALL)}")
            case RecordType(), RecordType():
                self._record(writer, reader, wanted, name)
            case _:
                raise NotStraightError
        return name

    def _record(self, writer: RecordType, reader: RecordType, wanted: Wanted, name: str) -> None:
        if any(writer.field(alias) for field in reader.fields for alias in field.aliases):
            raise NotStraightError
        made: dict[str, str] = {}
        for field in writer.fields:
            here = reader.field(field.name)
            if here is None or (wanted and here.name not in wanted):
                self.skip(field.type)
            else:
                made[here.name] = self.value(field.type, here.type, wanted.get(here.name, ALL))
        for field in reader.fields:
            if writer.field(field.name) is None:
                if field.default is MISSING:
                    raise NotStraightError
                made[field.name] = _literal(field.default)
        self.line(f"{name} = {{{', '.join(f'{key!r}: {value}' for key, value in made.items())}}}")

    def _primitive(self, kind: Primitive, name: str) -> None:
        match kind.kind:
            case "string":
                self._text(name)
            case "bytes":
                self._size()
                self.line(f"{name} = b[i : i + n]")
                self.line("i += n")
            case "fixed":
                self.line(f"{name} = b[i : i + {kind.size}]")
                self._pass_fixed(kind.size)
            case "int" | "long":
                self.line(f"{name} = NUMBER[b[i]]")
                self._longer(name, "is None", "number")
            case "boolean":
                self.line(f"{name} = FLAG[b[i]]")
                self.line("i += 1")
            case "float" | "double":
                self.line(f"({name},) = {kind.kind}_at(b, i)")
                self.line(f"i += {kind.least_bytes}")
            case _:
                self.line(f"{name} = None")

    def _text(self, name: str) -> None:
        self._size()
        self.line("j = i + n")
        self.line(f"{name} = b[i:j].decode()")
        self.line("i = j")

    # A value that nobody wants.

    def skip(self, kind: Type) -> None:
        """Lines that pass over a value."""
        self._count()
        match kind:
            case Primitive():
                self._skip_primitive(kind)
            case Enum():
                self.value(kind, kind, ALL)
            case Array():
                with self._blocks(kind.items):
                    self.skip(kind.items)
            case Map():
                with self._blocks(kind.values):
                    self.skip(TEXT)
                    self.skip(kind.values)
            case Union():
                for index, branch in enumerate(kind.branches):
                    with self._branch(index):
                        self.skip(branch)
                self._no_branch()
            case RecordType():
                for field in kind.fields:
                    self.skip(field.type)

    def _skip_primitive(self, kind: Primitive) -> None:
        match kind.kind:
            case "string" | "bytes":
                self._size()
                self.line("i += n")
            case "fixed":
                self._pass_fixed(kind.size)
            case "float" | "double":
                self._pass_fixed(kind.least_bytes)
            case _:
                self.value(kind, kind, ALL)

    # What several kinds have in common.

    def _size(self) -> None:
        self.line("n = SIZE[b[i]]")
        self._longer("n", "< 0", "size")

    def _longer(self, name: str, is_longer: str, call: str) -> None:
        self.line(f"if {name} {is_longer}:")
        self.line(f"    {name}, i = {call}(b, i)")
        self.line("else:")
        self.line("    i += 1")

    def _pass_fixed(self, length: int) -> None:
        """Unlike what begins with a length, it would not notice that the bytes have ended, however often it is read."""
        self.line(f"i += {length}")
        self.line("if i > len(b):")
        self.line("    raise OddError")

    @contextmanager
    def _blocks(self, items: Type) -> Iterator[None]:
        """Loops over the items of an array or a map, block by block."""
        if not items.least_bytes:  # a count would be believed that no bytes stand behind
            raise NotStraightError
        self._size()
        with self._under("while n:"):
            with self._under("for _ in range(n):"):
                yield
            self._size()

    @contextmanager
    def _branch(self, index: int) -> Iterator[None]:
        """What is read where a union's branch is number `index`."""
        if index > 63:
            raise NotStraightError
        with self._under(f"{'elif' if index else 'if'} b[i] == {index << 1}:"):
            self.line("i += 1")
            yield

    def _no_branch(self) -> None:
        self.line("else:")
        self.line("    raise OddError")


def _like(writer: Type, reader: Type) -> Type:
    """What of the reader a value of `writer` is read as: the first that it could be. Nothing is promoted here."""
    found = next((each for each in branches(reader) if alike(writer, each)), None)
    if found is None or not _is_like(writer, found):
        raise NotStraightError
    return found


def _is_like(writer: Type, reader: Type) -> bool:
    match writer, reader:
        case Primitive(), Primitive():
            return (writer.kind, writer.name) == (reader.kind, reader.name)
        case RecordType(), RecordType():
            return bare_name(writer.name) == bare_name(reader.name)
        case Enum(), Enum():
            return bare_name(writer.name) == bare_name(reader.name)
    return type(writer) is type(reader)


def _literal(default: Any) -> str:
    """A default as Python writes it. What Python cannot read back, as NaN, leads to no straight line."""
    try:
        text = repr(default)
        ast.literal_eval(text)
    except ValueError:
        raise NotStraightError from None
    return text
