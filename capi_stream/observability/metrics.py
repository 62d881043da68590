"""Every metric, declared once. Most are read off the loop's last sight when somebody scrapes: the hot path counts
with plain integers. Only histograms are fed as things happen, once a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Literal

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome
from capi_stream.delivery.showing import outcome_label
from capi_stream.observability.batch_histogram import BatchHistogram
from capi_stream.observability.board import Board
from capi_stream.observability.families import FAMILIES
from capi_stream.observability.family import Family
from capi_stream.observability.labels import REQUEST_OUTCOMES, PixelLabels
from capi_stream.observability.quality import QUALITY_FAMILIES

PREFIX = "capi_stream_"


@dataclass(frozen=True, slots=True)
class Observed:
    """One histogram, fed as things happen."""

    name: str
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: Literal["histogram"] = "histogram"


@dataclass(frozen=True, slots=True)
class Build:
    """The metric whose labels are what is told."""

    name: str = "build_info"
    help: str = "Versions; always 1."
    labels: tuple[str, ...] = ("version", "graph_api_version", "librdkafka")
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: Literal["gauge"] = "gauge"


COLLECTED: tuple[Family, ...] = (*FAMILIES, *QUALITY_FAMILIES)
"""What is read off a sight."""

BUILD = Build()

AGE = Observed(
    "event_age_seconds",
    "From an event's own time to its acceptance.",
    ("pixel",),
    (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800),
)
HISTOGRAMS = (
    Observed(
        "request_duration_seconds",
        "From handing a batch to a poster to its outcome.",
        ("outcome",),
        (0.05, 0.1, 0.2, 0.4, 0.6, 1, 1.5, 3, 5, 10, 30),
        {"outcome": REQUEST_OUTCOMES},
    ),
    Observed(
        "request_body_bytes",
        "Size of the events in a post.",
        (),
        (1_000, 5_000, 20_000, 100_000, 250_000, 500_000, 1_000_000),
    ),
    Observed("batch_events", "Events in a post.", (), (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)),
    AGE,
    Observed(
        "rebalance_duration_seconds",
        "For how long a change of the assignment kept the loop from reading.",
        ("event",),
        (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        {"event": ("assigned", "revoked", "lost")},
    ),
)

DECLARED: tuple[Family | Observed | Build, ...] = (*COLLECTED, *HISTOGRAMS, BUILD)
"""Every metric of ours."""


class _Collected(Collector):
    """Turns the board's sight into series when somebody scrapes."""

    def __init__(self, board: Board, pixels: PixelLabels, build: Mapping[str, str]) -> None:
        self._board = board
        self._pixels = pixels
        self._build = build

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(PREFIX + BUILD.name, BUILD.help, labels=list(self._build))
        build.add_metric(list(self._build.values()), 1.0)
        yield build
        sight = self._board.sight
        if sight is None:
            return
        for family in COLLECTED:
            make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            metric = make(PREFIX + family.name, family.help, labels=family.labels)
            for labels, value in dict(chain(family.zeros(), family.read(sight, self._pixels))).items():
                metric.add_metric(labels, value)
            yield metric


class Metrics:
    """The service's metrics in `registry`."""

    def __init__(
        self, registry: CollectorRegistry, board: Board, pixels: PixelLabels, build: Mapping[str, str]
    ) -> None:
        self._pixels = pixels
        # Each histogram would have a further series, of when it began: nobody has declared that.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry.register(_Collected(board, pixels, build))
        made = {
            each.name: Histogram(PREFIX + each.name, each.help, each.labels, buckets=each.buckets, registry=registry)
            for each in HISTOGRAMS
            if each is not AGE
        }
        self._duration = cache(made["request_duration_seconds"].labels)  # to look a child up takes 0.6 us
        self._bytes, self._events = made["request_body_bytes"], made["batch_events"]
        self._age = BatchHistogram(PREFIX + AGE.name, AGE.help, AGE.labels[0], AGE.buckets)
        registry.register(self._age)
        self._rebalance = made["rebalance_duration_seconds"]

    def answered(self, batch: Batch, outcome: Outcome, seconds: float, unix_now: float) -> None:
        """A post of `batch` had this `outcome` after `seconds`."""
        self._duration(outcome_label(outcome)).observe(seconds)
        self._bytes.observe(batch.size_bytes)
        self._events.observe(len(batch.entries))
        if isinstance(outcome, Accepted):
            pixel = self._pixels.of(batch.destination.pixel)
            self._age.observe(pixel, [max(0.0, unix_now - entry.event.time) for entry in batch.entries])

    def rebalanced(self, event: str, seconds: float) -> None:
        """Partitions were assigned, revoked or lost, which took `seconds`."""
        self._rebalance.labels(event).observe(seconds)
