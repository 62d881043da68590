"""What a condition compares with the record: its constants as they are decoded, or why they can never be equal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from capi_stream.intake.avro.schemas import Array, Enum, Primitive, Type
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
            if is_wanted(value):
                return as_decoded(value)
            raise NeverEqualError(f"; it is {wanted}")
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


def _same(value: Any) -> Any:
    return value


Read = tuple[Callable[[Any], bool], str, Callable[[Any], Any]]
_TEXT: Read = (lambda value: isinstance(value, str), "a text: write it in quotes", _same)
_WHOLE: Read = (_is_whole, "a whole number", _same)
_TIME: Read = (_is_whole, "a time: write whole seconds since 1970", _same)
_NUMBER: Read = (_is_number, "a number", _same)
READ: Mapping[str, Read] = {
    "string": _TEXT,
    "boolean": (lambda value: isinstance(value, bool), "true or false", _same),
    "int": _WHOLE,
    "long": _WHOLE,
    "float": _NUMBER,
    "double": _NUMBER,
    "decimal": (_is_number, "a number", lambda value: Decimal(str(value))),  # a float is no decimal's equal: 0.1
    "timestamp-millis": _TIME,
    "timestamp-micros": _TIME,
    "timestamp-nanos": _TIME,
    "date": (_is_date, "a date: write it as '2026-01-31'", _same),
}
"""By logical type, else by Avro type: what a constant must be, in words too, and what it is equal to."""
