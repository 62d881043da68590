"""Lines that read one value as another schema has it, or pass over one."""

from __future__ import annotations

import ast
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
from capi_stream.intake.avro.straight_lines import Lines, NotStraightError

TEXT = Primitive("string", least_bytes=1)


def value(to: Lines, writer: Type, reader: Type, name: str) -> None:
    """Read a value into the variable `name`; a record is a dict."""
    to.count()
    match writer, reader:
        case Union(), _:
            for branch in to.branches(writer.branches):
                value(to, branch, like(branch, reader), name)
        case _, Union():
            value(to, writer, like(writer, reader), name)
        case Primitive(), Primitive() if _is_like(writer, reader) and writer.size == reader.size:
            _primitive(to, writer, name)
        case Enum(), Enum() if set(writer.symbols) <= set(reader.symbols):
            to.size()
            to.line(f"{name} = {to.table(writer.symbols)}[n]")
        case Array(), Array():
            to.line(f"{name} = []")
            item = to.name()
            with to.blocks(writer.items):
                value(to, writer.items, reader.items, item)
                to.line(f"{name}.append({item})")
        case Map(), Map():
            to.line(f"{name} = {{}}")
            key, entry = to.name(), to.name()
            with to.blocks(writer.values):
                value(to, TEXT, TEXT, key)
                value(to, writer.values, reader.values, entry)
                to.line(f"{name}[{key}] = {entry}")
        case RecordType(), RecordType():
            _record(to, writer, reader, name)
        case _:
            raise NotStraightError


def _record(to: Lines, writer: RecordType, reader: RecordType, name: str) -> None:
    made = {field.name: to.name() for field in writer.fields if reader.field(field.name)}
    for field in writer.fields:
        if here := reader.field(field.name):
            value(to, field.type, here.type, made[field.name])
        else:
            skip(to, field.type)
    made |= {field.name: literal(field.default) for field in missing(writer, reader)}
    to.line(f"{name} = {{{', '.join(f'{key!r}: {code}' for key, code in made.items())}}}")


def _primitive(to: Lines, kind: Primitive, name: str) -> None:
    match kind.kind:
        case "string":
            to.size()
            to.line("j = i + n")
            to.line(f"{name} = b[i:j].decode()")
            to.line("i = j")
        case "bytes":
            to.size()
            to.line(f"{name} = b[i : i + n]")
            to.line("i += n")
        case "fixed":
            to.line(f"{name} = b[i : i + {kind.size}]")
            to.pass_fixed(kind.size)
        case "int" | "long":
            to.line(f"{name} = NUMBER[b[i]]")
            to.longer(name, "is None", "number")
        case "boolean":
            to.line(f"{name} = FLAG[b[i]]")
            to.line("i += 1")
        case "float" | "double":
            to.line(f"({name},) = {kind.kind}_at(b, i)")
            to.line(f"i += {kind.least_bytes}")
        case _:
            to.line(f"{name} = None")


def skip(to: Lines, kind: Type) -> None:
    """Pass over a value; whether texts in it are UTF-8 is not seen."""
    to.count()
    match kind:
        case Primitive():
            _skip_primitive(to, kind)
        case Enum():
            value(to, kind, kind, to.name())
        case Array():
            with to.blocks(kind.items):
                skip(to, kind.items)
        case Map():
            with to.blocks(kind.values):
                skip(to, TEXT)
                skip(to, kind.values)
        case Union():
            for branch in to.branches(kind.branches):
                skip(to, branch)
                to.line("pass")
        case RecordType():
            for field in kind.fields:
                skip(to, field.type)


def _skip_primitive(to: Lines, kind: Primitive) -> None:
    match kind.kind:
        case "string" | "bytes":
            to.size()
            to.line("i += n")
        case "fixed":
            to.pass_fixed(kind.size)
        case "float" | "double":
            to.pass_fixed(kind.least_bytes)
        case "null":
            pass
        case _:
            value(to, kind, kind, to.name())


def missing(writer: RecordType, reader: RecordType) -> list[Any]:
    """The reader's fields that the writer has not, which all have a default. Raises NotStraightError."""
    if any(writer.field(alias) for field in reader.fields for alias in field.aliases):
        raise NotStraightError
    fields = [field for field in reader.fields if writer.field(field.name) is None]
    if any(field.default is MISSING for field in fields):
        raise NotStraightError
    return fields


def literal(default: Any) -> str:
    """A default as Python writes it. What Python cannot read back, as NaN, leads to no straight line."""
    try:
        text = repr(default)
        ast.literal_eval(text)
    except ValueError:
        raise NotStraightError from None
    return text


def like(writer: Type, reader: Type) -> Type:
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
