"""`purchase=1,page_view=10`, read."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection

ALL = "all"


class SharesError(ValueError):
    """A text that names no shares. The message says what to write."""


def shares(text: str, known: Collection[str]) -> dict[str, float]:
    """Name -> number, at least 0. `all` is parted among those of `known` that the text does not name.

    Raises SharesError.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (each.strip() for each in part.partition("="))
        if name != ALL and name not in known:
            raise SharesError(f"there is no {name or repr(part)}{_meant(name, known)}. There are: {', '.join(known)}")
        if name in found:
            raise SharesError(f"{name} is named twice")
        found[name] = _number(name, number)
    if ALL in found:
        whole = found.pop(ALL)
        rest = [name for name in known if name not in found]
        found |= {name: whole / len(rest) for name in rest}
    return found


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise SharesError(f"{name}={text} is no share: write a number, such as {name}=0.5")
    return number


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
