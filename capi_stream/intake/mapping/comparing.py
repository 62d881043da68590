"""What a condition compares with the record: its constants as they are decoded, or why they can never be equal."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from capi_stream.intake.avro.schemas import Array, Enum, Primitive, Type
from capi_stream.intake.mapping.coercions import number_of
from capi_stream.intake.mapping.paths import Found, at
from capi_stream.intake.mapping.spec import Equals
from capi_stream.intake.mapping.spec_nodes import nearest, spelt


class NeverEqualError(Exception):
    """A constant that nothing at the place can be equal to. The message ends a sentence about the constant."""


def compared(test: Equals, found: Found) -> tuple[tuple[Any, ...], list[str]]:
    """The values of `test` as the compiled mapping reads them at its path, and what is wrong with each other one.

    Of an array one item must be equal. `found` is what the schema has at the path.
    """
    if not test.values:
        return (), [f"tests {test.path.text} for an empty list: nothing is in it"]
    array = found.only
    if isinstance(array, Array):
        items = at(array.items)
        found = Found(items.kinds)
    values, wrong = [], []
    for value in test.values:
        try:
            values.append(_as_decoded(value, found))
        except NeverEqualError as error:
            wrong.append(f"tests {test.path.text} for {spelt(value)}{error}")
    return tuple(values), wrong


def _as_decoded(value: Any, found: Found) -> Any:
    """`value` as one of the types at a place reads it."""
    if value is None:
        if found.is_nullable:
            return None
        raise NeverEqualError(", which it never is")
    if value == "":
        raise NeverEqualError("; an empty text counts as null: write null")
    reasons = []
    for kind in found.kinds:
        try:
            return _of_kind(value, kind)
        except NeverEqualError as error:
            reasons.append(str(error))
    raise NeverEqualError(reasons[0] if len(reasons) == 1 else f"; it is {found}")


def _of_kind(value: Any, kind: Type) -> Any:
    match kind:
        case Enum(name=name, symbols=symbols):
            if value in symbols:
                return value
            raise NeverEqualError(f", which {name} does not have.{nearest(str(value), symbols)}")
        case Primitive(kind=primitive, logical=logical) if read := READ.get(logical or primitive) or READ.get(
            primitive
        ):
            is_wanted, wanted, as_decoded = read
            if not is_wanted(value):
                raise NeverEqualError(f"; it is {wanted}")
            return as_decoded(value, kind)
    raise NeverEqualError(f"; it is {Found((kind,))}, which no value is equal to")


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value))
    except ValueError:
        return False


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value))


def _is_second(value: Any) -> bool:
    return _is_whole(value) and abs(value) < FIRST_MILLISECONDS


def _same(value: Any, _: Primitive) -> Any:
    return value


def _whole(value: int, kind: Primitive) -> int:
    bits = 31 if kind.kind == "int" else 63
    if -(2**bits) <= value < 2**bits:
        return value
    raise NeverEqualError(f"; it is of {bits + 1} bits")


def _decimal(value: float, kind: Primitive) -> int | float | Decimal:
    """As the mapping reads a decimal of these digits."""
    made = Decimal(str(value))
    if made != round(made, kind.scale):
        raise NeverEqualError(f"; it has {kind.scale} digits behind the point")
    return number_of(int(made.scaleb(kind.scale)), kind.scale)


def _single(value: float, _: Primitive) -> float:
    """As 32 bits have it: 0.1 is 0.10000000149."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        raise NeverEqualError("; it is of 32 bits") from None


FIRST_MILLISECONDS = 10**11  # as seconds this is the year 5138

Read = tuple[Callable[[Any], bool], str, Callable[[Any, Primitive], Any]]
_TEXT: Read = (lambda value: isinstance(value, str), "a text: write it in quotes", _same)
_WHOLE: Read = (_is_whole, "a whole number", _whole)
_TIME: Read = (_is_second, "a time: write whole seconds since 1970", _same)
_NUMBER: Read = (_is_number, "a number", _same)
READ: Mapping[str, Read] = {
    "string": _TEXT,
    "boolean": (lambda value: isinstance(value, bool), "true or false", _same),
    "int": _WHOLE,
    "long": _WHOLE,
    "float": (_is_number, "a number", _single),
    "double": _NUMBER,
    "decimal": (_is_number, "a number", _decimal),
    "uuid": (_is_uuid, "a UUID", _same),
    "timestamp-millis": _TIME,
    "timestamp-micros": _TIME,
    "timestamp-nanos": _TIME,
    "date": (_is_date, "a date: write it as '2026-01-31'", _same),
}
"""By logical type, else by Avro type: what a constant must be, in words too, and what it is equal to."""
