"""An engine in a small world: short verbs for what the loop does, so that a test reads as a story."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from capi_stream.delivery.batches import Batch, Letter
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.outcomes import Accepted, Outcome
from capi_stream.delivery.settings import Limits, Route
from capi_stream.model import (
    Destination,
    Event,
    Forwarded,
    Mapped,
    Partition,
    PixelId,
    Reading,
    Record,
    Rejection,
)

P0, P1 = Partition("orders", 0), Partition("orders", 1)
BERLIN, PARIS = PixelId("100"), PixelId("200")
NOON = 1_700_000_000.0  # Unix seconds, where a test's wall clock stands


def limits(**changes: Any) -> Limits:
    """Two pixels with a credential each at one endpoint."""
    routes = {Destination(pixel): Route(credential=f"token of {pixel}", endpoint="graph") for pixel in (BERLIN, PARIS)}
    settled = {"dead_letter_topic": "dead", "parked_topic": "parked", "commit_interval_seconds": 0.0}
    return Limits(**{"routes": routes, **settled, **changes})


def event(pixel: PixelId = BERLIN, name: str = "Purchase", size: int = 100, index: int = 0, **changes: Any) -> Event:
    """An event of `size` body bytes that is good for a week."""
    values = {
        "pixel": pixel,
        "destinations": (Destination(pixel),),
        "name": name,
        "event_id": "e",
        "time": int(NOON),
        "not_after": int(NOON) + 7 * 86_400,
        "body": b"x" * size,
        "index": index,
    }
    return Event(**{**values, **changes})


class World:
    """An engine and a clock that a test turns by hand. Offsets of a partition count up from its start."""

    def __init__(self, *partitions: Partition, **changes: Any) -> None:
        self.now = 1_000.0
        self.engine = Engine(limits(**changes))
        self._offsets = {partition: count(0) for partition in (P0, P1)}
        for partition in partitions or (P0,):
            self.engine.assigned(partition, 0)

    def receive(self, reading: Reading | Event, partition: Partition = P0, offset: int | None = None) -> Record:
        """One record that intake read as `reading`; a lone event stands for a record of that event."""
        at = next(self._offsets[partition]) if offset is None else offset
        return self._receive(Mapped([reading]) if isinstance(reading, Event) else reading, partition, at)

    def forward(self, reason: str = "wrong_type", topic: str = "events", partition: Partition = P0) -> Record:
        """One letter, written for `reason`, that goes on to `topic`."""
        return self._receive(Forwarded(topic, reason), partition, next(self._offsets[partition]))

    def _receive(self, reading: Reading | Forwarded, partition: Partition, offset: int) -> Record:
        record = Record(partition, offset, 1_700_000_000_000, b"key", b"value")
        self.engine.received(record, reading, self.now)
        return record

    def receive_many(self, number: int, pixel: PixelId = BERLIN, partition: Partition = P0) -> None:
        """`number` records of one event each; their event ids are their numbers."""
        for position in range(number):
            self.receive(event(pixel, event_id=str(position)), partition)

    def linger(self, seconds: float = 1.0) -> None:
        """Let time pass."""
        self.now += seconds

    def ready(self) -> list[Batch]:
        """What is to be posted now."""
        return self.engine.ready(self.now, NOON + self.now - 1_000.0)

    def post(self) -> Batch:
        """The one batch that is to be posted now."""
        (batch,) = self.ready()
        return batch

    def answer(self, batch: Batch, outcome: Outcome | None = None, jitter: float = 0.0) -> None:
        """The API answers; by default it accepts."""
        self.engine.answered(batch, outcome or Accepted(len(batch.entries)), self.now, jitter)

    def store_letters(self) -> Sequence[Letter]:
        """The broker takes every letter that is to be stored now."""
        letters = self.engine.letters(self.now)
        for letter in letters:
            self.engine.stored(letter)
        return letters

    def committable(self, partition: Partition = P0) -> int | None:
        """The offset that would be committed on a revoke now; None where nothing has moved."""
        commit = self.engine.final_commit([partition])
        return commit.positions[0].offset if commit else None

    def held_bytes(self) -> int:
        """What the engine says that it holds."""
        return self.engine.snapshot(self.now, NOON).buffered_bytes


def refused(reason: str = "event_name_missing", index: int = 0) -> Rejection:
    """What intake found wrong in one event."""
    return Rejection("validate", reason, "detail", index, BERLIN, "e", "Purchase")


def ids(batch: Batch) -> list[str]:
    """The event ids of a batch, in order."""
    return [entry.event.event_id for entry in batch.entries]
