"""A raw value before any field's own rule: its text, whether it was hashed already, and why it may be left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Why = Literal[
    "empty", "not_text", "not_a_number", "malformed", "too_short", "too_long", "unknown", "out_of_range", "not_public"
]
"""Why a value is left out. Closed: a label of `fields_dropped_total`."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value that is not sent, and why. The event goes on without it."""

    reason: Why


EMPTY = LeftOut("empty")
NOT_TEXT = LeftOut("not_text")
NOT_A_NUMBER = LeftOut("not_a_number")
MALFORMED = LeftOut("malformed")
TOO_SHORT = LeftOut("too_short")
TOO_LONG = LeftOut("too_long")
UNKNOWN = LeftOut("unknown")
OUT_OF_RANGE = LeftOut("out_of_range")
NOT_PUBLIC = LeftOut("not_public")

# ECMAScript's, as in the parameter builder. Python's own adds U+001C to U+001F and U+0085 and lacks U+FEFF.
WHITESPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_ASCII_WHITESPACE = "".join(filter(str.isascii, WHITESPACE))
NO_WHITESPACE = dict.fromkeys(map(ord, WHITESPACE))
"""For `str.translate`."""

APPENDIX = r"(?:AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8})"
"""What the parameter builder writes behind a value and a dot: its language, or that and more in eight characters."""

_PLAIN_HASH = re.compile(r"[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}")  # SHA-256 or MD5
_BUILDER_HASH = re.compile(rf"[0-9A-Fa-f]{{64}}\.{APPENDIX}")
_LENGTHS_OF_HASHES = frozenset({32, 64, 64 + 1 + 2, 64 + 1 + 8})


def text_of(raw: object) -> str | LeftOut:
    """`raw` as trimmed text that UTF-8 can write. A whole number is read as its digits."""
    if isinstance(raw, str):
        return raw.strip(_ASCII_WHITESPACE) or EMPTY if raw.isascii() else _beyond_ascii(raw)
    if raw is None:
        return EMPTY
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw) if abs(raw) < 2**63 else EMPTY  # no id is longer, and str() raises beyond 4,300 digits
    return NOT_TEXT


def _beyond_ascii(raw: str) -> str | LeftOut:
    text = raw.strip(WHITESPACE)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: it can be neither hashed nor sent
        return MALFORMED
    return text or EMPTY


def already_hashed(text: str) -> str | None:
    """`text` as it is sent if somebody has hashed it before, else None.

    SHA-256 and MD5 in hex pass in lowercase. What the parameter builder hashed, and marked with its appendix, passes
    unchanged, as it does in the builder itself.
    """
    if len(text) not in _LENGTHS_OF_HASHES:
        return None
    if _PLAIN_HASH.fullmatch(text):
        return text.lower()
    return text if _BUILDER_HASH.fullmatch(text) else None


def is_hash(value: object) -> bool:
    """Whether the API takes `value` as hashed: lowercase hex, or what the builder sends, with its appendix."""
    return isinstance(value, str) and already_hashed(value) == value


def hash_of(normal_form: str) -> str:
    """Lowercase hex SHA-256 of the UTF-8 of a normal form (customer information parameters, "Hashing")."""
    return sha256(normal_form.encode()).hexdigest()
