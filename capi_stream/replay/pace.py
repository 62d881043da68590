"""How many letters a second are sent again, at most."""

from __future__ import annotations

BURST_SECONDS = 1.0  # what could not go while the machine stalled is made up for, up to so much


class Pace:
    """A token bucket: `rate` letters a second, and a second's worth of them at most. Rate 0 knows no bound.

    Letters that are passed over cost nothing: so tokens are spent only once it is known what was read.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate * BURST_SECONDS)
        self._tokens = 0.0
        self._seen_at: float | None = None

    def room(self, now: float, most: int) -> int:
        """How many letters may be read at monotonic second `now`, at most `most`."""
        if not self._rate:
            return most
        gained = 0.0 if self._seen_at is None else (now - self._seen_at) * self._rate
        self._tokens, self._seen_at = min(self._tokens + gained, self._most), now
        return min(int(self._tokens), most)

    def spent(self, letters: int) -> None:
        """`letters` of those that were read are sent again."""
        if self._rate:
            self._tokens -= letters
