"""A simulated Kafka: what each record became is known from the outside, whatever the engine believes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from capi_stream.delivery.offsets import Commit
from capi_stream.model import (
    Destination,
    Event,
    Malformed,
    Mapped,
    NeedSchema,
    Partition,
    PixelId,
    Reading,
    Record,
    Rejection,
    SchemaRef,
    Tombstone,
)

PIXELS = tuple(PixelId(name) for name in ("100", "200", "300"))
LATE_SCHEMA = SchemaRef("", 7)  # a schema id that the registry learns only after a while


@dataclass(slots=True)
class Written:
    """One record of the log: what intake reads in it, and what must become of it.

    `events` are the ids of its events, `refused` says that a letter of intake is due, both zero for a tombstone.
    """

    record: Record
    reading: Reading
    waits: bool
    events: list[tuple[Destination, str]] = field(default_factory=list)
    refused: bool = False


class Cluster:
    """The logs, the committed offsets, and the letters' topic."""

    def __init__(self, random: Random, partitions: int, records: int, poison_share: float) -> None:
        self.logs: dict[Partition, list[Written]] = {Partition("orders", n): [] for n in range(partitions)}
        self.committed: dict[Partition, int] = dict.fromkeys(self.logs, 0)
        self.metadata: dict[Partition, str] = {}
        self.poison: set[str] = set()
        self.letters: set[tuple[Partition, int, str | None, Destination | None]] = set()
        self.dead: set[tuple[Partition, int, str | None, Destination | None]] = set()
        for number in range(records):
            self._write(random, random.choice(list(self.logs)), number, poison_share)

    def _write(self, random: Random, partition: Partition, number: int, poison_share: float) -> None:
        log = self.logs[partition]
        offset = log[-1].record.offset + random.choice((1, 1, 1, 3)) if log else random.choice((0, 2))
        record = Record(partition, offset, 1_700_000_000_000, None, b"v" * random.randrange(50, 400))
        kind = random.random()
        if kind < 0.04:
            log.append(Written(record, Tombstone(), waits=False))
        elif kind < 0.08:
            reading = Malformed(Rejection("decode", "not_avro"))
            log.append(Written(record, reading, waits=False, refused=True))
        else:
            log.append(self._events(random, record, number, poison_share))

    def _events(self, random: Random, record: Record, number: int, poison_share: float) -> Written:
        mapped = Mapped()
        written = Written(record, mapped, waits=random.random() < 0.02)
        for index in range(random.choice((1, 1, 1, 2))):
            event_id = f"{number}.{index}"
            pixel = random.choice(PIXELS)
            ends = (Destination(pixel), Destination(pixel, "gateway")) if pixel == PIXELS[2] else (Destination(pixel),)
            body = b"x" * random.randrange(100, 900)
            mapped.events.append(Event(pixel, ends, "Purchase", event_id, 0, 10**10, body, index))
            written.events += [(destination, event_id) for destination in ends]
            if random.random() < poison_share:
                self.poison.add(event_id)
        if random.random() < 0.03:
            mapped.rejections.append(Rejection("validate", "event_name_missing", index=9))
            written.refused = True
        return written

    def from_offset(self, partition: Partition, position: int, number: int) -> list[Written]:
        """The next `number` records at or above `position`."""
        return [written for written in self.logs[partition] if written.record.offset >= position][:number]

    def end(self, partition: Partition) -> int:
        """One past the last record."""
        log = self.logs[partition]
        return log[-1].record.offset + 1 if log else 0

    def take(self, commit: Commit) -> None:
        """Store the committed offsets."""
        for position in commit.positions:
            self.committed[position.tracker.partition] = position.offset
            self.metadata[position.tracker.partition] = position.metadata

    def first_reading(self, written: Written, *, knows_schema: bool) -> Reading:
        """What intake makes of `written` before and after the registry knows the late schema."""
        return NeedSchema(LATE_SCHEMA) if written.waits and not knows_schema else written.reading
