"""Row 7: dead letters, parked records, and whether they can be stored."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, table, timeseries
from k8s.grafana.queries import rate, series

DAY = 86_400


def panels() -> list[Panel]:
    """How fast, how many, how old, and what goes wrong."""
    return [*_rates(), *_stock()]


def _rates() -> list[Panel]:
    return [
        timeseries(
            "Dead letters by reason",
            "Dead letters stored each second. Good is near 0. Each carries its reason, the API's code and its source "
            "in headers (see Dead letters): mend the cause first, then publish the records again.",
            "cps",
            Query(f"sum by (reason) ({rate('dead_letters_total')})", "{{reason}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Parked records by reason",
            "Good records of pixels that stay held, stored each second so that offsets move on. Good is 0. Mend the "
            "pixel (the table of what is held says how), then publish them again before they are 7 days old.",
            "cps",
            Query(f"sum by (reason) ({rate('parked_total')})", "{{reason}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Letters that could not be stored",
            "Refusals of the dead-letter or parked topic each second; they are tried again and offsets wait "
            "meanwhile. Good is 0. Else look at the topic: it exists, its rights, max.message.bytes, replicas.",
            "cps",
            Query(f"sum by (reason) ({rate('dead_letter_errors_total')})", "{{reason}}"),
            min=0,
        ),
    ]


def _stock() -> list[Panel]:
    return [
        table(
            "Dead letters since the start of each process",
            "How many records became dead letters for each reason. A few are the daily bread; a new reason at the "
            "top is what changed.",
            "short",
            Query(f"sum by (reason) ({series('dead_letters_total')})", "{{reason}}"),
            "reason",
            value="letters",
            width=8,
            height=8,
        ),
        table(
            "Parked since the start of each process",
            "How many records were parked for each reason. Each of them waits for you.",
            "short",
            Query(f"sum by (reason) ({series('parked_total')})", "{{reason}}"),
            "reason",
            value="records",
            width=8,
            height=8,
        ),
        _oldest_parked(),
    ]


def _oldest_parked() -> Panel:
    return timeseries(
        "Oldest parked event, by pixel",
        "Age of the oldest event that was parked since the process started, against the API's limit of 7 days (red). "
        "Replay the parked topic before that; after it the API takes them no more.",
        "s",
        Query(f"time() - min by (pixel) ({series('oldest_parked_event_timestamp_seconds')})", "{{pixel}}"),
        lines=[Line(5 * DAY, "orange"), Line(7 * DAY, "red")],
        logarithmic=True,
        min=1,
    )
