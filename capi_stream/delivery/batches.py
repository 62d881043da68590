"""What is handed out to the shells and comes back once, as the object that was taken: batches and letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from capi_stream.delivery.offsets import Ticket
from capi_stream.delivery.outcomes import Answer
from capi_stream.model import Destination, Event, Record, Rejection, SchemaKey


class Entry(NamedTuple):
    """One event on its way to one destination."""

    event: Event
    ticket: Ticket
    since: float


@dataclass(slots=True, eq=False)
class Isolation:
    """What is known while the guilty of one rejected batch are looked for; shared by its parts.

    An index that the API named is believed until an event it accused is accepted alone.
    """

    trusts_index: bool = True
    accused: int = 0


@dataclass(slots=True, eq=False)
class Batch:
    """Events of one destination that are posted together: 1 to 1,000, under the byte limit.

    `attempts` counts its posts. `unknown_since` is the time of the first post whose answer was lost.
    """

    destination: Destination
    entries: list[Entry]
    size_bytes: int
    attempts: int = 0
    posted_at: float = 0.0
    first_failed_at: float | None = None
    unknown_since: float | None = None
    isolation: Isolation | None = None
    is_accused: bool = False

    def body(self) -> bytes:
        """The JSON array of its events."""
        return b"[%b]" % b",".join([entry.event.body for entry in self.entries])


class LetterKind(StrEnum):
    """Dead: the record itself is refused. Parked: the record is good, its pixel cannot take it now."""

    DEAD = "dead_letter"
    PARKED = "parked"


@dataclass(slots=True, eq=False)
class Letter:
    """A record on its way to the dead-letter or parked topic, verbatim, with the reason in its headers.

    Times are of the monotonic clock. `carries_value` is False for the second try of a letter whose value the topic
    refused as too large: its headers still name the source.
    """

    kind: LetterKind
    topic: str
    ticket: Ticket
    rejection: Rejection
    destination: Destination | None = None
    schema: SchemaKey | None = None
    answer: Answer = field(default_factory=Answer)
    attempts: int = 0
    first_failed_at: float = 0.0
    last_failed_at: float = 0.0
    carries_value: bool = True

    @property
    def record(self) -> Record:
        """The record, with the original bytes."""
        return self.ticket.record
