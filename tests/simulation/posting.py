"""The posts of one simulated member: taken, judged by the API, answered in any order, and looked at on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.lanes import gates_of
from capi_stream.delivery.outcomes import Accepted, Outcome, Unavailable
from capi_stream.delivery.settings import Limits
from capi_stream.model import Destination
from tests.simulation.api import Api
from tests.simulation.holds import Holds
from tests.simulation.log import UNIX_START, Log
from tests.simulation.witness import Where, delivered


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """A batch that is out, with the events that it had when it went."""

    batch: Batch
    entries: tuple[Entry, ...]


class Posting:
    """What is out of one engine, and what the API made of it."""

    def __init__(self, engine: Engine, limits: Limits, holds: Holds, random: Random, log: Log) -> None:
        self._engine = engine
        self._limits = limits
        self._holds = holds
        self._random = random
        self._log = log
        self.out: list[Post] = []
        self.passed_at: dict[Destination, float] = {}
        self._further = self._guilty = 0  # posts of what was posted before, and bad events

    def take(self, now: float, linger: float) -> None:
        """Take what is to be posted."""
        for batch in self._engine.ready(now, now + UNIX_START):
            post = Post(batch, tuple(batch.entries))
            self._holds.goes(gates_of(batch.destination, self._limits), batch, now)
            self._check_batch(post, now)
            self.out.append(post)
        self._holds.learn(self._engine._gates.holding())
        self._check_nothing_lingers(now, linger)

    def _check_batch(self, post: Post, now: float) -> None:
        destination, entries = post.batch.destination, post.entries
        size = sum(len(entry.event.body) + 1 for entry in entries)
        assert 1 <= len(entries) <= self._limits.batch_events, f"never mixed: a batch of {len(entries)}"
        assert size <= self._limits.batch_bytes or len(entries) == 1, f"never mixed: a batch of {size} bytes"
        for entry in entries:
            record, part = delivered(entry.ticket.record), (destination, entry.event.index)
            assert destination in entry.event.destinations, f"never mixed: {record} is not for {destination}"
            assert entry.event.not_after >= now + UNIX_START, f"never stale: {record} is too old and is posted"
            record.went(part, Where.POSTED)
        self._count(post)

    def _count(self, post: Post) -> None:
        destination = post.batch.destination
        fresh = [each for each in post.entries if not self._was_posted(each, destination)]
        self._further += len(fresh) < len(post.entries)
        self._guilty += sum(each.event.event_id in self._log.poison for each in fresh)
        for entry in fresh:
            delivered(entry.ticket.record).posted.add((destination, entry.event.index))

    @staticmethod
    def _was_posted(entry: Entry, destination: Destination) -> bool:
        return (destination, entry.event.index) in delivered(entry.ticket.record).posted

    def _check_nothing_lingers(self, now: float, linger: float) -> None:
        out = Counter(post.batch.destination for post in self.out)
        assert len(self.out) <= self._limits.posts_in_flight, f"never unbounded: {len(self.out)} posts are out"
        for lane in self._engine._lanes:
            limit = self._limits.posts_in_flight_per_pixel
            assert out[lane.destination] <= limit, f"never unbounded: {out[lane.destination]} posts of one pixel"
            is_free = len(self.out) < self._limits.posts_in_flight and out[lane.destination] < limit
            if is_free and self._holds.passes(lane.gates, now):
                is_late = bool(lane.waiting) and lane.waiting[0].since + linger <= now
                assert not lane.closed, f"never stale: {lane.destination} could post a batch and does not"
                assert not is_late, f"never stale: {lane.destination} could post what lingers and does not"

    def check_poison_is_cheap(self) -> None:
        """Where nothing else goes wrong, what is posted again is posted because of bad events."""
        most = (2 * (self._limits.batch_events.bit_length() - 1) + 3) * self._guilty
        assert self._further <= most, f"poison is cheap: {self._further} further posts for {self._guilty} bad events"

    def answer(self, api: Api, now: float) -> None:
        """One post is answered, in any order."""
        if self.out:
            post = self.out.pop(self._random.randrange(len(self.out)))
            self._told(post, api.judge(post.batch.destination, post.entries, now), now)

    def _told(self, post: Post, outcome: Outcome, now: float) -> None:
        batch, destination = post.batch, post.batch.destination
        assert tuple(batch.entries) == post.entries, "never mixed: a batch changed while it was out"
        is_accepted = isinstance(outcome, Accepted)
        for entry in post.entries:
            record, part = delivered(entry.ticket.record), (destination, entry.event.index)
            record.settle(part, Where.POSTED) if is_accepted else record.came_back(part)
        if is_accepted:
            self.passed_at[destination] = now
        self._engine.answered(batch, outcome, now, self._random.random())
        self._learn(batch, outcome, now)

    def _learn(self, batch: Batch, outcome: Outcome, now: float) -> None:
        views = self._engine._gates.holding()
        if isinstance(outcome, Unavailable):
            self._holds.answered(views, batch, now, outcome.reason, outcome.hold_seconds)
            self._holds.check_held(gates_of(batch.destination, self._limits), outcome.reason)
        else:
            self._holds.answered(views, batch, now)
