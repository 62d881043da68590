"""JSON for people: read without losing a digit, written so that short things stay on one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Container
from decimal import Decimal
from typing import Any

WIDE = 100  # columns: what fits is not broken
MOST_OF_A_NAME = 40  # characters, in a message
KEY = "[key]"
"""Stands in a place for the key of a map, which may be a person's name."""


class JsonError(ValueError):
    """Text that is no JSON. The message says where and quotes nothing."""


class _Members(list[tuple[str, Any]]):
    """An object as it was written, a name that stands in it twice and all."""


def read(text: str | bytes, names: Container[str] | None = None) -> Any:
    """The value in `text`; numbers with a point as Decimal. Raises JsonError, which tells names in `names` (None: all).

    Refused beside what is no JSON: a name that stands twice in one object, of which Python would drop the first
    without a word, and half of a surrogate pair, which no UTF-8 can write.
    """
    try:
        return _checked(json.loads(text, parse_float=Decimal, object_pairs_hook=_Members), "", names)
    except json.JSONDecodeError as error:
        raise JsonError(f"line {error.lineno}: this is no JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise JsonError(f"this is no JSON: byte {error.start + 1} is no {error.encoding.upper()}") from None
    except JsonError:
        raise
    except RecursionError:
        raise JsonError("this cannot be read: its brackets nest hundreds of levels deep") from None
    except ValueError:  # all that is left of what Python refuses
        raise JsonError(
            f"this cannot be read: a number has more than {sys.get_int_max_str_digits():,} digits"
        ) from None


def _checked(value: Any, where: str, names: Container[str] | None) -> Any:
    """`value`, which stands at `where`, with dicts for its objects."""
    match value:
        case _Members():
            return _object(value, where, names)
        case list():
            return [_checked(each, f"{where}[{at}]", names) for at, each in enumerate(value)]
        case str() if not is_whole(value):
            raise JsonError(
                f"{f'{where} has' if where else 'it is'} a text with half of a surrogate pair (\\ud800 to \\udfff),"
                " which no Avro text can hold: write the character itself, or both halves"
            )
    return value


def _object(members: _Members, where: str, names: Container[str] | None) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in members:
        is_told = names is None or name in names
        if not is_whole(name):
            raise JsonError(f"a name{_within(where)} has half of a surrogate pair: no Avro text can hold it")
        if name in made:
            what = f"'{shown_name(name)}'" if is_told else "a name"
            raise JsonError(f"{what} stands twice{_within(where)}: leave one of them")
        made[name] = _checked(value, beneath(where, name) if is_told else f"{where}{KEY}", names)
    return made


def _within(where: str) -> str:
    return f" in {where}" if where else ""


def is_whole(text: str) -> bool:
    """Whether UTF-8 can write `text`: it has no half of a surrogate pair."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def beneath(where: str, name: str) -> str:
    """The place of the member `name` of what stands at `where`."""
    return f"{where}.{shown_name(name)}" if where else shown_name(name)


def shown_name(name: str) -> str:
    """A name for a message: cut, and what no terminal can show as its escape."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name[:MOST_OF_A_NAME])


def written(value: Any, indent: int = 0) -> str:
    """`value` as JSON over as many lines as it needs, without the last line's end."""
    flat = _flat(value)
    if len(flat) + indent <= WIDE or not value or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        rows = [f"{inner}{_flat(key)}: {written(each, indent + 2)}" for key, each in value.items()]
    else:
        rows = [f"{inner}{written(each, indent + 2)}" for each in value]
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return "\n".join([first, ",\n".join(rows), " " * indent + last])


def _flat(value: Any) -> str:
    match value:
        case Decimal() if value.is_finite():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case dict():
            return "{" + ", ".join(f"{_flat(key)}: {_flat(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_flat, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def printable(line: str) -> str:
    """A line without what would speak to a terminal: a pixel's name is whatever somebody wrote."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def short(text: str, most: int = MOST_OF_A_NAME) -> str:
    """`text` on one line of at most `most` characters, of which no terminal obeys one."""
    plain = printable(text[: most + 1])
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def without_nulls(value: Any) -> Any:
    """`value` without the members of objects in which nothing stands."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each not in (None, [], {})}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
