"""The metrics of what Meta says arrived: its Dataset Quality API, asked from time to time where `quality` is set.

A series is there while Meta says something. Where several pixels or custom events share one, it is the lowest of them:
an alert is for drops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from capi_stream.delivery.labels import event_label
from capi_stream.observability.board import Sight
from capi_stream.observability.family import counter, gauge
from capi_stream.observability.heard import HeardEvent
from capi_stream.observability.labels import EVENT_NAMES, Labels, PixelLabels
from capi_stream.observability.readers import Read, Samples

IDENTIFIERS = (
    *("email", "phone", "first_name", "last_name", "city", "state", "zip_code", "country", "gender", "date_of_birth"),
    *("external_id", "ip_address", "user_agent", "fbp", "fbc", "fb_login_id", "lead_id", "subscription_id", "other"),
)
"""Meta's names for what user_data holds, as far as they are documented or known; any further one is `other`."""

OUTCOMES = ("answered", "permission_missing", "token_invalid", "refused", "unanswered")

Values = Callable[[HeardEvent], Iterator[tuple[Labels, float | None]]]
"""The labels behind pixel and event name, and the value; None where Meta does not say."""


def _polls(sight: Sight, pixels: PixelLabels) -> Samples:
    sums: Counter[Labels] = Counter()
    for (pixel, outcome), number in sight.quality.polls.items() if sight.quality else ():
        sums[pixels.of(pixel), outcome] += number
    return sums.items()


def _lowest(values: Values) -> Read:
    def read(sight: Sight, pixels: PixelLabels) -> Samples:
        found: dict[Labels, float] = {}
        for pixel, events in sight.quality.events.items() if sight.quality else ():
            for event in events:
                for labels, value in values(event):
                    key = (pixels.of(pixel), event_label(event.event_name), *labels)
                    if value is not None:
                        found[key] = min(value, found.get(key, value))
        return found.items()

    return read


def _score(event: HeardEvent) -> Iterator[tuple[Labels, float | None]]:
    yield (), event.score


def _event_coverage(event: HeardEvent) -> Iterator[tuple[Labels, float | None]]:
    yield (), event.coverage


def _key_coverage(event: HeardEvent) -> Iterator[tuple[Labels, float | None]]:
    for each in event.identifiers:
        yield (each.name if each.name in IDENTIFIERS else "other",), each.coverage


QUALITY_FAMILIES = (
    gauge(
        "dataset_match_quality_score",
        "Meta's event match quality, 0 to 10: how well the customer information matches people.",
        ("pixel", "event_name"),
        _lowest(_score),
        event_name=EVENT_NAMES,
    ),
    gauge(
        "dataset_match_key_coverage_ratio",
        "Share of the events that arrived at Meta with this identifier, in its words; beside `identifiers_total`.",
        ("pixel", "event_name", "identifier"),
        _lowest(_key_coverage),
        event_name=EVENT_NAMES,
        identifier=IDENTIFIERS,
    ),
    gauge(
        "dataset_event_coverage_ratio",
        "Share of the browser's events with a twin from the server, over 7 days; Meta's goal is 0.75.",
        ("pixel", "event_name"),
        _lowest(_event_coverage),
        event_name=EVENT_NAMES,
    ),
    counter(
        "dataset_quality_polls_total",
        "Questions to Meta's Dataset Quality API. A missing permission there changes nothing in delivery.",
        ("pixel", "outcome"),
        _polls,
        outcome=OUTCOMES,
    ),
)
