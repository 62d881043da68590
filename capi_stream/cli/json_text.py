"""JSON for people: read without losing a digit, written so that short things stay on one line."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

WIDE = 100  # columns: what fits is not broken


class JsonError(ValueError):
    """Text that is no JSON. The message says where and quotes nothing."""


def read(text: str | bytes) -> Any:
    """The value in `text`; numbers with a point as Decimal. Raises JsonError."""
    try:
        return json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise JsonError(f"line {error.lineno}: this is no JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # no UTF-8, a number of thousands of digits, endless brackets
        raise JsonError("this is no JSON that can be read") from None


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
