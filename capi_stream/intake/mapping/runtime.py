"""What a compiled mapping works with: what it gives, and the functions that it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from capi_stream.intake.mapping import coercions, conversions
from capi_stream.model import Dropped, PixelId

SHADOWED = Dropped("custom_data", "shadows_parameter")
"""A custom property that was left out because a parameter has its name."""


class Draft(NamedTuple):
    """One event that a mapping makes of a record, with raw identifiers, and the pixels that the record names."""

    pixels: Sequence[PixelId]
    event: dict[str, Any]


class Filtered(NamedTuple):
    """The mapping's decision not to send a record."""

    reason: str


GIVEN: Mapping[str, Any] = {
    "Decimal": Decimal,
    "Draft": Draft,
    "Filtered": Filtered,
    "SHADOWED": SHADOWED,
    "converted": conversions.converted,
    "date_text": coercions.date_text,
    "decimal_of": coercions.decimal_of,
    "finite": coercions.finite,
    "header": coercions.header,
    "pixels_of": coercions.pixels_of,
    "scaled": conversions.scaled,
    "spread": coercions.spread,
    "text_of": coercions.text_of,
}
"""What a compiled mapping may call, by the names that it has there."""
