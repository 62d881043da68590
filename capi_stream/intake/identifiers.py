"""Customer information as it is sent: normalised, hashed, and without what is no identifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from capi_stream.intake.parameters import USER_DATA, Parameter, identifier
from capi_stream.model import Dropped


def identified(user_data: Mapping[str, Any], this_year: int, dropped: list[Dropped]) -> dict[str, Any]:
    """`user_data` with what is sent for each raw value; what is left out is added to `dropped`.

    A parameter that takes a list is sent as one, each value once. Values of the others are single.
    """
    sent: dict[str, Any] = {}
    for key, raw in user_data.items():
        parameter = USER_DATA[key]
        values = _identifiers(parameter, raw if isinstance(raw, list) else [raw], this_year, dropped)
        if values:
            sent[key] = values if parameter.is_list else values[0]
    return sent


def _identifiers(parameter: Parameter, raws: list[Any], this_year: int, dropped: list[Dropped]) -> list[str]:
    found: list[str] = []
    for raw in raws:
        value = identifier(parameter, raw, this_year)
        if not isinstance(value, str):
            dropped.append(Dropped(parameter.name, value.reason))
        elif value not in found:
            found.append(value)
    return found
