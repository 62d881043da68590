"""The letters of one simulated member, and the topics that take them, or do not."""

from __future__ import annotations

from random import Random

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.gates import Gate
from capi_stream.delivery.lanes import gates_of
from capi_stream.delivery.outcomes import POLICY, Scope
from capi_stream.delivery.settings import Limits
from capi_stream.model import Destination, Event, Mapped
from tests.simulation.holds import Holds
from tests.simulation.log import UNIX_START, Log
from tests.simulation.posting import Posting
from tests.simulation.witness import Delivered, Where, delivered


class Topics:
    """The dead-letter and the parked topic: each may take nothing for a while, or no large value ever."""

    def __init__(self, random: Random, faults: float) -> None:
        self._random = random
        self.faults = faults
        self._largest = random.choice((1_000, 200)) if faults else 1_000
        self._failing_until: dict[str, float] = {}

    def weather(self, now: float) -> None:
        """One of them takes nothing for a while."""
        self._failing_until[self._random.choice(("dead", "parked"))] = now + self._random.choice((1.0, 60.0, 300.0))

    def recover(self) -> None:
        """Take everything but what is too large."""
        self.faults = 0.0
        self._failing_until.clear()

    def refusal(self, letter: Letter, now: float) -> str | None:
        """Why `letter` is not taken."""
        if now < self._failing_until.get(letter.topic, 0.0) or self._random.random() < self.faults:
            return self._random.choice(("timed_out", "too_large") if letter.carries_value else ("timed_out",))
        return "too_large" if letter.carries_value and letter.record.size_bytes > self._largest else None


class Storing:
    """What is on its way from one engine to its topics. `seen` are the destinations that had something since start."""

    def __init__(
        self, engine: Engine, limits: Limits, holds: Holds, random: Random, log: Log, posting: Posting
    ) -> None:
        self._engine = engine
        self._limits = limits
        self._holds = holds
        self._random = random
        self._log = log
        self._posting = posting
        self.out: list[Letter] = []
        self.seen: set[Destination] = set()
        self._could_park: set[float] = set()  # the moments at which another destination was not held

    def take(self, now: float) -> None:
        """Take the letters that are to be stored."""
        if any(not self._holds.is_held(gates_of(each, self._limits), now) for each in self.seen):
            self._could_park.add(now)
        self._holds.learn(self._engine._gates.holding())
        for letter in self._engine.letters(now):
            record = delivered(letter.record)
            record.went((letter.destination, letter.rejection.index), Where.STORING)
            self._holds.goes((_gate(letter),), letter, now)
            if letter.kind is LetterKind.PARKED:
                self._check_parked(letter, record)
            else:
                self._check_dead(letter, record)
            self.out.append(letter)
        assert len(self.out) <= self._limits.letters_in_flight, f"never unbounded: {len(self.out)} letters are out"

    def _check_parked(self, letter: Letter, record: Delivered) -> None:
        assert letter.topic == self._limits.parked_topic, f"never lost: {record} is parked in {letter.topic}"
        reason, failed_at = letter.rejection.reason, letter.last_failed_at
        passed_at = 0.0 if letter.destination is None else self._posting.passed_at.get(letter.destination, 0.0)
        is_lone = letter.attempts >= 8 and passed_at > letter.first_failed_at
        is_fused = reason not in POLICY and max(self._could_park, default=0.0) >= failed_at  # a dead letter once
        assert is_lone or is_fused or failed_at in self._could_park, (
            f"never parked in vain: {record} was parked for {reason} while all were held"
        )

    def _check_dead(self, letter: Letter, record: Delivered) -> None:
        assert letter.topic == self._limits.dead_letter_topic, f"never lost: {record} is dead in {letter.topic}"
        pixel = letter.rejection.pixel
        gates = [gate for end in self._limits.routes if end.pixel == pixel for gate in gates_of(end, self._limits)]
        is_blown = self._holds.is_blown([Gate(Scope.ALL), *gates])
        assert not is_blown, f"never poured: {record} becomes a dead letter, and a fuse has blown"
        if letter.destination is None:
            return
        event = self._event(record, letter.rejection.index)
        is_old = event.not_after < letter.last_failed_at + UNIX_START
        assert is_old or event.event_id in self._log.poison, f"poison is cheap: {record} is good and a dead letter"

    def _event(self, record: Delivered, index: int | None) -> Event:
        (written,) = self._log.after(record.partition, record.offset, 1)
        assert isinstance(written.reading, Mapped)
        return next(event for event in written.reading.events if event.index == index)

    def report(self, topics: Topics, now: float) -> None:
        """The broker acknowledges one letter, or does not; it may have stored one that it does not acknowledge."""
        if not self.out:
            return
        letter = self.out.pop(self._random.randrange(len(self.out)))
        record, part = delivered(letter.record), (letter.destination, letter.rejection.index)
        reason = topics.refusal(letter, now)
        if reason is None:
            record.settle(part, Where.STORING)
            self._engine.stored(letter)
            self._holds.answered(self._engine._gates.holding(), letter, now)
            return
        record.came_back(part)
        is_too_large = reason == "too_large" and letter.carries_value
        self._engine.not_stored(letter, reason, now)
        self._holds.answered(self._engine._gates.holding(), letter, now, reason)
        if not is_too_large:
            self._holds.check_held((_gate(letter),), reason)


def _gate(letter: Letter) -> Gate:
    return Gate(Scope.TOPIC, letter.topic)
