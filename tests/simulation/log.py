"""The log that the members read: what intake makes of each record, and what must become of it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from random import Random

from capi_stream.model import (
    Destination,
    Event,
    Malformed,
    Mapped,
    NeedSchema,
    Partition,
    Reading,
    Rejection,
    SchemaRef,
    Tombstone,
)
from tests.simulation.shape import PIXELS, Shape, limits_of

LATE_SCHEMAS = (SchemaRef("", 7), SchemaRef("", 8))  # that a registry tells of only after a while
UNIX_START = 1_700_000_000.0  # Unix time at the monotonic clock's zero
NEVER = 10**10

Part = tuple[Destination | None, int | None]
"""What one record becomes: an event (by its index) for a destination; without one, a letter of intake or the engine."""


Done = tuple[Partition, int, Part]


@dataclass(slots=True, eq=False)
class Written:
    """One record of the log. `late` is the schema without which intake cannot read it, for a while."""

    partition: Partition
    offset: int
    value: bytes
    reading: Reading
    parts: frozenset[Part]
    late: SchemaRef | None = None

    def read(self, known: set[SchemaRef]) -> Reading:
        """What intake makes of it, knowing these late schemas."""
        return self.reading if self.late is None or self.late in known else NeedSchema(self.late)


class Log:
    """All partitions, with gaps between offsets; `poison` the API refuses, `cursed` it cannot judge while it is ill."""

    def __init__(self, shape: Shape) -> None:
        self._random = Random(f"log {shape.seed}")
        self._poison_share = shape.poison
        self._limits = limits_of(shape.seed)
        self._cursed_share = 0.02 if shape.faults else 0.0
        self.poison: set[str] = set()
        self.cursed: set[str] = set()
        self.done: set[Done] = set()  # what some member was told is accepted or stored
        self.written: dict[Partition, list[Written]] = {Partition("orders", n): [] for n in range(shape.partitions)}
        for number in range(shape.records):
            self._write(number)
        self._offsets = {each: [one.offset for one in log] for each, log in self.written.items()}

    def after(self, partition: Partition, position: int, number: int) -> list[Written]:
        """The next `number` records at or above `position`."""
        first = bisect_left(self._offsets[partition], position)
        return self.written[partition][first : first + number]

    def ends(self) -> dict[Partition, int]:
        """One past the last record of each partition."""
        return {each: log[-1].offset + 1 if log else 0 for each, log in self.written.items()}

    def lost(self) -> list[Done]:
        """What nobody was told is accepted or stored."""
        due = (
            (each.partition, each.offset, part) for log in self.written.values() for each in log for part in each.parts
        )
        return [each for each in due if each not in self.done]

    def _write(self, number: int) -> None:
        random = self._random
        partition = random.choice(list(self.written))
        log = self.written[partition]
        offset = log[-1].offset + random.choice((1, 1, 1, 1, 3, 12)) if log else random.choice((0, 2))
        reading, parts = self._reading(number)
        late = random.choice(LATE_SCHEMAS) if random.random() < 0.03 else None
        log.append(Written(partition, offset, b"v" * random.randrange(50, 400), reading, frozenset(parts), late))

    def _reading(self, number: int) -> tuple[Reading, list[Part]]:
        kind = self._random.random()
        if kind < 0.04:
            return Tombstone(), []
        if kind < 0.08:
            return Malformed(Rejection("decode", "not_avro")), [(None, None)]
        if kind < 0.11:
            return Mapped(filtered=["test_event"]), []
        mapped = Mapped()
        parts: list[Part] = []
        for index in range(self._random.choice((1, 1, 1, 2, 3))):
            event = self._event(number, index)
            mapped.events.append(event)
            too_large = len(event.body) > self._limits.batch_bytes
            parts += [(None, index)] if too_large else [(end, index) for end in event.destinations]
        if self._random.random() < 0.03:
            mapped.rejections.append(Rejection("validate", "event_name_missing", index=9))
            parts.append((None, 9))
        return mapped, parts

    def _event(self, number: int, index: int) -> Event:
        random = self._random
        event_id = f"{number}.{index}"
        pixel = random.choice(PIXELS)
        ends = (Destination(pixel), Destination(pixel, "gateway")) if pixel == PIXELS[2] else (Destination(pixel),)
        size = self._limits.batch_bytes + 1 if random.random() < 0.01 else random.randrange(100, 900)
        fate = random.random()
        if fate < self._poison_share:
            self.poison.add(event_id)
        elif fate > 1.0 - self._cursed_share:
            self.cursed.add(event_id)
        not_after = int(UNIX_START) + random.randrange(1_000, 1_500) if random.random() < 0.05 else NEVER
        return Event(pixel, ends, "Purchase", event_id, 0, not_after, b"x" * size, index)
