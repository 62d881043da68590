"""What a value means where its Avro type does not say it: a number in a text, a time in a number, cents.

A value that cannot be read so becomes null, and is counted; the event goes on without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple

from capi_stream.intake.parameters.raw_values import MALFORMED, NOT_A_NUMBER, WHITESPACE, LeftOut
from capi_stream.model import Dropped

Number = int | float | Decimal

MOST_SCALE = 18  # digits behind the point
_EXACT = Context(prec=200, traps=[])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_LONGEST_TIME = 40  # characters


def number(value: Number | str) -> Number | LeftOut:
    """A number as it is, or of a text such as `-12.50`, digit for digit; none with separators of thousands."""
    if not isinstance(value, str):
        return value
    text = value.strip(WHITESPACE)
    return Decimal(text) if _NUMBER.fullmatch(text) else NOT_A_NUMBER


def integer(value: Number | str) -> int | LeftOut:
    """The whole number below; of at most 64 bits."""
    return _divided(value, 1)


def date_time(value: str) -> int | LeftOut:
    """Unix seconds of an ISO 8601 time. One without a zone could be any hour: it cannot be read."""
    text = value.strip(WHITESPACE).upper()  # RFC 3339 lets t and z be small
    try:
        moment = datetime.fromisoformat(text) if len(text) <= _LONGEST_TIME else None
        return MALFORMED if moment is None or moment.tzinfo is None else (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        return MALFORMED


def _divided(value: Number | str, per_second: int) -> int | LeftOut:
    found = number(value)
    if isinstance(found, LeftOut) or not math.isfinite(found):
        return NOT_A_NUMBER
    whole = math.floor(found) // per_second
    return whole if -(2**63) <= whole < 2**63 else NOT_A_NUMBER


def _time_in(per_second: int) -> Callable[[Number | str], int | LeftOut]:
    return lambda value: _divided(value, per_second)


class Reading(NamedTuple):
    """One way to read a value; of and as JSON types (`source.Atom.kinds`)."""

    read: Callable[[Any], Number | LeftOut]
    takes: frozenset[str]
    gives: frozenset[str]


_NUMERIC = frozenset({"text", "integer", "number"})
_TEXT, _INTEGER = frozenset({"text"}), frozenset({"integer"})
READINGS: Mapping[str, Reading] = {
    "number": Reading(number, _NUMERIC, frozenset({"number"})),
    "integer": Reading(integer, _NUMERIC, _INTEGER),
    "date-time": Reading(date_time, _TEXT, _INTEGER),
    "timestamp-millis": Reading(_time_in(10**3), _NUMERIC, _INTEGER),
    "timestamp-micros": Reading(_time_in(10**6), _NUMERIC, _INTEGER),
    "timestamp-nanos": Reading(_time_in(10**9), _NUMERIC, _INTEGER),
}
"""What `as` can be: JSON Schema's name for a time in a text, Avro's for times in numbers."""


def converted(value: Any, name: str, dropped: list[Dropped], field: str) -> Number | None:
    """`value` (no null) read as `name`; null where it cannot be, which is noted in `dropped` as `field`'s."""
    made = READINGS[name].read(value)
    if isinstance(made, LeftOut):
        dropped.append(Dropped(field, made.reason))
        return None
    return made


def scaled(value: Number, scale: int) -> Decimal:
    """`value` with its point moved `scale` digits to the left, exactly: 1250 of scale 2 is 12.50."""
    return Decimal(repr(value) if isinstance(value, float) else value).scaleb(-scale, _EXACT)
