"""Single values of plain JSON as fastavro writes them. Strict: what a producer could not write must not pass here."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type, Union, branches

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_SECOND = {"millis": 10**3, "micros": 10**6, "nanos": 10**9}
MOST_DIGITS = 154  # as many as 64 bytes can hold
EXACT = Context(prec=2 * MOST_DIGITS, traps=[Inexact, InvalidOperation, Overflow])
BITS = {"int": 31, "long": 63}

_is_uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE).fullmatch


class UnfitJsonError(Exception):
    """JSON that is no record of the schema. The message names the place and quotes no value."""


@dataclass(frozen=True, slots=True)
class Bounded(Primitive):
    """A decimal of at most `precision` digits: what a writer is held to and a reader, whose types these are, is not."""

    precision: int = 0


def bounded(kind: Type, schema: Any, named: dict[str, Any] | None = None) -> Type:
    """`kind`, the type of the Avro JSON `schema`, with the precision of its decimals. `named`: definitions so far."""
    named = {} if named is None else named
    while isinstance(schema, dict) and isinstance(schema.get("type"), dict | list):
        schema = schema["type"]
    if isinstance(kind, RecordType | Primitive) and kind.name:
        schema = named.setdefault(kind.name, schema)  # from then on the schema has its name alone
    match kind, schema:
        case RecordType(), {"fields": fields}:
            members = zip(kind.fields, fields, strict=True)
            inner = tuple(replace(each, type=bounded(each.type, json["type"], named)) for each, json in members)
            return replace(kind, fields=inner)
        case Array(), {"items": items}:
            return replace(kind, items=bounded(kind.items, items, named))
        case Map(), {"values": values}:
            return replace(kind, values=bounded(kind.values, values, named))
        case Union(), list():
            pairs = zip(kind.branches, schema, strict=True)
            return replace(kind, branches=tuple(bounded(each, json, named) for each, json in pairs))
        case Primitive(logical="decimal"), {"precision": int(precision)} if precision > 0:
            held = kind.kind, kind.logical, kind.scale, kind.size, kind.name, kind.aliases, kind.least_bytes
            return Bounded(*held, precision)
    return kind


def primitive(kind: Primitive, value: Any, where: str) -> Any:
    """What fastavro writes for the JSON `value` of a primitive type. Raises UnfitJsonError."""
    if kind.logical == "decimal" and kind.kind in ("bytes", "fixed"):
        return _decimal(kind, value, where)
    match kind.kind, value:
        case "string", str() if kind.logical == "uuid" and not _is_uuid(value):
            raise UnfitJsonError(f"{where or 'it'} is no UUID: 32 hex digits, in groups of 8-4-4-4-12")
        case ("null", None) | ("boolean", bool()) | ("string", str()):
            return value
        case (("int" | "long"), _):
            return _whole(kind, value, where)
        case (("float" | "double"), int() | Decimal() | float()) if not isinstance(value, bool):
            return _binary(kind, value, where)
        case (("float" | "double"), "NaN" | "Infinity" | "-Infinity"):
            return float(value)
        case ("bytes", str()):
            return _bytes(kind, value, where)
        case ("fixed", str()) if len(value) == kind.size:
            return _bytes(kind, value, where)
    raise unfit(kind, where)


def _binary(kind: Primitive, value: float | Decimal, where: str) -> float:
    """A number as binary floating point; one that only infinity is near is none."""
    try:
        made = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise unfit(kind, where) from None
    if isinstance(value, Decimal) and value.is_finite() and made in (float("inf"), float("-inf")):
        raise unfit(kind, where)
    return made


def _bytes(kind: Primitive, value: str, where: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise unfit(kind, where) from None


def _decimal(kind: Primitive, value: Any, where: str) -> bytes:
    unscaled = _unscaled(kind, value, where)
    if isinstance(kind, Bounded) and unscaled and len(str(abs(unscaled))) > kind.precision:
        before = kind.precision - kind.scale
        raise UnfitJsonError(
            f"{where or 'it'} has more digits than the schema's precision of {kind.precision}"
            f" leaves before the point, {before}"
        )
    try:
        return unscaled.to_bytes(kind.size or (unscaled.bit_length() // 8 + 1), "big", signed=True)
    except OverflowError:
        raise unfit(kind, where) from None


def _unscaled(kind: Primitive, value: Any, where: str) -> int:
    """The whole number that stands for a decimal of `kind`, digit for digit."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise unfit(kind, where)
    try:
        number = Decimal(value if isinstance(value, Decimal) else str(value))
    except ArithmeticError:
        raise unfit(kind, where) from None
    if not number.is_finite() or (number and number.adjusted() + kind.scale >= MOST_DIGITS):
        raise unfit(kind, where)
    try:
        scaled = number.scaleb(kind.scale, EXACT)
        is_exact = not scaled or int(scaled) == scaled
    except ArithmeticError:  # 1e-999999999 is not 0
        is_exact = False
    if not is_exact:
        raise UnfitJsonError(f"{where or 'it'} has more than the schema's {kind.scale} digits behind the point")
    return int(scaled) if scaled else 0


def _whole(kind: Primitive, value: Any, where: str) -> int:
    number = value
    if isinstance(value, Decimal) and abs(value.adjusted()) < MOST_DIGITS and value == int(value):
        number = int(value)
    if isinstance(value, str):
        number = _time(kind.logical or "", value)
    if type(number) is not int or not -(2 ** BITS[kind.kind]) <= number < 2 ** BITS[kind.kind]:
        raise unfit(kind, where)
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


def unfit(kind: Type, where: str) -> UnfitJsonError:
    """That what stands at `where` is not of `kind`; a union's branches are all named."""
    names = " or ".join(
        f"{name_of(each)} ({each.logical})" if isinstance(each, Primitive) and each.logical else name_of(each)
        for each in branches(kind)
    )
    symbols = f": {', '.join(kind.symbols)}" if isinstance(kind, Enum) else ""
    return UnfitJsonError(f"{where or 'the record'} is not of its type, {names}{symbols}")


def name_of(kind: Type) -> str:
    """How Avro names a branch."""
    match kind:
        case RecordType(name=name) | Enum(name=name) | Primitive(kind="fixed", name=name):
            return name
        case Primitive(kind=called):
            return called
        case Array():
            return "array"
    return "map"
