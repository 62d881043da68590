"""`capi-stream preview` on a real Kafka: what it shows, where it begins and ends, and that it leaves no trace."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tests.builders import PIXEL, commerce_event, encoded
from tests.real.clients import client, committed, publish
from tests.service.shop import OTHER_PIXEL, Shop, fresh
from tests.service.tools import configuration, tool, tripwire

NOWHERE = "127.0.0.1:1"


def preview(shop: Shop, *options: str | int, **changes: Any) -> subprocess.CompletedProcess[str]:
    return tool("preview", "-c", configuration(shop, **changes), "--topic", shop.topic, *map(str, options))


def objects(ended: subprocess.CompletedProcess[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What --json printed: the rows, and the summary."""
    *found, last = [json.loads(line) for line in ended.stdout.splitlines()]
    return found, last["summary"]


def ids(ended: subprocess.CompletedProcess[str]) -> list[str]:
    return [each["event"]["event_id"] for each in objects(ended)[0] if each["would"] == "send"]


def publish_all_kinds(shop: Shop) -> None:
    shop.publish([fresh("order-1"), fresh("order-2", pixel_id=OTHER_PIXEL)])
    shop.publish([fresh("old") | {"occurred_at": 1_600_000_000_000}, fresh("no", consent={"advertising": "DENIED"})])
    shop.publish([fresh("other", pixel_id="99")])
    shop.publish_values([b"no Avro", None])


def test_what_would_be_sent_and_what_not_and_why(shop: Shop) -> None:
    publish_all_kinds(shop)
    ended = preview(shop, "--limit", 100, "--from", "earliest")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = {tuple(line.split()[1:5]) for line in ended.stdout.splitlines()}
    assert {
        ("send", str(PIXEL), "Purchase", "order-1"),
        ("send", OTHER_PIXEL, "Purchase", "order-2"),
        ("reject", "validate", "event_time_too_old", str(PIXEL)),
        ("reject", "map", "pixel_not_configured", "99"),
        ("reject", "decode", "not_framed"),
        ("filter", "consent_denied"),
        ("skip", "tombstone"),
    } <= rows
    summary = objects(preview(shop, "--limit", 100, "--from", "earliest", "--json"))[1]
    assert (summary["read"], summary["sent"]) == (7, {str(PIXEL): 1, OTHER_PIXEL: 1})
    assert summary["identifiers"]["em"] == 2


def test_it_posts_nothing_and_leaves_no_trace_in_the_group(shop: Shop) -> None:
    """Neither a member nor an offset, of the live group's or of its own, while the live service runs."""
    shop.publish(fresh(f"order-{number}") for number in range(20))
    shop.run()
    shop.wait_until_committed()
    admin = AdminClient(client(shop.broker))

    def trace() -> tuple[Any, ...]:
        group = admin.describe_consumer_groups([shop.group])[shop.group].result(10)
        members = sorted((each.member_id, str(each.assignment.topic_partitions)) for each in group.members)
        listed = {each.group_id for each in admin.list_consumer_groups().result(10).valid}
        return members, committed(shop.broker, shop.group, shop.topic), {each for each in listed if shop.group in each}

    before, posts = trace(), len(shop.sandbox.requests)
    with tripwire() as (url, reached):
        assert len(ids(preview(shop, "--limit", 20, "--from", "earliest", "--json", api={"url": url}))) == 20
    assert trace() == before
    assert committed(shop.broker, f"{shop.group}-preview", shop.topic) == {}
    assert (reached, len(shop.sandbox.requests)) == ([], posts)


def test_personal_data_is_shown_to_who_asks_for_it_alone(shop: Shop) -> None:
    shop.publish([fresh("order-1")])
    customer = commerce_event()["customer"]
    unhashed = (customer["ip_address"], customer["user_agent"])
    for options in ((), ("--json",)):
        ended = preview(shop, *options)
        assert not [each for each in (*unhashed, "ilva", "winter", "thanks") if each in ended.stdout + ended.stderr]
        raw = preview(shop, "--raw", *options)
        assert all(each in raw.stdout for each in unhashed)
    event = objects(preview(shop, "--raw", "--json"))[0][0]["event"]
    shop.run()
    shop.wait_until_committed()
    assert shop.sandbox.events() == [event]


@pytest.mark.parametrize(
    ("where", "limit", "expected"),
    [
        ("earliest", 100, range(10)),
        ("earliest", 4, None),
        ("latest", 4, range(6, 10)),
        ("latest", 100, range(10)),
        ("3", 100, (6, 7, 8, 9)),
        ("999", 100, ()),
    ],
)
def test_where_it_begins_and_ends(shop: Shop, where: str, limit: int, expected: Any) -> None:
    """Ten records, one after another, in turn in two partitions."""
    now = int(time.time() * 1_000)
    values = [encoded(fresh(f"{number}"), shop.schema_id) for number in range(10)]
    publish(
        shop.broker,
        shop.topic,
        ({"value": value, "partition": at % 2, "timestamp": now + at} for at, value in enumerate(values)),
    )
    found = ids(preview(shop, "--limit", limit, "--from", where, "--json"))
    if expected is None:
        assert len(found) == limit
    else:
        assert sorted(found) == [str(number) for number in expected]
    if where == "latest":
        assert found == sorted(found)


def test_what_comes_while_it_reads_is_left_alone(shop: Shop) -> None:
    """It ends although records keep coming."""
    shop.publish(fresh(f"order-{number}") for number in range(200))
    stop = threading.Event()

    def keep_publishing() -> None:
        number = 0
        while not stop.is_set():
            shop.publish(fresh(f"late-{number}-{each}") for each in range(50))
            number += 1

    publisher = threading.Thread(target=keep_publishing)
    publisher.start()
    try:
        ended = preview(shop, "--limit", 10_000_000, "--from", "earliest", "--json")
    finally:
        stop.set()
        publisher.join()
    rows, summary = objects(ended)
    assert ended.returncode == 0
    assert {f"order-{number}" for number in range(200)} <= set(ids(ended))
    assert summary["read"] == len(rows) < sum(shop.ends.values())


def test_an_empty_topic_is_read_to_its_end(shop: Shop) -> None:
    ended = preview(shop, "--json")
    rows, summary = objects(ended)
    assert (ended.returncode, rows, summary["read"]) == (0, [], 0)


def test_a_registry_that_is_not_there_leaves_records_waiting_and_ends_with_1(shop: Shop) -> None:
    shop.publish([fresh("order-1")])
    ended = preview(shop, "--json", registry={"url": f"http://{NOWHERE}"})
    assert ended.returncode == 1
    assert objects(ended)[1]["waiting"] == {f"schema_{shop.schema_id}_not_told": 1}
    assert "capi-stream check" in ended.stderr


def test_a_kafka_that_is_not_there_ends_with_1_and_a_reason(shop: Shop) -> None:
    ended = preview(shop, kafka={"common": {"bootstrap.servers": NOWHERE}, "connect_seconds": 1})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "check bootstrap.servers" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "yesterday"], "earliest, latest or an offset"),
        (["--from", "-5"], "earliest, latest or an offset"),
        (["--topic", "another"], "the configuration does not read it, but"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_a_wrong_option_ends_with_2(shop: Shop, options: list[str], said: str) -> None:
    ended = preview(shop, *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
