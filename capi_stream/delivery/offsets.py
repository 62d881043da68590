"""What may be committed: one tracker a partition and assignment, one ticket a record.

The assignment is the fence. A revoked partition's tracker is dropped from the engine's map, and an answer that comes
late settles a ticket of a tracker that nobody reads any more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from capi_stream.model import Partition, Record, SchemaKey


class OffsetTracker:
    """The committable offset of one assignment of one partition, whose records settle in any order.

    Every record below `committable` is settled. Offsets may have gaps (compaction, transaction markers): only those
    that were received are waited for.
    """

    __slots__ = ("_received", "_settled", "acknowledged", "committable", "held_bytes", "is_live", "last_seen",
                 "partition", "unresolved")  # fmt: skip

    def __init__(self, partition: Partition, start: int) -> None:
        self.partition = partition
        self.committable = start
        self.last_seen = start - 1
        self.acknowledged = start  # the offset that the broker is known to have
        self.is_live = True  # until the partition is revoked: then nothing of it is handed out any more
        self.held_bytes = 0  # of its records that are not settled
        self.unresolved = 0  # records that wait for a schema
        self._received: deque[Ticket] = deque()
        self._settled: set[int] = set()

    def received(self, ticket: Ticket) -> None:
        """Wait for `ticket`. Offsets come in rising order."""
        self._received.append(ticket)
        self.last_seen = ticket.record.offset

    def settled(self, offset: int) -> None:
        """Let `offset` go; O(1) amortised."""
        self._settled.add(offset)
        while self._received and self._received[0].record.offset in self._settled:
            last = self._received.popleft().record.offset
            self._settled.discard(last)
            self.committable = last + 1

    @property
    def span(self) -> int:
        """How many offsets lie between the committable one and the last seen."""
        return self.last_seen + 1 - self.committable

    @property
    def oldest(self) -> Ticket | None:
        """The ticket that holds `committable` back."""
        return self._received[0] if self._received else None


@dataclass(slots=True, eq=False)
class Ticket:
    """What must happen before one record's offset may be committed.

    `open_parts` counts what became of the record and is not settled yet: its events times their destinations, and its
    rejections. `is_released` once any part of it was given back by a revoke: its offset is then never settled here.
    """

    tracker: OffsetTracker
    record: Record
    open_parts: int = 1
    size_bytes: int = 0
    is_released: bool = False
    schema: SchemaKey | None = None  # that its value was written with, for its letters


@dataclass(frozen=True, slots=True)
class Position:
    """An offset to commit for the partition of `tracker`, with the text that goes beside it."""

    tracker: OffsetTracker
    offset: int
    metadata: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """Offsets that go to the broker together, and come back once: acknowledged or not."""

    positions: tuple[Position, ...]
