"""The default of a record's field as a decoder would give it: fastavro hands out the JSON of the schema."""

from __future__ import annotations

from typing import Any, assert_never

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


def default_value(kind: Type, default: Any, where: str) -> Any:
    """What `default` (JSON) means for a field of type `kind`: bytes as bytes, records with their own defaults.

    Raises SchemaError where it does not fit, or where no Avro value or no event could hold it.
    """
    return _Defaults().value(kind, default, where)


class _Defaults:
    """One default. What fitted no branch of a union is not tried again: names make a schema a graph, not a tree."""

    def __init__(self) -> None:
        self._unfit: set[tuple[int, int]] = set()

    def value(self, kind: Type, default: Any, where: str) -> Any:
        match kind, default:
            case RecordType(), dict():
                return self._record(kind, default, where)
            case Union(branches), _:
                return self._union(branches, default, where)
            case Array(items), list():
                return [self.value(items, each, where) for each in default]
            case Map(values), dict():
                return {_text(key, where): self.value(values, each, where) for key, each in default.items()}
            case Enum(symbols=symbols), str() if default in symbols:
                return default
            case Primitive(), _:
                return _primitive_default(kind, default, where)
            case ((Enum() | Array() | Map() | RecordType()), _):
                raise _unfit(where)
            case _:
                assert_never(kind)

    def _record(self, kind: RecordType, default: dict[str, Any], where: str) -> dict[str, Any]:
        return {
            each.name: self.value(each.type, default[each.name], f"{where}.{each.name}")
            if each.name in default
            else _own_default(each, where)
            for each in kind.fields
        }

    def _union(self, branches: tuple[Type, ...], default: Any, where: str) -> Any:
        for branch in branches:  # the first by the standard; any, since Avro 1.12
            if (pair := (id(branch), id(default))) in self._unfit:
                continue
            try:
                return self.value(branch, default, where)
            except SchemaError:
                self._unfit.add(pair)
        raise SchemaError(f"the default of field {where} fits no type of its union")


def _unfit(where: str) -> SchemaError:
    return SchemaError(f"the default of field {where} does not fit its type")


def _own_default(member: Field, where: str) -> Any:
    if member.default is MISSING:
        raise SchemaError(f"the default of field {where} lacks {member.name}")
    return member.default


_BITS = {"int": 31, "long": 63}


def _primitive_default(kind: Primitive, default: Any, where: str) -> Any:
    match kind.kind, default:
        case ("null", None) | ("boolean", bool()):
            return default
        case (("int" | "long"), int()) if (
            type(default) is int and -(2 ** _BITS[kind.kind]) <= default < 2 ** _BITS[kind.kind]
        ):
            return default
        case (("float" | "double"), int() | float()) if not isinstance(default, bool):
            return _float(default, where)
        case "string", str():
            return _text(default, where)
        case (("bytes" | "fixed"), str()):
            return default.encode("latin-1", "replace")
    raise _unfit(where)


def _float(default: float, where: str) -> float:
    try:
        return float(default)
    except OverflowError:  # an integer of hundreds of digits
        raise _unfit(where) from None


def _text(default: str, where: str) -> str:
    try:
        default.encode()
    except UnicodeEncodeError:  # half a surrogate pair: no event can hold it
        raise _unfit(where) from None
    return default
