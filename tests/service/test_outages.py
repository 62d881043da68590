"""What the world does to the service: the API, Kafka, the registry and the letters' topics fail and come back."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL
from tests.conftest import MakeTopic
from tests.real.broker import RealBroker
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header, logged


def ids_of(shop: Shop, number: int, prefix: str = "order", **changes: object) -> set[str]:
    """Publish so many events; their ids."""
    ids = [f"{prefix}-{at}" for at in range(number)]
    shop.publish(fresh(event_id, **changes) for event_id in ids)
    return set(ids)


def test_an_api_that_is_away_costs_no_event(shop: Shop) -> None:
    shop.sandbox.always(Fault("html"))
    member = shop.run()
    ids = ids_of(shop, 300)
    wait_until(lambda: logged(member, "gate_held"), 20, "the outage is told")
    assert sum(shop.committed.values()) == 0
    shop.sandbox.clear_faults()
    shop.wait_until_committed()
    assert set(shop.accepted()) == ids
    assert shop.letters() == []
    wait_until(lambda: logged(member, "gate_opened"), 5, "its end is told")


def test_a_throttled_pixel_does_not_hold_the_other_up(shop: Shop) -> None:
    shop.sandbox.always(Fault("account_limit", pixel=str(PIXEL), minutes=60))
    member = shop.run()
    held = ids_of(shop, 100)
    free = ids_of(shop, 100, "free", pixel_id=OTHER_PIXEL)
    wait_until(lambda: set(shop.accepted(OTHER_PIXEL)) == free, 20, "the other pixel's events are accepted")
    assert shop.accepted(str(PIXEL)) == {}
    wait_until(lambda: member.metrics().by("reason", "gate_holding")["account_limit"], 5, "the gate is shown")
    assert held


def test_records_of_a_pixel_that_stays_held_are_parked_and_offsets_move_on(shop: Shop) -> None:
    shop.sandbox.expire_token(str(PIXEL))
    shop.run(delivery={"park_after_seconds": 2})
    held = ids_of(shop, 100)
    free = ids_of(shop, 100, "free", pixel_id=OTHER_PIXEL)
    shop.wait_until_committed()
    parked = shop.letters(shop.parked)
    assert {header(letter, "event_id") for letter in parked} == held
    assert {(header(letter, "kind"), header(letter, "reason")) for letter in parked} == {("parked", "token_invalid")}
    assert set(shop.accepted()) == free
    assert shop.letters() == []


def test_an_outage_of_the_api_parks_nothing(shop: Shop) -> None:
    shop.sandbox.always(Fault("html"))
    member = shop.run(delivery={"park_after_seconds": 1})
    ids = ids_of(shop, 50) | ids_of(shop, 50, "free", pixel_id=OTHER_PIXEL)
    wait_until(lambda: member.metrics().total("retries_total") >= 4, 30, "it is tried again")
    assert sum(shop.committed.values()) == 0
    shop.sandbox.clear_faults()
    shop.wait_until_committed()
    assert set(shop.accepted()) == ids
    assert shop.letters(shop.parked) == []


def test_a_blown_fuse_waits_for_a_person_who_resets_it(shop: Shop) -> None:
    member = shop.run(delivery={"fuse": {"minimum": 20}})
    shop.publish(fresh(f"free-{at}", order_value=None) for at in range(60))
    wait_until(lambda: logged(member, "gate_held"), 20, "it is told")
    assert logged(member, "gate_held")[0]["reason"] == "fuse"
    assert len(shop.letters()) <= 20, "at most the minimum is dead-lettered"
    assert sum(shop.committed.values()) <= 20
    time.sleep(1.2)  # the page is of the last second
    with urllib.request.urlopen(member.admin, timeout=5) as answer:
        page = answer.read().decode()
    assert '<td data-name="rejected" class="number">60<' in page, "those that the fuse keeps from the letters too"
    assert '<code>purchase_without_value</code></th><td data-name="events" class="number">60<' in page
    told = subprocess.run(
        [sys.executable, "-m", "capi_stream", "fuse", "reset", "--pid", str(member.pid)], capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    wait_until(lambda: logged(member, "fuses_reset"), 10, "it was asked")
    shop.wait_until_committed()
    assert shop.reasons == {"purchase_without_value": 60}


def test_an_expired_token_waits_for_the_next_one_in_its_file(shop: Shop) -> None:
    shop.sandbox.expire_token(str(PIXEL))
    member = shop.run()
    ids = ids_of(shop, 50)
    wait_until(lambda: logged(member, "gate_held"), 20, "the token is refused")
    shop.token_file(str(PIXEL)).write_text(shop.sandbox.renew_token(str(PIXEL)))
    shop.wait_until_committed()
    assert shop.accepted() == dict.fromkeys(ids, 1)
    assert shop.letters() == []


@pytest.mark.parametrize("fault", ["permission_missing", "unknown_pixel", "blocked", "unclassified", "unknown"])
def test_trouble_of_a_pixel_is_never_an_events_fault(shop: Shop, fault: str) -> None:
    shop.sandbox.always(Fault(fault))
    member = shop.run()
    ids_of(shop, 20)
    wait_until(lambda: member.metrics().by("outcome", "requests_total")["unavailable"], 20, "the API refused")
    assert shop.letters() == []
    assert sum(shop.committed.values()) == 0


def test_a_lost_answer_is_counted_and_sent_again_with_the_same_ids(shop: Shop) -> None:
    shop.sandbox.next(Fault("lost"), Fault("lost_behind_proxy"), Fault("cut"))
    ids = ids_of(shop, 40)
    member = shop.run()
    shop.wait_until_committed()
    assert set(shop.accepted()) == ids
    wait_until(lambda: member.metrics().total("unknown_outcome_events_total") >= 3, 5, "it is counted")


def test_a_full_buffer_pauses_partitions_and_the_member_stays_in_its_group(shop: Shop) -> None:
    shop.sandbox.always(Fault("html"))
    member = shop.run(delivery={"buffer_bytes": 1_000_000, "batch_bytes": 100_000})
    ids = ids_of(shop, 4_000)
    wait_until(lambda: member.metrics().total("paused_partitions") == 2, 30, "both partitions are paused")
    assert member.metrics().total("buffered_bytes") < 1_000_000 + 1_000 * 4_000, "the budget and one poll"
    shop.sandbox.clear_faults()
    shop.wait_until_committed(90)
    assert set(shop.accepted()) == ids
    assert not logged(member, "partitions_lost")


def test_a_registry_that_is_away_delays_and_dead_letters_nothing(shop: Shop) -> None:
    shop.registry.always("down")
    member = shop.run()
    ids = ids_of(shop, 20)
    wait_until(lambda: logged(member, "registry_unreachable"), 20, "the outage is told")
    shop.registry.clear_faults()
    shop.wait_until_committed()
    assert set(shop.accepted()) == ids
    assert shop.letters() == []


def test_an_id_that_the_registry_goes_on_not_knowing_is_dead_lettered(shop: Shop) -> None:
    shop.publish_values([b"\x00\x00\x00\x27\x0fwhatever", *(shop_value(shop, f"order-{at}") for at in range(3))])
    shop.run(registry={"unknown_after_seconds": 1})
    shop.wait_until_committed()
    assert shop.reasons == {"schema_unknown": 1}
    assert len(shop.accepted()) == 3


def shop_value(shop: Shop, event_id: str) -> bytes:
    from tests.builders import encoded

    return encoded(fresh(event_id), shop.schema_id)


def test_a_letter_too_large_for_its_topic_is_stored_without_its_value(shop: Shop, topic: MakeTopic) -> None:
    small = topic("small", max_message_bytes="2000")
    member = shop.run(dead_letters={"topic": small})
    shop.publish_values([b"x" * 10_000])
    shop.wait_until_committed()
    (letter,) = shop.letters(small)
    assert letter.value() is None
    assert (header(letter, "value_omitted"), header(letter, "source_topic")) == ("true", shop.topic)
    assert logged(member, "letter_topic_is_small")


def test_a_broker_that_dies_and_comes_back_costs_no_record(own_broker: RealBroker, tmp_path: Path) -> None:
    with Shop(own_broker.bootstrap, tmp_path) as shop:
        member = shop.run()
        shop.sandbox.always(Fault("latency", delay_seconds=0.1))
        ids = ids_of(shop, 2_000)
        wait_until(lambda: len(shop.accepted()) > 50, 30, "delivery began")
        own_broker.kill()
        wait_until(lambda: logged(member, "kafka_unreachable"), 20, "the outage is told")
        own_broker.start()
        refusals = [line for line in member.log.read_text().splitlines() if "Connection refused" in line]
        assert len(refusals) <= 10, "librdkafka's own lines come once a minute"
        shop.wait_until_committed(90)
        assert set(shop.accepted()) == ids
        assert member.stop(60) == 0
