"""The log that the members read: what intake makes of each record, and what must become of it.

It loses its oldest records at times, or begins anew with smaller offsets. What some member has read of it by then must
still settle there; nobody else has to find it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import count
from random import Random

from capi_stream.model import (
    Destination,
    Event,
    Forwarded,
    Malformed,
    Mapped,
    NeedSchema,
    Partition,
    Reading,
    Rejection,
    SchemaRef,
    Tombstone,
)
from tests.simulation.shape import EVENT_SIZES, PIXELS, REPLAY_TOPIC, SMALL_EVENTS, Shape, is_long, limits_of

LATE_SCHEMAS = (SchemaRef("", 7), SchemaRef("", 8))  # that a registry tells of only after a while
UNIX_START = 1_700_000_000.0  # Unix time at the monotonic clock's zero
NEVER = 10**10

Part = tuple[Destination | None, int | None]
"""What one record becomes: an event (by its index) for a destination; without one, a letter of intake or the engine, or
one that goes on."""


@dataclass(slots=True, eq=False)
class Written:
    """One record of the log. `late` is the schema without which intake cannot read it, for a while."""

    partition: Partition
    offset: int
    value: bytes
    reading: Reading | Forwarded
    parts: frozenset[Part]
    late: SchemaRef | None = None

    def read(self, known: set[SchemaRef]) -> Reading | Forwarded:
        """What intake makes of it, knowing these late schemas."""
        return self.reading if self.late is None or self.late in known else NeedSchema(self.late)


Done = tuple[Written, Part]


class Log:
    """All partitions, with gaps between offsets; `poison` the API refuses, `cursed` it cannot judge while it is ill."""

    def __init__(self, shape: Shape) -> None:
        self._random = Random(f"log {shape.seed}")
        self._poison_share = shape.poison
        self._forwarding = Random(f"forwarding {shape.seed}")
        self._forwarded_share = shape.forwarded
        self._limits = limits_of(shape.seed)
        self._cursed_share = 0.02 if shape.faults else 0.0
        self.poison: set[str] = set()
        self.cursed: set[str] = set()
        self.done: set[Done] = set()  # what some member was told is accepted or stored
        self.written: dict[Partition, list[Written]] = {Partition("orders", n): [] for n in range(shape.partitions)}
        self.begins = dict.fromkeys(self.written, 0)  # below these offsets nothing is left
        self.ends = dict.fromkeys(self.written, 0)  # one past the last record
        self._gaps = (2, 2, 3) if is_long(shape.seed) else (1, 1, 1, 1, 3, 12)  # from one offset to the next
        self._sizes = EVENT_SIZES.get(self._limits.batch_bytes, SMALL_EVENTS)
        self._numbers = count()
        for _ in range(shape.records):
            self._write(self._random.choice(list(self.written)))
        self._offsets = {each: [one.offset for one in log] for each, log in self.written.items()}

    def after(self, partition: Partition, position: int, number: int) -> list[Written]:
        """The next `number` records at or above `position`."""
        first = bisect_left(self._offsets[partition], position)
        return self.written[partition][first : first + number]

    def has(self, partition: Partition, position: int) -> bool:
        """Whether `position` can be read on from, be it the end."""
        return self.begins[partition] <= position <= self.ends[partition]

    def lost(self) -> list[Done]:
        """What nobody was told is accepted or stored, of what is still there."""
        due = ((each, part) for log in self.written.values() for each in log for part in each.parts)
        return [each for each in due if each not in self.done]

    def expire(self, partition: Partition, position: int) -> None:
        """Retention removes the oldest records of `partition`, up to a few before or beyond `position`."""
        log = self.written[partition]
        gone = bisect_left(self._offsets[partition], position) + self._random.randint(-1, 4)
        gone = min(max(gone, 0), len(log))
        self.begins[partition] = log[gone].offset if gone < len(log) else self.ends[partition]
        self._keep(partition, log[gone:])

    def create_anew(self, partition: Partition, below: int) -> None:
        """The topic was deleted and has a few new records, so few that its end lies `below` where anybody would read.

        A log that had grown beyond that would be read on from there, and nobody could tell.
        """
        self.begins[partition] = self.ends[partition] = 0
        self._keep(partition, [])
        for _ in range(self._random.randrange(8)):
            self._write(partition)
        self._keep(partition, [each for each in self.written[partition] if each.offset + 1 < below])

    def _keep(self, partition: Partition, kept: list[Written]) -> None:
        self.written[partition] = kept
        self.ends[partition] = kept[-1].offset + 1 if kept else self.begins[partition]
        self._offsets[partition] = [each.offset for each in kept]

    def _write(self, partition: Partition) -> None:
        random = self._random
        log = self.written[partition]
        offset = log[-1].offset + random.choice(self._gaps) if log else random.choice((0, 2))
        reading, parts = self._reading_of_any(next(self._numbers))
        late = random.choice(LATE_SCHEMAS) if random.random() < 0.03 else None
        log.append(Written(partition, offset, b"v" * random.randrange(50, 400), reading, frozenset(parts), late))
        self.ends[partition] = offset + 1

    def _reading_of_any(self, number: int) -> tuple[Reading | Forwarded, list[Part]]:
        reading, parts = self._reading(number)
        if self._forwarding.random() < self._forwarded_share:
            return Forwarded(REPLAY_TOPIC, "wrong_type"), [(None, None)]
        return reading, parts

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
        size = self._limits.batch_bytes + 1 if random.random() < 0.01 else random.choice(self._sizes)
        fate = random.random()
        if fate < self._poison_share:
            self.poison.add(event_id)
        elif fate > 1.0 - self._cursed_share:
            self.cursed.add(event_id)
        not_after = int(UNIX_START) + random.randrange(1_000, 1_500) if random.random() < 0.05 else NEVER
        return Event(pixel, ends, "Purchase", event_id, 0, not_after, b"x" * size, index)
