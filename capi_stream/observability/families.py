"""Every metric that is read off the loop's last sight, declared once: name, help, labels, and where it is read."""

from __future__ import annotations

from capi_stream.delivery.outcomes import Scope
from capi_stream.observability.family import counter, gauge
from capi_stream.observability.labels import ENDPOINTS, EVENT_NAMES, REQUEST_OUTCOMES, REQUEST_REASONS, STAGES
from capi_stream.observability.lag import lag_of
from capi_stream.observability.readers import (
    REPLAYED,
    counts,
    errors,
    expiries,
    gates,
    in_hand,
    lag_seconds,
    mapping,
    of_ledger,
    of_snapshot,
    oldest_parked,
    oldest_pending,
    one,
    partitions,
    pixel_counts,
    replays,
    usage,
)

FAMILIES = (
    counter(
        "records_total",
        "Records: consumed = settled + released (given back by a revoke) + skipped (settled before, by metadata) + "
        "tombstone + in hand. Ignored ones are of a partition given back, or came twice, and are not consumed.",
        ("topic", "outcome"),
        counts("records"),
        outcome=("consumed", "settled", "released", "skipped", "tombstone", "ignored"),
    ),
    gauge("records_in_hand", "Records consumed whose fate is open: what the ledger lacks.", ("topic",), in_hand),
    counter(
        "events_total",
        "Events by what became of them, per event and destination.",
        ("pixel", "event_name", "outcome"),
        pixel_counts("events"),
        event_name=EVENT_NAMES,
        outcome=("accepted", "dead_lettered", "parked"),
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
        stage=STAGES,
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
        endpoint=ENDPOINTS,
        outcome=REQUEST_OUTCOMES,
        reason=REQUEST_REASONS,
    ),
    counter(
        "request_errors_total",
        "Answers that were no success, by the API's code and subcode.",
        ("code", "subcode"),
        errors,
    ),
    counter(
        "batches_closed_total",
        "Batches by what closed them.",
        ("reason",),
        counts("batches_closed"),
        reason=("count", "bytes", "linger", "shutdown", "split"),
    ),
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
        oldest_pending,
    ),
    gauge(
        "oldest_parked_event_timestamp_seconds",
        "Time of the oldest event that this process has parked since it started; absent if it has parked none.",
        ("pixel",),
        oldest_parked,
    ),
    gauge(
        "consumer_lag_records",
        "Records between the committed offset and the partition's end.",
        ("topic", "partition"),
        partitions(lag_of),
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
        partitions(lambda view, _: view.uncommitted),
    ),
    gauge(
        "last_commit_timestamp_seconds",
        "When the broker last acknowledged a commit.",
        (),
        of_snapshot("last_commit_unix"),
    ),
    gauge("last_poll_timestamp_seconds", "When the loop last turned, to the second.", (), of_snapshot("unix_now")),
    counter(
        "commits_total",
        "Commits by how they ended.",
        ("outcome",),
        counts("commits"),
        outcome=("acknowledged", "refused"),
    ),
    counter(
        "rebalances_total",
        "Changes of the assignment.",
        ("event",),
        mapping(lambda sight: sight.rebalances),
        event=("assigned", "revoked", "lost"),
    ),
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
        "Dead and parked letters that the broker has not acknowledged yet.",
        (),
        of_snapshot("letters_in_flight"),
    ),
    gauge("buffered_events", "Events that wait in lanes.", (), of_snapshot("buffered_events")),
    gauge("buffered_bytes", "Memory held for records and events.", (), of_snapshot("buffered_bytes")),
    gauge("buffer_limit_bytes", "The budget for it.", (), of_snapshot("buffer_limit_bytes")),
    counter(
        "loop_seconds_total",
        "Where the loop's time goes. Poll holds rebalances, map decoding too; idle is waiting for records.",
        ("phase",),
        mapping(lambda sight: sight.loop_seconds),
        phase=("poll", "map", "engine", "commit", "idle"),
    ),
    gauge(
        "gate_holding",
        "1 for each gate that holds, with its reason; absent for one that passes.",
        ("scope", "name", "reason"),
        gates,
        scope=tuple(Scope),
    ),
    gauge("rate_limit_usage_ratio", "Share of the API's rate limit that was used, as it last said.", ("pixel",), usage),
    gauge(
        "token_expiry_timestamp_seconds",
        "When the pixel's token for the Graph API ends, as the API last said; absent if it does not end, or unknown.",
        ("pixel",),
        expiries,
    ),
    counter(
        "dead_letters_total", "Dead letters that the broker has acknowledged.", ("reason",), counts("dead_letters")
    ),
    counter("parked_total", "Parked records that the broker has acknowledged.", ("reason",), counts("parked")),
    counter(
        "replayed_total",
        "In a replay: what became of letters that were read. forwarded: to a topic; left: passed over, or filtered.",
        ("source", "outcome"),
        replays,
        outcome=REPLAYED,
    ),
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
        outcome=("fetched", "unknown", "failed"),
    ),
)
