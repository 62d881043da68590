"""Letters on their way to the dead-letter and parked topics, each topic behind its own gate."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from capi_stream.delivery.batches import Batch, Entry, Letter, LetterKind
from capi_stream.delivery.fuse import Fuses
from capi_stream.delivery.gates import Gate, Gates
from capi_stream.delivery.labels import event_label, pixel_label
from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.offsets import Ticket
from capi_stream.delivery.outcomes import Rejected, Scope
from capi_stream.delivery.recent import Recent
from capi_stream.delivery.settings import Limits
from capi_stream.delivery.settling import Settling
from capi_stream.model import Destination, Event, Forwarded, Partition, PixelId, Rejection, SchemaKey

TOO_LARGE = "too_large_for_topic"
"""Filtered for, where a letter was to go on to a topic."""


class Letterbox:
    """Letters that wait, and those that are out. A topic that cannot take them is held; nothing is dropped.

    Each letter is one open part of its record's ticket, settled by the broker's acknowledgement. It waits with those
    of the same topic and pixel: they pass the same gates, so a turn of the loop looks at each queue once.
    """

    def __init__(self, limits: Limits, gates: Gates, fuses: Fuses, settling: Settling, ledger: Ledger) -> None:
        self._limits = limits
        self._gates = gates
        self._fuses = fuses
        self._settling = settling
        self._ledger = ledger
        self.recent = Recent()
        self._waiting: dict[tuple[str, PixelId | None], deque[Letter]] = {}
        self._out: set[Letter] = set()
        self._out_bytes = 0
        self._pixels = frozenset(destination.pixel for destination in limits.routes)

    def __len__(self) -> int:
        """How many letters are not stored yet."""
        return len(self._out) + sum(map(len, self._waiting.values()))

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
        self._count(rejection, now)
        topic = self._limits.dead_letter_topic
        self._queue(
            Letter(LetterKind.DEAD, topic, ticket, rejection, schema=schema, first_failed_at=now, last_failed_at=now)
        )

    def refuse(self, entry: Entry, outcome: Rejected, batch: Batch, now: float) -> None:
        """Make a letter of an event that was refused at its post. It takes over the event's part of the ticket."""
        rejection = _of_event(entry.event, outcome.reason, outcome.answer.message)
        self._count(rejection, now)
        letter = self._letter(LetterKind.DEAD, entry, rejection, batch.destination, batch, now)
        letter.answer = outcome.answer
        self._queue(letter)

    def park(self, entry: Entry, reason: str, destination: Destination, batch: Batch | None, now: float) -> None:
        """Make a letter of a good event whose `destination` cannot take it for `reason`.

        It takes over the event's part of the ticket. `batch` is the one that it was posted in before, if any.
        """
        rejection = _of_event(entry.event, reason)
        self._queue(self._letter(LetterKind.PARKED, entry, rejection, destination, batch, now))

    def park_held(self, pixel: PixelId, topics: Collection[str]) -> None:
        """Park the dead letters of `pixel` that a fuse holds, as far as they are of the source `topics`."""
        held = self._waiting.pop((self._limits.dead_letter_topic, pixel), deque())
        for letter in held:
            if letter.record.partition.topic in topics:
                letter.kind, letter.topic = LetterKind.PARKED, self._limits.parked_topic
            self._queue(letter)

    def forward(self, ticket: Ticket, forwarded: Forwarded, now: float) -> None:
        """Make of an earlier letter one that goes to the topic that `forwarded` names: a part of its ticket."""
        ticket.open_parts += 1
        reason = Rejection("", forwarded.reason)
        self._queue(Letter(LetterKind.REPLAY, forwarded.topic, ticket, reason, first_failed_at=now, last_failed_at=now))

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
            event_time=entry.event.time,
            event=entry.event.body,
        )

    def _count(self, rejection: Rejection, now: float) -> None:
        self._ledger.rejected[pixel_label(rejection.pixel, self._pixels), rejection.stage, rejection.reason] += 1
        self._fuses.judged(rejection.pixel, 1, 1, now)

    def _queue(self, letter: Letter, *, first: bool = False) -> None:
        queue = self._waiting.setdefault((letter.topic, self._fused(letter)), deque())
        queue.appendleft(letter) if first else queue.append(letter)

    def _fused(self, letter: Letter) -> PixelId | None:
        """Whose fuse `letter` passes, beside that of all. A parked one passes none."""
        pixel = letter.rejection.pixel
        return pixel if letter.kind is LetterKind.DEAD and pixel in self._pixels else None

    # Asked and fed.

    def ready(self, now: float) -> list[Letter]:
        """Take the letters that may go now; each comes back by `stored` or `not_stored`."""
        going: list[Letter] = []
        for (topic, pixel), queue in self._waiting.items():
            if queue and not self._is_fused(topic, pixel):
                going += self._taken(queue, now)
        return going

    def _is_fused(self, topic: str, pixel: PixelId | None) -> bool:
        """Whether a fuse holds the letters of `pixel` for `topic`. It holds dead ones alone."""
        return topic == self._limits.dead_letter_topic and self._fuses.holds(pixel)

    def _taken(self, queue: deque[Letter], now: float) -> Iterator[Letter]:
        while queue and self._has_room():
            gates = (_gate(queue[0]),)
            if not self._gates.passes(gates, now):
                return
            letter = queue.popleft()
            self._gates.took(gates, letter)
            self._out.add(letter)
            self._out_bytes += letter.record.size_bytes
            yield letter

    def _has_room(self) -> bool:
        limits = self._limits
        return len(self._out) < limits.letters_in_flight and self._out_bytes < limits.letters_in_flight_bytes

    def _came_back(self, letter: Letter) -> None:
        self._out.remove(letter)
        self._out_bytes -= letter.record.size_bytes

    def stored(self, letter: Letter) -> None:
        """The broker acknowledged `letter`: its part is settled."""
        self._came_back(letter)
        self._gates.opened_by(_gate(letter), letter)
        self._settling.settle((letter.ticket,))
        rejection = letter.rejection
        if letter.kind is LetterKind.REPLAY:
            self._ledger.forwarded[rejection.reason] += 1
            return
        counts, outcome = (
            (self._ledger.dead_letters, "dead_lettered")
            if letter.kind is LetterKind.DEAD
            else (self._ledger.parked, "parked")
        )
        counts[rejection.reason] += 1
        pixel, event = pixel_label(rejection.pixel, self._pixels), event_label(rejection.event_name)
        self._ledger.events[pixel, event, outcome] += 1
        self.recent.stored(letter, pixel, event)
        if letter.kind is LetterKind.PARKED and letter.happened_at is not None:
            self._ledger.has_parked(pixel, letter.happened_at)

    def not_stored(self, letter: Letter, reason: str, now: float) -> None:
        """The broker did not take `letter`: it waits, and so do the others for its topic.

        A letter refused for its size goes once more without its value, at once: the topic is well, and its headers
        still say where the record is. One that was to be read again stays where it lies.
        """
        self._ledger.letter_errors[reason] += 1
        self._came_back(letter)
        if reason == "too_large" and letter.kind is LetterKind.REPLAY:
            self._ledger.filtered[letter.record.partition.topic, TOO_LARGE] += 1
            self._gates.opened_by(_gate(letter), letter)
            self._settling.settle((letter.ticket,))
            return
        if reason == "too_large" and letter.carries_value:
            letter.carries_value = False
            self._gates.opened_by(_gate(letter), letter)
        else:
            self._gates.failed_again(_gate(letter), reason, letter, now, jitter=1.0)
        if letter.ticket.tracker.is_live:
            self._queue(letter, first=True)
        else:
            self._settling.release(letter.ticket)

    def withdraw_foreign(self) -> None:
        """Give back the waiting letters of partitions that were revoked."""
        for key, queue in self._waiting.items():
            self._waiting[key] = deque(letter for letter in queue if letter.ticket.tracker.is_live)
            for letter in queue:
                if not letter.ticket.tracker.is_live:
                    self._settling.release(letter.ticket)

    def can_move_before(self, deadline: float) -> bool:
        """Whether a letter is out, or one that waits may go before `deadline`."""
        if self._out:
            return True
        return any(
            queue and not self._is_fused(topic, pixel) and self._gates.held_until([_gate(queue[0])]) < deadline
            for (topic, pixel), queue in self._waiting.items()
        )


def _of_event(event: Event, reason: str, detail: str = "") -> Rejection:
    return Rejection("post", reason, detail, event.index, event.pixel, event.event_id, event.name)


def _gate(letter: Letter) -> Gate:
    return Gate(Scope.TOPIC, letter.topic)
