"""One simulated member of the consumer group: an engine, its reading positions, and what it has out."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from capi_stream.delivery.batches import Batch, Letter, LetterKind
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.offsets import Commit, Ticket
from capi_stream.delivery.outcomes import Accepted
from capi_stream.delivery.settings import Limits, Route
from capi_stream.model import Destination, Partition
from tests.simulation.api import Api
from tests.simulation.cluster import LATE_SCHEMA, PIXELS, Cluster

POLL_RECORDS = 5
ROUTES = {
    Destination(pixel, endpoint): Route(f"token {pixel}", endpoint)
    for pixel in PIXELS
    for endpoint in ("graph", "gateway")
}
LIMITS = Limits(
    routes=ROUTES,
    dead_letter_topic="dead",
    parked_topic="parked",
    batch_events=8,
    batch_bytes=4_000,
    posts_in_flight=3,
    posts_in_flight_per_pixel=2,
    buffer_bytes=30_000,
    partition_span=60,
    letters_in_flight=3,
    commit_interval_seconds=0.5,
)


class Member:
    """Does what the service's loop does, one step at a time, in whatever order the seed says."""

    def __init__(self, cluster: Cluster, api: Api, random: Random, engine: Engine | None = None) -> None:
        self.engine = engine or Engine(LIMITS)
        self._cluster = cluster
        self._api = api
        self._random = random
        self.positions: dict[Partition, int] = {}
        self.knows_schema = False
        self.batches: list[Batch] = []
        self.letters: list[Letter] = []
        self.commits: list[Commit] = []
        self.accepted: set[tuple[Ticket, int, str, Destination]] = set()  # ticket, event index, ... of this delivery

    def assigned(self, partition: Partition) -> None:
        """Begin at the committed offset."""
        self.positions[partition] = self._cluster.committed[partition]
        self.engine.assigned(partition, self.positions[partition], self._cluster.metadata.get(partition, ""))

    def poll(self, now: float) -> None:
        """Read a few records of each partition that is not paused."""
        paused = self.engine.paused()
        for partition in [each for each in self.positions if each not in paused]:
            for written in self._cluster.from_offset(partition, self.positions[partition], POLL_RECORDS):
                reading = self._cluster.first_reading(written, knows_schema=self.knows_schema)
                self.engine.received(written.record, reading, now)
                self.positions[partition] = written.record.offset + 1

    def learn_schema(self, now: float) -> None:
        """The registry answers."""
        if not self.engine.wanted_schemas():
            return
        self.knows_schema = True
        for ticket in self.engine.unresolved(LATE_SCHEMA):
            partition, offset = ticket.record.partition, ticket.record.offset
            (written,) = self._cluster.from_offset(partition, offset, 1)
            self.engine.resolved(ticket, written.reading, now)

    def take(self, now: float) -> None:
        """Take what is to be posted, and look at it as an invariant would."""
        for batch in self.engine.ready(now, 0.0):
            assert 1 <= len(batch.entries) <= LIMITS.batch_events, "never mixed: size"
            assert batch.size_bytes <= LIMITS.batch_bytes or len(batch.entries) == 1, "never mixed: bytes"
            for entry in batch.entries:
                assert batch.destination in entry.event.destinations, "never mixed: destination"
                assert entry.ticket.record.partition in self.positions, "never foreign: a batch"
            self.batches.append(batch)
        for letter in self.engine.letters(now):
            assert letter.record.partition in self.positions, "never foreign: a letter"
            self.letters.append(letter)

    def answer(self, now: float) -> None:
        """One post is answered, in any order."""
        if not self.batches:
            return
        batch = self.batches.pop(self._random.randrange(len(self.batches)))
        outcome = self._api.judge(batch)
        if isinstance(outcome, Accepted):
            for entry in batch.entries:
                self.accepted.add((entry.ticket, entry.event.index, entry.event.event_id, batch.destination))
        self.engine.answered(batch, outcome, now, self._random.random())

    def store(self, now: float, fault_share: float) -> None:
        """One letter is stored, or not."""
        if not self.letters:
            return
        letter = self.letters.pop(self._random.randrange(len(self.letters)))
        if self._random.random() < fault_share:
            self.engine.not_stored(letter, self._random.choice(("too_large", "timed_out")), now)
            return
        rejection = letter.rejection
        key = (letter.ticket, rejection.index, rejection.event_id, letter.destination)
        assert key not in self.accepted, "never both"
        record = letter.record
        stored = (record.partition, record.offset, rejection.event_id, letter.destination)
        self._cluster.letters.add(stored)
        if letter.kind is LetterKind.DEAD:
            self._cluster.dead.add(stored)
        self.engine.stored(letter)

    def commit(self, now: float) -> None:
        """Send the commit that is due."""
        if commit := self.engine.commit(now):
            self.commits.append(commit)

    def end_commit(self, now: float, fault_share: float) -> None:
        """The broker takes the oldest commit, refuses it, or takes it and its answer is lost."""
        if not self.commits:
            return
        commit = self.commits.pop(0)
        faulty = self._random.random() < fault_share
        if not faulty or self._random.random() < 0.5:
            self._cluster.take(commit)
        self.engine.commit_ended(commit, "timed_out" if faulty else None, now)

    def give_up(self, partitions: Collection[Partition], now: float, fault_share: float) -> None:
        """A revocation: what is out may be answered, until a deadline; then a synchronous commit.

        Commits that were sent before are served before: one connection keeps their order.
        """
        self.engine.revoking(partitions)
        for _ in range(self._random.randrange(20)):
            if not self.engine.in_flight(partitions):
                break
            self.answer(now)
            self.store(now, fault_share)
        while self.commits:
            self.end_commit(now, fault_share)
        commit = self.engine.final_commit(partitions)
        if commit and self._random.random() >= fault_share:
            self._cluster.take(commit)
            self.engine.commit_ended(commit, None, now)
        self.lose(partitions, now)

    def lose(self, partitions: Collection[Partition], now: float) -> None:
        """The partitions are another's; commits of the old generation are refused."""
        self.engine.forgotten(partitions)
        while self.commits:
            self.engine.commit_ended(self.commits.pop(0), "illegal_generation", now)
        for partition in partitions:
            del self.positions[partition]
