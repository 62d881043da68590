"""When offsets are committed: one commit in flight, its slot freed by its end or a deadline, refusals repeated."""

from __future__ import annotations

from collections.abc import Iterable

from capi_stream.delivery.offsets import Commit, OffsetTracker, Position
from capi_stream.delivery.outcomes import backoff

LONGEST_BACKOFF_SECONDS = 30.0


class Commits:
    """The commit that is in flight, and when the next may go."""

    def __init__(self, interval_seconds: float, timeout_seconds: float) -> None:
        self._interval = interval_seconds
        self._timeout = timeout_seconds
        self._in_flight: Commit | None = None
        self._next_at = 0.0
        self._deadline = 0.0
        self._refusals = 0
        self.acknowledged_at: float | None = None

    def next(self, trackers: Iterable[OffsetTracker], now: float) -> Commit | None:
        """What should be committed now; None where nothing has moved, it is too early, or one is in flight.

        What is to be committed is compared with what was acknowledged, not with what was sent: a refused last commit
        before an idle hour is repeated.
        """
        if now < self._next_at or (self._in_flight is not None and now < self._deadline):
            return None
        commit = moved(trackers)
        if commit is not None:
            self._in_flight, self._deadline = commit, now + self._timeout
            self._next_at = now + self._interval
        return commit

    def ended(self, commit: Commit, error: str | None, now: float) -> None:
        """The broker answered `commit`, or could not be asked. A late answer still counts as an acknowledgement."""
        if commit is self._in_flight:
            self._in_flight = None
        if error is None:
            self._refusals = 0
            self.acknowledged_at = now
            for position in commit.positions:
                position.tracker.acknowledged = max(position.tracker.acknowledged, position.offset)
        else:
            self._refusals += 1
            wait = backoff(self._refusals, 1.0, self._interval, LONGEST_BACKOFF_SECONDS)
            self._next_at = now + wait


def moved(trackers: Iterable[OffsetTracker]) -> Commit | None:
    """The committable offsets of `trackers` that the broker does not have yet, as one commit; None if it has all."""
    positions = tuple(
        Position(tracker, tracker.committable) for tracker in trackers if tracker.committable > tracker.acknowledged
    )
    return Commit(positions) if positions else None
