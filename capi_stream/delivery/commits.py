"""When offsets are committed: one commit in flight, its slot freed by its end or a deadline, refusals repeated."""

from __future__ import annotations

from collections.abc import Iterable

from capi_stream.delivery.offsets import Commit, OffsetTracker, Position
from capi_stream.delivery.outcomes import backoff

LONGEST_BACKOFF_SECONDS = 30.0
METADATA_REFUSED = "offset_metadata_too_large"  # Kafka's name of the error


class Commits:
    """The commit that is in flight, and when the next may go."""

    def __init__(self, interval_seconds: float, timeout_seconds: float, *, with_metadata: bool) -> None:
        self._interval = interval_seconds
        self._timeout = timeout_seconds
        self._with_metadata = with_metadata
        self._in_flight: Commit | None = None
        self._next_at = 0.0
        self._deadline = 0.0
        self._refusals = 0
        self.acknowledged_at: float | None = None

    def next(self, trackers: Iterable[OffsetTracker], now: float) -> Commit | None:
        """What should be committed now; None where nothing has moved, it is too early, or one is in flight."""
        if now < self._next_at or (self._in_flight is not None and now < self._deadline):
            return None
        commit = self.moved(trackers)
        if commit is not None:
            self._in_flight, self._deadline = commit, now + self._timeout
        self._next_at = now + self._interval
        return commit

    def moved(self, trackers: Iterable[OffsetTracker]) -> Commit | None:
        """What `trackers` could commit and the broker does not have yet, as one commit; None if it has all.

        Compared with what was acknowledged, not with what was sent: a refused last commit before an idle hour is
        repeated. The same offset is committed again when what is settled above it has changed.
        """
        positions = tuple(position for tracker in trackers if (position := self._position(tracker)))
        return Commit(positions) if positions else None

    def _position(self, tracker: OffsetTracker) -> Position | None:
        metadata = tracker.metadata() if self._with_metadata else ""
        if tracker.committable > tracker.acknowledged:
            return Position(tracker, tracker.committable, metadata)
        has_changed = self._with_metadata and metadata != tracker.acknowledged_metadata
        return Position(tracker, tracker.committable, metadata) if has_changed else None

    def ended(self, commit: Commit, error: str | None, now: float) -> None:
        """The broker answered `commit`, or could not be asked. A late answer still counts as an acknowledgement.

        A broker that takes no text of such a length gets none any more, and the offsets at once.
        """
        if commit is self._in_flight:
            self._in_flight = None
        if error is None:
            self._refusals = 0
            self.acknowledged_at = now
            for position in commit.positions:
                _acknowledge(position)
        elif error == METADATA_REFUSED and self._with_metadata:
            self._with_metadata = False
            self._next_at = now
        else:
            self._refusals += 1
            self._next_at = now + backoff(self._refusals, 1.0, self._interval, LONGEST_BACKOFF_SECONDS)


def _acknowledge(position: Position) -> None:
    tracker = position.tracker
    if position.offset >= tracker.acknowledged:
        tracker.acknowledged = position.offset
        tracker.acknowledged_metadata = position.metadata
