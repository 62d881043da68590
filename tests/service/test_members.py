"""Several members, and members that leave, crash and come back: nothing is lost, and little is sent twice."""

from __future__ import annotations

import signal
from typing import get_args

import pytest

from capi_stream.delivery.runs import Runs, read
from capi_stream.kafka.settings import Rebalance
from capi_stream.sandbox.faults import Fault
from tests.real.clients import committed_with_metadata, wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged, rebalancing

REBALANCES = get_args(Rebalance)
ORDERS = 3_000


def publish_orders(shop: Shop, first: int = 0, number: int = ORDERS) -> set[str]:
    ids = [f"order-{at}" for at in range(first, first + number)]
    shop.publish(fresh(event_id) for event_id in ids)
    return set(ids)


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_members_share_the_partitions_and_a_killed_ones_are_taken_over(shop: Shop, rebalance: Rebalance) -> None:
    shop.sandbox.always(Fault("latency", delay_seconds=0.1))
    first = shop.run(kafka=rebalancing(rebalance))
    second = shop.run(kafka=rebalancing(rebalance))
    ids = publish_orders(shop)
    wait_until(lambda: len(shop.accepted()) > 100, 30, "delivery began")
    first.kill()
    ids |= publish_orders(shop, ORDERS)
    shop.wait_until_committed(60)
    assert set(shop.accepted()) == ids
    assert shop.letters() == []
    assert second.stop(60) == 0


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_member_that_joins_and_one_that_leaves_cost_no_duplicates(shop: Shop, rebalance: Rebalance) -> None:
    """What was in flight is waited for, and committed before the partition changes hands."""
    shop.sandbox.always(Fault("latency", delay_seconds=0.2))
    first = shop.run(kafka=rebalancing(rebalance))
    ids = publish_orders(shop)
    wait_until(shop.accepted, 30, "delivery began")
    second = shop.run(kafka=rebalancing(rebalance))
    wait_until(lambda: logged(first, "partitions_revoked"), 30, "the first gave partitions back")
    ids |= publish_orders(shop, ORDERS)
    assert first.stop(60) == 0
    shop.wait_until_committed(60)
    assert shop.accepted() == dict.fromkeys(ids, 1)
    assert second.stop(60) == 0


def test_a_crash_of_the_only_member_loses_nothing(shop: Shop) -> None:
    shop.sandbox.always(Fault("latency", delay_seconds=0.1))
    shop.run()
    ids = publish_orders(shop)
    wait_until(lambda: len(shop.accepted()) > 100, 30, "delivery began")
    shop.members[0].kill()
    assert sum(shop.committed.values()) < len(ids)
    shop.run()
    shop.wait_until_committed(60)
    assert set(shop.accepted()) == ids


def settled_above(shop: Shop) -> int:
    """How many offsets the group's commits say are settled above them."""
    found = [read(text, offset) for offset, text in committed_with_metadata(shop.broker, shop.group, shop.topic)]
    return sum(end - start for runs in found if isinstance(runs, Runs) for start, end in runs.above(0))


@pytest.mark.parametrize(("with_metadata", "times"), [(True, 1), (False, 2)])
def test_what_was_settled_above_a_held_record_is_not_sent_again_after_a_crash(
    shop: Shop, with_metadata: bool, times: int
) -> None:
    """Every other record waits for a throttled pixel, so that hardly an offset can be committed."""
    shop.sandbox.always(Fault("account_limit", pixel=OTHER_PIXEL, minutes=60))
    first = shop.run(delivery={"commit_metadata": with_metadata})
    for at in range(200):
        shop.publish([fresh(f"held-{at}", pixel_id=OTHER_PIXEL), fresh(f"free-{at}")], partition=at % 2)
    wait_until(lambda: len(shop.accepted()) == 200, 30, "the free pixel's events are accepted")
    wait_until(lambda: settled_above(shop) == (200 if with_metadata else 0), 20, "it is noted beside the offsets")
    first.kill()
    shop.sandbox.clear_faults()
    shop.run(delivery={"commit_metadata": with_metadata})
    shop.wait_until_committed(60)
    assert len(shop.accepted()) == 400
    assert max(shop.accepted().values()) == times


def test_a_stopped_member_leaves_nothing_behind_and_its_successor_sends_nothing_twice(shop: Shop) -> None:
    shop.sandbox.always(Fault("latency", delay_seconds=0.3))
    first = shop.run()
    ids = publish_orders(shop)
    wait_until(lambda: len(shop.accepted()) > 100, 30, "delivery began")
    assert first.stop(60) == 0
    assert [line["reason"] for line in logged(first, "stopped")] == ["SIGTERM"]
    assert sum(shop.committed.values()) == len(shop.accepted()), "what the API has is committed, and no more"
    shop.run()
    shop.wait_until_committed(60)
    assert shop.accepted() == dict.fromkeys(ids, 1)


def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(shop: Shop) -> None:
    shop.sandbox.always(Fault("latency", delay_seconds=4.0))
    first = shop.run()
    ids = publish_orders(shop, number=200)
    wait_until(lambda: first.metrics().total("posts_in_flight"), 30, "a post is out")
    first.signal(signal.SIGTERM)
    wait_until(lambda: logged(first, "draining"), 10, "it drains")
    first.signal(signal.SIGTERM)
    wait_until(lambda: first.exit_code is not None, 3, "it ended at once")
    assert first.exit_code == 128 + signal.SIGTERM
    shop.sandbox.clear_faults()
    shop.run()
    shop.wait_until_committed(60)
    assert set(shop.accepted()) == ids


def test_what_cannot_end_within_the_drain_time_is_left_for_the_next_member(shop: Shop) -> None:
    shop.sandbox.always(Fault("transient"))
    first = shop.run(deadlines={"drain_seconds": 6, "commit_floor_seconds": 2})
    ids = publish_orders(shop, number=20)
    wait_until(lambda: first.metrics().total("requests_total"), 30, "the API refused")
    assert first.stop(20) == 0
    assert sum(shop.committed.values()) == 0
    shop.sandbox.clear_faults()
    shop.run()
    shop.wait_until_committed(60)
    assert set(shop.accepted()) == ids


def test_a_static_member_that_restarts_does_not_disturb_the_other(shop: Shop) -> None:
    first = shop.run(kafka={"static_membership": "pod-0"})
    second = shop.run(kafka={"static_membership": "pod-1"})
    wait_until(lambda: second.metrics().total("assigned_partitions") == 1, 20, "each has one")
    before = len(logged(second, "partitions_assigned"))
    assert first.stop(60) == 0
    shop.run(kafka={"static_membership": "pod-0"})
    ids = publish_orders(shop, number=100)
    shop.wait_until_committed()
    assert set(shop.accepted()) == ids
    assert len(logged(second, "partitions_assigned")) == before


def test_a_member_that_hung_longer_than_its_session_commits_nothing_late(shop: Shop) -> None:
    """Stopped and continued, as a virtual machine that moves: its partitions are another's by then."""
    shop.sandbox.always(Fault("latency", delay_seconds=0.1))
    first = shop.run()
    second = shop.run()
    ids = publish_orders(shop)
    wait_until(lambda: len(shop.accepted()) > 100, 30, "delivery began")
    first.signal(signal.SIGSTOP)
    wait_until(lambda: second.metrics().total("assigned_partitions") == 2, 30, "the other took over")
    first.signal(signal.SIGCONT)
    ids |= publish_orders(shop, ORDERS)
    shop.wait_until_committed(60)
    assert set(shop.accepted()) == ids
    assert first.stop(60) == second.stop(30) == 0
