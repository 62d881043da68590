"""Seams (docs/seams.md) of answers that come late: after their partition was away and is back, or byte by byte."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from capi_stream.kafka.settings import Rebalance
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Request
from tests.builders import PIXEL, SCHEMA_TEXT
from tests.real.clients import wait_until
from tests.service.seams import ANSWER_HAS_COME, REBALANCES, by_hand, changed_program, held_by, publish_orders
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged, rebalancing
from tests.shells.members import poll_until

pytestmark = pytest.mark.real


class SilentRegistry(StandInRegistry):
    """Answers nothing until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.speak = threading.Event()

    def _answer(self, request: Request) -> Answer:
        self._requests.append(f"{request.method} {request.path}")
        self.speak.wait()
        return self._true_answer(request)


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_a_schema_that_comes_after_its_partition_was_away_is_for_the_records_that_are_here(
    shop: Shop, rebalance: Rebalance
) -> None:
    with SilentRegistry() as registry:
        assert registry.register(f"{shop.topic}-value", SCHEMA_TEXT) == shop.schema_id
        ids = publish_orders(shop, 100)
        first = shop.run(
            kafka=rebalancing(rebalance), registry={"url": registry.url, "answer_seconds": 2 * ANSWER_HAS_COME}
        )
        wait_until(lambda: registry.requests, 30, "the schema was asked for")
        wait_until(lambda: first.metrics().by("outcome", "records_total")["consumed"] == 100, 30, "all is read")
        with by_hand(shop, rebalance) as second:
            poll_until(lambda: second.starts, second, seconds=ANSWER_HAS_COME)
        assert logged(first, "partitions_revoked"), "it was away"
        wait_until(lambda: len(held_by(first)) == 2, ANSWER_HAS_COME, "it is back")
        read_again = 150  # at least: an eager rebalance takes and gives more
        wait_until(lambda: first.metrics().by("outcome", "records_total")["consumed"] >= read_again, 30, "read again")
        assert shop.accepted() == {}
        assert shop.committed == {0: 0, 1: 0}
        assert len(registry.requests) == 1, "the answer is that to the first question"
        registry.speak.set()
        shop.wait_until_committed(ANSWER_HAS_COME)
    assert shop.accepted() == dict.fromkeys(ids, 1)
    assert shop.letters() == []


LATE_COMMITS = """
from pathlib import Path
from capi_stream.kafka.consumer import GroupConsumer
on_commit, poll, late = GroupConsumer._on_commit, GroupConsumer.poll, []
def keep(self, error, offsets):
    late.append((error, offsets))
    if Path({hold!r}).exists():
        Path({hold!r}).write_text("an answer waits")
def poll_then(self, *args):
    while late and not Path({hold!r}).exists():
        on_commit(self, *late.pop(0))
    return poll(self, *args)
GroupConsumer._on_commit, GroupConsumer.poll = keep, poll_then
"""


@pytest.mark.parametrize("rebalance", REBALANCES)
def test_the_end_of_a_commit_that_comes_after_its_partition_was_away_is_not_that_of_a_new_one(
    shop: Shop, tmp_path: Path, rebalance: Rebalance
) -> None:
    """While it was away its offset was set back, as for a replay: the old answer speaks of an offset far ahead."""
    hold = tmp_path / "hold"
    with changed_program(tmp_path, LATE_COMMITS.format(hold=str(hold))):
        first = shop.run(kafka=rebalancing(rebalance), delivery={"linger_seconds": 1.0})
    ids = publish_orders(shop, 20)
    shop.wait_until_committed()
    wait_until(lambda: first.metrics().by("outcome", "commits_total")["acknowledged"] >= 1, 30, "the process knows it")
    hold.touch()
    ids |= publish_orders(shop, 180, first=20)
    shop.wait_until_committed(ANSWER_HAS_COME)  # one batch, so one commit; a second one would wait 30 s for the first
    assert hold.read_text(), "the coordinator has the commit, and the process does not know"
    with by_hand(shop, rebalance) as second:
        poll_until(lambda: len(second.starts) == 1, second, seconds=ANSWER_HAS_COME)
        ((partition, start),) = second.starts.items()
        assert start == 100
        assert second.commit(partition, 10) is None
    wait_until(lambda: len(held_by(first)) == 2, ANSWER_HAS_COME, "it is back")
    wait_until(lambda: shop.accepted().total() == 290, ANSWER_HAS_COME, "what was set back is sent again")
    assert shop.committed[partition.number] == 10
    hold.unlink()
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert set(shop.accepted()) == ids
    assert first.stop(60) == 0


def test_an_answer_that_drips_is_no_answer_and_holds_nobody_else_up(shop: Shop) -> None:
    """Each byte is there in time; all of them would take half an hour."""
    shop.sandbox.next(Fault("dripped", step_seconds=20.0, pixel=str(PIXEL)))
    shop.publish([fresh("order-0")], partition=0)
    shop.publish([fresh("order-1", pixel_id=OTHER_PIXEL)], partition=1)
    member = shop.run(api={"timeouts_seconds": {"read": 30.0, "post": 2.0}}, deadlines={"revoke_seconds": 20})
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert shop.accepted() == {"order-0": 2, "order-1": 1}
    assert shop.letters() == []
    wait_until(lambda: member.metrics().total("unknown_outcome_events_total") == 1, 5, "it is counted")
