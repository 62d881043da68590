"""Where the values of a record stand of which a mapping reads some: in a tuple, instead of dicts within dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Place(NamedTuple):
    """One value of a record, by its path through records; it is null where one of these is, and where it is "".

    `items`: of an array of records, the layout of each. `is_record`: what is there is a record, of which only this much
    is told: True.
    """

    path: tuple[str, ...]
    items: tuple[Place, ...] | None = None
    is_record: bool = False


Layout = tuple[Place, ...]
"""What is wanted of a record, in the order in which it stands in the tuple."""


def laid_out(record: Mapping[str, Any], layout: Layout) -> tuple[Any, ...]:
    """The values of a decoded record in their places: the slow way, which needs the whole record."""
    return tuple(value_at(record, place) for place in layout)


def value_at(record: Mapping[str, Any], place: Place) -> Any:
    """The value of a decoded record that belongs into `place`."""
    value: Any = record
    for name in place.path:
        if value is None:
            return None
        value = value[name]
    if value is None or value == "":
        return None
    if place.items is not None:
        return [None if each is None else laid_out(each, place.items) for each in value]
    return True if place.is_record else value
