"""Bugs on purpose: in what happens rarely, and only in some worlds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from capi_stream.delivery import runs
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.lanes import Lane
from capi_stream.delivery.offsets import Commit, OffsetTracker, Position
from capi_stream.delivery.outcomes import Outcome
from capi_stream.delivery.settings import Limits
from capi_stream.model import Partition
from tests.simulation.planting import Sabotage, put
from tests.simulation.texts import is_cut

USUAL_GAP = 12  # between two offsets of a log that nobody has cut


def posts_beyond_a_pixels_own_limit(engine: Engine, limits: Limits) -> None:
    engine._lanes._limits = replace(limits, pixel_limits={})


def never_lowers_a_byte_limit(engine: Engine, limits: Limits) -> None:
    def split(own: Any, lane: Lane, *given: Any) -> None:
        own(lane, *given)
        lane.byte_limit = limits.batch_bytes

    put(engine._posts, "_split", split)


def lowers_a_byte_limit_below_its_floor(engine: Engine, _: Limits) -> None:
    def split(own: Any, lane: Lane, batch: Batch, outcome: Outcome, *given: Any) -> None:
        own(lane, batch, outcome, *given)
        if outcome.reason == "too_large":  # type: ignore[union-attr]  # what was accepted is not split
            lane.byte_limit = min(lane.byte_limit, batch.size_bytes // 2)

    put(engine._posts, "_split", split)


def posts_an_event_that_is_too_large_for_ever(engine: Engine, _: Limits) -> None:
    def failed(own: Any, lane: Lane, batch: Batch, outcome: Any, now: float) -> None:
        is_alone = len(batch.entries) == 1 and batch.entries[0].ticket.tracker.is_live
        if is_alone and outcome.reason == "too_large":
            engine._lanes.put_back(lane, batch)
        else:
            own(lane, batch, outcome, now)

    put(engine._posts, "_failed", failed)


def claims_more_where_a_text_is_cut(engine: Engine, _: Limits) -> None:
    """The last run that fits is taken to be the last of all, and to reach up to what was read."""

    def reaching(each: Position, found: list[runs.Run]) -> list[runs.Run]:
        return [*found[:-1], (found[-1][0], each.tracker.last_seen + 1)]

    put(engine._commits, "moved", _with_cut_texts(reaching))


def cuts_a_text_too_early(engine: Engine, _: Limits) -> None:
    put(engine._commits, "moved", _with_cut_texts(lambda _, found: found[:-20]))


def _with_cut_texts(change: Any) -> Any:
    def moved(own: Any, trackers: Iterable[OffsetTracker]) -> Commit | None:
        commit = own(trackers)
        return commit and Commit(tuple(changed(each) if is_cut(each.metadata) else each for each in commit.positions))

    def changed(each: Position) -> Position:
        read = runs.read(each.metadata, each.offset)
        assert isinstance(read, runs.Runs)
        return replace(each, metadata=runs.written(each.offset, change(each, list(read.above(0)))))

    return moved


def forgets_at_a_split_that_an_answer_was_lost(engine: Engine, _: Limits) -> None:
    def split(own: Any, lane: Lane, batch: Batch, *given: Any) -> None:
        batch.unknown_since = None
        own(lane, batch, *given)

    put(engine._posts, "_split", split)


def blows_at_twice_the_minimum(engine: Engine, limits: Limits) -> None:
    assert limits.fuse is not None
    late = replace(limits.fuse, minimum=2 * limits.fuse.minimum)
    for fuse in [engine._fuses._of_all, *(fuse for fuse, _ in engine._fuses._of_pixel.values())]:
        assert fuse is not None
        fuse._settings = late


def counts_nothing_that_is_of_no_pixel(engine: Engine, _: Limits) -> None:
    """What is of no pixel is not counted at all."""

    def judged(own: Any, pixel: Any, *given: Any) -> None:
        if pixel is not None:
            own(pixel, *given)

    put(engine._fuses, "judged", judged)


def forgets_what_it_holds_at_a_gap(engine: Engine, _: Limits) -> None:
    """Where the log was cut ahead of a reader, the records below are taken to be gone, and they are still held."""

    def opened(own: Any, tracker: OffsetTracker, record: Any) -> Any:
        if record.offset > tracker.last_seen + USUAL_GAP:
            tracker._received.clear()
        return own(tracker, record)

    put(engine._settling, "open", opened)


def never_begins_a_partition_lower(engine: Engine, _: Limits) -> None:
    """A topic that was created anew is read on from where the old one was begun."""
    highest: dict[Partition, int] = {}

    def assigned(own: Any, partition: Partition, start: int, metadata: str = "") -> None:
        highest[partition] = max(start, highest.get(partition, 0))
        own(partition, highest[partition], metadata)

    put(engine, "assigned", assigned)


OF_WHAT_IS_RARE: dict[Sabotage, str] = {
    posts_beyond_a_pixels_own_limit: "never unbounded",
    never_lowers_a_byte_limit: "never mixed",
    lowers_a_byte_limit_below_its_floor: "never mixed",
    posts_an_event_that_is_too_large_for_ever: "always ends",
    claims_more_where_a_text_is_cut: "never early",
    cuts_a_text_too_early: "never twice",
    forgets_at_a_split_that_an_answer_was_lost: "never miscounted",
    blows_at_twice_the_minimum: "never poured",
    counts_nothing_that_is_of_no_pixel: "never poured",
    forgets_what_it_holds_at_a_gap: "never early",
    never_begins_a_partition_lower: "always ends",
}
