"""Starting: what is wrong is said, with where and what to do; and what a running service shows."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from typing import get_args

import pytest

from capi_stream.cli.demo.members import Member
from capi_stream.kafka.settings import Rebalance
from tests.real.clients import wait_until
from tests.service.shop import Shop, fresh, logged, rebalancing


def ended(member: Member) -> int:
    """Its exit code, once it has ended by itself."""
    wait_until(lambda: member.exit_code is not None, 30, "it ends")
    assert member.exit_code is not None
    return member.exit_code


def get(url: str) -> tuple[int, str]:
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_mistakes_in_the_configuration_end_it_with_2_and_a_line_each(shop: Shop) -> None:
    member = shop.start(kafka={"consumer": {"enable.auto.commit": "true"}}, api={"version": "25"})
    assert ended(member) == 2
    lines = member.log.read_text().splitlines()
    assert len(lines) == 2
    assert any("kafka.consumer.enable.auto.commit: the service must own this" in line for line in lines)
    assert any("api.version" in line for line in lines)


@pytest.mark.parametrize("key", ["dead_letters", "parked"])
def test_a_topic_of_letters_that_is_not_there_ends_it_with_a_reason(shop: Shop, key: str) -> None:
    member = shop.start(**{key: {"topic": "nowhere"}})
    assert ended(member) == 1
    (line,) = logged(member, "stopped")
    assert line["reason"].startswith("there is no topic nowhere. What to do:")


def test_a_source_topic_that_is_not_there_ends_it_with_a_reason(shop: Shop) -> None:
    member = shop.start(topics={"comerce.events": {}})
    assert ended(member) == 1
    assert "there is no topic comerce.events" in logged(member, "stopped")[0]["reason"]


def test_a_kafka_that_is_not_there_ends_it_with_a_reason(shop: Shop) -> None:
    member = shop.start(kafka={"common": {"bootstrap.servers": "127.0.0.1:1"}, "connect_seconds": 2})
    assert ended(member) == 1
    assert "bootstrap.servers" in logged(member, "stopped")[0]["reason"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_while_it_still_waits_for_kafka(shop: Shop, number: signal.Signals) -> None:
    member = shop.start(kafka={"common": {"bootstrap.servers": "127.0.0.1:1"}, "connect_seconds": 60})
    wait_until(lambda: logged(member, "starting"), 20, "it starts")
    member.signal(number)
    wait_until(lambda: member.exit_code is not None, 10, "it ends")
    assert member.exit_code == 0
    assert logged(member, "stopped")[0]["reason"] == number.name


def test_an_admin_port_that_is_taken_ends_it_with_a_reason(shop: Shop) -> None:
    first = shop.run()
    port = int(first.admin.rpartition(":")[2])
    second = shop.start()
    config = second.log.with_name(f"capi-stream-{second.number}.yaml")
    second.kill()
    third = Member(9, config, port)
    shop.members.append(third)
    assert ended(third) == 1
    assert "set admin.port to a free one" in logged(third, "stopped")[0]["reason"]


def test_health_readiness_metrics_and_the_status_page_are_served(shop: Shop) -> None:
    member = shop.run()
    shop.publish([fresh("order-1")])
    shop.wait_until_committed()
    assert get(f"{member.admin}/healthz") == (200, "ok\n")
    assert get(f"{member.admin}/readyz") == (200, "ok\n")
    wait_until(lambda: member.metrics().by("outcome", "records_total")["settled"] == 1, 5, "metrics")
    status, page = get(f"{member.admin}/")
    assert status == 200
    assert shop.topic in page
    assert shop.sandbox.token("1234567890") not in page


def test_the_ledger_of_records_adds_up(shop: Shop) -> None:
    member = shop.run()
    shop.publish(fresh(f"order-{at}") for at in range(500))
    shop.publish_values([b"no Avro", None])
    shop.wait_until_committed()
    wait_until(lambda: member.metrics().by("outcome", "records_total")["settled"] == 501, 5, "the metrics' next second")
    counted = member.metrics().by("outcome", "records_total")
    assert counted["consumed"] == 502
    assert counted["consumed"] == counted["settled"] + counted["tombstone"] + counted["released"] + counted["skipped"]
    events = member.metrics().by("outcome", "events_total")
    assert (events["accepted"], events["dead_lettered"]) == (500, 1)
    assert member.metrics().total("consumer_lag_records") == 0


@pytest.mark.parametrize("rebalance", get_args(Rebalance))
def test_a_member_without_a_partition_is_ready_all_the_same(shop: Shop, rebalance: str) -> None:
    members = [shop.run(kafka=rebalancing(rebalance)) for _ in range(3)]
    wait_until(lambda: sum(each.metrics().total("assigned_partitions") for each in members) == 2, 20, "assigned")
    assert all(each.is_ready() for each in members)
