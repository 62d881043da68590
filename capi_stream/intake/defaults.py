"""The default of a record's field as a decoder would give it: fastavro hands out the JSON of the schema."""

from __future__ import annotations

from typing import Any, assert_never

from capi_stream.intake.schemas import MISSING, Array, Enum, Field, Map, Primitive, RecordType, SchemaError, Type, Union


def default_value(kind: Type, default: Any, where: str) -> Any:
    """What `default` (JSON) means for a field of type `kind`: bytes as bytes, records with their own defaults."""
    match kind, default:
        case RecordType(), dict():
            inner = {each.name: default.get(each.name, MISSING) for each in kind.fields}
            return {
                each.name: default_value(each.type, inner[each.name], f"{where}.{each.name}")
                if inner[each.name] is not MISSING
                else _own_default(each, where)
                for each in kind.fields
            }
        case Union(branches), _:
            return _union_default(branches, default, where)
        case Array(items), list():
            return [default_value(items, each, where) for each in default]
        case Map(values), dict():
            return {key: default_value(values, each, where) for key, each in default.items()}
        case Enum(symbols=symbols), str() if default in symbols:
            return default
        case Primitive(kind="bytes" | "fixed"), str():
            return default.encode("latin-1", "replace")
        case Primitive(kind=name), _ if name in _DEFAULTS and type(default) in _DEFAULTS[name]:
            return float(default) if name in ("float", "double") else default
        case ((Primitive() | Enum() | Array() | Map() | RecordType()), _):
            raise SchemaError(f"the default of field {where} does not fit its type")
        case _:
            assert_never(kind)


_DEFAULTS: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "string": (str,),
}


def _own_default(member: Field, where: str) -> Any:
    if member.default is MISSING:
        raise SchemaError(f"the default of field {where} lacks {member.name}")
    return member.default


def _union_default(branches: tuple[Type, ...], default: Any, where: str) -> Any:
    for branch in branches:  # the first by the standard; any, since Avro 1.12
        try:
            return default_value(branch, default, where)
        except SchemaError:
            continue
    raise SchemaError(f"the default of field {where} fits no type of its union")
