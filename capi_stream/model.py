"""The shared words: what a record is, what it becomes, and why it may not become anything. Values, no behaviour.

Every room may import this module; it imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, NewType

PixelId = NewType("PixelId", str)
"""A pixel's or dataset's id, as it stands in the path of a post."""

SchemaKey = int | str
"""A registry's name for one schema: its id (int), or its GUID (str, lowercase hex with dashes)."""


class SchemaRef(NamedTuple):
    """One schema of one registry. `registry` is its name in the settings: two registries give out the same ids."""

    registry: str
    key: SchemaKey


Headers = Sequence[tuple[str, bytes | None]]


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


class Destination(NamedTuple):
    """Where events go: a pixel at an endpoint."""

    pixel: PixelId
    endpoint: str = "graph"  # "graph" or "gateway", in metrics too


@dataclass(slots=True)
class Record:
    """One Kafka record, as it was read.

    `timestamp_ms` is the broker's or the producer's, in ms since 1970, -1 where the record has none.
    """

    partition: Partition
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size_bytes(self) -> int:
        """What its key and value hold, in bytes."""
        return len(self.value or b"") + len(self.key or b"")


@dataclass(frozen=True, slots=True)
class Part:
    """What of a record is meant, where a letter names not all of it; None stands for all.

    `event_id` is the one that the event had, `name` its event_name: it keeps them; `mapping` made it. Nobody here can
    read what `is_sealed`; where `is_event`, the value is the event, and not the record that it was made of.
    """

    index: int | None = None
    pixel: PixelId | None = None
    endpoint: str | None = None
    event_id: str | None = None
    name: str | None = None
    mapping: str | None = None
    is_sealed: bool = False
    is_event: bool = False


WHOLE = Part()


@dataclass(slots=True)
class Event:
    """One Conversions API event, encoded once. `body` is its JSON object in UTF-8.

    `time` is the event's own, in Unix seconds; `not_after` is the last Unix second at which the API still takes it
    (7 days later, 62 for `physical_store`). `index` counts the events of one record from 0.
    """

    pixel: PixelId
    destinations: tuple[Destination, ...]
    name: str
    event_id: str
    time: int
    not_after: int
    body: bytes
    index: int = 0
    identifiers: tuple[str, ...] = ()  # the keys of its user_data, for coverage


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one event of a record (or all of it) cannot be sent: it goes to the dead letters.

    `reason` is a slug of a closed set and safe to show; `detail` may quote the record's data and is for the letter
    alone. `stage` is decode, map, validate or post.
    """

    stage: str
    reason: str
    detail: str = ""
    index: int | None = None
    pixel: PixelId | None = None
    event_id: str | None = None
    event_name: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """An identifier that was left out of an event that went on without it."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What was done to a parameter, or is missing, in an event that goes on. `what` is a slug of a closed set."""

    field: str
    what: str


@dataclass(slots=True)
class Mapped:
    """What a record became. All three empty: a tombstone, or a record without events.

    `filtered` holds a reason for each event that the mapping decided not to send.
    """

    events: list[Event] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    filtered: list[str] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    schema: SchemaKey | None = None
    mapping: str | None = None  # its fingerprint: the numbers of events are of that mapping


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record without a value: nothing to send."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no record of ours, or of a schema that nobody knows. The whole record is a dead letter."""

    rejection: Rejection
    schema: SchemaKey | None = None


@dataclass(frozen=True, slots=True)
class NeedSchema:
    """The record waits until its topic's registry has answered for `schema`."""

    schema: SchemaRef


Reading = Mapped | Tombstone | Malformed | NeedSchema
"""What `intake` read in one record."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A letter that goes on to `topic` as it is, for a service to read it there: nobody has looked into it."""

    topic: str
    reason: str
