"""What may stand where: the types of keys, and how a departure from them is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PATH = "{path}"
"""Stands in a violation's text for the JSON path, which names the event's index or not, as the sandbox is set."""

Types = Mapping[str, tuple[type, ...]]

TEXT = (str,)
NUMBER = (int, float)
INTEGER = (int,)
LIST = (list,)
OBJECT = (dict,)
FLAG = (bool,)
FLAG_OR_BIT = (bool, int)
ID = (str, int)
SCALAR_OR_LIST = (str, int, float, bool, list)

_NAMES: dict[tuple[type, ...], str] = {
    TEXT: "a string",
    NUMBER: "a number",
    INTEGER: "an integer",
    LIST: "an array",
    OBJECT: "an object",
    FLAG: "a boolean",
    FLAG_OR_BIT: "0 or 1",
    ID: "a string or an integer",
    SCALAR_OR_LIST: "a string, a number, a boolean or an array",
}


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


def departure(values: object, types: Types, path: str, others: tuple[type, ...] = ()) -> Violation | None:
    """The first key of `values` that should not be there, or whose value has a wrong type; None if there is none.

    Keys that `types` does not know may be there if `others` names types, with a value of one of those. Types are
    compared exactly: true is not the integer 1, and null is nothing at all.
    """
    if type(values) is not dict:
        return must_be(path, "an object")
    for key, value in values.items():
        allowed = types.get(key, others)
        if type(value) not in allowed:
            if not allowed:
                return schema(path, f'Unexpected key "{key}" on param "{PATH}".')
            return must_be(f"{path}['{key}']", _NAMES[allowed])
    return None
