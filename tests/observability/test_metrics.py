"""Metrics: closed labels, series that end with their partition, and names that are promised."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.outcomes import Accepted, Rejected, Scope, Unavailable
from capi_stream.model import Destination, Mapped, Tombstone
from capi_stream.observability import reference
from capi_stream.observability.board import Board
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import DECLARED, PREFIX, Metrics
from tests.delivery.steps import NOON, P0, World, event, refused
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
        ("records_in_hand", {"topic": "orders"}, 2),
        ("oldest_parked_event_timestamp_seconds", {"pixel": "100"}, 1_699_990_000),
        ("oldest_parked_event_timestamp_seconds", {"pixel": "other"}, 1_699_000_000),
        ("token_expiry_timestamp_seconds", {"pixel": "100"}, 1_800_000_000),
        ("token_expiry_timestamp_seconds", {"pixel": "other"}, 1_750_000_000),
    ],
)
def test_what_the_loop_shows_becomes_series(name: str, labels: dict[str, str], expected: float) -> None:
    shown, registry, _ = board()
    shown.show(sight())
    assert value(registry, name, **labels) == expected


def test_a_replay_says_what_became_of_its_letters_and_a_service_that_it_has_none() -> None:
    ledger = Ledger(replays="parked")
    ledger.events.update({("100", "Purchase", "accepted"): 3, ("7", "Lead", "accepted"): 2, ("7", "Lead", "parked"): 1})
    ledger.filtered.update({("letters", "not_chosen"): 4, ("letters", "consent_denied"): 1})
    ledger.forwarded["not_framed"] = 6
    shown, registry, _ = board()
    live = sight()
    shown.show(replace(live, snapshot=replace(live.snapshot, ledger=ledger)))
    expected = {"accepted": 5, "dead_lettered": 0, "parked": 1, "left": 5, "forwarded": 6}
    found = {outcome: value(registry, "replayed_total", source="parked", outcome=outcome) for outcome in expected}
    assert found == expected
    shown.show(live)
    assert value(registry, "replayed_total", source="parked", outcome="accepted") is None


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


def test_a_post_that_was_too_large_is_observed_under_the_outcome_that_is_counted() -> None:
    _, registry, metrics = board()
    metrics.answered(Batch(Destination(PIXEL), [], 303), Rejected("too_large"), 0.5, NOON)
    assert value(registry, "request_duration_seconds_count", outcome="too_large") == 1


def test_what_is_not_known_has_no_series() -> None:
    """A 0 would be the year 1970: the oldest event of all, and a token long dead."""
    shown, registry, _ = board()
    now = replace(sight(), token_expiries={})
    shown.show(replace(now, snapshot=replace(now.snapshot, ledger=Ledger(), lanes=())))
    for name in ("oldest_pending_event", "oldest_parked_event", "token_expiry"):
        assert value(registry, f"{name}_timestamp_seconds", pixel="100") is None


def test_a_rebalance_is_observed_with_its_length() -> None:
    _, registry, metrics = board()
    metrics.rebalanced("revoked", 2.0)
    assert value(registry, "rebalance_duration_seconds_sum", event="revoked") == 2


def test_pixels_beyond_the_limit_share_a_label() -> None:
    labels = PixelLabels(["1", "2", "3"], 2)
    assert [labels.of(name) for name in ("1", "2", "3", "77", "none", "2@gateway", "graph")] == [
        "1", "2", "other", "other", "none", "2@gateway", "graph",
    ]  # fmt: skip


def test_names_and_labels_are_promised() -> None:
    """Dashboards and alerts hang on them: change this list only with a line in the changelog."""
    promised = Path(__file__).with_name("promised.txt").read_text().splitlines()
    declared = [" ".join((each.name, each.kind, *each.labels)) for each in DECLARED]
    assert sorted(declared) == promised


def test_every_counter_ends_in_total_and_nothing_else_does() -> None:
    assert all(each.name.endswith("_total") == (each.kind == "counter") for each in DECLARED)


def test_every_metric_says_what_it_means_and_lists_values_of_its_own_labels_alone() -> None:
    for each in DECLARED:
        assert each.help.endswith("."), each.name
        assert each.values.keys() <= set(each.labels), each.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("consumer_lag_seconds", "seconds"),
        ("loop_seconds_total", "seconds"),
        ("oldest_parked_event_timestamp_seconds", "Unix seconds"),
        ("buffered_bytes", "bytes"),
        ("rate_limit_usage_ratio", "ratio, 1 is all"),
        ("batch_events", "-"),
    ],
)
def test_a_name_ends_in_its_unit(name: str, expected: str) -> None:
    assert reference.unit(name) == expected


def test_the_page_of_metrics_is_current() -> None:
    assert reference.page() == (Path(__file__).parents[2] / "docs/metrics.md").read_text()


def test_the_exposition_holds_what_is_declared_and_nothing_else() -> None:
    shown, registry, _ = board()
    shown.show(sight())
    text = generate_latest(registry).decode()
    exposed = re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)
    assert sorted(exposed) == sorted((PREFIX + each.name, each.kind) for each in DECLARED)


def test_a_counter_of_listed_values_begins_at_zero() -> None:
    """Else the step from nothing to 1 would be no increase, and an alert on it would miss the first."""
    shown, registry, _ = board()
    shown.show(sight())
    assert value(registry, "commits_total", outcome="refused") == 0
    assert value(registry, "rebalances_total", event="lost") == 0
    assert value(registry, "rebalances_total", event="assigned") == 1


def test_every_label_that_the_ledger_counts_under_is_listed() -> None:
    """Every way that a letter and a batch can end, in a small world."""
    world = World()
    world.receive(event())
    world.receive(Tombstone())
    world.receive(Mapped(rejections=[refused()]))
    world.linger()
    for outcome in (Unavailable("timeout", Scope.ENDPOINT, is_unknown=True), Rejected("too_large"), Accepted(1)):
        world.linger(1_000.0)
        for batch in world.ready():
            world.answer(batch, outcome)
    world.store_letters()
    world.engine.forgotten([P0])
    shown, registry, _ = board()
    shown.show(replace(sight(), snapshot=world.engine.snapshot(world.now, NOON)))
    listed = {PREFIX + each.name.removesuffix("_total"): each.values for each in DECLARED}
    for family in registry.collect():
        for sample in family.samples:
            for label, values in listed[family.name].items():
                assert sample.labels[label] in values, (sample.name, label)
