"""Seams (docs/seams.md) of a group: a rebalance callback that fails, and two processes with one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from capi_stream.kafka.settings import Rebalance
from capi_stream.sandbox.faults import Fault
from tests.real.clients import wait_until
from tests.service.seams import ANSWER_HAS_COME, REBALANCES, by_hand, changed_program, ended, publish_orders
from tests.service.shop import Shop, logged, rebalancing
from tests.shells.members import poll_until

pytestmark = pytest.mark.real
BUG = """
from capi_stream.delivery.engine import Engine
real, calls = Engine.{method}, []
def breaks(self, *args):
    calls.append(args)
    if len(calls) == {call}:
        raise ZeroDivisionError("a bug in a callback")
    return real(self, *args)
Engine.{method} = breaks
"""
SELDOM = {"commit_interval_seconds": 600}  # only the last commit of a partition goes, as it is given away


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_revocation_that_fails_ends_the_process_without_a_commit_and_its_successor_sends_all(
    shop: Shop, tmp_path: Path, rebalance: Rebalance
) -> None:
    with changed_program(tmp_path, BUG.format(method="revoking", call=1)):
        first = shop.run(kafka=rebalancing(rebalance), delivery=SELDOM)
    ids = publish_orders(shop, 200)
    wait_until(lambda: shop.accepted() == dict.fromkeys(ids, 1), 30, "all is accepted, and nothing committed")
    with by_hand(shop, rebalance) as second:
        poll_until(lambda: first.exit_code is not None, second, seconds=ANSWER_HAS_COME)
        poll_until(lambda: len(second.starts) == 2, second, seconds=ANSWER_HAS_COME)
        assert set(second.starts.values()) == {0}, "the successor begins where the last commit was"
    assert first.exit_code == 1
    assert [line["error"] for line in logged(first, "crashed")] == ["ZeroDivisionError"]
    assert shop.committed == {0: 0, 1: 0}
    shop.run(kafka=rebalancing(rebalance))
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert shop.accepted() == dict.fromkeys(ids, 2)


@pytest.mark.parametrize("rebalance", ["cooperative", "consumer"])
def test_an_assignment_that_fails_ends_the_process_without_a_commit_and_its_successor_sends_all(
    shop: Shop, tmp_path: Path, rebalance: Rebalance
) -> None:
    """What it kept, and had settled, is not committed on the way out either."""
    with changed_program(tmp_path, BUG.format(method="assigned", call=3)):
        first = shop.run(kafka=rebalancing(rebalance), delivery=SELDOM)
    with by_hand(shop, rebalance) as second:
        poll_until(lambda: len(second.starts) == 1, second, seconds=ANSWER_HAS_COME)
        (taken,) = second.starts
        ids = publish_orders(shop, 200)
        poll_until(lambda: len(shop.accepted()) == 100, second, seconds=ANSWER_HAS_COME)
    assert ended(first) == 1
    assert [line["error"] for line in logged(first, "crashed")] == ["ZeroDivisionError"]
    assert shop.committed == {0: 0, 1: 0}
    shop.run(kafka=rebalancing(rebalance))
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert set(shop.accepted()) == ids
    assert sorted(shop.accepted().values()) == [1] * 100 + [2] * 100, f"twice what is not of {taken}"


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_of_two_processes_with_one_static_name_one_ends_with_a_reason_and_nothing_is_lost(
    shop: Shop, rebalance: Rebalance
) -> None:
    """The classic protocol fences the first, KIP-848 refuses the second."""
    shop.sandbox.always(Fault("latency", delay_seconds=0.1))
    same = {**rebalancing(rebalance), "static_membership": "pod-0"}
    first = shop.run(kafka=same)
    ids = publish_orders(shop, 1_000)
    wait_until(lambda: len(shop.accepted()) > 50, 30, "delivery began")
    second = shop.start(kafka=same)
    ends, stays = (second, first) if rebalance == "consumer" else (first, second)
    assert ended(ends) == 1
    assert "group.instance.id" in logged(ends, "stopped")[0]["reason"]
    ids |= publish_orders(shop, 1_000, first=1_000)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert set(shop.accepted()) == ids
    assert shop.letters() == []
    assert stays.stop(60) == 0
