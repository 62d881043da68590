"""What may be committed: one tracker a partition and assignment, one ticket a record.

The assignment is the fence. A revoked partition's tracker is dropped from the engine's map, and an answer that comes
late settles a ticket of a tracker that nobody reads any more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import chain

from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.runs import NOTHING, Runs, between, written
from capi_stream.model import Partition, Record, SchemaKey


class OffsetTracker:
    """The committable offset of one assignment of one partition, whose records settle in any order.

    Every record below `committable` is settled. Offsets may have gaps (compaction, transaction markers): only those
    that were received are waited for. What `skip` holds was settled before this assignment began.
    """

    __slots__ = ("_received", "_settled", "_skip", "_timestamps_ms", "acknowledged", "acknowledged_metadata", "counts",
                 "held_bytes", "is_live", "last_seen", "partition", "unresolved")  # fmt: skip

    def __init__(
        self, partition: Partition, start: int, counts: RecordCounts, skip: Runs = NOTHING, metadata: str = ""
    ) -> None:
        self.partition = partition
        self.counts = counts  # of its topic's records
        self.last_seen = start - 1
        self.acknowledged = start  # the offset that the broker is known to have, and the text beside it
        self.acknowledged_metadata = metadata
        self.is_live = True  # until the partition is revoked: then nothing of it is handed out any more
        self.held_bytes = 0  # of its records that are not settled
        self.unresolved = 0  # records that wait for a schema
        self._received: deque[int] = deque()  # offsets; no records, which would stay in memory
        self._timestamps_ms: deque[int] = deque()  # theirs; two rows of numbers are a third of one row of pairs
        self._settled: set[int] = set()
        self._skip = skip

    def skips(self, offset: int) -> bool:
        """Whether the record at `offset`, the next that is seen, was settled before; it is then done with."""
        if not self._skip or offset not in self._skip:
            return False
        self.last_seen = offset
        return True

    def received(self, offset: int, timestamp_ms: int) -> None:
        """Wait for `offset`. Offsets come in rising order."""
        self._received.append(offset)
        self._timestamps_ms.append(timestamp_ms)
        self.last_seen = offset

    def settled(self, offset: int) -> None:
        """Let `offset` go."""
        self._settled.add(offset)

    @property
    def committable(self) -> int:
        """The lowest offset that is waited for, or behind all that were seen; O(1) amortised."""
        received, settled = self._received, self._settled
        while received and received[0] in settled:
            settled.discard(received.popleft())
            self._timestamps_ms.popleft()
        return received[0] if received else self.last_seen + 1

    def metadata(self) -> str:
        """The text that says what is settled above `committable`."""
        committable = self.committable
        if not self._settled and not self._skip:
            return ""
        unsettled = (offset for offset in self._received if offset not in self._settled)
        read = between(unsettled, self.last_seen + 1)
        return written(committable, chain(read, self._skip.above(self.last_seen + 1)))

    @property
    def span(self) -> int:
        """How many offsets lie between the committable one and the last seen."""
        return self.last_seen + 1 - self.committable

    @property
    def oldest_timestamp_ms(self) -> int | None:
        """That of the record which holds `committable` back; None where none does."""
        return self._timestamps_ms[0] if self.committable <= self.last_seen else None


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
    mapping: str | None = None  # that made its events, likewise


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
