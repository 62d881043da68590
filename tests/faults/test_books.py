"""The books after a storm can say no: each kind of broken promise, forged, is found."""

from __future__ import annotations

from capi_stream.delivery.runs import written
from tests.faults.books import Books, Order
from tests.faults.group_log import Commit


def order(key: str, *ends: tuple[int, str], event_ids: tuple[str, ...] = ()) -> Order:
    return Order(key, list(ends), list(event_ids))


GOOD = order("good-1", (100, "accepted"), event_ids=("good-1",))
LATE = order("good-2", (300, "accepted"), event_ids=("good-2",))


def found(orders: list[Order], *commits: Commit) -> list[str]:
    """The first words of all violations in one partition that holds `orders`."""
    books = Books({(0, offset): each for offset, each in enumerate(orders)}, list(commits))
    return [each.partition(":")[0] for each in books.violations()]


def test_what_kept_its_promise_is_not_complained_of() -> None:
    twice = order("good-3", (100, "accepted"), (200, "accepted"), event_ids=("a", "a"))
    orders = [GOOD, twice, order("tombstone-4"), order("invalid-5", (90, "purchase_without_value"))]
    books = Books({(0, offset): each for offset, each in enumerate(orders)}, [Commit(0, 4, "", 100)])
    assert books.violations() == []
    assert (books.sent_twice, books.stored_twice, books.backward) == (1, 0, 0)


def test_an_order_of_which_nothing_became_is_lost() -> None:
    assert found([GOOD, order("nameless-2")]) == ["lost"]


def test_a_commit_that_passed_an_unsettled_order_is_early() -> None:
    assert found([LATE, GOOD], Commit(0, 2, "", 299)) == ["early"]
    assert found([LATE, GOOD], Commit(0, 2, "", 300)) == []
    assert found([GOOD, LATE], Commit(0, 1, "", 100)) == []


def test_a_text_that_claims_an_unsettled_order_is_early() -> None:
    assert found([GOOD, LATE, GOOD], Commit(0, 0, written(0, [(1, 3)]), 299)) == ["early"]
    assert found([GOOD, LATE, GOOD], Commit(0, 0, written(0, [(2, 3)]), 299)) == []


def test_a_good_order_that_was_dead_lettered_and_a_bad_one_that_was_accepted_are_wrong() -> None:
    assert found([order("good-1", (1, "not_framed"))]) == ["wrong"]
    assert found([order("poison-1", (1, "accepted"), event_ids=("poison-1",))]) == ["wrong"]


def test_an_order_that_was_sent_under_two_ids_is_told() -> None:
    assert found([order("nameless-1", (1, "accepted"), (2, "accepted"), event_ids=("a", "b"))]) == ["renamed"]


def test_a_commit_below_the_one_before_is_counted() -> None:
    assert Books({}, [Commit(0, 5, "", 1), Commit(1, 1, "", 2), Commit(0, 3, "", 3)]).backward == 1
