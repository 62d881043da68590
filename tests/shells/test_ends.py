"""Where one stops who reads only what was there when it began."""

from __future__ import annotations

from capi_stream.kafka.ends import Ends
from capi_stream.model import Partition
from tests.builders import TOPIC, record

FIRST, SECOND, LATER = Partition(TOPIC, 0), Partition(TOPIC, 1), Partition(TOPIC, 2)
OURS = [FIRST, SECOND, LATER]


def test_records_below_the_end_are_kept_and_those_behind_it_are_not() -> None:
    ends = Ends({FIRST: 3, SECOND: 1})
    records = [record(offset=at) for at in (1, 2, 3, 4)]
    assert [each.offset for each in ends.within(records)] == [1, 2]
    assert ends.reached(OURS) == {FIRST}


def test_the_end_shows_in_the_last_record_or_in_one_behind_it_or_by_the_clients_word() -> None:
    ends = Ends({FIRST: 3, SECOND: 3})
    assert ends.within([record(offset=1)])
    assert ends.reached(OURS) == set()
    ends.within([record(offset=7)])  # 2 was compacted away
    assert ends.reached(OURS) == {FIRST}
    ends.nothing_comes(SECOND, 2)
    assert ends.reached(OURS) == {FIRST}, "more was there when it began"
    ends.nothing_comes(SECOND, 3)
    assert ends.reached(OURS) == {FIRST, SECOND}


def test_a_partition_that_was_added_later_ends_where_it_starts() -> None:
    ends = Ends({FIRST: 3})
    assert ends.within([record(partition=2, offset=0)]) == []
    assert ends.reached(OURS) == {LATER}


def test_a_partition_that_comes_back_is_read_to_its_end_again() -> None:
    ends = Ends({FIRST: 1, SECOND: 1})
    ends.within([record(offset=0), record(partition=1, offset=0)])
    ends.came_back([FIRST])
    assert ends.reached(OURS) == {SECOND}


def test_a_log_that_was_cut_ends_where_it_ends_now() -> None:
    ends = Ends({FIRST: 100, SECOND: 5})
    ends.cut(FIRST, 3)
    ends.cut(SECOND, 9)
    assert [each.offset for each in ends.within([record(offset=at) for at in (1, 2, 3)])] == [1, 2]
    ends.nothing_comes(SECOND, 5)
    assert ends.reached(OURS) == {FIRST, SECOND}, "what came later is not of it"


def test_only_what_is_ours_counts() -> None:
    ends = Ends({FIRST: 1, SECOND: 1})
    ends.within([record(offset=0)])
    assert ends.reached([SECOND]) == set()
