"""Every metric that is read off the loop's last sight, declared once: name, help, labels, and where it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from capi_stream.observability.readers import (
    Read,
    counts,
    errors,
    gates,
    lag_records,
    lag_seconds,
    mapping,
    of_ledger,
    of_snapshot,
    oldest,
    one,
    partitions,
    pixel_counts,
    usage,
)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric; its name without the prefix."""

    kind: Literal["counter", "gauge"]
    name: str
    help: str
    labels: tuple[str, ...]
    read: Read


def counter(name: str, text: str, labels: tuple[str, ...], read: Read) -> Family:
    """A number that only rises while the process lives."""
    return Family("counter", name, text, labels, read)


def gauge(name: str, text: str, labels: tuple[str, ...], read: Read) -> Family:
    """A number that comes and goes."""
    return Family("gauge", name, text, labels, read)


FAMILIES = (
    counter(
        "records_total",
        "Records: consumed = settled + released + skipped + tombstone + in hand. Ignored ones were seen before.",
        ("topic", "outcome"),
        counts("records"),
    ),
    counter(
        "events_total",
        "Events by what became of them, per event and destination.",
        ("pixel", "event_name", "outcome"),
        pixel_counts("events"),
    ),
    counter(
        "records_filtered_total",
        "Records that the mapping decided not to send.",
        ("topic", "reason"),
        counts("filtered"),
    ),
    counter(
        "events_rejected_total",
        "Events that cannot be sent, by the stage that found it.",
        ("pixel", "stage", "reason"),
        pixel_counts("rejected"),
    ),
    counter(
        "fields_dropped_total",
        "Identifiers left out of events that went on without them.",
        ("field", "reason"),
        counts("dropped"),
    ),
    counter(
        "fields_noted_total",
        "Parameters that settings had completed or changed, and those that website events go on without.",
        ("field", "what"),
        counts("noted"),
    ),
    counter(
        "identifiers_total",
        "Accepted events that carried this identifier: divide by accepted events.",
        ("pixel", "field"),
        pixel_counts("identifiers"),
    ),
    counter(
        "requests_total",
        "Posts by outcome; reason is none for accepted ones.",
        ("pixel", "endpoint", "outcome", "reason"),
        pixel_counts("requests"),
    ),
    counter(
        "request_errors_total",
        "Answers that were no success, by the API's code and subcode.",
        ("code", "subcode"),
        errors,
    ),
    counter("batches_closed_total", "Batches by what closed them.", ("reason",), counts("batches_closed")),
    counter("retries_total", "Posts of batches that were posted before.", (), of_ledger("retries")),
    counter("splits_total", "Batches taken apart to find the guilty event.", (), of_ledger("splits")),
    counter(
        "resent_events_total", "Events in those retries: the upper bound of duplicates.", (), of_ledger("resent_events")
    ),
    counter(
        "late_resent_events_total",
        "Events resent more than 48 h after a lost answer: the API may count them twice.",
        (),
        of_ledger("late_resent_events"),
    ),
    counter(
        "events_received_mismatch_total",
        "Events by which the API's own count differed from what was sent.",
        ("pixel",),
        pixel_counts("received_mismatch"),
    ),
    counter(
        "unknown_outcome_events_total",
        "Events in posts whose answer was lost.",
        ("pixel",),
        pixel_counts("unknown_outcome_events"),
    ),
    gauge(
        "oldest_pending_event_timestamp_seconds",
        "Time of the oldest event that waits; absent if none does. The API's limit is 7 days.",
        ("pixel",),
        oldest,
    ),
    gauge(
        "consumer_lag_records",
        "Records between the committed offset and the partition's end.",
        ("topic", "partition"),
        partitions(lag_records),
    ),
    gauge(
        "consumer_lag_seconds",
        "Age of the oldest record that is not settled; 0 if there is none.",
        ("topic", "partition"),
        partitions(lag_seconds),
    ),
    gauge(
        "uncommitted_records",
        "Offsets read and not committed.",
        ("topic", "partition"),
        partitions(lambda _, view: view.uncommitted),
    ),
    gauge(
        "last_commit_timestamp_seconds",
        "When the broker last acknowledged a commit.",
        (),
        of_snapshot("last_commit_unix"),
    ),
    gauge("last_poll_timestamp_seconds", "When the loop last turned, to the second.", (), of_snapshot("unix_now")),
    counter("commits_total", "Commits by how they ended.", ("outcome",), counts("commits")),
    counter("rebalances_total", "Changes of the assignment.", ("event",), mapping(lambda sight: sight.rebalances)),
    gauge("assigned_partitions", "Partitions of this member.", (), one(lambda sight: len(sight.snapshot.partitions))),
    gauge(
        "paused_partitions",
        "Those of them that are not read now.",
        (),
        one(lambda sight: sum(view.is_paused for view in sight.snapshot.partitions)),
    ),
    gauge("posts_in_flight", "Posts without an answer yet.", (), of_snapshot("posts_in_flight")),
    gauge(
        "letters_in_flight",
        "Dead letters that the broker has not acknowledged yet.",
        (),
        of_snapshot("letters_in_flight"),
    ),
    gauge("buffered_events", "Events that wait in lanes.", (), of_snapshot("buffered_events")),
    gauge("buffered_bytes", "Memory held for records and events.", (), of_snapshot("buffered_bytes")),
    gauge("buffer_limit_bytes", "The budget for it.", (), of_snapshot("buffer_limit_bytes")),
    counter("loop_seconds_total", "Where the loop's time goes.", ("phase",), mapping(lambda sight: sight.loop_seconds)),
    gauge("gate_holding", "1 for each gate that holds, with its reason.", ("scope", "name", "reason"), gates),
    gauge("rate_limit_usage_ratio", "Share of the API's rate limit that was used, as it last said.", ("pixel",), usage),
    counter(
        "dead_letters_total", "Dead letters that the broker has acknowledged.", ("reason",), counts("dead_letters")
    ),
    counter("parked_total", "Parked records that the broker has acknowledged.", ("reason",), counts("parked")),
    counter(
        "dead_letter_errors_total",
        "Letters that the broker did not take; they are tried again.",
        ("reason",),
        counts("letter_errors"),
    ),
    gauge("schemas_wanted", "Schemas that records wait for.", (), of_snapshot("waiting_for_schema")),
    counter(
        "schema_fetches_total",
        "Questions to the schema registry.",
        ("outcome",),
        mapping(lambda sight: sight.schema_fetches),
    ),
)
