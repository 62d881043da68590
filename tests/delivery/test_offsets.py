"""The committable offset never passes what is not settled."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import OffsetTracker
from capi_stream.delivery.runs import Runs, read
from capi_stream.model import Partition

PARTITION = Partition("orders", 0)


def received(tracker: OffsetTracker, *offsets: int) -> None:
    for offset in offsets:
        tracker.received(offset, 0)


def test_offset_is_held_back_while_an_earlier_record_is_in_flight() -> None:
    tracker = OffsetTracker(PARTITION, 5, RecordCounts())
    received(tracker, 5, 6, 7)
    tracker.settled(7)
    tracker.settled(6)
    assert tracker.committable == 5
    tracker.settled(5)
    assert tracker.committable == 8


def test_offsets_that_were_never_received_are_not_waited_for() -> None:
    """Compaction and transaction markers leave gaps."""
    tracker = OffsetTracker(PARTITION, 0, RecordCounts())
    received(tracker, 3, 9)
    tracker.settled(3)
    assert tracker.committable == 9
    tracker.settled(9)
    assert tracker.committable == 10


@given(st.sets(st.integers(0, 200), min_size=1).map(sorted), st.randoms(use_true_random=False))
def test_every_record_below_the_committable_offset_is_settled(offsets: list[int], random: Random) -> None:
    tracker = OffsetTracker(PARTITION, 0, RecordCounts())
    received(tracker, *offsets)
    unsettled = set(offsets)
    for offset in random.sample(offsets, len(offsets)):
        tracker.settled(offset)
        unsettled.discard(offset)
        settled_below = [each for each in offsets if each < tracker.committable]
        assert not unsettled & set(settled_below)
        assert tracker.committable in {0, *unsettled, offsets[-1] + 1}


@given(st.sets(st.integers(0, 200), min_size=1).map(sorted), st.data())
def test_what_was_settled_before_a_crash_is_skipped_after_it(offsets: list[int], data: st.DataObject) -> None:
    """Twice: what the second life skips is still known to the third."""
    done: set[int] = set()
    committed, text = 0, ""
    for _ in range(3):
        skip = read(text, committed)
        assert isinstance(skip, Runs)
        tracker = OffsetTracker(PARTITION, committed, RecordCounts(), skip, text)
        seen = data.draw(st.integers(0, len(offsets)))
        for offset in [each for each in offsets[:seen] if each >= committed]:
            if tracker.skips(offset):
                assert offset in done
                continue
            tracker.received(offset, 0)
            if data.draw(st.booleans()):
                tracker.settled(offset)
                done.add(offset)
        committed, text = tracker.committable, tracker.metadata()
        again = read(text, committed)
        assert isinstance(again, Runs)
        for offset in offsets:
            is_known = offset < committed or offset in again
            assert is_known == (offset in done), "nothing that is open is skipped, nothing that is done comes again"
