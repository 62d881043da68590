"""What a decoded Avro value becomes in an event, by its type. The compiled mapping calls these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Context, Decimal
from typing import Any

from capi_stream.intake.parameters.table import CUSTOM_DATA
from capi_stream.model import PixelId, Record

MOST_DECIMAL_BYTES = 64  # 154 digits; the time to print a longer number grows with the square of its length
FLOAT_DIGITS = 10**15  # any decimal of 15 digits can be read back from the float that is nearest to it
POWERS: tuple[int, ...] = tuple(10**power for power in range(16))
_EXACT = Context(prec=200, traps=[])
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class UnfitValueError(Exception):
    """A value that no event can hold. `reason` is a slug; `detail` may quote the record."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def decimal_of(unscaled: bytes, scale: int) -> int | float | Decimal:
    """An Avro decimal: a big-endian two's complement integer times 10 ** -scale, as `number_of` makes it.

    Raises UnfitValueError beyond 64 bytes.
    """
    if len(unscaled) > MOST_DECIMAL_BYTES:
        raise UnfitValueError("number_too_long", f"a decimal has {len(unscaled)} bytes")
    return number_of(int.from_bytes(unscaled, "big", signed=True), scale)


def number_of(unscaled: int, scale: int) -> int | float | Decimal:
    """`unscaled` times 10 ** -scale, exactly as JSON will have it, digit for digit.

    A float where it has at most 15 digits: it is written with the digits that it was made of, and made and written much
    faster than a Decimal. A whole number is an int: 5, not 5.0.
    """
    if not (-FLOAT_DIGITS < unscaled < FLOAT_DIGITS and 0 <= scale < len(POWERS)):
        return Decimal(unscaled).scaleb(-scale, _EXACT)
    whole, rest = divmod(unscaled, POWERS[scale])
    return unscaled / POWERS[scale] if rest else whole


def finite(number: float) -> float:
    """`number`, which JSON can hold. Raises UnfitValueError for NaN and infinity, which it cannot."""
    if not math.isfinite(number):
        raise UnfitValueError("number_not_finite", f"a number is {number}")
    return number


def date_text(days: int) -> str:
    """An Avro date (days since 1970) as YYYY-MM-DD. What no calendar holds is named so, for normalising to refuse."""
    try:
        return date.fromordinal(days + _EPOCH_ORDINAL).isoformat()
    except (ValueError, OverflowError):
        return "out of range"


def text_of(content: bytes | None) -> str | None:
    """A key or a header's value as text; null where it is none, or empty."""
    try:
        return content.decode() or None if content is not None else None
    except UnicodeDecodeError:
        return None


def header(record: Record, name: str) -> str | None:
    """The text of the last header `name`, as Kafka's own clients read it."""
    return text_of(next((content for key, content in reversed(record.headers) if key == name), None))


def pixels_of(ids: object) -> tuple[PixelId, ...]:
    """Each pixel once, in order, of a list, of one id, or of none. An empty text is none."""
    listed = ids if isinstance(ids, list) else [ids]
    return tuple(dict.fromkeys(PixelId(str(each)) for each in listed if each not in (None, "")))


def spread(target: dict[str, Any], entries: Mapping[str, Any]) -> bool:
    """Add `entries` to `target` (custom_data) under their own names, but none that is null, empty or a parameter's.

    False where such a name was left out: a custom property must not shadow a parameter.
    """
    shadows = CUSTOM_DATA.keys() & entries.keys()
    target.update({key: value for key, value in entries.items() if value not in (None, "") and key not in CUSTOM_DATA})
    return not shadows
