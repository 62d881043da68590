"""Numbers and times as people read them."""

from __future__ import annotations


def age(seconds: float) -> str:
    """A time: `3 s`, `4 min`, `2.5 h`, `3.1 d`."""
    for size, unit in ((86_400.0, "d"), (3_600.0, "h")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{max(0.0, seconds):.0f} s"


def size(number: float) -> str:
    """Bytes: `812 B`, `4.0 kB`, `64 MB`, `1.5 GB`."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= least:
            return f"{number / least:.1f} {unit}" if number < 10 * least else f"{number / least:.0f} {unit}"
    return f"{number:.0f} B"


def many(number: int, one: str, more: str | None = None) -> str:
    """`1 pixel`, `1,200 pixels`; a plural that is not with an s is given: `2 tries`."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
