"""Whether an event has the keys and JSON types that the API takes (100/2804019)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from capi_stream.intake.parameters.table import BY_PLACE, CONTENTS, CUSTOM_DATA, EVENT, Kind, Parameter, Place
from capi_stream.intake.parameters.violations import Violation


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_object, value))


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """A Decimal is one too: it is written as a JSON number."""
    match value:
        case float():
            return math.isfinite(value)
        case Decimal():
            return value.is_finite()
        case _:
            return _is_integer(value)


def _is_flag(value: Any) -> bool:
    """A boolean, or 0 or 1 in its place (app data page)."""
    return isinstance(value, int) and value in (0, 1)


# Text is not checked: the Graph API reads 12 for "12".
_TYPES: Mapping[Kind, tuple[Callable[[Any], bool], str]] = {
    Kind.OBJECT: (_is_object, "an object"),
    Kind.OBJECTS: (_is_list_of_objects, "a list of objects"),
    Kind.TEXTS: (_is_list, "a list"),
    Kind.INTEGER: (_is_integer, "an integer"),
    Kind.NUMBER: (_is_number, "a finite number"),
    Kind.FLAG: (_is_flag, "true, false, 0 or 1"),
}
_BESIDE = tuple(
    (place, BY_PLACE[place])
    for place in (Place.APP_DATA, Place.ORIGINAL_EVENT_DATA, Place.ATTRIBUTION_DATA, Place.ATTRIBUTION_SETTING)
)
"""The objects in which unknown keys are not known to be refused, each behind what it stands in."""


def check_shape(event: Mapping[str, Any]) -> Violation | None:
    """Keys and JSON types (100/2804019): unknown keys are refused in the event and in items of contents.

    custom_data takes any key of its own; an unknown key of the other objects is not known to be refused.
    """
    if found := _misshapen(event, EVENT, "", only_known=True):
        return found
    custom_data = event.get("custom_data") or {}
    if found := _misshapen(custom_data, CUSTOM_DATA, "custom_data."):
        return found
    for index, item in enumerate(custom_data.get("contents") or ()):
        if found := _misshapen(item, CONTENTS, f"custom_data.contents[{index}].", only_known=True):
            return found
    for place, known in _BESIDE:
        if (values := _at(event, place)) and (found := _misshapen(values, known, f"{place}.")):
            return found
    return None


def _at(event: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """The object at a path from the event; empty where it is not there."""
    values: Mapping[str, Any] = event
    for name in place.split("."):
        values = values.get(name) or {}
    return values


def _misshapen(
    values: Mapping[str, Any], known: Mapping[str, Parameter], path: str, *, only_known: bool = False
) -> Violation | None:
    """The first key of one object that is unknown or whose value has another type than the table's."""
    for key, value in values.items():
        parameter = known.get(key)
        if parameter is None:
            if only_known:
                return Violation("unexpected_key", f"{path}{key}")
        elif value is not None and parameter.kind in _TYPES:
            is_right, wanted = _TYPES[parameter.kind]
            if not is_right(value):
                return Violation("wrong_type", f"{path}{key} is {quoted(value)}; the API wants {wanted}")
    return None


def quoted(value: Any) -> str:
    """`value` for a person to recognise, at most 80 characters."""
    return repr(value)[:80]
