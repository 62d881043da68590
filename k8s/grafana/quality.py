"""Row 4: what is wrong with the data, or missing from it."""

from __future__ import annotations

from k8s.grafana.panels import Panel, Query, timeseries
from k8s.grafana.queries import rate


def panels() -> list[Panel]:
    """What is refused, what is left out, and what good events carry."""
    return [*_refused(), *_carried(), *_left_out()]


def _refused() -> list[Panel]:
    return [
        timeseries(
            "Rejected events by reason",
            "Events that can never be sent, each second, by the stage that found it and why. Good is near 0. A step "
            "up is a deploy upstream or of the mapping: read the dead letters of that reason, mend, and replay them.",
            "eps",
            Query(f"sum by (stage, reason) ({rate('events_rejected_total')})", "{{stage}}: {{reason}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Rejected events by pixel",
            "The same, by pixel. All pixels together: the mapping or a schema has changed. One alone: that shop's "
            "data.",
            "eps",
            Query(f"sum by (pixel) ({rate('events_rejected_total')})", "{{pixel}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Batches taken apart",
            "Splits each second to find the event for which the API refused a batch. Good is 0. It costs requests: "
            "if it stays, mend the rejections of stage post.",
            "cps",
            Query(f"sum({rate('splits_total')})", "splits"),
            min=0,
        ),
    ]


def _carried() -> list[Panel]:
    carried = f"sum by (pixel, field) ({rate('identifiers_total')})"
    accepted = f"sum by (pixel) ({rate('events_total', outcome='accepted')})"
    return [
        timeseries(
            "Identifier coverage",
            "Share of a pixel's accepted events that carry each identifier; choose a pixel above to see it alone. High "
            "and flat is good. One that falls is a field that upstream has lost, or that is now dropped (next panel): "
            "match quality will follow within a day.",
            "percentunit",
            Query(f"{carried} / on (pixel) group_left () {accepted}", "{{pixel}}: {{field}}"),
            min=0,
            max=1,
        ),
    ]


def _left_out() -> list[Panel]:
    return [
        timeseries(
            "Fields dropped",
            "Identifiers that were left out, each second, by field and why; their events went on. A few bad entries "
            "are normal. A steady share of all events is a format that the mapping should mend.",
            "cps",
            Query(f"sum by (field, reason) ({rate('fields_dropped_total')})", "{{field}}: {{reason}}"),
            min=0,
        ),
        timeseries(
            "Fields completed or missed",
            "Parameters that settings completed or changed, and those that website events go on without, each "
            "second. Missing ones cost match quality: ask the team that publishes the events.",
            "cps",
            Query(f"sum by (field, what) ({rate('fields_noted_total')})", "{{field}}: {{what}}"),
            min=0,
        ),
        timeseries(
            "Filtered records by reason",
            "Records that the mapping decided not to send, each second: consent, rules. It follows the traffic. A "
            "jump to all of it is a consent field that was renamed upstream.",
            "recps",
            Query(f"sum by (topic, reason) ({rate('records_filtered_total')})", "{{topic}}: {{reason}}"),
            stacked=True,
            width=24,
            min=0,
        ),
    ]
