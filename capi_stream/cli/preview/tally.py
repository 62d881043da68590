"""What a preview came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from capi_stream.cli.preview.rows import Pass, Reject, Row, Send
from capi_stream.model import Mapped, Reading


class Tally:
    """Counts records, and what would become of their events."""

    def __init__(self) -> None:
        self.read = 0
        self.sent: Counter[str] = Counter()  # by pixel
        self.rejected: Counter[str] = Counter()  # by stage and reason
        self.passed: dict[str, Counter[str]] = {would: Counter() for would in ("filter", "skip", "wait")}
        self.identifiers: Counter[str] = Counter()  # of what would be sent
        self.dropped: Counter[str] = Counter()  # field and reason

    def reads(self, reading: Reading) -> None:
        """One more record."""
        self.read += 1
        if isinstance(reading, Mapped):
            self.dropped.update(f"{each.field} {each.reason}" for each in reading.dropped)

    def counts(self, row: Row) -> None:
        """One more thing that would become of a record."""
        match row.fate:
            case Send(event):
                self.sent[event.pixel] += 1
                self.identifiers.update(event.identifiers)
            case Reject(rejection):
                self.rejected[f"{rejection.stage} {rejection.reason}"] += 1
            case Pass(would, reason):
                self.passed[would][reason] += 1

    @property
    def is_complete(self) -> bool:
        """Whether no record waits for a schema that could not be had."""
        return not self.passed["wait"]

    def table(self) -> Iterator[str]:
        """Lines for a person."""
        yield f"{'records read':<44} {self.read:>8}"
        yield from _part("events that would be sent, by pixel", self.sent)
        yield from _part("would be dead letters, by reason", self.rejected)
        yield from _part("filtered, by reason", self.passed["filter"])
        for would, title in (("skip", "records without an event"), ("wait", "wait for a schema")):
            if self.passed[would]:
                yield from _part(title, self.passed[would])
        sent = self.sent.total()
        if sent:
            yield "identifiers, and which share of those events has them"
            for key, number in self.identifiers.most_common():
                yield f"  {key:<42} {number:>8} {number / sent:>6.0%}"
        if self.dropped:
            yield from _part("identifiers left out, by reason", self.dropped)

    def values(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "read": self.read,
            "sent": dict(self.sent),
            "rejected": dict(self.rejected),
            **{{"filter": "filtered", "skip": "skipped", "wait": "waiting"}[would]: dict(found)
               for would, found in self.passed.items()},
            "identifiers": dict(self.identifiers),
            "dropped": dict(self.dropped),
        }  # fmt: skip


def _part(title: str, numbers: Mapping[str, int]) -> Iterator[str]:
    yield f"{title:<44} {sum(numbers.values()):>8}"
    for name, number in sorted(numbers.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {name:<42} {number:>8}"
