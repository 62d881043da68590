"""Letters on their way to the dead-letter and parked topics, each topic behind its own gate."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from capi_stream.delivery.batches import Batch, Entry, Letter, LetterKind
from capi_stream.delivery.gates import Gate, Gates
from capi_stream.delivery.labels import event_label, pixel_label
from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.offsets import Ticket
from capi_stream.delivery.outcomes import Rejected, Scope
from capi_stream.delivery.settings import Limits
from capi_stream.delivery.settling import Settling
from capi_stream.model import Destination, Event, Partition, Rejection, SchemaKey


class Letterbox:
    """Letters that wait, and those that are out. A topic that cannot take them is held; nothing is dropped.

    Each letter is one open part of its record's ticket, settled by the broker's acknowledgement.
    """

    def __init__(self, limits: Limits, gates: Gates, settling: Settling, ledger: Ledger) -> None:
        self._limits = limits
        self._gates = gates
        self._settling = settling
        self._ledger = ledger
        self._waiting: deque[Letter] = deque()
        self._out: set[Letter] = set()
        self._pixels = frozenset(destination.pixel for destination in limits.routes)

    def __len__(self) -> int:
        """How many letters are not stored yet."""
        return len(self._waiting) + len(self._out)

    @property
    def in_flight(self) -> int:
        """How many are out."""
        return len(self._out)

    def letters_of(self, partitions: Collection[Partition]) -> int:
        """How many letters of `partitions` are out."""
        return sum(letter.record.partition in partitions for letter in self._out)

    # What becomes a letter.

    def reject(self, ticket: Ticket, rejection: Rejection, schema: SchemaKey | None, now: float) -> None:
        """Make a letter of what intake refused: a part of its ticket of its own."""
        ticket.open_parts += 1
        self._count(rejection)
        topic = self._limits.dead_letter_topic
        self._waiting.append(
            Letter(LetterKind.DEAD, topic, ticket, rejection, schema=schema, first_failed_at=now, last_failed_at=now)
        )

    def refuse(self, entry: Entry, outcome: Rejected, batch: Batch, now: float) -> None:
        """Make a letter of an event that was refused at its post. It takes over the event's part of the ticket."""
        rejection = _of_event(entry.event, outcome.reason, outcome.answer.message)
        self._count(rejection)
        letter = self._letter(LetterKind.DEAD, entry, rejection, batch.destination, batch, now)
        letter.answer = outcome.answer
        self._waiting.append(letter)

    def park(self, entry: Entry, reason: str, destination: Destination, batch: Batch | None, now: float) -> None:
        """Make a letter of a good event whose `destination` cannot take it for `reason`.

        It takes over the event's part of the ticket. `batch` is the one that it was posted in before, if any.
        """
        rejection = _of_event(entry.event, reason)
        self._waiting.append(self._letter(LetterKind.PARKED, entry, rejection, destination, batch, now))

    def _letter(
        self,
        kind: LetterKind,
        entry: Entry,
        rejection: Rejection,
        destination: Destination,
        batch: Batch | None,
        now: float,
    ) -> Letter:
        failed_at = now if batch is None or batch.first_failed_at is None else batch.first_failed_at
        return Letter(
            kind,
            self._limits.dead_letter_topic if kind is LetterKind.DEAD else self._limits.parked_topic,
            entry.ticket,
            rejection,
            destination=destination,
            schema=entry.ticket.schema,
            attempts=0 if batch is None else batch.attempts,
            first_failed_at=failed_at,
            last_failed_at=now,
        )

    def _count(self, rejection: Rejection) -> None:
        self._ledger.rejected[pixel_label(rejection.pixel, self._pixels), rejection.stage, rejection.reason] += 1

    # Asked and fed.

    def ready(self, now: float) -> list[Letter]:
        """Take the letters that may go now; each comes back by `stored` or `not_stored`."""
        going: list[Letter] = []
        kept: list[Letter] = []
        while self._waiting and len(self._out) < self._limits.letters_in_flight:
            letter = self._waiting.popleft()
            gate = (_gate(letter),)
            if self._gates.passes(gate, now):
                self._gates.took(gate, letter)
                self._out.add(letter)
                going.append(letter)
            else:
                kept.append(letter)
        self._waiting.extendleft(reversed(kept))
        return going

    def stored(self, letter: Letter) -> None:
        """The broker acknowledged `letter`: its part is settled."""
        self._out.remove(letter)
        self._gates.opened_by(_gate(letter), letter)
        rejection = letter.rejection
        counts, outcome = (
            (self._ledger.dead_letters, "dead_lettered")
            if letter.kind is LetterKind.DEAD
            else (self._ledger.parked, "parked")
        )
        counts[rejection.reason] += 1
        pixel, event = pixel_label(rejection.pixel, self._pixels), event_label(rejection.event_name)
        self._ledger.events[pixel, event, outcome] += 1
        self._settling.settle(letter.ticket)

    def not_stored(self, letter: Letter, reason: str, now: float) -> None:
        """The broker did not take `letter`: it waits, and so do the others for its topic.

        A letter refused for its size goes once more without its value, at once: the topic is well, and its headers
        still say where the record is.
        """
        self._ledger.letter_errors[reason] += 1
        self._out.remove(letter)
        if reason == "too_large" and letter.carries_value:
            letter.carries_value = False
            self._gates.opened_by(_gate(letter), letter)
        else:
            self._gates.failed_again(_gate(letter), reason, letter, now, jitter=1.0)
        if letter.ticket.tracker.is_live:
            self._waiting.appendleft(letter)
        else:
            self._settling.release(letter.ticket)

    def withdraw_foreign(self) -> None:
        """Give back the waiting letters of partitions that were revoked."""
        foreign = [letter for letter in self._waiting if not letter.ticket.tracker.is_live]
        self._waiting = deque(letter for letter in self._waiting if letter.ticket.tracker.is_live)
        for letter in foreign:
            self._settling.release(letter.ticket)

    def can_move_before(self, deadline: float) -> bool:
        """Whether a letter is out, or one that waits may go before `deadline`."""
        if self._out:
            return True
        return any(self._gates.held_until([gate]) < deadline for gate in self._topics())

    def _topics(self) -> Iterable[Gate]:
        return {_gate(letter) for letter in self._waiting}


def _of_event(event: Event, reason: str, detail: str = "") -> Rejection:
    return Rejection("post", reason, detail, event.index, event.pixel, event.event_id, event.name)


def _gate(letter: Letter) -> Gate:
    return Gate(Scope.TOPIC, letter.topic)
