"""Random Avro schemas, good ones and almost good ones, and bytes that are a value of a schema."""

from __future__ import annotations

import struct
from copy import deepcopy
from typing import Any, assert_never

from hypothesis import strategies as st

from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type, Union

NAMES = ["a", "b", "c", "shop.v1.A", "int", "\ud800", ""]
PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
LOGICAL = [
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    {"type": "bytes", "logicalType": "decimal", "scale": 10**6},
    {"type": "int", "logicalType": "date"},
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "string", "logicalType": "uuid"},
]
DEFAULTS: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 1, -1, 2**63, 10**400, 0.5, float("nan"), True, "", "a", "\ud800", "\u0100", [], {}]
)
_FIELD_DEFAULTS = DEFAULTS | st.dictionaries(st.just("f0"), DEFAULTS, max_size=1)
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 5, [1], {"a": 1}, "\ud800", "", -1, 10**30, True])


_ENUM_SYMBOLS: st.SearchStrategy[list[str]] = st.sampled_from([["A"], ["A", "B"], ["B", "C"]])


@st.composite
def _named(draw: st.DrawFn, inner: st.SearchStrategy[Any], names: st.SearchStrategy[str]) -> Any:
    made: dict[str, Any] = {"name": draw(names)}
    match draw(st.sampled_from(["record", "record", "record", "enum", "fixed"])):
        case "record":
            kinds = draw(st.lists(inner, max_size=4))
            made |= {"type": "record", "fields": [_field(draw, kind, f"f{at}") for at, kind in enumerate(kinds)]}
        case "enum":
            made |= {"type": "enum", "symbols": draw(_ENUM_SYMBOLS)}
        case _:
            made |= {"type": "fixed", "size": draw(st.integers(0, 4))}
    return made


def _field(draw: st.DrawFn, kind: Any, name: str) -> dict[str, Any]:
    default = {"default": draw(_FIELD_DEFAULTS)} if draw(st.booleans()) else {}
    return {"name": name, "type": kind} | default


def schemas(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Schemas as JSON values whose named types are called as `names` says, now and then by a name alone."""
    leaves = st.sampled_from(PRIMITIVES) | st.sampled_from(LOGICAL) | names
    return st.recursive(
        leaves,
        lambda inner: (
            inner.map(lambda items: {"type": "array", "items": items})
            | inner.map(lambda values: {"type": "map", "values": values})
            | st.lists(inner, max_size=3)
            | inner.map(lambda kind: ["null", kind])
            | _named(inner, names)
        ),
        max_leaves=10,
    )


_OF_ANY_NAMES = schemas(st.sampled_from(NAMES))


@st.composite
def almost_schemas(draw: st.DrawFn) -> Any:
    """A schema in which one attribute may be anything."""
    schema = deepcopy(draw(_OF_ANY_NAMES))
    places: list[dict[str, Any]] = list(_objects(schema))
    if draw(st.booleans()) and places:
        place = draw(st.sampled_from(places))
        keys = [*place, "aliases", "default", "namespace", "logicalType", "scale"]
        place[draw(st.sampled_from(keys))] = draw(ODD)
    return schema


def _objects(schema: Any) -> Any:
    match schema:
        case dict():
            yield schema
            for value in list(schema.values()):
                yield from _objects(value)
        case list():
            for each in schema:
                yield from _objects(each)


def long(number: int) -> bytes:
    """An Avro int or long: zigzag, seven bits a byte."""
    rest, made = (number << 1) ^ (number >> 63), bytearray()
    rest &= 2**64 - 1
    while rest > 0x7F:
        made.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*made, rest])


def sized(content: bytes) -> bytes:
    """Avro bytes or a string."""
    return long(len(content)) + content


def value_of(draw: st.DrawFn, kind: Type) -> bytes:
    """Avro bytes of a random value of `kind`."""
    match kind:
        case Primitive():
            return _primitive(draw, kind)
        case Enum():
            return long(draw(st.integers(0, len(kind.symbols) - 1)))
        case Array():
            return _blocks(draw, lambda: value_of(draw, kind.items))
        case Map():
            return _blocks(draw, lambda: sized(draw(st.text(max_size=3)).encode()) + value_of(draw, kind.values))
        case Union():
            at = draw(st.integers(0, len(kind.branches) - 1))
            return long(at) + value_of(draw, kind.branches[at])
        case RecordType():
            return b"".join(value_of(draw, field.type) for field in kind.fields)
        case _:
            assert_never(kind)


def _blocks(draw: st.DrawFn, one: Any) -> bytes:
    count = draw(st.integers(0, 3))
    return (long(count) + b"".join(one() for _ in range(count)) if count else b"") + b"\0"


def _primitive(draw: st.DrawFn, kind: Primitive) -> bytes:
    match kind.kind:
        case "null":
            return b""
        case "boolean":
            return bytes([draw(st.integers(0, 1))])
        case "int":
            return long(draw(st.integers(-(2**31), 2**31 - 1)))
        case "long":
            return long(draw(st.integers(-(2**63), 2**63 - 1)))
        case "float":
            return struct.pack("<f", draw(st.floats(width=32)))
        case "double":
            return struct.pack("<d", draw(st.floats()))
        case "fixed":
            return draw(st.binary(min_size=kind.size, max_size=kind.size))
        case "bytes":
            return sized(draw(st.binary(max_size=80)))
        case _:
            return sized(draw(st.text(max_size=8)).encode())
