"""The letters of one simulated member: taken, stored or not, and looked at on the way."""

from __future__ import annotations

from math import inf

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.fuse import FUSE
from capi_stream.delivery.gates import Gate
from capi_stream.delivery.lanes import gates_of
from capi_stream.delivery.letters import TOO_LARGE
from capi_stream.delivery.outcomes import POLICY, Scope
from capi_stream.model import Destination, Event, Forwarded, Mapped, PixelId
from tests.simulation.around import Around
from tests.simulation.features import Feature
from tests.simulation.holds import Holds
from tests.simulation.log import UNIX_START
from tests.simulation.posting import Posting
from tests.simulation.witness import Delivered, Where, delivered


class Storing:
    """What is on its way from one engine to its topics. `seen` are the destinations that had something since start.

    `since` is when its fuses began to count, and `is_reset` says whether a person has opened any since.
    """

    def __init__(self, engine: Engine, around: Around, holds: Holds, posting: Posting) -> None:
        self._engine = engine
        self._limits = around.limits
        self._holds = holds
        self._random = around.random
        self._log = around.log
        self._api = around.api
        self._topics = around.topics
        self._exercised = around.exercised
        self._posting = posting
        self.since = inf
        self.is_reset = False
        self._dead: dict[PixelId | None, set[Letter]] = {}
        self.out: list[Letter] = []
        self.seen: set[Destination] = set()
        self._forwarded = self._left = 0
        self._refused: set[Letter] = set()  # of those that go on
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
            self._check(letter, record, now)
            self.out.append(letter)
        if not self.is_reset and any(view.reason == FUSE for view in self._engine._gates.holding()):
            self._exercised.add(Feature.BLOWN_FUSE)
        assert len(self.out) <= self._limits.letters_in_flight, f"never unbounded: {len(self.out)} letters are out"

    def _check(self, letter: Letter, record: Delivered, now: float) -> None:
        match letter.kind:
            case LetterKind.PARKED:
                self._check_parked(letter, record)
            case LetterKind.REPLAY:
                self._check_forwarded(letter, record)
            case LetterKind.DEAD:
                self._check_dead(letter, record)
                self._check_fuse(letter, now)

    @staticmethod
    def _check_forwarded(letter: Letter, record: Delivered) -> None:
        meant = Forwarded(letter.topic, letter.rejection.reason)
        assert record.written.reading == meant, f"never lost: {record} goes on to {letter.topic}"
        assert letter.carries_value, f"never lost: {record} goes on without its value"

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
        event = _event(record, letter.rejection.index)
        is_old = event.not_after < letter.last_failed_at + UNIX_START
        is_too_large = len(event.body) + 1 > self._api.largest
        is_bad = is_too_large if letter.rejection.reason == "too_large" else event.event_id in self._log.poison
        assert is_old or is_bad, f"poison is cheap: {record} is good and a dead letter"
        if letter.rejection.reason == "too_large":
            self._exercised.add(Feature.EVENT_TOO_LARGE)

    def _check_fuse(self, letter: Letter, now: float) -> None:
        """Until somebody resets a fuse, bad data cost less than its minimum of letters, or no more than were accepted.

        That is so for each pixel within one window since the start of its engine, when no count has been dropped yet.
        What is of no pixel is counted with all others; a pixel that blows its own fuse makes all of that be forgotten,
        but took part in it: so it does not buy others more letters than events were accepted meanwhile.
        """
        fuse = self._limits.fuse
        assert fuse is not None
        if self.is_reset or now - self.since >= fuse.window_seconds:
            return
        pixel = letter.rejection.pixel
        dead = self._dead.setdefault(pixel, set())
        dead.add(letter)
        weight = fuse.share / (1.0 - fuse.share)
        if pixel is None:
            most = fuse.minimum - 1 + self._posting.accepted.total() * weight
        else:
            most = max(fuse.minimum - 1, self._posting.accepted[pixel] * weight)
        assert len(dead) <= most, f"never poured: {len(dead)} dead letters of pixel {pixel}, {most:.0f} are allowed"
        if len(dead) == fuse.minimum - 1 == most:
            self._exercised.add(Feature.FULL_FUSE)

    def report(self, now: float) -> None:
        """The broker acknowledges one letter, or does not; it may have stored one that it does not acknowledge."""
        if not self.out:
            return
        letter = self.out.pop(self._random.randrange(len(self.out)))
        record, part = delivered(letter.record), (letter.destination, letter.rejection.index)
        reason = self._topics.refusal(letter, now)
        is_left = reason == "too_large" and letter.kind is LetterKind.REPLAY
        if reason is None or is_left:
            record.settle(part, Where.STORING)
            self._engine.stored(letter) if reason is None else self._engine.not_stored(letter, reason, now)
            self._holds.answered(self._engine._gates.holding(), letter, now)
            self._count(letter, is_left=is_left)
            return
        record.came_back(part)
        is_too_large = reason == "too_large" and letter.carries_value
        self._engine.not_stored(letter, reason, now)
        self._holds.answered(self._engine._gates.holding(), letter, now, reason)
        if not is_too_large:
            self._holds.check_held((_gate(letter),), reason)
        if letter.kind is LetterKind.REPLAY:
            self._refused.add(letter)

    def _count(self, letter: Letter, *, is_left: bool) -> None:
        """What the engine counts of those that go on is what became of them."""
        if letter.kind is not LetterKind.REPLAY:
            return
        self._forwarded += not is_left
        self._left += is_left
        self._exercised.add(Feature.LEFT if is_left else Feature.FORWARDED)
        if letter in self._refused and not is_left:
            self._exercised.add(Feature.FORWARDED_AGAIN)
        ledger = self._engine.ledger
        told = ledger.forwarded.total(), ledger.filtered[letter.record.partition.topic, TOO_LARGE]
        seen = self._forwarded, self._left
        assert told == seen, f"never miscounted: {seen} letters went on and were left, the engine says {told}"


def _event(record: Delivered, index: int | None) -> Event:
    reading = record.written.reading
    assert isinstance(reading, Mapped)
    return next(event for event in reading.events if event.index == index)


def _gate(letter: Letter) -> Gate:
    return Gate(Scope.TOPIC, letter.topic)
