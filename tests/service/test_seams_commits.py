"""Seams (docs/seams.md) of commits: refused by the coordinator, or removed by retention."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from capi_stream.kafka.settings import Rebalance
from capi_stream.sandbox.faults import Fault
from tests.real.clients import client, committed_with_metadata, wait_until
from tests.service.seams import ANSWER_HAS_COME, by_hand, ended, publish_orders
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged, rebalancing
from tests.shells.front import OFFSET_COMMIT, SYNC_GROUP, FrontedBroker, Meddle, commit_parts
from tests.shells.members import poll_until

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def fronted() -> Iterator[FrontedBroker]:
    """A real Kafka, whose coordinator takes no text beside an offset; see `tests/shells/front.py`."""
    with FrontedBroker(offset_metadata_max_bytes="4") as started:
        yield started
    started.front.close()


@pytest.fixture
def fronted_shop(fronted: FrontedBroker, tmp_path: Path) -> Iterator[Shop]:
    with Shop(fronted.bootstrap, tmp_path) as made:
        yield made


def of_another_generation(frame: bytearray) -> bool:
    frame[commit_parts(frame).generation] = (0).to_bytes(4, "big")
    return True


def of_another_member(frame: bytearray) -> bool:
    where = commit_parts(frame).member
    frame[where] = frame[where][::-1]
    return True


REFUSALS: dict[str, tuple[Rebalance, Meddle, int]] = {
    "illegal_generation": ("cooperative", of_another_generation, 22),
    "illegal_generation, eager": ("eager", of_another_generation, 22),
    "unknown_member_id": ("cooperative", of_another_member, 25),
    "stale_member_epoch": ("consumer", of_another_generation, 113),
    "unknown_member_id, KIP-848": ("consumer", of_another_member, 25),
}


def through_front(fronted: FrontedBroker, rebalance: Rebalance = "cooperative") -> Mapping[str, object]:
    return {**rebalancing(rebalance), "common": {"bootstrap.servers": fronted.through_front}}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_commit_is_no_end_and_is_repeated_though_the_topic_is_idle(
    fronted: FrontedBroker, fronted_shop: Shop, name: str
) -> None:
    shop, front = fronted_shop, fronted.front
    rebalance, meddle, code = REFUSALS[name]
    front.commit_errors.clear()
    member = shop.run(kafka=through_front(fronted, rebalance))
    publish_orders(shop, 20)
    shop.wait_until_committed()
    with front.meddling(OFFSET_COMMIT, meddle):
        ids = publish_orders(shop, 120)
        wait_until(lambda: code in front.commit_errors, 30, "the coordinator refuses")
        wait_until(lambda: set(shop.accepted()) == ids, 30, "all is accepted")
        assert sum(shop.committed.values()) == 20
        assert member.exit_code is None
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert set(shop.accepted()) == ids
    assert member.stop(60) == 0


def test_a_commit_while_the_group_is_between_two_generations_is_repeated(
    fronted: FrontedBroker, fronted_shop: Shop
) -> None:
    """Its leader has joined and not said who gets what: the coordinator then takes no commit."""
    shop, front = fronted_shop, fronted.front
    front.commit_errors.clear()
    leader = shop.run(kafka=through_front(fronted))
    ids = publish_orders(shop, 20)
    shop.wait_until_committed()
    with by_hand(shop) as second:
        waiting = threading.Event()

        def hold_back(_: bytearray) -> bool:
            waiting.set()
            return False

        with front.meddling(SYNC_GROUP, hold_back):
            poll_until(waiting.is_set, second, seconds=ANSWER_HAS_COME)
            ids |= publish_orders(shop, 100, first=20)
            poll_until(lambda: 27 in front.commit_errors, second, seconds=ANSWER_HAS_COME)
            assert sum(shop.committed.values()) == 20
        poll_until(lambda: second.starts, second, seconds=ANSWER_HAS_COME)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert shop.accepted() == dict.fromkeys(ids, 1)
    assert leader.stop(60) == 0


def test_a_coordinator_that_takes_no_text_gets_the_offsets_without(fronted: FrontedBroker, fronted_shop: Shop) -> None:
    shop, front = fronted_shop, fronted.front
    front.commit_errors.clear()
    shop.sandbox.always(Fault("account_limit", pixel=OTHER_PIXEL, minutes=60))
    member = shop.run(kafka=through_front(fronted), delivery={"linger_seconds": 1.0})
    free = [fresh(f"free-{at}") for at in range(20)]
    shop.publish([*free[:10], fresh("held", pixel_id=OTHER_PIXEL), *free[10:]], partition=0)
    wait_until(lambda: shop.committed[0] == 10, 30, "what is settled is committed")
    wait_until(lambda: 12 in front.commit_errors, 30, "and the text above it was refused")
    assert (10, "") in committed_with_metadata(shop.broker, shop.group, shop.topic)
    shop.sandbox.clear_faults()
    assert member.stop(60) == 0
    shop.run()
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert set(shop.accepted()) == {"held", *(event["event_id"] for event in free)}


def test_an_offset_that_retention_has_removed_is_for_a_person_to_decide(shop: Shop) -> None:
    first = shop.run()
    publish_orders(shop, 20)
    shop.wait_until_committed()
    assert first.stop(60) == 0
    ids = publish_orders(shop, 20, first=20)
    admin = AdminClient(client(shop.broker))
    (done,) = admin.delete_records([TopicPartition(shop.topic, 0, 15)]).values()
    done.result(10)
    second = shop.start()
    assert ended(second) == 1
    assert "no longer has offset 10 of partition 0" in logged(second, "stopped")[0]["reason"]
    assert shop.committed[0] == 10
    shop.run(kafka={"committed_offset_gone": "earliest"})
    shop.wait_until_committed(ANSWER_HAS_COME)
    gone = {f"order-{at}" for at in range(20, 30, 2)}
    assert {event_id for event_id in shop.accepted() if event_id in ids} == ids - gone
