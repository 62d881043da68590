"""The sandbox's own tokens. Every other is refused, so that a real one is never sent here unnoticed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from enum import Enum

PREFIX = "sandbox-"
REAL_PREFIX = "EAA"  # how Meta's own begin


class Standing(Enum):
    """What a token is worth for one pixel. `OTHER`: good, but for other pixels only."""

    GOOD = "good"
    EXPIRED = "expired"
    OTHER = "other"
    UNKNOWN = "unknown"


class Tokens:
    """Which token opens which pixel, and until when. Without `pixels` every pixel exists.

    A pixel without a token of its own is opened by `sandbox-<pixel>`. Raises ValueError for a token that looks real.
    """

    def __init__(self, pixels: Collection[str], tokens: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._pixels = frozenset((*pixels, *tokens)) if pixels else frozenset()
        self._clock = clock
        self._tokens: dict[str, str] = {}
        self._expires: dict[str, float] = {}
        self._lock = threading.Lock()
        for pixel, token in tokens.items():
            self.renew(pixel, token)

    def exists(self, pixel: str) -> bool:
        """Whether there is such a pixel."""
        return not self._pixels or pixel in self._pixels

    def of(self, pixel: str) -> str:
        """The token that opens `pixel`, expired or not."""
        return self._tokens.get(pixel, PREFIX + pixel)

    def standing(self, token: str, pixel: str) -> Standing:
        """What `token` is worth for `pixel`, now. A token that was renewed counts as expired."""
        with self._lock:
            if self._has_expired(token):
                return Standing.EXPIRED
            if token == self.of(pixel):
                return Standing.GOOD
            return Standing.OTHER if self._opens_any(token) else Standing.UNKNOWN

    def anywhere(self, token: str) -> Standing:
        """What `token` is worth now, whichever pixel it is for: never `OTHER`."""
        with self._lock:
            if self._has_expired(token):
                return Standing.EXPIRED
            return Standing.GOOD if self._opens_any(token) else Standing.UNKNOWN

    def expires_at(self, token: str) -> float | None:
        """When `token` ends or ended, in Unix seconds; None if it never does."""
        return self._expires.get(token)

    def expire(self, pixel: str, in_seconds: float = 0.0) -> None:
        """Let the token of `pixel` end `in_seconds` from now."""
        with self._lock:
            self._expires[self.of(pixel)] = self._clock() + in_seconds

    def renew(self, pixel: str, token: str) -> None:
        """Let `token` open `pixel` from now on; the one before has expired, unless it is the same."""
        if token.startswith(REAL_PREFIX):
            raise ValueError(f"the token for pixel {pixel} looks like one of Meta's own: never give those to a sandbox")
        with self._lock:
            self._expires[self.of(pixel)] = self._clock()
            self._expires.pop(token, None)
            self._tokens[pixel] = token

    def _has_expired(self, token: str) -> bool:
        return token in self._expires and self._clock() >= self._expires[token]

    def _opens_any(self, token: str) -> bool:
        if token in self._tokens.values():
            return True
        pixel = token.removeprefix(PREFIX) if token.startswith(PREFIX) else ""
        return pixel.isdigit() and self.exists(pixel) and self.of(pixel) == token
