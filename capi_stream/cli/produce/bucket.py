"""How many records are due."""

from __future__ import annotations

AT_ONCE = 100  # at most, between two looks at clock and signals
BURST_SECONDS = 1.0  # what was not published while the machine stalled is made up for, up to so much
NAP_SECONDS = 0.005  # at high rates: some records then come at once, and the processor rests between


class Bucket:
    """A token bucket: `rate` tokens a second, and a second's worth of them at most. Rate 0 knows no bound."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = 0.0
        self._seen_at = now

    def take(self, now: float) -> int:
        """The whole tokens that are there at monotonic second `now`, at most AT_ONCE; they are taken out."""
        if not self._rate:
            return AT_ONCE
        gained = (now - self._seen_at) * self._rate
        self._tokens = min(self._tokens + gained, max(1.0, self._rate * BURST_SECONDS))
        self._seen_at = now
        whole = min(int(self._tokens), AT_ONCE)
        self._tokens -= whole
        return whole

    def wait(self) -> float:
        """Seconds until it is worth while to ask again."""
        if not self._rate or self._tokens >= 1.0:
            return 0.0
        return max(NAP_SECONDS, (1.0 - self._tokens) / self._rate)
