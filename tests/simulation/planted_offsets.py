"""Bugs on purpose: in what is settled, committed, paused, and given back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from capi_stream.delivery import runs
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.offsets import Commit, OffsetTracker, Position, Ticket
from capi_stream.delivery.settings import Limits
from capi_stream.model import Event, Partition, Record
from tests.simulation.planting import Sabotage, put


def commits_one_too_far(engine: Engine, _: Limits) -> None:
    def moved(own: Any, trackers: Iterable[OffsetTracker]) -> Commit | None:
        commit = own(trackers)
        return commit and Commit(tuple(replace(each, offset=each.offset + 1) for each in commit.positions))

    put(engine._commits, "moved", moved)


def commits_one_short(engine: Engine, _: Limits) -> None:
    def moved(own: Any, trackers: Iterable[OffsetTracker]) -> Commit | None:
        commit = own(trackers)
        return commit and Commit(tuple(replace(each, offset=each.offset - 1, metadata="") for each in commit.positions))

    put(engine._commits, "moved", moved)


def believes_a_refused_commit(engine: Engine, _: Limits) -> None:
    def ended(own: Any, commit: Commit, error: str | None, now: float) -> None:
        own(commit, error if error == METADATA_REFUSED else None, now)

    put(engine._commits, "ended", ended)


def sends_a_refused_text_again(engine: Engine, _: Limits) -> None:
    put(engine._commits, "ended", lambda own, commit, error, now: own(commit, error and "timed_out", now))


def claims_what_is_not_settled(engine: Engine, _: Limits) -> None:
    def moved(own: Any, trackers: Iterable[OffsetTracker]) -> Commit | None:
        commit = own(trackers)
        if commit is None:
            return None
        return Commit(tuple(replace(each, metadata=one_more(each)) for each in commit.positions))

    def one_more(position: Position) -> str:
        read = runs.read(position.metadata, position.offset)
        assert isinstance(read, runs.Runs)
        return runs.written(position.offset, [(start, end + 1) for start, end in read.above(0)][-1:])

    put(engine._commits, "moved", moved)


def believes_the_text_of_another_offset(engine: Engine, _: Limits) -> None:
    def assigned(own: Any, partition: Partition, start: int, metadata: str = "") -> None:
        payload = runs._decoded(metadata.removeprefix(runs.TAG)) if metadata.startswith(runs.TAG) else None
        numbers = list(runs._numbers(payload or b""))
        if numbers and numbers[0] != start:
            lengths = zip(numbers[1::2], numbers[2::2], strict=False)
            metadata = runs.written(start, [(start + gap, start + gap + length) for gap, length in lengths][:1])
        own(partition, start, metadata)

    put(engine, "assigned", assigned)


def takes_a_record_twice(engine: Engine, _: Limits) -> None:
    def received(own: Any, record: Record, *given: Any) -> None:
        if tracker := engine._trackers.get(record.partition):
            tracker.last_seen = min(tracker.last_seen, record.offset - 1)
        own(record, *given)

    put(engine, "received", received)


def forgets_a_revoke(engine: Engine, _: Limits) -> None:
    put(engine, "revoking", lambda own, partitions: None)


def commits_what_was_forgotten(engine: Engine, _: Limits) -> None:
    put(engine, "forgotten", lambda own, partitions: engine.revoking(partitions))


def keeps_what_waits_for_a_schema(engine: Engine, _: Limits) -> None:
    """A revoke leaves the records that wait for a schema where they are."""

    def revoking(own: Any, partitions: Iterable[Partition]) -> None:
        kept, engine._unresolved = engine._unresolved, {}
        own(partitions)
        engine._unresolved = kept

    put(engine, "revoking", revoking)


def drops_on_overflow(engine: Engine, limits: Limits) -> None:
    def add(own: Any, ticket: Ticket, event: Event, now: float) -> None:
        if engine._settling.held_bytes < limits.buffer_bytes / 4:
            own(ticket, event, now)

    put(engine, "_add", add)


def never_pauses(engine: Engine, _: Limits) -> None:
    put(engine._pausing, "paused", lambda own, trackers, held: own(trackers, held) and frozenset())


def settles_twice(engine: Engine, _: Limits) -> None:
    def settle(own: Any, tickets: Iterable[Ticket]) -> None:
        for ticket in tickets:
            own((ticket,))
            if ticket.open_parts > 0:
                own((ticket,))

    put(engine._settling, "settle", settle)


def lets_late_answers_settle_the_new_assignment(engine: Engine, _: Limits) -> None:
    newest: dict[tuple[Partition, int], Ticket] = {}

    def opened(own: Any, tracker: OffsetTracker, record: Record) -> Ticket:
        ticket: Ticket = own(tracker, record)
        newest[record.partition, record.offset] = ticket
        return ticket

    def settle(own: Any, tickets: Iterable[Ticket]) -> None:
        own([newest[ticket.record.partition, ticket.record.offset] for ticket in tickets])

    put(engine._settling, "open", opened)
    put(engine._settling, "settle", settle)


def lets_bytes_go_early(engine: Engine, _: Limits) -> None:
    """What a batch holds is let go when it is posted."""

    def take(own: Any, lane: Any, batch: Batch, now: float) -> None:
        own(lane, batch, now)
        for entry in batch.entries:
            engine._settling.hold_bytes(entry.ticket, -len(entry.event.body))

    put(engine._posts, "_take", take)


OF_OFFSETS: dict[Sabotage, str] = {
    commits_one_too_far: "never early",
    commits_one_short: "always ends",
    believes_a_refused_commit: "always ends",
    sends_a_refused_text_again: "never refused twice",
    claims_what_is_not_settled: "never early",
    believes_the_text_of_another_offset: "never early",
    takes_a_record_twice: "never foreign",
    forgets_a_revoke: "never foreign",
    commits_what_was_forgotten: "never foreign",
    keeps_what_waits_for_a_schema: "never foreign",
    drops_on_overflow: "never early",
    never_pauses: "never unbounded",
    settles_twice: "never early",
    lets_late_answers_settle_the_new_assignment: "never early",
    lets_bytes_go_early: "never unbounded",
}
