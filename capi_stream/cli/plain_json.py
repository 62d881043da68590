"""Records as plain JSON, told apart by the schema: no wrapping of unions, decimals as numbers, times as ISO texts.

Read: a decimal is a number or a text, a time an ISO text or a number in the schema's own unit, bytes are text (Latin-1,
as Avro writes them), a field that is not there gets its default, or null where it can. A union's value is of the first
branch that it fits; of records the one that has the most of its fields. Avro's own form, `{"string": "a"}`, is
understood too.

Written: what was decoded, with times and decimals as a person reads them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple

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
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_SECOND = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}
MOST_DIGITS = 154  # as many as 64 bytes can hold
EXACT = Context(prec=2 * MOST_DIGITS)
BITS = {"int": 31, "long": 63}


class UnfitJsonError(Exception):
    """JSON that is no record of the schema. The message names the place and quotes no value."""


class Branch(NamedTuple):
    """A value of a union, and the name of its branch: as fastavro's writer takes it."""

    name: str
    value: Any


def from_json(kind: Type, value: Any, where: str = "") -> Any:
    """What fastavro writes for the JSON `value` (decimals as Decimal) of type `kind`. Raises UnfitJsonError."""
    match kind, value:
        case RecordType(), dict():
            return _record(kind, value, where)
        case Array(items=items), list():
            return [from_json(items, each, f"{where}[{at}]") for at, each in enumerate(value)]
        case Map(values=values), dict():
            return {key: from_json(values, each, f"{where}.{key}") for key, each in value.items()}
        case Enum(symbols=symbols), str() if value in symbols:
            return value
        case Union(), _:
            return _of_union(kind, value, where)
        case Primitive(), _:
            return _primitive(kind, value, where)
    raise _unfit(kind, where)


