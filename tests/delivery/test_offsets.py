"""The committable offset never passes what is not settled."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.model import Partition, Record

PARTITION = Partition("orders", 0)


def received(tracker: OffsetTracker, *offsets: int) -> None:
    for offset in offsets:
        tracker.received(Ticket(tracker, Record(PARTITION, offset, 0, None, b"")))


def test_offset_is_held_back_while_an_earlier_record_is_in_flight() -> None:
    tracker = OffsetTracker(PARTITION, 5)
    received(tracker, 5, 6, 7)
    tracker.settled(7)
    tracker.settled(6)
    assert tracker.committable == 5
    tracker.settled(5)
    assert tracker.committable == 8


def test_offsets_that_were_never_received_are_not_waited_for() -> None:
    """Compaction and transaction markers leave gaps."""
    tracker = OffsetTracker(PARTITION, 0)
    received(tracker, 3, 9)
    tracker.settled(3)
    assert tracker.committable == 4
    tracker.settled(9)
    assert tracker.committable == 10


@given(st.sets(st.integers(0, 200), min_size=1).map(sorted), st.randoms(use_true_random=False))
def test_every_record_below_the_committable_offset_is_settled(offsets: list[int], random: Random) -> None:
    tracker = OffsetTracker(PARTITION, 0)
    received(tracker, *offsets)
    unsettled = set(offsets)
    for offset in random.sample(offsets, len(offsets)):
        tracker.settled(offset)
        unsettled.discard(offset)
        below = [each for each in offsets if each < min(unsettled, default=201)]
        assert tracker.committable == (below[-1] + 1 if below else 0)
