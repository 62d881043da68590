"""What the metrics say adds up, as a real Prometheus sees it: through a join and a stop under load, with records of
every kind."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest

from capi_stream.observability.metrics import DECLARED, PREFIX
from tests.builders import PIXEL
from tests.ops.metrics_day import DONE, PARTITIONS, Day, seen_of
from tests.ops.tools import program
from tests.service.shop import OTHER_PIXEL

pytestmark = pytest.mark.ops


@pytest.fixture(scope="module")
def day(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A day that has passed; Prometheus and two of the three members still answer."""
    with Day(broker, tmp_path_factory.mktemp("day")) as made:
        made.pass_by()
        yield made


def test_the_ledger_holds_at_every_scrape_of_every_member(day: Day) -> None:
    gap = (
        'sum by (instance) (capi_stream_records_total{outcome="consumed"})'
        f' - sum by (instance) (capi_stream_records_total{{outcome=~"{DONE}"}})'
        " - sum by (instance) (capi_stream_records_in_hand)"
    )
    assert set(day.prometheus.by("instance", f"max_over_time(abs({gap})[10m:250ms])").values()) == {0}
    looked = day.prometheus.by("instance", f"count_over_time(({gap})[10m:250ms])")
    assert len(looked) == 3
    assert min(looked.values()) > 2, "else it held of nothing"
    was_open = day.prometheus.by(
        "instance", "max_over_time((sum by (instance) (capi_stream_records_in_hand))[10m:250ms])"
    )
    assert min(was_open.values()) > 0, "else it held of nothing"


def test_at_rest_each_record_has_settled_once_and_is_what_became_of_its_event(day: Day) -> None:
    noon, published = day.noon, day.noon.published
    accepted = sum(number for kind, number in published.items() if kind.startswith("accepted"))
    dead = {reason: published[reason] for reason in ("not_framed", "pixel_not_configured", "malformed_parameter")}
    assert noon.records["tombstone"] == published["tombstone"]
    assert noon.filtered == published["filtered"]
    assert noon.dead_letters == dead
    assert noon.events == {"accepted": accepted, "dead_lettered": sum(dead.values())}
    assert noon.records["settled"] == accepted + sum(dead.values()) + published["filtered"]
    handed_on = noon.records.get("released", 0) + noon.records.get("skipped", 0)
    assert noon.records["consumed"] - handed_on == published.total()


def test_what_a_stopped_member_had_in_hand_is_all_that_was_not_seen_to_settle(day: Day) -> None:
    done = day.prometheus.value(f"sum({seen_of('settled|tombstone')})")
    unseen = day.prometheus.value(f'sum(last_over_time(capi_stream_records_in_hand{{instance="{day.first}"}}[10m]))')
    assert done is not None
    assert unseen is not None
    assert done + unseen == day.published.total()
    assert sum(day.shop.accepted().values()) == sum(
        number for kind, number in day.published.items() if kind.startswith("accepted")
    )


@pytest.mark.parametrize("metric", ["consumer_lag_records", "consumer_lag_seconds", "uncommitted_records"])
def test_a_partition_has_series_at_its_one_owner_and_had_them_at_others(day: Day, metric: str) -> None:
    now = day.prometheus.by("partition", f"count by (partition) ({PREFIX}{metric})")
    assert now == dict.fromkeys(map(str, range(PARTITIONS)), 1)
    owned = day.prometheus.by("instance", f"count by (instance) ({PREFIX}{metric})")
    assert owned == day.prometheus.by("instance", f"{PREFIX}assigned_partitions > 0")
    owners = f"count by (partition) (count by (partition, instance) (count_over_time({PREFIX}{metric}[10m])))"
    assert max(day.prometheus.by("partition", owners).values()) > 1


def test_lag_was_never_negative_and_rose_under_load(day: Day) -> None:
    assert day.prometheus.value(f"min(min_over_time({PREFIX}consumer_lag_records[10m]))") == 0
    assert (day.prometheus.value(f"max(max_over_time({PREFIX}consumer_lag_records[10m]))") or 0) > 0


def test_every_rebalance_is_counted_and_timed(day: Day) -> None:
    counted = day.prometheus.by("event", f"sum by (event) ({PREFIX}rebalances_total)")
    timed = day.prometheus.by("event", f"sum by (event) ({PREFIX}rebalance_duration_seconds_count)")
    assert timed == {event: number for event, number in counted.items() if number}
    assert counted["revoked"] > 0
    assert (day.prometheus.value(f'max({PREFIX}rebalance_duration_seconds_sum{{event="revoked"}})') or 0) > 0


def test_identifier_coverage_is_known_for_each_pixel(day: Day) -> None:
    with_em, without = (day.noon.published[f"accepted other {how} em"] for how in ("with", "without"))
    assert day.noon.coverage == {
        str(PIXEL): 1,
        OTHER_PIXEL: pytest.approx(with_em / (with_em + without)),
    }


def test_the_end_of_a_token_is_known_where_it_has_one(day: Day) -> None:
    ends = day.shop.sandbox.tokens.expires_at(day.shop.sandbox.token(str(PIXEL)))
    assert ends is not None
    assert day.prometheus.by("pixel", f"max by (pixel) ({PREFIX}token_expiry_timestamp_seconds)") == {
        str(PIXEL): int(ends)
    }


def test_waiting_for_records_is_idle_time_and_no_time_is_told_twice(day: Day) -> None:
    assert (day.prometheus.value(f'min({PREFIX}loop_seconds_total{{phase="idle"}})') or 0) > 0
    told = f"sum by (instance) ({PREFIX}loop_seconds_total) / on (instance) (time() - process_start_time_seconds)"
    assert (day.prometheus.value(f"max({told})") or 2) < 1


def scraped(day: Day) -> str:
    with urllib.request.urlopen(f"{day.shop.members[-1].admin}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def test_promtool_finds_nothing_to_say_of_a_scrape(day: Day) -> None:
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=scraped(day), capture_output=True, text=True, timeout=30
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_scrape_holds_what_is_declared_and_labels_that_are_listed(day: Day) -> None:
    text = scraped(day)
    types = set(re.findall(rf"^# TYPE {PREFIX}(\S+) (\w+)$", text, re.MULTILINE))
    assert types == {(each.name, each.kind) for each in DECLARED}
    labels = re.findall(rf"^{PREFIX}(\w+?)(?:_bucket|_sum|_count)?{{(.+)}}", text, re.MULTILINE)
    listed = {each.name: each.values for each in DECLARED}
    for name, pairs in labels:
        for label, value in re.findall(r'(\w+)="([^"]*)"', pairs):
            assert value in listed[name].get(label, (value,)), (name, label)
