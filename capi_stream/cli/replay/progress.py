"""How far a replay has come, and what came of it."""

from __future__ import annotations

import time
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
from capi_stream.delivery.letters import TOO_LARGE
from capi_stream.observability.board import Sight
from capi_stream.replay.reading import PASSED_OVER
from capi_stream.signals import Asked

TELL_EVERY_SECONDS = 10.0  # where nothing is drawn
NOT_OURS = "another process of this id has the letters, or had them until it was killed"


class Progress:
    """A bar on stderr while it runs, fed with what the loop shows; lines where that is no terminal.

    `left` letters lie before it. It stops a replay whose fuse has blown: most of what it sends is refused, and nobody
    is there to say go on.
    """

    def __init__(self, left: int) -> None:
        self.asked: Asked | None = None
        self._left = left
        self._ledger = Ledger()
        self._tell_at = time.monotonic() + TELL_EVERY_SECONDS
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console = Console(stderr=True)
        self._bar = Bar(*columns, console=self._console)
        self._task = self._bar.add_task("letters", total=left)

    def __enter__(self) -> Self:
        if self.is_drawn:
            self._bar.start()
            self._console.show_cursor(True)  # a second signal ends the process without a word: it would stay hidden
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    @property
    def is_drawn(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self._console.is_terminal

    def seen(self, sight: Sight) -> None:
        """The loop has shown itself."""
        self._ledger = sight.snapshot.ledger
        if any(gate.reason == FUSE for gate in sight.snapshot.gates) and self.asked is not None:
            self.asked.to_stop = self.asked.to_stop or FUSE
        words = self._words(sight)
        self._bar.update(self._task, completed=min(self.done, self._left), description=words)
        if not self.is_drawn and time.monotonic() >= self._tell_at:
            self._tell_at = time.monotonic() + TELL_EVERY_SECONDS
            self._console.print(f"{words}: {self.done:,} of {self._left:,} letters", soft_wrap=True, highlight=False)

    def _words(self, sight: Sight) -> str:
        """What it does: in the end, what it waits for."""
        waits = sorted({gate.reason for gate in sight.snapshot.gates})
        waits += list(sight.outages)
        waits += [] if sight.snapshot.partitions else [NOT_OURS]
        if self.asked is not None and self.asked.to_stop:
            return "stops; once more ends it at once"
        return f"waits: {'; '.join(waits)}" if waits else "letters"

    @property
    def done(self) -> int:
        """How many letters are done with, by this run and for good."""
        counts = self._ledger.topics.values()
        return sum(each.settled + each.tombstone for each in counts) - self._ledger.uncommitted

    @property
    def is_done(self) -> bool:
        """Whether it came to its end, and could do all."""
        was_stopped = self.asked is not None and self.asked.to_stop
        return not was_stopped and not any(reason == TOO_LARGE for _, reason in self._ledger.filtered)

    def books(self, plan: Plan) -> Iterator[str]:
        """What became of the letters, for a person."""
        outcomes = [(number, words) for words, number in self._outcomes(plan) if number]
        if outcomes:
            yield f"Done with {self.done:,} letters of {plan.topic}:"
            yield from (f"  {number:>8,}  {words}" for number, words in outcomes)
        elif self.is_done:
            yield f"Nothing was left to do in {plan.topic}."
        if self.asked is not None and self.asked.to_stop == FUSE:
            yield "It was stopped: most of what it sent was refused (the fuse). What to do: find out why first."
        if not self.is_done:
            yield f"To go on where it ended: {plan.command}"

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
        yield "were done by an earlier run", sum(each.skipped for each in ledger.topics.values())
        yield "letters were sent, and Kafka did not take word of it: they are sent twice", ledger.uncommitted
