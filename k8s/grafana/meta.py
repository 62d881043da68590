"""Row 8: what Meta says arrived, beside what was sent. Its numbers are days in the making: they change over hours."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, timeseries
from k8s.grafana.queries import rate, series

COVERAGE_GOAL = 0.75  # of browser events; Meta's own goal


def panels() -> list[Panel]:
    """The score, what it is made of, and the browser's share."""
    return [*_score(), *_identifiers(), *_coverage()]


def _score() -> list[Panel]:
    return [
        timeseries(
            "Match quality, by event",
            "Meta's score from 0 to 10 for how well customer data matches people, for the worst pixel. Above 6 is "
            "good. If it falls, look at the identifiers beside it: one that is sent less, or that arrives less than "
            "it is sent.",
            "none",
            Query(f"min by (event_name) ({series('dataset_match_quality_score')})", "{{event_name}}"),
            lines=[Line(6, "transparent")],
            min=0,
            max=10,
        ),
    ]


def _identifiers() -> list[Panel]:
    accepted = f"sum({rate('events_total', outcome='accepted')})"
    return [
        timeseries(
            "Identifiers: sent here",
            "Share of accepted events that carry each identifier, as counted here. Compare with what arrived, "
            "beside: a gap is a mistake in the mapping or a format that Meta cannot read.",
            "percentunit",
            Query(f"sum by (field) ({rate('identifiers_total')}) / on () group_left () {accepted}", "sent: {{field}}"),
            min=0,
            max=1,
        ),
        timeseries(
            "Identifiers: seen there",
            "Share of events that carry each identifier, as Meta says, worst event first. It should look like what "
            "is sent; it covers days, so a change shows here late.",
            "percentunit",
            Query(
                f"min by (identifier) ({series('dataset_match_key_coverage_ratio')})",
                "seen: {{identifier}}",
            ),
            min=0,
            max=1,
        ),
    ]


def _coverage() -> list[Panel]:
    return [
        timeseries(
            "Browser events covered",
            "Share of browser events of 7 days that have a twin from here with the same key. Meta's goal is 75 % "
            "(line). Below it, event ids of browser and server differ, or events are not sent at all.",
            "percentunit",
            Query(f"min by (event_name) ({series('dataset_event_coverage_ratio')})", "{{event_name}}"),
            width=12,
            lines=[Line(COVERAGE_GOAL, "transparent")],
            min=0,
            max=1,
        ),
        timeseries(
            "Questions to Meta about quality",
            "Polls since the start of each process, by how they ended. They are rare on purpose and never disturb "
            "delivery. If all fail, the token lacks the right to read: the numbers of this row are then old or "
            "missing.",
            "short",
            Query(f"sum by (pixel, outcome) ({series('dataset_quality_polls_total')})", "{{pixel}}: {{outcome}}"),
            width=12,
            min=0,
        ),
    ]
