"""What every record still needs before its offset settles, and the bytes that it holds until then."""

from __future__ import annotations

from collections.abc import Iterable

from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.model import Record

RECORD_BYTES = 700  # what a record and its ticket cost beside their bytes, measured with tracemalloc
EVENT_BYTES = 500  # likewise an event and its entry in a lane


class Settling:
    """The tickets' open parts, counted down: settled when all are, released if one of them was given back."""

    def __init__(self) -> None:
        self.held_bytes = 0

    def open(self, tracker: OffsetTracker, record: Record) -> Ticket:
        """A ticket with one part: that the record is still to be read."""
        ticket = Ticket(tracker, record)
        tracker.received(record.offset, record.timestamp_ms)
        self.hold_bytes(ticket, record.size_bytes + RECORD_BYTES)
        return ticket

    def hold_bytes(self, ticket: Ticket, size: int) -> None:
        """Count `size` more bytes as held until `ticket` is closed."""
        ticket.size_bytes += size
        ticket.tracker.held_bytes += size
        self.held_bytes += size

    def settle(self, tickets: Iterable[Ticket]) -> None:
        """One part of each of `tickets` is done with."""
        for ticket in tickets:
            ticket.open_parts -= 1
            if not ticket.open_parts:
                self._close(ticket)

    def settle_tombstone(self, ticket: Ticket) -> None:
        """The record of `ticket`, which has no other part, says that there is nothing to do."""
        self._let_go(ticket)
        ticket.tracker.counts.tombstone += 1
        ticket.tracker.settled(ticket.record.offset)

    def release(self, ticket: Ticket) -> None:
        """One part of `ticket` was given back: its offset never settles here, the record will be read again."""
        ticket.is_released = True
        self.settle((ticket,))

    def _close(self, ticket: Ticket) -> None:
        self._let_go(ticket)
        if ticket.is_released:
            ticket.tracker.counts.released += 1
        else:
            ticket.tracker.counts.settled += 1
            ticket.tracker.settled(ticket.record.offset)

    def _let_go(self, ticket: Ticket) -> None:
        ticket.tracker.held_bytes -= ticket.size_bytes
        self.held_bytes -= ticket.size_bytes
