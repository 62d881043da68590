"""Whether what one schema wrote can be read as another: Avro's schema resolution, found out once for both."""

from __future__ import annotations

from collections.abc import Mapping

from capi_stream.intake.avro.schemas import (
    MISSING,
    Array,
    Enum,
    Field,
    Map,
    Primitive,
    RecordType,
    Type,
    Union,
    bare_name,
    branches,
)

PROMOTIONS = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
"""What a primitive may be read as, beside itself (Avro specification, "Schema Resolution")."""


def differences(writer: Type, reader: Type) -> list[str]:
    """Why records of `writer` can never be read as `reader`, each with its path; empty where they can.

    A union or an enum that only sometimes holds what the reader does not know is no difference: it is found in the
    record that has it.
    """
    return _Comparison().differences(writer, reader, "")


class _Comparison:
    """One comparison. Types that were met before are not looked at again: names make a schema a graph, not a tree."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def differences(self, writer: Type, reader: Type, path: str) -> list[str]:
        """What parts the two, unions opened: each type of the writer meets the first one here that is like it."""
        written = [branch for branch in branches(writer) if not _is_null(branch)] or [writer]
        met = [(branch, next((each for each in branches(reader) if alike(branch, each)), None)) for branch in written]
        if all(like is None for _, like in met):
            return [f"{path or 'the record'} is {shown(writer)} there and {shown(reader)} here"]
        return [text for branch, like in met if like is not None for text in self._within(branch, like, path)]

    def _within(self, writer: Type, reader: Type, path: str) -> list[str]:
        if (pair := (id(writer), id(reader))) in self._seen:
            return []
        self._seen.add(pair)
        match writer, reader:
            case RecordType(), RecordType():
                written = {field.name: field for field in writer.fields}
                return [text for field in reader.fields for text in self._field(written, field, path)]
            case Array(), Array():
                return self.differences(writer.items, reader.items, f"{path}[]")
            case Map(), Map():
                return self.differences(writer.values, reader.values, f"{path}.*")
            case Primitive(), Primitive():
                return _logical_difference(writer, reader, path)
        return []

    def _field(self, written: Mapping[str, Field], field: Field, path: str) -> list[str]:
        where = f"{path}.{field.name}" if path else field.name
        for name in (field.name, *field.aliases):
            if name in written:
                return self.differences(written[name].type, field.type, where)
        return [f"{where} is missing there and has no default here"] if field.default is MISSING else []


def _is_null(kind: Type) -> bool:
    return isinstance(kind, Primitive) and kind.kind == "null"


def alike(writer: Type, reader: Type) -> bool:
    """Whether a union's branch would be taken for the other: the same kind and name, whatever is within."""
    match writer, reader:
        case RecordType(), RecordType():
            return _same_name(writer, reader)
        case Enum(), Enum():
            return _same_name(writer, reader)
        case (Array(), Array()) | (Map(), Map()):
            return True
        case Primitive(), Primitive():
            return _same_primitive(writer, reader)
    return False


def _same_name(writer: RecordType | Enum | Primitive, reader: RecordType | Enum | Primitive) -> bool:
    names = (bare_name(reader.name), *reader.aliases)
    return bare_name(writer.name) in names or writer.name in names


def _same_primitive(writer: Primitive, reader: Primitive) -> bool:
    if writer.kind == reader.kind == "fixed":
        return _same_name(writer, reader) and writer.size == reader.size
    return writer.kind == reader.kind or reader.kind in PROMOTIONS.get(writer.kind, ())


def _logical_difference(writer: Primitive, reader: Primitive, path: str) -> list[str]:
    # The standard lets the reader's unit win over the writer's: milliseconds would be read as microseconds, and
    # 12.34 as 0.1234. Where the writer names no unit, the reader's is all there is.
    same = (writer.logical, writer.scale) == (reader.logical, reader.scale)
    if same or reader.logical not in UNITS or (writer.logical is None and reader.logical != "decimal"):
        return []
    return [f"{path} is {shown(writer)} there and {shown(reader)} here"]


UNITS = ("decimal", "date", "timestamp-millis", "timestamp-micros", "local-timestamp-millis", "local-timestamp-micros")
"""Logical types without which the same number means something else."""


def shown(kind: Type) -> str:
    """A type in words, for messages."""
    match kind:
        case Primitive(logical="decimal"):
            return f"a decimal of scale {kind.scale}"
        case Primitive():
            return kind.logical or kind.name or kind.kind
        case Enum() | RecordType():
            return kind.name
        case Array():
            return f"an array of {shown(kind.items)}"
        case Map():
            return f"a map of {shown(kind.values)}"
        case Union():
            return " or ".join(shown(branch) for branch in kind.branches)
