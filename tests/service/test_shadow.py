"""A shadow: the service at work on the live topics, and nothing leaves it."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from capi_stream.sandbox.ledger import Posted
from tests.real.clients import committed, end_offsets, wait_until
from tests.service.shop import Shop, fresh, logged
from tests.service.tools import configuration, shadow, tool, tripwire


def publish_all_kinds(shop: Shop) -> None:
    """40 good events, one too old, one without consent, one record that is no Avro, one tombstone."""
    shop.publish(fresh(f"order-{number}") for number in range(40))
    shop.publish([fresh("old") | {"occurred_at": 1_600_000_000_000}, fresh("no", consent={"advertising": "DENIED"})])
    shop.publish_values([b"no Avro", None])


def wait_until_read(shop: Shop, group: str) -> None:
    ends = shop.ends
    wait_until(lambda: committed(shop.broker, group, shop.topic) == ends, 30, f"{group} has committed {ends}")


def test_a_shadow_posts_nothing_stores_no_letter_and_moves_only_its_own_offsets(shop: Shop) -> None:
    publish_all_kinds(shop)
    group = f"{shop.group}-shadow"
    with tripwire() as (url, reached):
        member = shadow(shop, group, api={"url": url})
        wait_until_read(shop, group)
        wait_until(lambda: member.metrics().by("outcome", "events_total")["accepted"] == 40, 10, "it has batched all")
        metrics = member.metrics()
        assert member.stop(60) == 0
    assert reached == []
    assert end_offsets(shop.broker, shop.dead_letters) == end_offsets(shop.broker, shop.parked) == {0: 0}
    assert committed(shop.broker, shop.group, shop.topic) == {}
    assert metrics.by("reason", "dead_letters_total") == {"event_time_too_old": 1, "not_framed": 1}
    assert metrics.by("reason", "records_filtered_total") == {"consent_denied": 1}


def test_a_shadow_beside_the_live_service_takes_nothing_from_it(shop: Shop) -> None:
    shop.publish(fresh(f"first-{number}") for number in range(20))
    live = shop.run()
    shop.wait_until_committed()
    live.stop(60)
    before = committed(shop.broker, shop.group, shop.topic)
    group = f"{shop.group}-shadow"
    shop.publish(fresh(f"second-{number}") for number in range(20))
    posts: list[Posted] = shop.sandbox.requests
    one = shadow(shop, group)
    wait_until_read(shop, group)
    one.stop(60)
    assert shop.sandbox.requests == posts
    assert committed(shop.broker, shop.group, shop.topic) == before
    shop.run()
    shop.wait_until_committed()
    assert shop.accepted() == {f"{which}-{number}": 1 for which in ("first", "second") for number in range(20)}


def test_log_metrics_and_status_page_say_that_it_is_a_shadow(shop: Shop) -> None:
    group = f"{shop.group}-shadow"
    member = shadow(shop, group)
    (line,) = logged(member, "shadow")
    assert (line["level"], line["group"]) == ("warning", group)
    assert member.metrics().total("build_info") == 1
    pages = {path: urllib.request.urlopen(f"{member.admin}/{path}").read().decode() for path in ("", "metrics")}
    assert all("+shadow" in page for page in pages.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shadow"], "--shadow and --group ID go together"),
        (["--group", "another"], "--shadow and --group ID go together"),
        (["--shadow", "--group", " "], "has no name"),
        (["--shadow", "--group", "LIVE"], "the live service's own group"),
        (["--shadow", "--group", " LIVE "], "the live service's own group"),
    ],
)
def test_a_shadow_needs_a_group_that_is_not_the_live_one(shop: Shop, options: list[str], said: str) -> None:
    given = [option.replace("LIVE", shop.group) for option in options]
    ended = tool("run", "-c", configuration(shop), *given)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert committed(shop.broker, shop.group, shop.topic) == {}


def test_a_live_group_that_is_named_under_common_is_known_too(shop: Shop) -> None:
    kafka = {"common": {"group.id": shop.group}, "consumer": {"group.id": None}}
    ended = tool("run", "-c", configuration(shop, kafka=kafka), "--shadow", "--group", shop.group)
    assert (ended.returncode, "the live service's own group" in ended.stderr) == (2, True)


def test_a_shadow_needs_no_topics_of_letters(shop: Shop, tmp_path: Path) -> None:
    assert tmp_path == shop.folder
    member = shadow(shop, f"{shop.group}-shadow", dead_letters={"topic": "nowhere"}, parked={"topic": "nowhere-2"})
    assert member.is_ready()
