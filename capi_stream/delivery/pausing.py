"""Which partitions are paused, so that what is held in memory stays bounded."""

from __future__ import annotations

from collections.abc import Collection

from capi_stream.delivery.offsets import OffsetTracker
from capi_stream.model import Partition


class Pausing:
    """Each partition has a share of the budget: it pauses at its share and resumes below half of it.

    The gap is on purpose: pausing throws away what librdkafka has prefetched, so it must not flutter.
    """

    def __init__(self, buffer_bytes: int, partition_span: int) -> None:
        self._buffer_bytes = buffer_bytes
        self._span = partition_span
        self._full: set[Partition] = set()
        self._at_ceiling = False

    def paused(self, trackers: Collection[OffsetTracker], held_bytes: int) -> frozenset[Partition]:
        """The partitions that should not be read now: full ones, and those with a record that waits for a schema."""
        share = self._buffer_bytes / max(1, len(trackers))
        # The ceiling: shares shrink when an assignment grows, after memory was given out by the larger ones.
        self._at_ceiling = held_bytes >= self._buffer_bytes * (0.75 if self._at_ceiling else 1.0)
        for tracker in trackers:
            if tracker.held_bytes >= share or tracker.span >= self._span:
                self._full.add(tracker.partition)
            elif tracker.held_bytes < share / 2 and tracker.span < self._span / 2:
                self._full.discard(tracker.partition)
        return frozenset(
            tracker.partition
            for tracker in trackers
            if self._at_ceiling or tracker.unresolved or tracker.partition in self._full
        )

    @property
    def full(self) -> frozenset[Partition]:
        """The partitions at their share, as of the last look."""
        return frozenset(self._full)

    def forget(self, partition: Partition) -> None:
        """Drop what is remembered of a partition that was revoked."""
        self._full.discard(partition)
