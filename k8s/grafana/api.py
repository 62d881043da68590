"""Row 3: how the Conversions API answers."""

from __future__ import annotations

from k8s.grafana.panels import Line, Panel, Query, heatmap, stat, table, timeseries
from k8s.grafana.queries import increase, quantile, rate, series

MOST_ANSWERS = 0.6  # seconds; Meta: most answers come within
ADVISED_TIMEOUT = 1.5  # seconds; Meta's advice for a caller's timeout
DAY = 86_400

_TOKEN_ENDS = series("token_expiry_timestamp_seconds")


def panels() -> list[Panel]:
    """Outcomes and times, then what the API says, then what failures cost."""
    return [*_answers(), *_words(), *_sizes(), *_efforts(), *_tokens()]


def _answers() -> list[Panel]:
    return [
        timeseries(
            "Requests by outcome",
            "Posts each second, by outcome and reason. Good is accepted alone. Unavailable is tried again and costs "
            "time; rejected is the data's fault and is taken apart: see Data quality.",
            "reqps",
            Query(f"sum({rate('requests_total', outcome='accepted')})", "accepted"),
            Query(
                f"sum by (outcome, reason) ({rate('requests_total', outcome='~rejected|too_large|unavailable')} > 0)",
                "{{outcome}}: {{reason}}",
            ),
            stacked=True,
            min=0,
        ),
        heatmap(
            "Time to an answer, all of them",
            "How many posts took how long. Good is dark below 600 ms; a second band above 1.5 s is a slow API or "
            "network, and batches are then fewer: look at lag, and at the network's way out.",
            "s",
            Query(f"sum by (le) ({increase('request_duration_seconds_bucket')})", "{{le}}"),
        ),
        timeseries(
            "Time to an answer",
            "Half of the posts, and 95 of 100, took less. Most answers come within 600 ms (first line); Meta advises "
            "to wait 1.5 s (second line). Above it for long, expect lag, and ask whether batches are too large.",
            "s",
            Query(quantile(0.5, "request_duration_seconds"), "half"),
            Query(quantile(0.95, "request_duration_seconds"), "95 %"),
            lines=[Line(MOST_ANSWERS, "orange"), Line(ADVISED_TIMEOUT, "red")],
            min=0,
        ),
    ]


def _words() -> list[Panel]:
    return [
        timeseries(
            "Errors by code",
            "Answers that were no success, by the API's own code and subcode; `none` came from no API (timeouts, "
            "proxies). 190 is a token, 4, 17 and 80004 throttling, 100 and 2804 the data, 1 and 2 the API itself.",
            "reqps",
            Query(f"sum by (code, subcode) ({rate('request_errors_total')})", "{{code}} / {{subcode}}"),
            min=0,
        ),
        timeseries(
            "Rate limit used",
            "Share of the API's rate limit, as it last said, by pixel. Good is below 75 %. At 100 % the pixel is "
            "held for as long as the API asks: look at your other senders to the same app or account.",
            "percentunit",
            Query(f"max by (pixel) ({series('rate_limit_usage_ratio')})", "{{pixel}}"),
            lines=[Line(0.75, "orange"), Line(1, "red")],
            min=0,
        ),
        timeseries(
            "Sent, and not surely counted once",
            "Each second: events by which the API's count differs from ours, events in posts whose answer was lost, "
            "and those sent again. Good is 0. A mismatch that stays is for Meta's support; lost answers point at the "
            "network.",
            "eps",
            Query(f"sum by (pixel) ({rate('events_received_mismatch_total')})", "count differs: {{pixel}}"),
            Query(f"sum by (pixel) ({rate('unknown_outcome_events_total')})", "answer lost: {{pixel}}"),
            Query(f"sum({rate('resent_events_total')})", "sent again"),
            Query(f"sum({rate('late_resent_events_total')})", "sent again after 48 h"),
            min=0,
        ),
    ]


def _sizes() -> list[Panel]:
    posts = f"sum({rate('batch_events_count')})"
    return [
        timeseries(
            "Events in a post",
            "Mean and upper size of batches. Large batches are good for throughput; a mean of few events beside much "
            "lag means that batches are closed too early: see what closes them.",
            "short",
            Query(f"sum({rate('batch_events_sum')}) / {posts}", "mean"),
            Query(quantile(0.95, "batch_events"), "95 %"),
            width=6,
            min=0,
        ),
        timeseries(
            "Size of a post",
            "Mean and upper size of what is posted, before compression. If it stands at delivery.batch_bytes, that "
            "setting, not the number of events, closes batches.",
            "bytes",
            Query(f"sum({rate('request_body_bytes_sum')}) / sum({rate('request_body_bytes_count')})", "mean"),
            Query(quantile(0.95, "request_body_bytes"), "95 %"),
            width=6,
            min=0,
        ),
    ]


def _efforts() -> list[Panel]:
    return [
        timeseries(
            "What closes batches",
            "Batches each second by what closed them. linger: traffic is low, and that is good. count or bytes: they "
            "are full. split: a guilty event is looked for, see Data quality.",
            "cps",
            Query(f"sum by (reason) ({rate('batches_closed_total')})", "{{reason}}"),
            width=6,
            stacked=True,
            min=0,
        ),
        timeseries(
            "Tried again",
            "Posts of batches that were posted before, each second. Short bursts are outages that were waited out. "
            "If it does not end, the row's first panel names the reason.",
            "reqps",
            Query(f"sum({rate('retries_total')})", "retries"),
            width=6,
            min=0,
        ),
    ]


def _tokens() -> list[Panel]:
    return [
        stat(
            "Next token expires",
            "When the first of the access tokens ends, where the API has said so. Red is less than a week: put a new "
            "one into the pixel's file; it is read within seconds.",
            "suffix: days",
            Query(f"(min({_TOKEN_ENDS}) - time()) / {DAY}", "first to expire"),
            Line(7, "orange"),
            Line(14, "green"),
            base="red",
            width=6,
            height=6,
            decimals=1,
        ),
        table(
            "Tokens by what is left",
            "Each pixel's token and the time until it ends. Pixels whose token never expires, or of which the API "
            "says nothing, are not listed.",
            "suffix: days",
            Query(f"(min by (pixel) ({_TOKEN_ENDS}) - time()) / {DAY}", "{{pixel}}"),
            "pixel",
            value="expires in",
            width=18,
        ),
    ]
