"""One lane a destination: events gather into batches, and batches wait for a free post and an open gate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from math import inf

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.gates import Gate, Gates, gate_name
from capi_stream.delivery.ledger import LastError
from capi_stream.delivery.outcomes import Scope
from capi_stream.delivery.settings import Limits
from capi_stream.model import Destination, Partition

SMALLEST_BYTE_LIMIT = 16 * 1024  # a lane whose batches were called too large is not lowered beyond this


def is_foreign(entry: Entry) -> bool:
    """Whether the partition of `entry` was revoked: nothing of it is posted any more."""
    return not entry.ticket.tracker.is_live


def _oldest(entries: Iterable[Entry]) -> float:
    return min((entry.event.time for entry in entries), default=inf)


class Lane:
    """The events of one destination: waiting ones, closed batches, and how many posts are out.

    A closed batch (a retry, a half) is posted as it is and never topped up; only what was revoked or has grown too old
    is taken out of it.
    """

    __slots__ = ("byte_limit", "closed", "destination", "due_at", "event_limit", "gates", "in_flight", "last_error",
                 "parked_hold", "passed_at", "post_limit", "topics", "waiting", "waiting_bytes",
                 "waiting_since")  # fmt: skip

    def __init__(self, destination: Destination, limits: Limits) -> None:
        self.destination = destination
        self.gates = gates_of(destination, limits)
        self.event_limit = limits.batch_events
        self.byte_limit = limits.batch_bytes
        self.post_limit = limits.pixel_limits.get(destination.pixel, limits.posts_in_flight_per_pixel)
        self.waiting: deque[Entry] = deque()
        self.waiting_bytes = 0
        self.waiting_since = inf  # the time of the oldest event that waits: kept, since thousands can wait
        self.closed: deque[Batch] = deque()
        self.in_flight = 0
        self.due_at: float | None = None  # when the schedule looks at it next
        self.last_error: LastError | None = None
        self.topics: set[str] = set()  # that have sent it something since start
        self.passed_at = float("-inf")  # when the API last accepted something of it
        self.parked_hold: float | None = None  # when the hold began during which what comes is parked

    def add(self, entry: Entry) -> None:
        """Let `entry` wait for its batch."""
        self.waiting.append(entry)
        self.waiting_bytes += len(entry.event.body) + 1
        if entry.event.time < self.waiting_since:
            self.waiting_since = entry.event.time
        self.topics.add(entry.ticket.record.partition.topic)

    def close_reason(self, now: float, linger_seconds: float) -> str | None:
        """Why the waiting events should be a batch now: count, bytes or linger; None where they may wait."""
        if len(self.waiting) >= self.event_limit:
            return "count"
        if self.waiting_bytes >= self.byte_limit:
            return "bytes"
        if self.waiting and self.waiting[0].since + linger_seconds <= now:
            return "linger"
        return None

    def close(self) -> Batch:
        """The oldest waiting events as a batch: at least one, and as many as the limits allow."""
        entries: list[Entry] = []
        size = 0
        while self.waiting and len(entries) < self.event_limit:
            grown = size + len(self.waiting[0].event.body) + 1
            if entries and grown > self.byte_limit:
                break
            size = grown
            entries.append(self.waiting.popleft())
        self.waiting_bytes -= size
        self.waiting_since = _oldest(self.waiting)
        return Batch(self.destination, entries, size)

    def put_back(self, batch: Batch) -> None:
        """Let `batch` wait for its next post, behind what has gathered meanwhile.

        Behind, because the failure may be the batch's own: another one must get its turn to be the probe.
        """
        if self.waiting:
            self.closed.append(self.close())
        self.closed.append(batch)

    def lower_byte_limit(self, batch: Batch) -> None:
        """Never again close a batch as large as `batch`, which the API called too large."""
        self.byte_limit = min(self.byte_limit, max(SMALLEST_BYTE_LIMIT, batch.size_bytes // 2))

    def withdraw(self, unwanted: Callable[[Entry], bool]) -> list[tuple[Entry, Batch | None]]:
        """Take out and return what waits and is `unwanted`, each with the batch that it was posted in before."""
        out: list[tuple[Entry, Batch | None]] = [(entry, None) for entry in self.waiting if unwanted(entry)]
        self.waiting = deque(entry for entry in self.waiting if not unwanted(entry))
        self.waiting_bytes = sum(len(entry.event.body) + 1 for entry in self.waiting)
        self.waiting_since = _oldest(self.waiting)
        for batch in self.closed:
            out += [(entry, batch) for entry in batch.withdraw(unwanted)]
        self.closed = deque(batch for batch in self.closed if batch.entries)
        return out

    @property
    def is_busy(self) -> bool:
        """Whether it has anything, waiting or out."""
        return bool(self.waiting or self.closed or self.in_flight)

    def has_of(self, partitions: Collection[Partition]) -> bool:
        """Whether anything that waits is of `partitions`."""
        return bool(partitions) and any(entry.ticket.record.partition in partitions for entry in self.entries())

    @property
    def oldest_event_time(self) -> float | None:
        """Unix seconds of the oldest event that waits; None where none does."""
        oldest = min([self.waiting_since, *(_oldest(batch.entries) for batch in self.closed)])
        return None if oldest == inf else oldest

    def __len__(self) -> int:
        return len(self.waiting) + sum(len(batch.entries) for batch in self.closed)

    def entries(self) -> Iterator[Entry]:
        """Every event that waits, in no particular order."""
        yield from self.waiting
        for batch in self.closed:
            yield from batch.entries


class Lanes:
    """All lanes and their schedule: a heap of those that linger, and those that are ripe, served in turn."""

    def __init__(self, limits: Limits, gates: Gates) -> None:
        self._limits = limits
        self._gates = gates
        self._lanes: dict[Destination, Lane] = {}
        self._lingering: list[tuple[float, int, Lane]] = []
        self._tie = count()
        self._ripe: dict[Lane, None] = {}
        self.linger_seconds = limits.linger_seconds
        self.in_flight = 0

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def lane(self, destination: Destination) -> Lane:
        """The lane of `destination`, made at first sight."""
        lane = self._lanes.get(destination)
        if lane is None:
            lane = self._lanes[destination] = Lane(destination, self._limits)
        return lane

    def add(self, destination: Destination, entry: Entry) -> None:
        """Let `entry` wait in the lane of `destination`."""
        lane = self._lanes.get(destination) or self.lane(destination)
        lane.add(entry)
        if lane.due_at is None:
            self._linger(lane, entry.since + self.linger_seconds)
        if len(lane.waiting) >= lane.event_limit or lane.waiting_bytes >= lane.byte_limit:
            self._ripe[lane] = None

    def went(self, lane: Lane) -> None:
        """Count one more post of `lane` as out."""
        lane.in_flight += 1
        self.in_flight += 1

    def came_back(self, lane: Lane) -> None:
        """Count one post less of `lane` as out."""
        lane.in_flight -= 1
        self.in_flight -= 1

    def put_back(self, lane: Lane, batch: Batch) -> None:
        """Let a batch that was posted wait for its next post."""
        lane.put_back(batch)
        self._ripe[lane] = None

    def put_first(self, lane: Lane, parts: list[Batch]) -> None:
        """Let the parts of a split batch go before everything else of their lane."""
        lane.closed.extendleft(reversed(parts))
        self._ripe[lane] = None

    def ready(self, now: float) -> Iterator[tuple[Lane, Batch, str | None]]:
        """Batches that may be posted now, a lane at a time in turn, with the reason why each was closed.

        The caller counts each post before it asks for the next, so that no limit is passed.
        """
        while self._lingering and self._lingering[0][0] <= now:
            lane = heappop(self._lingering)[2]
            lane.due_at = None
            self._ripe[lane] = None
        progress = True
        while progress and self.in_flight < self._limits.posts_in_flight:
            progress = False
            for lane in list(self._ripe):
                if self.in_flight >= self._limits.posts_in_flight:
                    return
                if (found := self._next(lane, now)) is not None:
                    progress = True
                    yield lane, *found

    def _next(self, lane: Lane, now: float) -> tuple[Batch, str | None] | None:
        if lane.in_flight >= lane.post_limit or not self._gates.passes(lane.gates, now):
            return None
        del self._ripe[lane]  # and to the end of the queue, if it still has something: every lane gets its turn
        if lane.closed:
            batch, reason = lane.closed.popleft(), None
        elif (reason := lane.close_reason(now, self.linger_seconds)) is not None:
            batch = lane.close()
        else:
            self._rest(lane)
            return None
        if lane.closed or lane.close_reason(now, self.linger_seconds):
            self._ripe[lane] = None
        else:
            self._rest(lane)
        return batch, reason

    def _rest(self, lane: Lane) -> None:
        if lane.waiting and lane.due_at is None:
            self._linger(lane, lane.waiting[0].since + self.linger_seconds)

    def _linger(self, lane: Lane, due_at: float) -> None:
        lane.due_at = due_at
        heappush(self._lingering, (due_at, next(self._tie), lane))

    def flush(self) -> None:
        """Let nothing linger any more."""
        self.linger_seconds = 0.0
        self._lingering.clear()  # what comes from now on must not wait for a time that was set before
        for lane in self:
            lane.due_at = None
            if lane.waiting:
                self._ripe[lane] = None

    def next_due(self) -> float | None:
        """When the next lane has lingered long enough; None where none lingers."""
        return self._lingering[0][0] if self._lingering else None

    @property
    def has_ripe(self) -> bool:
        """Whether a lane has something to post, be its gates open or not."""
        return bool(self._ripe)


def gates_of(destination: Destination, limits: Limits) -> tuple[Gate, ...]:
    """The gates that a post to `destination` passes, from the widest to the narrowest."""
    route = limits.routes[destination]
    return (
        Gate(Scope.ALL),
        Gate(Scope.ENDPOINT, route.endpoint),
        Gate(Scope.CREDENTIAL, route.credential),
        Gate(Scope.PIXEL, gate_name(destination)),
    )
