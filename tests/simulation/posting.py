"""The posts of one simulated member: taken, judged by the API, answered in any order, and looked at on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.lanes import gates_of
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected, Unavailable
from capi_stream.model import Destination, PixelId
from tests.simulation.around import Around
from tests.simulation.features import Feature
from tests.simulation.holds import Holds
from tests.simulation.log import UNIX_START
from tests.simulation.witness import Where, delivered

FLOOR_BYTES = 16 * 1024  # a lane's byte limit is never lowered beyond this
DOUBLES_ARE_DROPPED_SECONDS = 48 * 3600.0  # for so long the API drops the second of two equal events
TOO_LARGE = Rejected("too_large")


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """A batch that is out, with the events that it had when it went."""

    batch: Batch
    entries: tuple[Entry, ...]


class Posting:
    """What is out of one engine, and what the API made of it. `accepted` counts each pixel's events."""

    def __init__(self, engine: Engine, around: Around, holds: Holds) -> None:
        self._engine = engine
        self._limits = around.limits
        self._holds = holds
        self._random = around.random
        self._log = around.log
        self._api = around.api
        self._exercised = around.exercised
        self.out: list[Post] = []
        self.passed_at: dict[Destination, float] = {}
        self.accepted: Counter[PixelId] = Counter()
        self._further = self._guilty = 0  # posts of what was posted before, and bad events
        self._halved = 0  # posts of several events that were too large
        self._most_bytes: dict[Destination, int] = {}  # that a new batch may have, since one was too large
        self._closed_before: set[Batch] = set()  # batches that were closed under an earlier limit
        self._resent = self._late = 0  # events

    def take(self, now: float, linger: float) -> None:
        """Take what is to be posted."""
        for batch in self._engine.ready(now, now + UNIX_START):
            post = Post(batch, tuple(batch.entries))
            self._holds.goes(gates_of(batch.destination, self._limits), batch, now)
            self._check_batch(post, now)
            self.out.append(post)
        self._holds.learn(self._engine._gates.holding())
        self._check_nothing_lingers(now, linger)
        self._check_floor()
        self._check_counts()

    def _check_batch(self, post: Post, now: float) -> None:
        destination, entries = post.batch.destination, post.entries
        size = sum(len(entry.event.body) + 1 for entry in entries)
        assert 1 <= len(entries) <= self._limits.batch_events, f"never mixed: a batch of {len(entries)}"
        most = self._limits.batch_bytes
        if post.batch.attempts == 1 and post.batch not in self._closed_before:
            most = self._most_bytes.get(destination, most)
        assert size <= most or len(entries) == 1, f"never mixed: a batch of {size} bytes, {most} are allowed"
        for entry in entries:
            record, part = delivered(entry.ticket.record), (destination, entry.event.index)
            assert destination in entry.event.destinations, f"never mixed: {record} is not for {destination}"
            assert entry.event.not_after >= now + UNIX_START, f"never stale: {record} is too old and is posted"
            record.went(part, Where.POSTED)
        self._count(post, now)

    def _count(self, post: Post, now: float) -> None:
        destination = post.batch.destination
        fresh = [each for each in post.entries if not self._was_posted(each, destination)]
        self._further += len(fresh) < len(post.entries)
        self._guilty += sum(self._is_guilty(each) for each in fresh)
        self._resent += len(post.entries) - len(fresh)
        self._late += sum(self._is_late(each, destination, now) for each in post.entries)
        for entry in fresh:
            delivered(entry.ticket.record).posted.add((destination, entry.event.index))
        if self._late:
            self._exercised.add(Feature.LATE_RESEND)

    def _is_guilty(self, entry: Entry) -> bool:
        return entry.event.event_id in self._log.poison or len(entry.event.body) + 1 > self._api.largest

    @staticmethod
    def _was_posted(entry: Entry, destination: Destination) -> bool:
        return (destination, entry.event.index) in delivered(entry.ticket.record).posted

    @staticmethod
    def _is_late(entry: Entry, destination: Destination, now: float) -> bool:
        lost_at = delivered(entry.ticket.record).lost_at.get((destination, entry.event.index), now)
        return now - lost_at > DOUBLES_ARE_DROPPED_SECONDS

    def _check_counts(self) -> None:
        """What the engine counts as sent again is what was."""
        told = self._engine.ledger.resent_events, self._engine.ledger.late_resent_events
        seen = self._resent, self._late
        assert told == seen, f"never miscounted: {seen} events were sent again and too late, the engine says {told}"

    def _check_nothing_lingers(self, now: float, linger: float) -> None:
        out = Counter(post.batch.destination for post in self.out)
        assert len(self.out) <= self._limits.posts_in_flight, f"never unbounded: {len(self.out)} posts are out"
        for lane in self._engine._lanes:
            own = self._limits.pixel_limits.get(lane.destination.pixel)
            limit = self._limits.posts_in_flight_per_pixel if own is None else own
            if out[lane.destination] == own:
                self._exercised.add(Feature.OWN_LIMIT)
            assert out[lane.destination] <= limit, f"never unbounded: {out[lane.destination]} posts of one pixel"
            is_free = len(self.out) < self._limits.posts_in_flight and out[lane.destination] < limit
            if is_free and self._holds.passes(lane.gates, now):
                is_late = bool(lane.waiting) and lane.waiting[0].since + linger <= now
                assert not lane.closed, f"never stale: {lane.destination} could post a batch and does not"
                assert not is_late, f"never stale: {lane.destination} could post what lingers and does not"

    def check_poison_is_cheap(self) -> None:
        """Where nothing else goes wrong, what is posted again is posted because of bad events."""
        most = (2 * (self._limits.batch_events.bit_length() - 1) + 3) * self._guilty + 2 * self._halved
        assert self._further <= most, f"poison is cheap: {self._further} further posts for {self._guilty} bad events"

    def answer(self, now: float) -> None:
        """One post is answered, in any order."""
        if self.out:
            post = self.out.pop(self._random.randrange(len(self.out)))
            self._told(post, self._api.judge(post.batch.destination, post.entries, now), now)

    def _told(self, post: Post, outcome: Outcome, now: float) -> None:
        batch, destination = post.batch, post.batch.destination
        assert tuple(batch.entries) == post.entries, "never mixed: a batch changed while it was out"
        is_accepted = isinstance(outcome, Accepted)
        for entry in post.entries:
            record, part = delivered(entry.ticket.record), (destination, entry.event.index)
            record.settle(part, Where.POSTED) if is_accepted else record.came_back(part)
        if is_accepted:
            self.passed_at[destination] = now
            self.accepted[destination.pixel] += len(post.entries)
        elif isinstance(outcome, Unavailable) and outcome.is_unknown:
            for entry in post.entries:
                delivered(entry.ticket.record).lost_at.setdefault((destination, entry.event.index), batch.posted_at)
        if outcome == TOO_LARGE and len(post.entries) > 1:
            self._was_too_large(post)
        self._engine.answered(batch, outcome, now, self._random.random())
        self._learn(batch, outcome, now)

    def _was_too_large(self, post: Post) -> None:
        """From now on no new batch of its destination is as large: at most half of it, or the floor."""
        destination = post.batch.destination
        size = sum(len(entry.event.body) + 1 for entry in post.entries)
        self._halved += 1
        if self._is_split_here(post):
            most = self._most_bytes.get(destination, self._limits.batch_bytes)
            self._most_bytes[destination] = min(most, max(FLOOR_BYTES, size // 2))
            self._closed_before.update(self._engine._lanes.lane(destination).closed)
        if size > self._api.largest:
            self._exercised.add(Feature.LOWERED_LIMIT)

    @staticmethod
    def _is_split_here(post: Post) -> bool:
        """Whether more than one of its events is still this member's: else nothing is left to split."""
        lives = (delivered(entry.ticket.record).life for entry in post.entries)
        return sum(life is not None and life.is_live for life in lives) > 1

    def _check_floor(self) -> None:
        """No lane is held to smaller batches than the floor, however often it was too large."""
        least = min(FLOOR_BYTES, self._limits.batch_bytes)
        for lane in self._engine._lanes:
            where = f"never mixed: {lane.destination} is held to {lane.byte_limit} bytes"
            assert lane.byte_limit >= least, f"{where}, less than the floor of {least}"
            if least == FLOOR_BYTES == lane.byte_limit:
                self._exercised.add(Feature.LIMIT_AT_FLOOR)

    def _learn(self, batch: Batch, outcome: Outcome, now: float) -> None:
        views = self._engine._gates.holding()
        if isinstance(outcome, Unavailable):
            self._holds.answered(views, batch, now, outcome.reason, outcome.hold_seconds)
            self._holds.check_held(gates_of(batch.destination, self._limits), outcome.reason)
        else:
            self._holds.answered(views, batch, now)
