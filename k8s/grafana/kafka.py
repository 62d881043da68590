"""Row 5: the consumer group, and the registry whose schemas it needs."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, timeseries
from k8s.grafana.promise import LATE_SECONDS
from k8s.grafana.queries import increase, rate, series


def panels() -> list[Panel]:
    """Lag, commits, the assignment, schemas."""
    return [*_lag(), *_commits(), *_shares(), *_rebalances(), *_schemas()]


def _lag() -> list[Panel]:
    return [
        timeseries(
            "Lag in records",
            "Records between what is committed and the end of each topic. On its own it says little: look whether it "
            "falls. If it rises while the buffer is full or a gate holds, that is why; if not, add members.",
            "short",
            Query(f"sum by (topic) ({series('consumer_lag_records')})", "{{topic}}"),
            min=0,
        ),
        timeseries(
            "Lag in seconds, by partition",
            "Age of the oldest record that is not settled. One partition alone that rises is stuck behind one record "
            "or pixel; all of them: the API, the network or too few members.",
            "s",
            Query(f"max by (topic, partition) ({series('consumer_lag_seconds')})", "{{topic}} {{partition}}"),
            lines=[Line(LATE_SECONDS, "red")],
            min=0,
        ),
    ]


def _commits() -> list[Panel]:
    return [
        timeseries(
            "Uncommitted records",
            "Offsets that were read and not committed, by partition: what is read again after a crash. Good is a few "
            "batches. A partition that keeps many waits for its slowest batch.",
            "short",
            Query(f"sum by (topic, partition) ({series('uncommitted_records')})", "{{topic}} {{partition}}"),
            min=0,
        ),
        timeseries(
            "Commits",
            "Commits each second by how they ended. Good is acknowledged alone; refused ones come with rebalances. "
            "Refused again and again: look at the rebalances beside it and at the broker.",
            "cps",
            Query(f"sum by (outcome) ({rate('commits_total')})", "{{outcome}}"),
            width=12,
            min=0,
        ),
        timeseries(
            "Since the last commit and turn",
            "Seconds since the broker acknowledged a commit, and since the loop turned, on the worst pod. A commit "
            "is late when nothing is settled; a loop that stands for a minute is stuck, and /healthz then restarts "
            "the pod.",
            "s",
            Query(f"max(time() - {series('last_commit_timestamp_seconds')})", "commit"),
            Query(f"max(time() - {series('last_poll_timestamp_seconds')})", "turn of the loop"),
            width=12,
            lines=[Line(60, "red")],
            min=0,
        ),
    ]


def _shares() -> list[Panel]:
    return [
        timeseries(
            "Partitions by pod",
            "How the group shares its partitions. Good is even, with a sum that does not change. A pod at 0 idles: "
            "there are more pods than partitions.",
            "short",
            Query(f"sum by (pod) ({series('assigned_partitions')})", "{{pod}}"),
            stacked=True,
            min=0,
            decimals=0,
        ),
        timeseries(
            "Paused partitions by pod",
            "Partitions that are assigned and not read now: the buffer is full, or they wait for a schema or a topic "
            "of letters. Seconds are normal under load; if it stays, see what is held.",
            "short",
            Query(f"sum by (pod) ({series('paused_partitions')})", "{{pod}}"),
            stacked=True,
            min=0,
            decimals=0,
        ),
    ]


def _rebalances() -> list[Panel]:
    return [
        timeseries(
            "Rebalances",
            "Changes of the assignment, over all pods, by kind. They belong to deploys and scaling. lost is bad: the "
            "member was away for too long, and records are read twice. Look at CPU and at the loop's phases.",
            "short",
            Query(f"sum by (event) ({increase('rebalances_total')})", "{{event}}"),
            min=0,
        ),
        timeseries(
            "Time that rebalances took",
            "Mean seconds of the loop in a change of the assignment, by kind, since the start of each process. Good "
            "is below a second; a revocation may take up to its deadline, while what is in flight is waited for.",
            "s",
            Query(
                f"sum by (event) ({series('rebalance_duration_seconds_sum')}) / "
                f"sum by (event) ({series('rebalance_duration_seconds_count')})",
                "{{event}}",
            ),
            min=0,
        ),
    ]


def _schemas() -> list[Panel]:
    return [
        timeseries(
            "Questions to the schema registry",
            "Questions each second by how they ended. Good is a few after a start and none later: schemas are kept. "
            "Failures that repeat: the registry is away, and records with new schemas wait.",
            "cps",
            Query(f"sum by (outcome) ({rate('schema_fetches_total')})", "{{outcome}}"),
            min=0,
        ),
        timeseries(
            "Schemas that records wait for",
            "Good is 0. If it stays above, the partitions of those records stand still until the registry answers: "
            "look at the registry, and at its address and rights in the configuration.",
            "short",
            Query(f"sum by (pod) ({series('schemas_wanted')})", "{{pod}}"),
            min=0,
            decimals=0,
        ),
    ]
