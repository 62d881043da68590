"""Where records are lost in other services (docs/seams.md), each tried on real processes and a real Kafka."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from capi_stream.cli.demo.members import Member
from capi_stream.kafka.settings import Rebalance
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Request
from tests.builders import PIXEL, ROOT, SCHEMA_TEXT
from tests.real.clients import client, committed_with_metadata, make_topic, wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, logged, rebalancing
from tests.shells import members
from tests.shells.front import OFFSET_COMMIT, SYNC_GROUP, FrontedBroker, Meddle, commit_parts
from tests.shells.members import poll_until

pytestmark = pytest.mark.real

REBALANCES = get_args(Rebalance)
ANSWER_HAS_COME = 60.0  # generous: nothing here is decided by how long it takes


def publish_orders(shop: Shop, number: int, first: int = 0) -> set[str]:
    ids = [f"order-{at}" for at in range(first, first + number)]
    shop.publish(fresh(event_id) for event_id in ids)
    return set(ids)


def by_hand(shop: Shop, rebalance: Rebalance = "cooperative") -> members.Member:
    """A member of the shop's group that the test drives; it commits only what the test says."""
    given = members.settings(client(shop.broker), shop.topic, group=shop.group, rebalance=rebalance)
    return members.Member(given)


def held_by(member: Member) -> set[str]:
    """The partitions that a process has, by its log."""
    held: set[str] = set()
    for line in member.log.read_text().splitlines():
        for event, change in (("assigned", held.update), ("revoked", held.difference_update)):
            if f'"partitions_{event}"' in line:
                change(json.loads(line)["partitions"])
    return held


def ended(member: Member) -> int | None:
    wait_until(lambda: member.exit_code is not None, ANSWER_HAS_COME, f"member {member.number} ends by itself")
    return member.exit_code


@contextmanager
def changed_program(folder: Path, code: str) -> Iterator[None]:
    """Processes that start meanwhile run `code` first: Python looks for a module of this name."""
    (folder / "sitecustomize.py").write_text(code)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(ROOT))))
        yield


# A rebalance callback that fails.

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


# Answers that come after their partition was revoked and came back.


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


# Commits that are refused.


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


# A committed offset that retention has removed.


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


# Two processes with one name.


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


# Letters that are not stored.


def test_a_letter_for_which_the_producer_has_no_room_is_stored_later(shop: Shop) -> None:
    member = shop.run(kafka={"producer": {"queue.buffering.max.messages": 1, "linger.ms": 50}})
    bad = [b"no Avro %d" % at for at in range(20)]
    shop.publish_values(bad)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert sorted(letter.value() or b"" for letter in shop.letters()) == sorted(bad)
    wait_until(lambda: member.metrics().by("reason", "dead_letter_errors_total")["queue_full"], 5, "there was no room")


def test_a_letter_that_is_reported_as_not_stored_holds_its_offset_and_is_stored_later(shop: Shop) -> None:
    """Somebody has deleted its topic."""
    member = shop.run(deadlines={"store_seconds": 1.0})
    admin = AdminClient(client(shop.broker))
    (done,) = admin.delete_topics([shop.dead_letters]).values()
    done.result(10)
    bad = {b"no Avro 0", b"no Avro 1"}
    shop.publish_values(sorted(bad))
    wait_until(lambda: member.metrics().total("dead_letter_errors_total"), 30, "it is reported as not stored")
    assert shop.committed == {0: 0, 1: 0}
    make_topic(shop.broker, shop.dead_letters)
    shop.wait_until_committed(ANSWER_HAS_COME)
    assert {letter.value() for letter in shop.letters()} == bad
    assert member.stop(60) == 0


# An answer of the API that drips.


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
