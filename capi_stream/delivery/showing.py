"""What the engine counts of an answer, and what it shows of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, assert_never

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.commits import Commits
from capi_stream.delivery.gates import Gates
from capi_stream.delivery.lanes import Lane, Lanes
from capi_stream.delivery.ledger import LaneView, LastError, Ledger, PartitionView, Snapshot
from capi_stream.delivery.offsets import OffsetTracker
from capi_stream.delivery.outcomes import Accepted, Answer, Outcome, Rejected, Unavailable
from capi_stream.delivery.recent import Recent
from capi_stream.delivery.settings import Limits
from capi_stream.model import Partition


class Parts(NamedTuple):
    """The engine's own parts, to be looked at."""

    limits: Limits
    trackers: Collection[OffsetTracker]
    gates: Gates
    lanes: Lanes
    commits: Commits
    recent: Recent


class Counts(NamedTuple):
    """Numbers of the engine as a whole."""

    held_bytes: int
    letters_in_flight: int
    waiting_for_schema: int


def count_answer(ledger: Ledger, batch: Batch, outcome: Outcome) -> None:
    """Enter the answer to `batch` in the ledger."""
    pixel, endpoint = batch.destination
    reason = "none" if isinstance(outcome, Accepted) else outcome.reason
    ledger.requests[pixel, endpoint, outcome_label(outcome), reason] += 1
    if outcome.usage is not None:
        ledger.usage[pixel] = outcome.usage.ratio
    match outcome:
        case Accepted(received):
            if received is not None and received != len(batch.entries):
                ledger.received_mismatch[pixel] += abs(len(batch.entries) - received)
            return
        case Unavailable() if outcome.is_unknown:
            ledger.unknown_outcome_events[pixel] += len(batch.entries)
    ledger.request_errors[_label(outcome.answer.code), _label(outcome.answer.subcode)] += 1


def outcome_label(outcome: Outcome) -> str:
    """accepted, rejected, too_large or unavailable."""
    match outcome:
        case Accepted():
            return "accepted"
        case Rejected("too_large"):
            return "too_large"
        case Rejected():
            return "rejected"
        case Unavailable():
            return "unavailable"
        case _:
            assert_never(outcome)


def _label(number: int | None) -> str:
    return "none" if number is None else str(number)


def last_error(outcome: Outcome, now: float) -> LastError | None:
    """The answer that came at `now` as an operator may see it; None where it was a success."""
    if isinstance(outcome, Accepted):
        return None
    answer = outcome.answer
    parts = [
        outcome.reason,
        *(f"{name} {value}" for name, value in _numbers(answer) if value is not None),
    ]
    return LastError(", ".join(parts), answer.message, now)


def _numbers(answer: Answer) -> Iterable[tuple[str, int | str | None]]:
    return (
        ("HTTP", answer.status),
        ("code", answer.code),
        ("subcode", answer.subcode),
        ("fbtrace_id", answer.fbtrace_id),
    )


def snapshot(
    parts: Parts, counts: Counts, ledger: Ledger, paused: frozenset[Partition], now: float, unix_now: float
) -> Snapshot:
    """A copy of all that is shown; costs a walk over partitions and lanes, and over what waits for its next post."""
    lanes = tuple(_lane_view(lane) for lane in parts.lanes)
    committed_at = parts.commits.acknowledged_at
    return Snapshot(
        now=now,
        unix_now=unix_now,
        ledger=ledger.copy(),
        partitions=tuple(_partition_view(tracker, paused) for tracker in parts.trackers),
        gates=tuple(parts.gates.holding()),
        lanes=lanes,
        usage=dict(ledger.usage),
        buffered_events=sum(view.waiting for view in lanes),
        buffered_bytes=counts.held_bytes,
        buffer_limit_bytes=parts.limits.buffer_bytes,
        posts_in_flight=parts.lanes.in_flight,
        letters_in_flight=counts.letters_in_flight,
        waiting_for_schema=counts.waiting_for_schema,
        last_commit_unix=None if committed_at is None else unix_now - (now - committed_at),
        letters=parts.recent.views,
    )


def _partition_view(tracker: OffsetTracker, paused: frozenset[Partition]) -> PartitionView:
    return PartitionView(
        partition=tracker.partition,
        committed=tracker.acknowledged,
        committable=tracker.committable,
        position=tracker.last_seen + 1,
        uncommitted=tracker.last_seen + 1 - tracker.acknowledged,
        is_paused=tracker.partition in paused,
        oldest_timestamp_ms=tracker.oldest_timestamp_ms,
    )


def _lane_view(lane: Lane) -> LaneView:
    return LaneView(
        destination=lane.destination,
        waiting=len(lane),
        in_flight=lane.in_flight,
        oldest_event_time=lane.oldest_event_time,
        last_error=lane.last_error,
        open_batch=len(lane.waiting),
        gates=tuple((gate.scope.value, gate.name) for gate in lane.gates),
    )
