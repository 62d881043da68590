"""What one schema makes of another's records: what is refused, what changes, and what a mapping makes of the fields.

The comparison is stricter than the service's own (`intake/avro/resolution.py`), which lets a schema pass that only
sometimes holds what cannot be read: such a record becomes a dead letter by itself. Here that is a refusal too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice
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
WHOLE = "the record"
"""How `differences` calls what no path leads to."""


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
    rest = [_told(each) for each in _Comparison().within(writer, reader)]
    told = [Refusal("" if text.startswith(f"{WHOLE} ") else text.partition(" ")[0], text) for text in always]
    sometimes = [each for each in rest if isinstance(each, Refusal) and each.path not in {one.path for one in told}]
    return [*told, *sometimes, *(each for each in rest if isinstance(each, Change))]


def _told(finding: Finding) -> Finding:
    """A finding by itself, its text a sentence with the path."""
    path = finding.path.removeprefix(".")
    return finding._replace(path=path, text=f"{path or WHOLE} {finding.text}")


# Two schemas.

MOST = 1_000  # findings: names that are used again make a small schema vast


class _Comparison:
    """One comparison. What parts two types is found once, and told at each place that has them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], list[Finding]] = {}

    def within(self, writer: Type, reader: Type) -> list[Finding]:
        """What parts the two; paths begin behind where they stand, and texts behind the path."""
        pair = id(writer), id(reader)
        if pair not in self._known:
            self._known[pair] = list(islice(self._differing(writer, reader), MOST))
        return self._known[pair]

    def _differing(self, writer: Type, reader: Type) -> Iterator[Finding]:
        for branch in branches(writer):
            like = next((each for each in branches(reader) if _takes(each, branch)), None)
            if like is None:
                yield Refusal("", f"can be {shown(branch)} there and is {shown(reader)} here")
            else:
                yield from self._of_branch(branch, like)

    def _of_branch(self, writer: Type, reader: Type) -> Iterator[Finding]:
        match writer, reader:
            case RecordType(), RecordType():
                yield from self._in_record(writer, reader)
            case Array(items=written), Array(items=read):
                yield from _behind("[]", self.within(written, read))
            case Map(values=written), Map(values=read):
                yield from _behind(".*", self.within(written, read))
            case Enum(), Enum():
                yield from _in_enum(writer, reader)
            case Primitive(), Primitive() if (writer.kind, writer.logical) != (reader.kind, reader.logical):
                yield Change("", f"is {shown(writer)} there and is read as {shown(reader)}")

    def _in_record(self, writer: RecordType, reader: RecordType) -> Iterator[Finding]:
        read = set()
        for field in reader.fields:
            written = _written(writer, field)
            if written is not None:
                read.add(written.name)
                yield from _behind(f".{field.name}", self.within(written.type, field.type))
            elif field.default is not MISSING:  # without one it is among the differences
                default = json.dumps(field.default, default=str)
                yield Change(f".{field.name}", f"is missing there and is read as {default}")
        for field in writer.fields:
            if field.name not in read:
                yield Change(f".{field.name}", "is unknown here and is skipped")


def _behind(step: str, found: Iterable[Finding]) -> Iterator[Finding]:
    return (each._replace(path=f"{step}{each.path}") for each in found)


def _written(writer: RecordType, field: Field) -> Field | None:
    found = (writer.field(name) for name in (field.name, *field.aliases))
    return next((each for each in found if each is not None), None)


def _in_enum(writer: Enum, reader: Enum) -> Iterator[Finding]:
    unknown = [symbol for symbol in writer.symbols if symbol not in reader.symbols]
    if unknown and reader.default is None:
        yield Refusal("", f"can be {', '.join(unknown)} there, and the enum here has neither that nor a default")
    elif unknown:
        yield Change("", f"can be {', '.join(unknown)} there, which is read as {reader.default}")


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
