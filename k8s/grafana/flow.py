"""Row 2: what comes in, what becomes of it, and where it goes."""

from __future__ import annotations

from k8s.grafana.panels import Panel, Query, timeseries
from k8s.grafana.queries import quantile, rate, series


def panels() -> list[Panel]:
    """Records, then events."""
    return [*_records(), *_events()]


def _records() -> list[Panel]:
    return [
        timeseries(
            "Records: consumed against outcomes",
            "Records read, and what became of them each second. Good: settled follows consumed. A gap that stays "
            "means that records pile up in the buffer: see what is held. Released ones were given back in a "
            "rebalance.",
            "recps",
            Query(f"sum by (outcome) ({rate('records_total')})", "{{outcome}}"),
            min=0,
        ),
        timeseries(
            "Records in hand",
            "Records consumed whose fate is open, by the books, beside offsets that were read and not committed. "
            "Good: both rise and fall together. If the first stays up while the second is 0, the books do not "
            "balance: report it.",
            "short",
            Query(f"sum({series('records_in_hand')})", "in hand"),
            Query(f"sum({series('uncommitted_records')})", "uncommitted"),
        ),
    ]


def _events() -> list[Panel]:
    return [
        timeseries(
            "Age of events when accepted",
            "Seconds from an event's own time to its acceptance. Seconds to a minute is good. If only the upper line "
            "rises, one pixel or partition is late; if both do, all are: compare with the lag.",
            "s",
            Query(quantile(0.5, "event_age_seconds"), "half are younger"),
            Query(quantile(0.99, "event_age_seconds"), "99 % are younger"),
            min=0,
        ),
        timeseries(
            "Events by outcome",
            "Accepted, dead-lettered and parked events each second. Good is almost only accepted. Dead letters: see "
            "the row Data quality. Parked: a pixel was held too long, see the row Dead letters.",
            "eps",
            Query(f"sum by (outcome) ({rate('events_total')})", "{{outcome}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Accepted events by name",
            "What kind of events is delivered each second. A name that ends suddenly was lost upstream or in the "
            "mapping: look at filtered records and rejections.",
            "eps",
            Query(f"sum by (event_name) ({rate('events_total', outcome='accepted')})", "{{event_name}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Accepted events by pixel",
            "Where events go each second. One pixel at 0 beside others that flow is held, or its events have stopped "
            "upstream: see the table of what is held.",
            "eps",
            Query(f"sum by (pixel) ({rate('events_total', outcome='accepted')})", "{{pixel}}"),
            stacked=True,
            min=0,
        ),
    ]
