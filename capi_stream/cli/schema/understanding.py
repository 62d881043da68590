"""What one schema makes of another's records: what is refused, what changes, and what a mapping makes of the fields.

The comparison is stricter than the service's own (`intake/avro/resolution.py`), which lets a schema pass that only
sometimes holds what cannot be read: such a record becomes a dead letter by itself. Here that is a refusal too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.resolution import differences, shown
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import (
    MISSING,
    Array,
    Enum,
    Field,
    Map,
    Primitive,
    RecordType,
    SchemaError,
    Type,
    branches,
)
from capi_stream.intake.mapping.reads import How, Read, reads
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.intake.settings import TopicSettings


class Refusal(NamedTuple):
    """Why records cannot be read, all or some of them."""

    path: str
    text: str


class Change(NamedTuple):
    """A field that can be read, but not as the schema here has it."""

    path: str
    text: str


Finding = Refusal | Change


def understood(text: str, topic: TopicSettings) -> list[Finding]:
    """What `topic` makes of records of the schema in `text`; a change names the parameters that are made from it."""
    try:
        writer, reader = read_schema(text), read_schema(topic.schema)
        found = compared(writer, reader)
        if not found:
            Decoder(writer, reader)
    except SchemaError as error:
        return [Refusal("", f"the schema cannot be used: {error}")]
    spec, _ = read_spec(topic.mapping, topic.mapping_name)
    parts = [each for each in reads(spec) if each.how is not How.GONE_OVER]  # told by what is read of the items
    return [_with_parameters(each, parts) if isinstance(each, Change) else each for each in found]


def compared(writer: Type, reader: Type) -> list[Finding]:
    """All that parts the two, from the outside in. Refusals come first."""
    always = differences(writer, reader)
    rest = list(_differing(writer, reader, ""))
    told = [Refusal(text.partition(" ")[0], text) for text in always]
    sometimes = [each for each in rest if isinstance(each, Refusal) and each.path not in {one.path for one in told}]
    return [*told, *sometimes, *(each for each in rest if isinstance(each, Change))]


# Two schemas.


def _differing(writer: Type, reader: Type, path: str) -> Iterator[Finding]:
    for branch in branches(writer):
        like = next((each for each in branches(reader) if _takes(each, branch)), None)
        if like is None:
            yield Refusal(path, f"{path} can be {shown(branch)} there and is {shown(reader)} here")
        else:
            yield from _within(branch, like, path)


def _within(writer: Type, reader: Type, path: str) -> Iterator[Finding]:
    match writer, reader:
        case RecordType(), RecordType():
            yield from _in_record(writer, reader, path)
        case Array(items=written), Array(items=read):
            yield from _differing(written, read, f"{path}[]")
        case Map(values=written), Map(values=read):
            yield from _differing(written, read, f"{path}.*")
        case Enum(), Enum():
            yield from _in_enum(writer, reader, path)
        case Primitive(), Primitive() if (writer.kind, writer.logical) != (reader.kind, reader.logical):
            yield Change(path, f"{path} is {shown(writer)} there and is read as {shown(reader)}")


def _in_record(writer: RecordType, reader: RecordType, path: str) -> Iterator[Finding]:
    read = set()
    for field in reader.fields:
        where = f"{path}.{field.name}" if path else field.name
        written = _written(writer, field)
        if written is not None:
            read.add(written.name)
            yield from _differing(written.type, field.type, where)
        elif field.default is not MISSING:  # without one it is among the differences
            yield Change(where, f"{where} is missing there and is read as {json.dumps(field.default, default=str)}")
    for field in writer.fields:
        if field.name not in read:
            where = f"{path}.{field.name}" if path else field.name
            yield Change(where, f"{where} is unknown here and is skipped")


def _written(writer: RecordType, field: Field) -> Field | None:
    found = (writer.field(name) for name in (field.name, *field.aliases))
    return next((each for each in found if each is not None), None)


def _in_enum(writer: Enum, reader: Enum, path: str) -> Iterator[Finding]:
    unknown = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if unknown and reader.default is None:
        yield Refusal(
            path, f"{path} can be {', '.join(unknown)} there, and the enum here has neither that nor a default"
        )
    elif unknown:
        yield Change(path, f"{path} can be {', '.join(unknown)} there, which is read as {reader.default}")


def _takes(reader: Type, branch: Type) -> bool:
    """Whether a branch is taken for this one, whatever differs within."""
    match branch, reader:
        case (Array(), Array()) | (Map(), Map()):
            return True
        case RecordType(), RecordType():
            return not differences(branch, replace(reader, fields=()))
    return not differences(branch, reader)


# A mapping.


def _with_parameters(change: Change, read: Collection[Read]) -> Change:
    """The change, and what is made from the field, if anything is."""
    makes = dict.fromkeys(each.makes for each in read if _touches(change.path, ".".join(each.parts)))
    return change._replace(text=f"{change.text}; makes {', '.join(makes)}") if makes else change


def _touches(path: str, other: str) -> bool:
    """Whether one of the two is the other, or stands within it."""
    short, long = sorted((path, other), key=len)
    return long == short or long.startswith((f"{short}.", f"{short}["))
