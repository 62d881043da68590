"""Batches go out and come back: taken once, answered once, and what the answer makes of each event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from capi_stream.delivery import showing
from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.fuse import Fuses
from capi_stream.delivery.gates import Gates
from capi_stream.delivery.labels import event_label
from capi_stream.delivery.lanes import Lane, Lanes, is_foreign
from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.letters import Letterbox
from capi_stream.delivery.outcomes import POLICY, Accepted, Fate, Outcome, Rejected, Unavailable, fate
from capi_stream.delivery.settling import Settling
from capi_stream.model import Partition

SAFE_RESEND_SECONDS = 48 * 3600.0  # within this the API drops the second of two equal events (reference, section 6)


class Posts:
    """The batches that are out, and the passage of each from its lane to its fate."""

    def __init__(
        self, gates: Gates, fuses: Fuses, lanes: Lanes, letterbox: Letterbox, settling: Settling, ledger: Ledger
    ) -> None:
        self._fuses = fuses
        self._gates = gates
        self._lanes = lanes
        self._letterbox = letterbox
        self._settling = settling
        self._ledger = ledger
        self._out: set[Batch] = set()

    def __len__(self) -> int:
        return len(self._out)

    def events_of(self, partitions: Collection[Partition]) -> int:
        """How many events of `partitions` are out."""
        return sum(entry.ticket.record.partition in partitions for batch in self._out for entry in batch.entries)

    def ready(self, now: float, unix_now: float, *, is_stopping: bool) -> list[Batch]:
        """Take the batches that may be posted now."""
        going: list[Batch] = []
        for lane, batch, close_reason in self._lanes.ready(now):
            # Meta refuses the whole request if one event is too old, and a batch can wait long behind a held gate: so
            # the age is checked again here. ("Upload Time versus Event Transaction Time", Using the API.)
            for entry in batch.withdraw(lambda entry: entry.event.not_after < unix_now):
                self._letterbox.refuse(entry, Rejected("event_time_too_old"), batch, now)
            if close_reason is not None:
                self._ledger.batches_closed["shutdown" if is_stopping else close_reason] += 1
            if batch.entries and not self._gates.passes(lane.gates, now):  # its old events have just blown a fuse
                self._lanes.put_back(lane, batch)
            elif batch.entries:
                self._take(lane, batch, now)
                going.append(batch)
        return going

    def _take(self, lane: Lane, batch: Batch, now: float) -> None:
        if batch.attempts:
            self._ledger.retries += 1
            self._ledger.resent_events += len(batch.entries)
            if batch.unknown_since is not None and now - batch.unknown_since > SAFE_RESEND_SECONDS:
                self._ledger.late_resent_events += len(batch.entries)
        batch.attempts += 1
        batch.posted_at = now
        self._lanes.went(lane)
        self._out.add(batch)
        self._gates.took(lane.gates, batch)

    def answered(self, batch: Batch, outcome: Outcome, now: float, jitter: float) -> None:
        """Free what `batch` held, tell its gates, and let its events meet their fate."""
        lane = self._lanes.lane(batch.destination)
        self._out.remove(batch)
        self._lanes.came_back(lane)
        self._gates.answered(lane.gates, batch, outcome, now, jitter)
        showing.count_answer(self._ledger, batch, outcome)
        lane.last_error = showing.last_error(outcome, now) or lane.last_error
        if isinstance(outcome, Accepted):
            lane.passed_at = now
            self._accepted(batch, now)
        else:
            self._failed(lane, batch, outcome, now)

    def _accepted(self, batch: Batch, now: float) -> None:
        batch.judged_alone(guilty=False)
        pixel = batch.destination.pixel
        self._fuses.judged(pixel, len(batch.entries), 0, now)
        events = [entry.event for entry in batch.entries]
        for name, number in Counter([event.name for event in events]).items():
            self._ledger.events[pixel, event_label(name), "accepted"] += number
        for keys, number in Counter([event.identifiers for event in events]).items():
            for key in keys:
                self._ledger.identifiers[pixel, key] += number
        self._settling.settle([entry.ticket for entry in batch.entries])

    def _failed(self, lane: Lane, batch: Batch, outcome: Rejected | Unavailable, now: float) -> None:
        index = outcome.index if isinstance(outcome, Rejected) else None
        if batch.first_failed_at is None:
            batch.first_failed_at = now
        if isinstance(outcome, Unavailable) and outcome.is_unknown and batch.unknown_since is None:
            batch.unknown_since = batch.posted_at
        # The answer was about what was posted: the fate follows from that size. One event that is left of a rejected
        # batch, because the others' partition was revoked meanwhile, may be innocent: it goes again.
        fate_of_posted = fate(outcome, len(batch.entries), batch.attempts)
        if foreign := batch.withdraw(is_foreign):
            index = None  # it counted those that are gone
            self._release(foreign)
        if not batch.entries:
            return
        if isinstance(outcome, Unavailable) and _is_unjudgeable(lane, batch, outcome):
            self._letterbox.park(batch.entries[0], outcome.reason, batch.destination, batch, now)
            return
        match fate_of_posted:
            case Fate.SPLIT if len(batch.entries) > 1:
                self._split(lane, batch, outcome, index)
            case Fate.DEAD_LETTER:
                assert isinstance(outcome, Rejected)
                batch.judged_alone(guilty=True)
                self._letterbox.refuse(batch.entries[0], outcome, batch, now)
            case _:
                self._lanes.put_back(lane, batch)

    def _split(self, lane: Lane, batch: Batch, outcome: Rejected | Unavailable, index: int | None) -> None:
        if outcome.reason == "too_large":
            lane.lower_byte_limit(batch)
            index = None
        parts = batch.parts(index)
        self._ledger.splits += 1
        self._ledger.batches_closed["split"] += len(parts)
        self._lanes.put_first(lane, parts)

    def withdraw_foreign(self) -> None:
        """Give back what waits of partitions that were revoked. What is out may still be answered."""
        for lane in self._lanes:
            self._release([entry for entry, _ in lane.withdraw(is_foreign)])

    def _release(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._settling.release(entry.ticket)


def _is_unjudgeable(lane: Lane, batch: Batch, outcome: Unavailable) -> bool:
    """Whether `batch` is one event that fails again and again while others of its lane pass."""
    if len(batch.entries) > 1:
        return False
    batch.lone_failures += 1
    assert batch.first_failed_at is not None
    has_passed_others = lane.passed_at > batch.first_failed_at
    return has_passed_others and batch.lone_failures >= POLICY[outcome.reason].park_lone_after
