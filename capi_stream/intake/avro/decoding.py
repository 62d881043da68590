"""Avro bytes of one schema, read as another: in a straight line where that leads, else by fastavro.

Logical types are taken out before fastavro sees a schema, and the mapping reads them instead: fastavro rounds a
decimal to the schema's precision without a word, needs minutes for one of a million bytes, and raises at a timestamp
beyond the year 9999 (all seen with 1.13).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, assert_never

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException, fingerprint, to_parsing_canonical_form

from capi_stream.intake.avro.layout import Layout, laid_out
from capi_stream.intake.avro.resolution import differences
from capi_stream.intake.avro.schemas import (
    MISSING,
    Array,
    Enum,
    Map,
    Primitive,
    RecordType,
    SchemaError,
    Type,
    Union,
)
from capi_stream.intake.avro.straight import ODD, straight_decoder


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Bytes that are no record of their schema, or one that ours cannot hold. `detail` may quote the record."""

    reason: str
    detail: str


class Decoder:
    """Reads bytes that were written with `writer` as records of `reader`: `layout` says what is wanted of them.

    Raises SchemaError where no record of `writer` can be read as `reader`.
    """

    def __init__(self, writer: Type, reader: Type, layout: Layout = ()) -> None:
        if found := differences(writer, reader):
            raise SchemaError("; ".join(found[:5]))
        self._writer = _parsed(writer)
        self._reader: Any = _parsed(reader)
        if self._writer == self._reader:
            self._reader = None  # fastavro reads about twice as fast without one
        else:
            _fill_defaults(self._reader, reader, set())
        self._layout = layout
        self._straight = straight_decoder(writer, reader, layout)

    def __call__(self, value: bytes, start: int) -> tuple[Any, ...] | Undecodable:
        """What is wanted of the record in `value` from `start` on. Total: any bytes give that, or Undecodable."""
        if self._straight is not None:
            try:
                return self._straight(value, start)
            except ODD:
                pass  # fastavro says what is odd about it, or reads it
        record = self.whole(value, start)
        return record if isinstance(record, Undecodable) else laid_out(record, self._layout)

    def whole(self, value: bytes, start: int) -> Any:
        """The record itself with all its fields, or Undecodable."""
        stream = io.BytesIO(value)
        stream.seek(start)
        try:
            record = fastavro.schemaless_reader(stream, self._writer, self._reader)
        except SchemaResolutionError as error:
            return Undecodable("schema_incompatible", str(error)[:500])
        except (EOFError, ValueError, LookupError, TypeError, ArithmeticError) as error:
            return Undecodable("undecodable", f"{type(error).__name__} at byte {stream.tell()}: {str(error)[:200]}")
        if stream.tell() != len(value):
            return Undecodable("leftover_bytes", f"{len(value) - stream.tell()} bytes are left over behind the record")
        return record


def schema_fingerprint(schema: Type) -> bytes:
    """The CRC-64-AVRO fingerprint of `schema`, as it stands in a single-object record."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(_parsed(schema)), "CRC-64-AVRO"))


def _parsed(schema: Type) -> Any:
    try:
        return fastavro.parse_schema(_avro(schema, set()))
    except SchemaParseException as error:
        raise SchemaError(str(error)[:500]) from None


def _avro(kind: Type, defined: set[str]) -> Any:
    """`kind` as Avro JSON without logical types and defaults; a name is defined where it is first met."""
    match kind:
        case Primitive(kind="fixed") | Enum() | RecordType():
            if kind.name in defined:
                return kind.name
            defined.add(kind.name)
            return _definition(kind, defined)
        case Primitive():
            return kind.kind
        case Array():
            return {"type": "array", "items": _avro(kind.items, defined)}
        case Map():
            return {"type": "map", "values": _avro(kind.values, defined)}
        case Union():
            return [_avro(branch, defined) for branch in kind.branches]
        case _:
            assert_never(kind)


def _definition(kind: Primitive | Enum | RecordType, defined: set[str]) -> dict[str, Any]:
    head: dict[str, Any] = {"name": kind.name, "aliases": list(kind.aliases)}
    match kind:
        case Primitive():
            return head | {"type": "fixed", "size": kind.size}
        case Enum():
            default = {} if kind.default is None else {"default": kind.default}
            return head | {"type": "enum", "symbols": list(kind.symbols)} | default
        case RecordType():
            fields = [
                {"name": each.name, "type": _avro(each.type, defined), "aliases": list(each.aliases)}
                for each in kind.fields
            ]
            return head | {"type": "record", "fields": fields}
        case _:
            assert_never(kind)


def _fill_defaults(parsed: Any, kind: Type, done: set[str]) -> None:
    """Give the parsed reader its defaults as decoded values: fastavro hands them out as they stand in the schema."""
    match kind:
        case RecordType() if kind.name not in done:
            done.add(kind.name)
            for json_field, field in zip(parsed["fields"], kind.fields, strict=True):
                _fill_defaults(json_field["type"], field.type, done)
                if field.default is not MISSING:
                    json_field["default"] = field.default
        case Array():
            _fill_defaults(parsed["items"], kind.items, done)
        case Map():
            _fill_defaults(parsed["values"], kind.values, done)
        case Union():
            for json_branch, branch in zip(parsed, kind.branches, strict=True):
                _fill_defaults(json_branch, branch, done)
        case _:
            pass
