"""How far a replay has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from capi_stream.cli.replay.plan import Plan
from capi_stream.delivery.fuse import FUSE
from capi_stream.delivery.ledger import Ledger
from capi_stream.observability.board import Sight
from capi_stream.replay.reading import PASSED_OVER
from capi_stream.signals import Asked


class Progress:
    """A bar on stderr while it runs, fed with what the loop shows; `left` letters lie before it.

    It stops a replay whose fuse has blown: most of what it sends is refused, and nobody is there to say go on.
    """

    def __init__(self, left: int) -> None:
        self.asked: Asked | None = None
        self._left = left
        self._ledger = Ledger()
        self._has_blown = False
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("letters", total=left)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def seen(self, sight: Sight) -> None:
        """The loop has shown itself."""
        self._ledger = sight.snapshot.ledger
        held = {gate.reason for gate in sight.snapshot.gates}
        waits = f"waits: {', '.join(sorted(held))}" if held else "letters"
        self._bar.update(self._task, completed=self.settled, description=waits)
        if FUSE in held and self.asked is not None:
            self._has_blown = True
            self.asked.to_stop = self.asked.to_stop or FUSE

    @property
    def settled(self) -> int:
        """How many letters are done with."""
        return sum(counts.settled + counts.tombstone + counts.skipped for counts in self._ledger.topics.values())

    @property
    def is_done(self) -> bool:
        """Whether it came to its end."""
        return not (self.asked is not None and self.asked.to_stop)

    def books(self, plan: Plan) -> Iterator[str]:
        """What became of the letters, for a person."""
        if self.settled:
            yield f"Done with {self.settled:,} letters of {plan.topic}:"
            yield from (f"  {number:>8,}  {words}" for words, number in self._outcomes(plan) if number)
        elif self.is_done:
            yield f"Nothing was left to do in {plan.topic}."
        yield from self._unfinished(plan)

    def _outcomes(self, plan: Plan) -> Iterator[tuple[str, int]]:
        ledger = self._ledger
        outcomes: Counter[str] = Counter()
        for labels, number in ledger.events.items():
            outcomes[labels[-1]] += number
        yield "events accepted", outcomes["accepted"]
        yield "refused again: new letters, which remember the first", outcomes["dead_lettered"]
        yield "parked", outcomes["parked"]
        yield f"published to {plan.to_topic}", ledger.forwarded.total()
        for (_, reason), number in sorted(ledger.filtered.items()):
            left = PASSED_OVER.get(reason)
            yield (f"left where they lie, {reason}: {left}" if left else f"filtered, {reason}"), number

    def _unfinished(self, plan: Plan) -> Iterator[str]:
        if self._has_blown:
            yield "It was stopped: most of what it sent was refused (the fuse). What to do: find out why first."
        if not self.is_done:
            yield f"To go on where it ended: {plan.command}"
