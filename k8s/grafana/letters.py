"""Row 7: dead letters, parked records, whether they can be stored, and what became of those that were sent again."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, table, timeseries
from k8s.grafana.queries import of_replays, rate, series

DAY = 86_400


def panels() -> list[Panel]:
    """How fast, how many, how old, what goes wrong, and the way back."""
    return [*_rates(), *_stock(), _sent_again()]


def _rates() -> list[Panel]:
    return [
        timeseries(
            "Dead letters by reason",
            "Dead letters stored each second. Good is near 0. Each carries its reason, the API's code and its source "
            "in headers (see Dead letters): mend the cause first; then capi-stream replay sends them again.",
            "cps",
            Query(f"sum by (reason) ({rate('dead_letters_total')})", "{{reason}}"),
            stacked=True,
            min=0,
        ),
        timeseries(
            "Parked records by reason",
            "Good records of pixels that stay held, stored each second so that offsets move on. Good is 0. Mend the "
            "pixel (the table of what is held says how); then capi-stream replay --parked sends them again, which must "
            "be before they are 7 days old.",
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
        "Send them again before that (capi-stream replay --parked); after it the API takes them no more.",
        "s",
        Query(f"time() - min by (pixel) ({series('oldest_parked_event_timestamp_seconds')})", "{{pixel}}"),
        lines=[Line(5 * DAY, "orange"), Line(7 * DAY, "red")],
        logarithmic=True,
        min=1,
    )


def _sent_again() -> Panel:
    return timeseries(
        "Sent again, by what became of it",
        "Letters that replays have read each second, by source and outcome. Good is accepted. dead_lettered: refused "
        "again, so the cause is not mended; left: too old, or not chosen. Only replays that are scraped, such as one "
        "that follows the parked topic: one that ends says at its end what became of all.",
        "cps",
        Query(
            f"sum by (source, outcome) (rate({of_replays('replayed_total')}[$__rate_interval]))",
            "{{source}}: {{outcome}}",
        ),
        width=24,
        min=0,
    )
