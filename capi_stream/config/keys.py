"""The paths of keys, and how messages show them.

A secret can land in a key: `pixels: {EAA...: {}}`, or `"123": {EAA...}` where a colon was forgotten. So only what looks
like a key is shown.
"""

from __future__ import annotations

import re

KeyPath = tuple[str, ...]
"""The keys from the root to a setting; an entry of a list is a number."""

MASK = "********"
LONGEST_PIXEL_ID = 20

_PIXEL_ID = re.compile(rf"[0-9]{{1,{LONGEST_PIXEL_ID}}}")
_KEY = re.compile(r"[a-z][a-z_.]{0,63}|[A-Za-z0-9 ._-]{1,24}")  # app secrets are 32 letters and digits, tokens longer


def dotted(path: KeyPath) -> str:
    """The path as it is written in messages."""
    return ".".join(shown_key(path[:at], key) for at, key in enumerate(path))


def shown_key(above: KeyPath, key: str) -> str:
    """The key below `above`, or a mask where it may be a secret. Names of topics are none, and may be long."""
    match above:
        case ("topics",):
            return key
        case ("pixels",):
            return key if _PIXEL_ID.fullmatch(key) else MASK
        case _:
            return key if _KEY.fullmatch(key) else MASK
