"""What a model of somebody else's has understood of a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def lost(given: Any, read: Any, path: str = "") -> Iterator[str]:
    """The places of `given` that `read` does not have: the models pass over unknown fields."""
    if isinstance(given, dict):
        for name, value in given.items():
            if not isinstance(read, dict) or name not in read:
                yield f"{path}.{name}"
            else:
                yield from lost(value, read[name], f"{path}.{name}")
    elif isinstance(given, list):
        for at, (one, other) in enumerate(zip(given, read, strict=True)):
            yield from lost(one, other, f"{path}[{at}]")
