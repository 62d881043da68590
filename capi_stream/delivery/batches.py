"""What is handed out to the shells and comes back once, as the object that was taken: batches and letters."""

from __future__ import annotations

from collections.abc import Callable
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
    lone_failures: int = 0  # how often it could not be judged since it is one event alone

    def withdraw(self, unwanted: Callable[[Entry], bool]) -> list[Entry]:
        """Take out and return the entries that are `unwanted`."""
        out = [entry for entry in self.entries if unwanted(entry)]
        if out:
            self.entries = [entry for entry in self.entries if not unwanted(entry)]
            self.size_bytes -= sum(len(entry.event.body) + 1 for entry in out)
            if not self.entries:
                self.judged_alone(guilty=True)  # it will not be judged any more: no reason to doubt the index
        return out

    def parts(self, index: int | None) -> list[Batch]:
        """This batch in two, so that the guilty can be told from the innocent.

        The event at `index` and the others, where the API named one and can be believed; else halves. While one is
        accused and not yet judged alone, a further accusation is not believed either: an API that always names the
        first would otherwise have its batches taken apart one by one.
        """
        found = self.isolation or Isolation()
        if index is not None and 0 <= index < len(self.entries) and found.trusts_index and not found.accused:
            found.accused += 1
            others = self.entries[:index] + self.entries[index + 1 :]
            return [self._part([self.entries[index]], found, is_accused=True), self._part(others, found)]
        middle = len(self.entries) // 2
        return [self._part(self.entries[:middle], found), self._part(self.entries[middle:], found)]

    def _part(self, entries: list[Entry], isolation: Isolation, *, is_accused: bool = False) -> Batch:
        size = sum(len(entry.event.body) + 1 for entry in entries)
        return Batch(
            self.destination,
            entries,
            size,
            attempts=self.attempts,
            first_failed_at=self.first_failed_at,
            unknown_since=self.unknown_since,
            isolation=isolation,
            is_accused=is_accused,
        )

    def judged_alone(self, *, guilty: bool) -> None:
        """Note what became of an event that the API had accused."""
        if self.is_accused and self.isolation is not None:
            self.is_accused = False
            self.isolation.accused -= 1
            self.isolation.trusts_index = self.isolation.trusts_index and guilty


class LetterKind(StrEnum):
    """Dead: the record itself is refused. Parked: the record is good, its pixel cannot take it now. Replay: it is a
    letter that goes into a topic, for a service to read there."""

    DEAD = "dead_letter"
    PARKED = "parked"
    REPLAY = "replay"


@dataclass(slots=True, eq=False)
class Letter:
    """A record on its way to the dead-letter or parked topic, verbatim, with the reason in its headers.

    Times are of the monotonic clock, but `event_time`, which is the event's own in Unix seconds. `carries_value` is
    False for the second try of a letter whose value the topic refused as too large: its headers still name the source.
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
    event_time: int | None = None  # None where no event could be made
    event: bytes | None = None  # likewise: its JSON

    @property
    def record(self) -> Record:
        """The record, with the original bytes."""
        return self.ticket.record

    @property
    def happened_at(self) -> int | None:
        """When its event happened, in Unix seconds: for the want of a time of its own the record's, if it has one."""
        if self.event_time is not None:
            return self.event_time
        return None if self.record.timestamp_ms < 0 else self.record.timestamp_ms // 1_000
