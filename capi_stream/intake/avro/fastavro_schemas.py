"""Our types as schemas that fastavro takes.

Logical types are taken out, and the mapping reads them instead: fastavro rounds a decimal to the schema's precision
without a word, needs minutes for one of a million bytes, and raises at a timestamp beyond the year 9999 (all seen with
1.13). A name without a namespace is given one: fastavro would look for it in the namespace of whatever it stands in.
"""

from __future__ import annotations

from typing import Any, assert_never

import fastavro
from fastavro.schema import SchemaParseException, fingerprint, to_parsing_canonical_form

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

NO_NAMESPACE = "capi_stream_no_namespace_."


def schema_fingerprint(schema: Type) -> bytes:
    """The CRC-64-AVRO fingerprint of `schema`, as it stands in a single-object record."""
    return bytes.fromhex(fingerprint(as_written(to_parsing_canonical_form(parsed(schema))), "CRC-64-AVRO"))


def parsed(schema: Type) -> Any:
    """`schema` as fastavro's readers take it. Raises SchemaError."""
    try:
        return fastavro.parse_schema(_avro(schema, set()))
    except (SchemaParseException, ValueError) as error:  # an unknown type is a ValueError
        raise SchemaError(as_written(str(error))[:500]) from None


def as_written(text: str) -> str:
    """What fastavro says, with the names that the schema has."""
    return text.replace(NO_NAMESPACE, "")


def _absolute(name: str) -> str:
    return name if "." in name else f"{NO_NAMESPACE}{name}"


def _avro(kind: Type, defined: set[str]) -> Any:
    """`kind` as Avro JSON without logical types and defaults; a name is defined where it is first met."""
    match kind:
        case Primitive(kind="fixed") | Enum() | RecordType():
            if kind.name in defined:
                return _absolute(kind.name)
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
    head: dict[str, Any] = {"name": _absolute(kind.name), "aliases": [_absolute(each) for each in kind.aliases]}
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


def fill_defaults(parsed: Any, kind: Type, done: set[str]) -> None:
    """Give the parsed reader its defaults as decoded values: fastavro hands them out as they stand in the schema."""
    match kind:
        case RecordType() if kind.name not in done:
            done.add(kind.name)
            for json_field, field in zip(parsed["fields"], kind.fields, strict=True):
                fill_defaults(json_field["type"], field.type, done)
                if field.default is not MISSING:
                    json_field["default"] = field.default
        case Array():
            fill_defaults(parsed["items"], kind.items, done)
        case Map():
            fill_defaults(parsed["values"], kind.values, done)
        case Union():
            for json_branch, branch in zip(parsed, kind.branches, strict=True):
                fill_defaults(json_branch, branch, done)
        case _:
            pass