def _record(kind: RecordType, value: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = {field.name for field in kind.fields}
    if unknown := [key for key in value if key not in known]:
        within = f" of {where}" if where else ""
        raise UnfitJsonError(
            f"{kind.name}{within} has no field '{unknown[0][:40]}'; its fields are {', '.join(sorted(known))}"
        )
    made = {}
    for field in kind.fields:
        inner = f"{where}.{field.name}" if where else field.name
        given = value[field.name] if field.name in value else _default(field, inner)
        made[field.name] = from_json(field.type, given, inner)
    return made


def _default(field: Field, where: str) -> Any:
    """What stands for a field that is not there: its default as JSON."""
    if field.default is not MISSING:
        return to_json(field.type, field.default)
    if any(isinstance(each, Primitive) and each.kind == "null" for each in branches(field.type)):
        return None
    raise UnfitJsonError(f"{where} is missing, and the schema has no default for it")


def branches(kind: Type) -> tuple[Type, ...]:
    """The types that a value of `kind` can have."""
    return kind.branches if isinstance(kind, Union) else (kind,)


def name_of(kind: Type) -> str:
    """How Avro names a branch."""
    match kind:
        case RecordType(name=name) | Enum(name=name) | Primitive(kind="fixed", name=name):
            return name
        case Primitive(kind=primitive):
            return primitive
        case Array():
            return "array"
    return "map"


def _of_union(union: Union, value: Any, where: str) -> Branch | None:
    wrapped = _wrapped(union, value)
    candidates = union.branches if wrapped is None else (wrapped[0],)
    value = value if wrapped is None else wrapped[1]
    fits: list[tuple[int, Branch]] = []
    reasons: list[UnfitJsonError] = []
    for branch in candidates:
        try:
            made = from_json(branch, value, where)
        except UnfitJsonError as error:
            if name_of(branch) != "null" and not (isinstance(value, dict) and isinstance(branch, Primitive)):
                reasons.append(error)
        else:
            spare = len(branch.fields) - len(value) if isinstance(branch, RecordType) else 0
            fits.append((spare, Branch(name_of(branch), made)))
    if not fits:
        raise reasons[0] if len(reasons) == 1 else _unfit(union, where)
    best = min(fits, key=lambda each: each[0])[1]  # the first of those that fit alike
    return None if best.name == "null" else best


def _wrapped(union: Union, value: Any) -> tuple[Type, Any] | None:
    """The branch and the value that `{"branch": value}` names, unless a record or a map has such a member itself."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    [(name, inner)] = value.items()
    for branch in union.branches:
        if isinstance(branch, Map) or (isinstance(branch, RecordType) and branch.field(name)):
            return None
    for branch in union.branches:
        if name in (name_of(branch), bare_name(name_of(branch))):
            return branch, inner
    return None


def _primitive(kind: Primitive, value: Any, where: str) -> Any:
    if kind.logical == "decimal" and kind.kind in ("bytes", "fixed"):
        return _decimal(kind, value, where)
    match kind.kind, value:
        case ("null", None) | ("boolean", bool()) | ("string", str()):
            return value
        case (("int" | "long"), _):
            return _whole(kind, value, where)
        case (("float" | "double"), int() | Decimal() | float()) if not isinstance(value, bool):
            return float(value)
        case (("float" | "double"), "NaN" | "Infinity" | "-Infinity"):
            return float(value)
        case ("bytes", str()):
            return _bytes(kind, value, where)
        case ("fixed", str()) if len(value) == kind.size:
            return _bytes(kind, value, where)
    raise _unfit(kind, where)


def _bytes(kind: Primitive, value: str, where: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise _unfit(kind, where) from None


def _decimal(kind: Primitive, value: Any, where: str) -> bytes:
    try:
        number = Decimal(str(value) if isinstance(value, int | float | Decimal | str) else "none")
        scaled = number.scaleb(kind.scale, EXACT)
        is_short = scaled.is_finite() and scaled.adjusted() < MOST_DIGITS
    except ArithmeticError:
        is_short = False
    if not is_short:
        raise _unfit(kind, where)
    unscaled = int(scaled)
    if isinstance(value, bool) or unscaled != scaled:
        raise UnfitJsonError(f"{where or 'it'} has more than the schema's {kind.scale} digits behind the point")
    length = kind.size or (unscaled.bit_length() // 8 + 1)
    try:
        return unscaled.to_bytes(length, "big", signed=True)
    except OverflowError:
        raise _unfit(kind, where) from None


def _whole(kind: Primitive, value: Any, where: str) -> int:
    number = value
    if isinstance(value, Decimal) and value.adjusted() < MOST_DIGITS and value == int(value):
        number = int(value)
    if isinstance(value, str):
        number = _time(kind.logical or "", value)
    if type(number) is not int or not -(2 ** BITS[kind.kind]) <= number < 2 ** BITS[kind.kind]:
        raise _unfit(kind, where)
    return number


def _time(logical: str, text: str) -> int | None:
    """An ISO date or time in the unit of a logical type; None where it is none."""
    with contextlib.suppress(ValueError, OverflowError):
        if logical == "date":
            return (date.fromisoformat(text) - EPOCH.date()).days
        if per_second := PER_SECOND.get(logical.rpartition("-")[2]):
            if logical.startswith("time-"):
                text = f"1970-01-01T{text}"
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return (moment - EPOCH) // timedelta(microseconds=1) * per_second // 10**6
    return None


def _unfit(kind: Type, where: str) -> UnfitJsonError:
    names = " or ".join(
        f"{name_of(each)} ({each.logical})" if isinstance(each, Primitive) and each.logical else name_of(each)
        for each in branches(kind)
    )
    symbols = f": {', '.join(kind.symbols)}" if isinstance(kind, Enum) else ""
    return UnfitJsonError(f"{where or 'the record'} is not of its type, {names}{symbols}")


def to_json(kind: Type, value: Any) -> Any:
    """A decoded value as JSON that `from_json` reads back: texts, Decimals, lists, dicts."""
    match kind:
        case Union(branches=of):
            fitting = next((branch for branch in of if _can_be(branch, value)), None)
            return None if fitting is None else to_json(fitting, value)
        case RecordType(fields=fields):
            return {field.name: to_json(field.type, value[field.name]) for field in fields if field.name in value}
        case Array(items=items):
            return [to_json(items, each) for each in value]
        case Map(values=values):
            return {key: to_json(values, each) for key, each in value.items()}
        case Primitive():
            return _shown(kind, value)
    return value


def _can_be(kind: Type, value: Any) -> bool:
    match kind, value:
        case RecordType(), dict():
            return {field.name for field in kind.fields} == value.keys()
        case (Array(), list()) | (Map(), dict()) | (Primitive(kind="string"), str()):
            return True
        case (Primitive(kind="bytes" | "fixed"), bytes()) | (Primitive(kind="boolean"), bool()):
            return True
        case Enum(symbols=symbols), str():
            return value in symbols
        case Primitive(kind="int" | "long"), int():
            return not isinstance(value, bool)
        case Primitive(kind="float" | "double"), float():
            return True
    return False


def _shown(kind: Primitive, value: Any) -> Any:
    match value:
        case bytes() if kind.logical == "decimal":
            return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-kind.scale, EXACT)
        case bytes():
            return value.decode("latin-1")
        case float() if not math.isfinite(value):
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        case int() if not isinstance(value, bool) and kind.logical:
            return _time_shown(kind.logical, value)
    return value


def _time_shown(logical: str, value: int) -> Any:
    with contextlib.suppress(OverflowError, ValueError):  # what no calendar holds stays a number
        if logical == "date":
            return (EPOCH.date() + timedelta(days=value)).isoformat()
        if per_second := PER_SECOND.get(logical.rpartition("-")[2]):
            if logical == "timestamp-nanos" and value % 1000:
                return value
            moment = EPOCH + timedelta(microseconds=value * 10**6 // per_second)
            if logical.startswith("timestamp-"):
                return moment.isoformat().replace("+00:00", "Z")
            text = moment.replace(tzinfo=None).isoformat()
            return text if logical.startswith("local-") else text.partition("T")[2]
    return value


def leaves(kind: Type, value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every single value in a decoded one, with the names on its way; those of arrays add none."""
    match kind, value:
        case _, None:
            return
        case Union(branches=of), _:
            fitting = next((branch for branch in of if _can_be(branch, value)), None)
            if fitting is not None:
                yield from leaves(fitting, value, path)
        case RecordType(fields=fields), dict():
            for field in fields:
                yield from leaves(field.type, value.get(field.name), (*path, field.name))
        case Array(items=items), list():
            for each in value:
                yield from leaves(items, each, path)
        case Map(values=values), dict():
            for key, each in value.items():
                yield from leaves(values, each, (*path, key))
        case _:
            yield path, value
