"""What may stand where: the types of keys, and how a departure from them is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PATH = "{path}"
"""Stands in a violation's text for the JSON path, which names the event's index or not, as the sandbox is set."""


class Kind(NamedTuple):
    """The types that a value may have, and how an error says them."""

    types: tuple[type, ...]
    said: str


Types = Mapping[str, Kind]

TEXT = Kind((str,), "a string")
TEXT_OR_FLAG = Kind((str, bool), "a string or a boolean")
TEXT_OR_LIST = Kind((str, list), "a string or an array")
NUMBER = Kind((int, float), "a number")
INTEGER = Kind((int,), "an integer")
LIST = Kind((list,), "an array")
OBJECT = Kind((dict,), "an object")
FLAG_OR_BIT = Kind((bool, int), "0 or 1")
SCALAR_OR_LIST = Kind((str, int, float, bool, list), "a string, a number, a boolean or an array")


class Violation(NamedTuple):
    """Why the API refuses an event: a row of `errors.ERRORS`, the place inside the event, and a sentence."""

    error: str
    path: str
    text: str


def schema(path: str, text: str) -> Violation:
    """A departure from the documented parameters (100/2804019); `text` holds `PATH` where the place is named."""
    return Violation("schema", path, text)


def must_be(path: str, what: str) -> Violation:
    """The value at `path` is something else than `what`."""
    return schema(path, f"The parameter {PATH} must be {what}.")


def missing(path: str, key: str) -> Violation:
    """The object at `path` lacks `key`."""
    return schema(f"{path}['{key}']", f"The parameter {PATH} is required.")


def departure(values: object, types: Types, path: str, others: Kind | None = None) -> Violation | None:
    """The first key of `values` that should not be there, or whose value has a wrong type; None if there is none.

    Keys that `types` does not know may be there if `others` is given, with a value of that kind. Types are compared
    exactly: true is not the integer 1, and null is nothing at all.
    """
    if type(values) is not dict:
        return must_be(path, "an object")
    for key, value in values.items():
        kind = types.get(key, others)
        if kind is None:
            return schema(path, f'Unexpected key "{key}" on param "{PATH}".')
        if type(value) not in kind.types:
            return must_be(f"{path}['{key}']", kind.said)
    return None
