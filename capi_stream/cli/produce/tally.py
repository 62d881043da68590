"""What was published, counted; and how that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from capi_stream.cli.produce.load import Made

UNANSWERED = "no_report"


@dataclass(slots=True)
class Tally:
    """Counts of one run. A record is published when it was handed to the client, and acknowledged by the broker."""

    seconds: float = 0.0  # since it began
    records: int = 0
    acknowledged: int = 0
    bytes: int = 0
    events: Counter[str] = field(default_factory=Counter)  # by kind, those of faulty records too
    faults: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  # by the client's reason

    def published(self, made: Made) -> None:
        """It is on its way."""
        self.records += 1
        self.bytes += len(made.value or b"")
        self.events[made.kind] += 1
        if made.fault is not None:
            self.faults[made.fault] += 1

    def reported(self, reason: str | None) -> None:
        """The broker has one; or not, for a `reason`."""
        if reason is None:
            self.acknowledged += 1
        else:
            self.failed[reason] += 1

    def close(self) -> None:
        """Nothing more will be heard."""
        if unanswered := self.records - self.acknowledged - self.failed.total():
            self.failed[UNANSWERED] = unanswered

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds if self.seconds else 0.0

    def line(self) -> str:
        """How it goes."""
        return (
            f"{self.records:,} records in {self.seconds:.0f} s, {self.rate:,.0f} a second, "
            f"{self.acknowledged:,} acknowledged"
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What the summary says beside the counts."""

    topic: str
    seed: int


def as_json(tally: Tally, run: Run) -> dict[str, Any]:
    """The summary for a program."""
    return {
        "topic": run.topic,
        "seed": run.seed,
        "seconds": round(tally.seconds, 3),
        "records": tally.records,
        "bytes": tally.bytes,
        "acknowledged": tally.acknowledged,
        "not_acknowledged": dict(tally.failed),
        "events": _sorted(tally.events),
        "faults": _sorted(tally.faults),
    }


def as_text(tally: Tally, run: Run) -> Iterator[str]:
    """The summary for a person, line by line."""
    yield (
        f"{tally.records:,} records, {tally.bytes:,} bytes to {run.topic} in {tally.seconds:.1f} s, "
        f"{tally.rate:,.0f} a second"
    )
    yield f"  acknowledged  {tally.acknowledged:,}"
    for title, counts in (("not", tally.failed), ("events", tally.events), ("faults", tally.faults)):
        for at, (name, number) in enumerate(_sorted(counts).items()):
            yield f"  {'' if at else title:12}  {number:,} {name}"
    yield f"  seed          {run.seed}"


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
