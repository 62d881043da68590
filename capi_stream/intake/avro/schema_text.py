"""A schema's JSON text -> its tree of types, or what makes it unusable for untrusted bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from capi_stream.intake.avro.defaults import default_value
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
    Union,
)

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
LEAST_BYTES = {"null": 0, "float": 4, "double": 8}
DEEPEST = 64  # levels of nesting: fastavro recurses in C, unchecked


def read_schema(text: str, references: Sequence[str] = ()) -> Type:
    """The schema in `text` (Avro JSON); `references` are the texts of schemas it names, in any order.

    Raises SchemaError where it is no Avro schema, contains itself, or has lists of items that take no bytes: records
    of such schemas can nest or grow without end, and a few bytes of them would exhaust the stack or the memory.
    """
    try:
        named = [json.loads(reference) for reference in references]
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"it is not JSON: {type(error).__name__}") from None
    try:
        known = {full_name(each, ""): each for each in named if isinstance(each, dict)}
        return _Reading(known).type(schema, "", 0)
    except (TypeError, ValueError, AttributeError):  # a list where the standard wants a text, and the like
        raise SchemaError("an attribute in it is not of the type that the Avro specification asks for") from None


def full_name(schema: Mapping[str, Any], namespace: str) -> str:
    """The name of a named type with its namespace; `namespace` is that of what encloses it."""
    name = schema.get("name")
    if not isinstance(name, str) or not name:
        raise SchemaError(f"a {schema.get('type')} has no name")
    if not name.isprintable():  # nor can a message hold half a surrogate pair
        raise SchemaError(f"the name {name!a} has characters that no name can have")
    return name if "." in name else _join(schema.get("namespace", namespace), name)


def _join(namespace: str, name: str) -> str:
    return f"{namespace}.{name}" if namespace else name


@dataclass(slots=True)
class _Reading:
    """One walk over a schema's JSON.

    `open` holds the named types that enclose the place of the walk, `levels` how deep those nest that are read, and
    `deepest` the deepest level since the innermost of the open ones.
    """

    references: Mapping[str, Mapping[str, Any]]
    named: dict[str, Type] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    levels: dict[str, int] = field(default_factory=dict)
    deepest: int = 0

    def type(self, schema: Any, namespace: str, depth: int) -> Type:
        self._reached(depth)
        match schema:
            case str():
                return _primitive(schema) if schema in PRIMITIVES else self._by_name(schema, namespace, depth)
            case []:
                raise SchemaError("a union in it has no types")
            case list():
                return Union(tuple(self.type(branch, namespace, depth + 1) for branch in schema))
            case {"type": "record" | "error" | "enum" | "fixed"}:
                return self._definition(schema, namespace, depth)
            case {"type": "array", "items": items}:
                return Array(_taking_bytes(self.type(items, namespace, depth + 1)))
            case {"type": "map", "values": values}:
                return Map(self.type(values, namespace, depth + 1))
            case {"type": str(kind)} if kind in PRIMITIVES:
                return _primitive(kind, schema)
            case {"type": inner} if inner not in ("array", "map"):
                return self.type(inner, namespace, depth + 1)
            case _:
                raise SchemaError("a type in it is neither a name, a union nor an object with a 'type'")

    def _reached(self, depth: int) -> None:
        if depth > DEEPEST:
            raise SchemaError(f"it nests deeper than {DEEPEST} levels")
        self.deepest = max(self.deepest, depth)

    def _by_name(self, name: str, namespace: str, depth: int) -> Type:
        for candidate in (_join(namespace, name), name) if "." not in name else (name,):
            if candidate in self.open:
                raise SchemaError(f"{candidate} contains itself, so its records can nest without end")
            if candidate in self.named:
                self._reached(depth + self.levels[candidate])
                return self.named[candidate]
            if candidate in self.references:
                return self.type(self.references[candidate], "", depth + 1)
        raise SchemaError(f"it names {name}, which neither it nor its references define")

    def _definition(self, schema: Mapping[str, Any], namespace: str, depth: int) -> Type:
        name = full_name(schema, namespace)
        if name in self.named or name in self.open or name in PRIMITIVES:  # decoders would take one for the other
            raise SchemaError(f"it defines {name} twice" if name not in PRIMITIVES else f"it defines {name} anew")
        self.open.add(name)
        outer, self.deepest = self.deepest, depth
        aliases = _aliases(schema)
        match schema:
            case {"type": "enum", "symbols": list(symbols)} if symbols:
                self.named[name] = Enum(name, tuple(symbols), schema.get("default"), aliases)
            case {"type": "fixed", "size": int(size)} if size >= 0:
                self.named[name] = _primitive("fixed", schema, size=size, name=name, aliases=aliases, least_bytes=size)
            case {"type": "record" | "error", "fields": list(fields)}:
                members = tuple(self._field(each, name.rpartition(".")[0], depth) for each in fields)
                self.named[name] = RecordType(name, members, aliases, sum(each.type.least_bytes for each in members))
            case _:
                raise SchemaError(f"the definition of {name} is incomplete")
        self.open.discard(name)
        self.levels[name] = self.deepest - depth
        self.deepest = max(outer, self.deepest)
        return self.named[name]

    def _field(self, schema: Any, namespace: str, depth: int) -> Field:
        match schema:
            case {"name": str(name), "type": json_type} if name.isprintable():
                kind = self.type(json_type, namespace, depth + 1)
                default = default_value(kind, schema["default"], name) if "default" in schema else MISSING
                return Field(name, kind, default, _aliases(schema))
            case _:
                raise SchemaError("a record in it has a field without name or type")


def _aliases(schema: Mapping[str, Any]) -> tuple[str, ...]:
    aliases = schema.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(each, str) and each.isprintable() for each in aliases):
        raise TypeError("aliases")  # as for any attribute: see read_schema
    return tuple(aliases)


def _primitive(kind: str, schema: Mapping[str, Any] | None = None, **more: Any) -> Primitive:
    more.setdefault("least_bytes", LEAST_BYTES.get(kind, 1))
    logical = schema.get("logicalType") if schema else None
    if schema is None or not isinstance(logical, str):
        return Primitive(kind, **more)
    scale = schema.get("scale", 0)
    if logical == "decimal" and not (isinstance(scale, int) and 0 <= scale <= 100):
        raise SchemaError("a decimal in it has a scale that is not between 0 and 100")
    return Primitive(kind, logical, scale if logical == "decimal" else 0, **more)


def _taking_bytes(items: Type) -> Type:
    if items.least_bytes == 0:
        raise SchemaError("it has an array whose items take no bytes, so that a few bytes could stand for billions")
    return items
