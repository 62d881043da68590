"""What every record still needs before its offset settles, and the bytes that it holds until then."""

from __future__ import annotations

from collections import Counter

from capi_stream.delivery.ledger import Ledger
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.model import Record

RECORD_BYTES = 700  # what a record and its ticket cost beside their bytes, measured with tracemalloc
EVENT_BYTES = 500  # likewise an event and its entry in a lane


class Settling:
    """The tickets' open parts, counted down: settled when all are, released if one of them was given back."""

    def __init__(self, ledger: Ledger) -> None:
        self.held_bytes = 0
        self.in_hand: Counter[str] = Counter()  # topic -> open tickets
        self._ledger = ledger

    def open(self, tracker: OffsetTracker, record: Record) -> Ticket:
        """A ticket with one part: that the record is still to be read."""
        ticket = Ticket(tracker, record)
        self.in_hand[record.partition.topic] += 1
        tracker.received(record.offset, record.timestamp_ms)
        self.hold_bytes(ticket, record.size_bytes + RECORD_BYTES)
        return ticket

    def hold_bytes(self, ticket: Ticket, size: int) -> None:
        """Count `size` more bytes as held until `ticket` is closed."""
        ticket.size_bytes += size
        ticket.tracker.held_bytes += size
        self.held_bytes += size

    def settle(self, ticket: Ticket, outcome: str = "settled") -> None:
        """One part of `ticket` is done with; `outcome` names what became of its record if that was the last."""
        ticket.open_parts -= 1
        if not ticket.open_parts:
            self._close(ticket, outcome)

    def release(self, ticket: Ticket) -> None:
        """One part of `ticket` was given back: its offset never settles here, the record will be read again."""
        ticket.is_released = True
        self.settle(ticket)

    def _close(self, ticket: Ticket, outcome: str) -> None:
        ticket.tracker.held_bytes -= ticket.size_bytes
        self.held_bytes -= ticket.size_bytes
        topic = ticket.record.partition.topic
        self.in_hand[topic] -= 1
        if ticket.is_released:
            self._ledger.records[topic, "released"] += 1
        else:
            self._ledger.records[topic, outcome] += 1
            ticket.tracker.settled(ticket.record.offset)
