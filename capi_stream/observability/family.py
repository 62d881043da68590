"""What the declaration of a metric that is read off a sight consists of.

A label whose values are known beforehand lists them. Where all labels of a counter do, each series begins at 0: else
its first step, from nothing to 1, would be no increase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from capi_stream.observability.labels import Labels
from capi_stream.observability.readers import Read, Samples


@dataclass(frozen=True, slots=True)
class Family:
    """One metric; its name without the prefix. `values` lists what a label can be, for those labels where it can."""

    kind: Literal["counter", "gauge"]
    name: str
    help: str
    labels: tuple[str, ...]
    read: Read
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def zeros(self) -> Samples:
        """The series that a counter begins with."""
        is_counted = self.kind == "counter" and self.labels and self.values.keys() == set(self.labels)
        sets: Iterable[Labels] = product(*(self.values[label] for label in self.labels)) if is_counted else ()
        return ((labels, 0.0) for labels in sets)


def counter(name: str, text: str, labels: tuple[str, ...], read: Read, **values: tuple[str, ...]) -> Family:
    """A number that only rises while the process lives."""
    return Family("counter", name, text, labels, read, values)


def gauge(name: str, text: str, labels: tuple[str, ...], read: Read, **values: tuple[str, ...]) -> Family:
    """A number that comes and goes."""
    return Family("gauge", name, text, labels, read, values)
