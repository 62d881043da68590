"""Row 1: is the promise kept? What a person who was woken looks at first."""

from __future__ import annotations

from capi_stream.observability.status.advice import BY_A_PERSON
from k8s.grafana.panels import First, Line, Panel, Query, stat, table, timeseries
from k8s.grafana.queries import in_range, or_zero, rate, relabelled, series

LATE_SECONDS = 1_200  # a partition is late while a record has waited for longer: the promise of k8s/alerts/rules.yaml
OBJECTIVE = 0.99  # of the time, over all partitions
DAY = 86_400
API_LIMIT = 7 * DAY  # the API refuses events that are older

_IS_LATE = f"{series('consumer_lag_seconds')} > bool {LATE_SECONDS}"
_LATE = f"avg_over_time(avg({_IS_LATE})[$__range:])"
_DONE = in_range("events_total", outcome="~accepted|dead_lettered|parked")
_OLDEST = series("oldest_pending_event_timestamp_seconds")
_HELD = relabelled(series("gate_holding"), "held", "$1", "name", "(.*?)(@.*)?")  # `ID` and `ID@gateway` are one pixel
_NEAR_THE_LIMIT = (Line(5 * DAY, "orange"), Line(API_LIMIT, "red"))


def panels() -> list[Panel]:
    """Eight numbers, what is held, and three curves: the first screen names a dead token, see docs/dashboards.md."""
    return [*_budget(), *_delivery(), *_waiting(), *_state(), _held(), *_curves()]


def _budget() -> list[Panel]:
    return [
        stat(
            "Fresh",
            "Share of the time shown, over all partitions, in which no record that waited was older than 20 minutes. "
            "The aim is 99 %. Below it, look at the lag beside it, then at what is held.",
            "percentunit",
            Query(f"1 - {_LATE}", "fresh"),
            Line(OBJECTIVE, "orange"),
            Line(0.999, "green"),
            base="red",
            decimals=2,
        ),
        stat(
            "Error budget left",
            "What is left of the 1 % of the time that partitions may be late, over the time shown: show 30 days to "
            "see what the alerts count. At 0 the promise is broken: stop risky changes. Below 0, more was late than "
            "may be.",
            "percentunit",
            Query(f"1 - {_LATE} / {round(1 - OBJECTIVE, 4)}", "left"),
            Line(0, "orange"),
            Line(0.5, "green"),
            base="red",
            decimals=0,
        ),
    ]


def _delivery() -> list[Panel]:
    return [
        stat(
            "Accepted",
            "Events that the API accepts each second. Compare it with the same hour of another day; at 0 look at the "
            "records that come in (row Flow) and at what is held.",
            "eps",
            Query(f"sum({rate('events_total', outcome='accepted')})", "accepted"),
            base="text",
        ),
        stat(
            "Delivered",
            "Share of finished events that were accepted, not dead-lettered or parked, over the time shown. Good is "
            "above 99 %. Below it, the rows Data quality and Dead letters name the reasons.",
            "percentunit",
            Query(f"sum({in_range('events_total', outcome='accepted')}) / sum({_DONE})", "accepted"),
            Line(0.95, "orange"),
            Line(0.99, "green"),
            base="red",
            decimals=2,
        ),
    ]


def _waiting() -> list[Panel]:
    return [
        stat(
            "Lag",
            "Age of the oldest record that is not settled, in the worst partition. Good is under a minute. If it "
            "grows, something is held, or members are too few: see the rows Kafka and Saturation.",
            "s",
            Query(f"max({series('consumer_lag_seconds')})", "worst partition"),
            Line(300, "orange"),
            Line(LATE_SECONDS, "red"),
        ),
        stat(
            "Oldest waiting",
            "Age of the oldest event that waits to be sent; 0 if none waits. The API refuses what is older than 7 "
            "days: from 5 days on there is a weekend left to mend what holds the pixel.",
            "s",
            Query(or_zero(f"(time() - min({_OLDEST}))"), "oldest"),
            *_NEAR_THE_LIMIT,
        ),
    ]


def _state() -> list[Panel]:
    return [
        stat(
            "Held",
            "What gets nothing now: pixels, an endpoint of the API, a topic of letters, or `all`, which counts as one. "
            "Good is 0. Which, why, and whether it waits for a person: the table below.",
            "short",
            Query(or_zero(f"count(count by (held) ({_HELD}))"), "held"),
            Line(1, "red"),
        ),
        stat(
            "Members up",
            "Processes that answer Prometheus. Good is the number of replicas. Fewer: look at the pods, their "
            "restarts (row Saturation) and their last log lines.",
            "short",
            Query(f"count({series('build_info')})", "members"),
            Line(1, "green"),
            base="red",
        ),
    ]


def _held() -> Panel:
    gates = relabelled(series("gate_holding"), "waits_for", "time")
    gates = relabelled(gates, "waits_for", "a person", "scope", "topic")
    gates = relabelled(gates, "waits_for", "a person", "reason", "|".join(sorted(BY_A_PERSON)))
    return table(
        "What is held now, and why",
        "Every gate that is closed: what it holds, for which reason, and on how many members. Empty is good. Red waits "
        "for a person (see the runbook, CapiStreamPixelHeld); the rest ends by itself.",
        "short",
        Query(f"count by (scope, name, reason, waits_for) ({gates})", "{{scope}} {{name}}: {{reason}}, {{waits_for}}"),
        "scope",
        "name",
        "reason",
        "waits_for",
        value="members",
        width=24,
        height=7,
        first=First("waits_for", {"a person": "red", "time": "orange"}),
    )


def _curves() -> list[Panel]:
    return [
        timeseries(
            "Late partitions, by topic",
            "Share of a topic's partitions where a record has waited for more than 20 minutes: each minute of it "
            "costs error budget. Good is 0. All at once is the API or the network; a few are held by one record or "
            "pixel: see the row Kafka.",
            "percentunit",
            Query(f"avg by (topic) ({_IS_LATE})", "{{topic}}"),
            min=0,
            max=1,
        ),
        timeseries(
            "Lag in seconds",
            "Age of the oldest record that is not settled, by topic. A saw-tooth of seconds is good; a straight rise "
            "means that a partition stands still: the row Kafka says which.",
            "s",
            Query(f"max by (topic) ({series('consumer_lag_seconds')})", "{{topic}}"),
            lines=[Line(LATE_SECONDS, "red")],
            min=0,
        ),
        timeseries(
            "Oldest waiting event, by pixel",
            "Age of the oldest event that waits for each pixel, against the API's limit of 7 days (red). A pixel "
            "that rises for hours is held: see the table above. Nothing is drawn for a pixel for which nothing "
            "waits.",
            "s",
            Query(f"time() - min by (pixel) ({_OLDEST})", "{{pixel}}"),
            lines=_NEAR_THE_LIMIT,
            logarithmic=True,
            min=1,
        ),
    ]
