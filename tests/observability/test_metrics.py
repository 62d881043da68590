"""Metrics: closed labels, series that end with their partition, and names that are promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.outcomes import Accepted
from capi_stream.model import Destination
from capi_stream.observability import reference
from capi_stream.observability.board import Board
from capi_stream.observability.families import FAMILIES
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import HISTOGRAMS, PREFIX, Metrics
from tests.delivery.steps import NOON, P0, World, event
from tests.observability.sights import ORDERS, PIXEL, sight


def board() -> tuple[Board, CollectorRegistry, Metrics]:
    made, registry = Board(60.0), CollectorRegistry()
    return made, registry, Metrics(registry, made, PixelLabels([PIXEL], 100), {"version": "1"})


def value(registry: CollectorRegistry, metric: str, /, **labels: str) -> float | None:
    return registry.get_sample_value(PREFIX + metric, labels)


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("records_total", {"topic": "orders", "outcome": "consumed"}, 10),
        ("events_total", {"pixel": "100", "event_name": "Purchase", "outcome": "accepted"}, 7),
        ("events_total", {"pixel": "100", "event_name": "custom", "outcome": "accepted"}, 1),
        ("events_total", {"pixel": "other", "event_name": "Purchase", "outcome": "accepted"}, 2),
        ("events_total", {"pixel": "none", "event_name": "none", "outcome": "dead_lettered"}, 1),
        ("request_errors_total", {"code": "190", "subcode": "463"}, 1),
        ("request_errors_total", {"code": "other", "subcode": "none"}, 2),
        ("consumer_lag_records", {"topic": "orders", "partition": "0"}, 7),
        ("consumer_lag_seconds", {"topic": "orders", "partition": "0"}, 60),
        ("gate_holding", {"scope": "credential", "name": "100", "reason": "token_invalid"}, 1),
        ("oldest_pending_event_timestamp_seconds", {"pixel": "100"}, 1_700_000_000),
        ("retries_total", {}, 3),
        ("rebalances_total", {"event": "assigned"}, 1),
        ("last_commit_timestamp_seconds", {}, 1_700_000_099),
    ],
)
def test_what_the_loop_shows_becomes_series(name: str, labels: dict[str, str], expected: float) -> None:
    shown, registry, _ = board()
    shown.show(sight())
    assert value(registry, name, **labels) == expected


def test_nothing_is_shown_before_the_loop_has_turned() -> None:
    _, registry, _ = board()
    assert value(registry, "retries_total") is None
    assert value(registry, "build_info", version="1") == 1


def test_series_of_a_partition_end_when_it_is_given_away() -> None:
    shown, registry, _ = board()
    shown.show(sight())
    now = sight()
    shown.show(replace(now, snapshot=replace(now.snapshot, partitions=())))
    assert value(registry, "consumer_lag_records", topic="orders", partition="0") is None
    assert value(registry, "records_total", topic="orders", outcome="consumed") == 10


def test_lag_is_never_negative() -> None:
    """The end was asked for a few seconds before the last commit."""
    shown, registry, _ = board()
    shown.show(replace(sight(), high_watermarks={ORDERS: 2}))
    assert value(registry, "consumer_lag_records", topic="orders", partition="0") == 0


def test_a_post_is_observed_once_a_batch() -> None:
    _, registry, metrics = board()
    world = World()
    record = world.receive(event())
    entries = [Entry(event(time=int(NOON) - 30), None, 0.0) for _ in range(3)]  # type: ignore[arg-type]
    assert record.partition == P0
    metrics.answered(Batch(Destination(PIXEL), entries, 303), Accepted(3), 0.5, NOON)
    assert value(registry, "request_duration_seconds_count", outcome="accepted") == 1
    assert value(registry, "batch_events_sum") == 3
    assert value(registry, "event_age_seconds_sum", pixel="100") == 90


def test_pixels_beyond_the_limit_share_a_label() -> None:
    labels = PixelLabels(["1", "2", "3"], 2)
    assert [labels.of(name) for name in ("1", "2", "3", "77", "none", "2@gateway", "graph")] == [
        "1", "2", "other", "other", "none", "2@gateway", "graph",
    ]  # fmt: skip


def test_names_and_labels_are_promised() -> None:
    """Dashboards and alerts hang on them: change this list only with a line in the changelog."""
    promised = Path(__file__).with_name("promised.txt").read_text().splitlines()
    declared = [f"{each.name} {' '.join(each.labels)}".strip() for each in (*FAMILIES, *HISTOGRAMS)]
    assert sorted(declared) == promised


def test_every_counter_ends_in_total_and_no_gauge_does() -> None:
    assert all(each.name.endswith("_total") == (each.kind == "counter") for each in FAMILIES)


def test_the_page_of_metrics_is_current() -> None:
    assert reference.page() == (Path(__file__).parents[2] / "docs/metrics.md").read_text()


def test_the_exposition_holds_every_family() -> None:
    shown, registry, _ = board()
    shown.show(sight())
    text = generate_latest(registry).decode()
    missing = [each.name for each in FAMILIES if f"# TYPE {PREFIX}{each.name.removesuffix('_total')}" not in text]
    assert not missing
