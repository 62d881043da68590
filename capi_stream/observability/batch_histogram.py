"""A histogram that takes a batch at once: the library's own takes a lock for each value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class BatchHistogram(Collector):
    """One histogram with one label. Fed by one thread; what another collects is whole batches."""

    def __init__(self, name: str, text: str, label: str, buckets: Sequence[float]) -> None:
        self._name, self._text, self._label = name, text, label
        self._buckets = tuple(buckets)
        self._bounds = [floatToGoString(each) for each in (*buckets, float("inf"))]  # type: ignore[no-untyped-call]
        self._told: dict[str, tuple[tuple[int, ...], float]] = {}  # label -> how many in each bucket, and their sum

    def observe(self, label: str, values: Iterable[float]) -> None:
        """Count `values` for `label`."""
        before, total = self._told.get(label, ((0,) * len(self._bounds), 0.0))
        counts = list(before)
        for value in values:
            counts[bisect_left(self._buckets, value)] += 1
            total += value
        self._told[label] = tuple(counts), total

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label])
        for label, (counts, total) in list(self._told.items()):
            family.add_metric([label], list(zip(self._bounds, accumulate(counts), strict=True)), total)
        yield family
