"""How metrics are read off a sight: each reader gives samples, a tuple of label values and a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from capi_stream.delivery.error_table import CODES
from capi_stream.delivery.ledger import PartitionView
from capi_stream.observability.board import Sight
from capi_stream.observability.labels import Labels, PixelLabels
from capi_stream.observability.lag import age_of

Samples = Iterable[tuple[Labels, float]]
REPLAYED = ("accepted", "dead_lettered", "parked", "forwarded", "left")
"""What can become of letters that are read again."""

Read = Callable[[Sight, PixelLabels], Samples]


def counts(field: str) -> Read:
    """The ledger's counter `field`, whose keys are labels already."""

    def read(sight: Sight, _: PixelLabels) -> Samples:
        counts: Mapping[str | tuple[str, ...], int] = getattr(sight.snapshot.ledger, field)
        return [((key,) if isinstance(key, str) else key, number) for key, number in counts.items()]

    return read


def pixel_counts(field: str) -> Read:
    """The same, where the first label is a pixel: those beyond the limit are added up as `other`."""

    def read(sight: Sight, pixels: PixelLabels) -> Samples:
        sums: Counter[Labels] = Counter()
        for key, number in getattr(sight.snapshot.ledger, field).items():
            labels = [key] if isinstance(key, str) else list(key)
            labels[0] = pixels.of(labels[0])
            sums[tuple(labels)] += number
        return sums.items()

    return read


def replays(sight: Sight, _: PixelLabels) -> Samples:
    """What became of the letters that are read, where they are: of events, and of what was left where it lies."""
    ledger = sight.snapshot.ledger
    if not ledger.replays:
        return []
    sums = dict.fromkeys(REPLAYED, 0)
    sums |= {"forwarded": ledger.forwarded.total(), "left": ledger.filtered.total()}
    for labels, number in ledger.events.items():
        sums[labels[-1]] += number
    return [((ledger.replays, outcome), number) for outcome, number in sums.items()]


def one(value: Callable[[Sight], float | None]) -> Read:
    """A metric without labels; absent where it has no value."""

    def read(sight: Sight, _: PixelLabels) -> Samples:
        found = value(sight)
        return [] if found is None else [((), found)]

    return read


def of_snapshot(field: str) -> Read:
    """The snapshot's number `field`."""
    return one(lambda sight: getattr(sight.snapshot, field))


def of_ledger(field: str) -> Read:
    """The ledger's number `field`."""
    return one(lambda sight: getattr(sight.snapshot.ledger, field))


def mapping(value: Callable[[Sight], Mapping[str, float]]) -> Read:
    """One series for each item of a mapping."""

    def read(sight: Sight, _: PixelLabels) -> Samples:
        return [((key,), number) for key, number in value(sight).items()]

    return read


def partitions(value: Callable[[PartitionView, Sight], float | None]) -> Read:
    """A gauge for each assigned partition; gone with the partition."""

    def read(sight: Sight, _: PixelLabels) -> Samples:
        for view in sight.snapshot.partitions:
            found = value(view, sight)
            if found is not None:
                yield (view.partition.topic, str(view.partition.number)), found

    return read


def lag_seconds(view: PartitionView, sight: Sight) -> float:
    """Age of the oldest record that is not settled; 0 where all are."""
    return age_of(view, sight) or 0.0


def gates(sight: Sight, pixels: PixelLabels) -> Samples:
    """1 for each gate that holds."""
    return {(view.scope, pixels.of(view.name), view.reason): 1.0 for view in sight.snapshot.gates}.items()


def in_hand(sight: Sight, _: PixelLabels) -> Samples:
    """Topic -> records whose fate is open."""
    return [((topic,), counts.in_hand) for topic, counts in sight.snapshot.ledger.topics.items()]


def per_pixel(values: Callable[[Sight], Iterable[tuple[str, float]]], choose: Callable[[float, float], float]) -> Read:
    """A gauge for each pixel; `choose` says which value stands for several that share a label."""

    def read(sight: Sight, pixels: PixelLabels) -> Samples:
        chosen: dict[Labels, float] = {}
        for pixel, number in values(sight):
            label = (pixels.of(pixel),)
            chosen[label] = choose(chosen.get(label, number), number)
        return chosen.items()

    return read


def _pending(sight: Sight) -> Iterable[tuple[str, float]]:
    for view in sight.snapshot.lanes:
        if view.oldest_event_time is not None:
            yield view.destination.pixel, view.oldest_event_time


oldest_pending = per_pixel(_pending, min)
oldest_parked = per_pixel(lambda sight: sight.snapshot.ledger.oldest_parked.items(), min)
usage = per_pixel(lambda sight: sight.snapshot.usage.items(), max)
expiries = per_pixel(lambda sight: sight.token_expiries.items(), min)


KNOWN_CODES = frozenset(str(code) for code, _ in CODES) | {"none"}
KNOWN_SUBCODES = frozenset(str(subcode) for _, subcode in CODES) | {"none"}


def errors(sight: Sight, _: PixelLabels) -> Samples:
    """Answers by code and subcode; those that nobody has documented are `other`."""
    sums: Counter[Labels] = Counter()
    for (code, subcode), number in sight.snapshot.ledger.request_errors.items():
        known = code if code in KNOWN_CODES else "other", subcode if subcode in KNOWN_SUBCODES else "other"
        sums[known] += number
    return sums.items()
