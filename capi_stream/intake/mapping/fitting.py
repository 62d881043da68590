"""Whether what a mapping makes fits its parameter, and its tables the schema: known before any record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from capi_stream.intake.avro.schemas import Enum, Primitive
from capi_stream.intake.mapping.paths import Found
from capi_stream.intake.mapping.spec import Each, Expression, Members, Table
from capi_stream.intake.mapping.spec_nodes import nearest
from capi_stream.intake.parameters.table import Kind, Parameter

TAKES = {
    Kind.TEXT: {"text", "integer"},
    Kind.INTEGER: {"integer"},
    Kind.NUMBER: {"integer", "number"},
    Kind.FLAG: {"flag", "integer"},
    Kind.TEXTS: {"list"},
    Kind.OBJECT: {"object"},
    Kind.OBJECTS: {"list"},
}
"""The JSON types that a parameter of each kind can be made from. A text can be made from a whole number."""


def kind_of(value: Any) -> frozenset[str]:
    """The JSON type of a constant; none for null."""
    match value:
        case bool():
            return frozenset({"flag"})
        case int():
            return frozenset({"integer"})
        case float():
            return frozenset({"number"})
        case str():
            return frozenset({"text"})
        case list():
            return frozenset({"list"})
        case dict():
            return frozenset({"object"})
    return frozenset()


def misfit(parameter: Parameter, kinds: frozenset[str]) -> str | None:
    """What is wrong where `parameter` is made from values of `kinds`."""
    takes = TAKES[parameter.kind] | ({"list"} if parameter.is_list else set())
    if parameter.is_flag_too:
        takes = takes | {"flag"}
    if wrong := sorted(kinds - takes):
        return f"takes {' or '.join(sorted(takes))}, and is made from {' or '.join(wrong)}"
    return None


def is_sure(parameter: Parameter, kinds: frozenset[str], made: Expression | Members) -> bool:
    """Whether values of `kinds`, which fit `parameter`, do so in every record.

    A flag may be made from a whole number, and only 0 and 1 are one; a list of objects from any list.
    """
    if parameter.kind is Kind.OBJECTS:
        return isinstance(made, Each) and isinstance(made.item, Members)
    return parameter.kind is not Kind.FLAG or kinds <= {"flag"}


def wrong_values(parameter: Parameter, values: Iterable[Any]) -> list[str]:
    """What is wrong with constants that `parameter` can become: members must be known, some values too."""
    if parameter.kind is Kind.OBJECT and any(isinstance(value, dict) for value in values):
        return ["is no constant: write its parameters below it, each with its own"]
    known = sorted(parameter.values)
    return [
        f"has no value {value!r}; it knows {', '.join(known)}.{nearest(str(value), known)}"
        for value in values
        if known and value is not None and value not in known
    ]


def table_entries(table: Table, found: Found) -> tuple[dict[Any, Any], list[str]]:
    """The table with its keys as the values at its path are decoded, and what is wrong with them."""
    match found.only:
        case Enum(name=name, symbols=symbols):
            wrong = [
                f"has values for {key}, which {name} does not have.{nearest(key, symbols)}"
                for key in table.entries
                if key not in symbols
            ]
            missing = [symbol for symbol in symbols if symbol not in table.entries]
            if missing and not table.has_otherwise:
                wrong.append(f"has no values for {', '.join(missing)}; add them, or 'otherwise'")
            return dict(table.entries), wrong
        case Primitive(kind="string"):
            return entries_of(table, frozenset({"text"}))
        case Primitive(kind="boolean"):
            return entries_of(table, frozenset({"flag"}))
        case Primitive(kind="int" | "long", logical=None):
            return entries_of(table, frozenset({"integer"}))
        case _:
            return {}, [f"has values for {found}; {KEYS}"]


KEYS = "they are for enums, texts, whole numbers and booleans, one of these at a time"


def entries_of(table: Table, kinds: frozenset[str]) -> tuple[dict[Any, Any], list[str]]:
    """The table with its keys as values of the one JSON type in `kinds`, and what is wrong with them."""
    match tuple(kinds):
        case () | ("text",):
            return dict(table.entries), []
        case ("flag",):
            wrong = [f"has values for {key}; a boolean is true or false" for key in table.entries if key not in FLAGS]
            return {key == "true": value for key, value in table.entries.items()}, wrong
        case ("integer",):
            wrong = [f"has values for {key}, which is no whole number" for key in table.entries if not _is_whole(key)]
            spelt = Counter(int(key) for key in table.entries if _is_whole(key))
            wrong += [f"has values for {number} twice" for number, times in spelt.items() if times > 1]
            return {int(key): value for key, value in table.entries.items() if _is_whole(key)}, wrong
        case _:
            return {}, [f"has values for {' or '.join(sorted(kinds))}; {KEYS}"]


FLAGS = ("true", "false")


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
