"""One simulated member of the consumer group: an engine, its assignments, and what it has out."""

from __future__ import annotations

from collections.abc import Callable, Collection

from capi_stream.delivery.engine import Engine
from capi_stream.delivery.gates import Gate
from capi_stream.delivery.outcomes import Scope
from capi_stream.delivery.settings import Limits
from capi_stream.delivery.settling import EVENT_BYTES, RECORD_BYTES
from capi_stream.model import Forwarded, Mapped, NeedSchema, Partition, Reading, Record, SchemaRef
from tests.simulation.around import Around
from tests.simulation.committing import Committing
from tests.simulation.features import Feature
from tests.simulation.holds import Holds
from tests.simulation.log import Written
from tests.simulation.posting import Posting
from tests.simulation.storing import Storing
from tests.simulation.texts import is_cut
from tests.simulation.witness import UNREAD, Delivered, Life, Where, delivered


class Member:
    """Does what the service's loop does, one step at a time, in whatever order the seed says."""

    def __init__(self, around: Around, engine: Callable[[Limits], Engine]) -> None:
        self.engine = engine(around.limits)
        self.generation = around.broker.generation
        self.lives: dict[Partition, Life] = {}
        self.holds = Holds()
        self.posting = Posting(self.engine, around, self.holds)
        self.storing = Storing(self.engine, around, self.holds, self.posting)
        self.committing = Committing(self.engine, around)
        self.drain_until: float | None = None
        self._around = around
        self._random = around.random
        self._known: set[SchemaRef] = set()
        self._asked: set[SchemaRef] = set()
        self._most_polled_bytes = self._late_bytes = 0

    # Records.

    def assigned(self, partition: Partition) -> None:
        """Begin at the committed offset."""
        start, text, claimed = self._around.broker.start(partition)
        if claimed and is_cut(text):
            self._around.exercised.add(Feature.CUT_TEXT_READ)
        self._begin(partition, start, text, claimed)

    def _begin(self, partition: Partition, start: int, text: str, claimed: frozenset[int]) -> None:
        self.lives[partition] = Life(partition, start, claimed, self._around.log.done)
        self.engine.assigned(partition, start, text)

    def poll(self, now: float) -> None:
        """Read a few records of each partition that is not paused, and whose start the broker has."""
        self.storing.since = min(self.storing.since, now)
        paused = self.engine.paused()
        reading = [life for partition, life in self.lives.items() if partition not in paused]
        for life in reading:
            self._check_room(life)
        polled_bytes = 0
        for life in reading:
            if not self._around.log.has(life.partition, life.position):
                self._jump(life)
            elif life.partition not in self.committing.starts:
                for written in self._around.log.after(life.partition, life.position, self._around.poll_records):
                    polled_bytes += self._receive(written, life, now)
        self._most_polled_bytes = max(self._most_polled_bytes, polled_bytes)
        self.holds.learn(self.engine._gates.holding())

    def _jump(self, life: Life) -> None:
        """Its position is not in the log: go on where that begins, as the consumer does.

        Forward, what is held still settles. Backward, offsets that were seen come again for other records: a new life.
        """
        partition, begin = life.partition, self._around.log.begins[life.partition]
        exercised = self._around.exercised
        if begin > life.position:
            life.position = begin
            exercised.add(Feature.GAP_AHEAD_OF_WORK if life.pending else Feature.GAP)
        else:
            self.lose([partition])
            self._begin(partition, begin, "", frozenset())
            exercised.add(Feature.CREATED_ANEW)
        self.committing.start_at(partition, begin)

    def _receive(self, written: Written, life: Life, now: float) -> int:
        record = Delivered.of(written, life)
        reading = written.read(self._known)
        if written.offset not in life.claimed:
            self._expect(record, written, reading)
        life.received(record)
        self.engine.received(record, reading, now)
        if self._random.random() < 0.02:  # a second time: it was seen
            self.ignored(written, now)
        return record.cost_bytes

    def _expect(self, record: Delivered, written: Written, reading: Reading | Forwarded) -> None:
        record.cost_bytes = cost_bytes(record, reading, self._around.limits.batch_bytes)
        parts = {UNREAD} if isinstance(reading, NeedSchema) else written.parts
        record.parts.update(dict.fromkeys(parts, Where.WAITING))
        if isinstance(reading, Mapped):
            self.storing.seen.update(end for end, _ in parts if end is not None)

    def ignored(self, written: Written, now: float) -> None:
        """A record that is not this member's, or was seen before."""
        self.engine.received(Delivered.of(written), written.read(self._known), now)

    def ask_schemas(self) -> None:
        """What records wait for is asked for."""
        self._asked |= self.engine.wanted_schemas()

    def learn_schema(self, now: float) -> None:
        """The registry answers; the records may have been revoked by now, and be back."""
        if not self._asked:
            return
        schema = min(self._asked)
        self._asked.discard(schema)
        self._known.add(schema)
        for ticket in self.engine.unresolved(schema):
            record = delivered(ticket.record)
            assert record.life is not None, f"never foreign: {record} was to be ignored and waits for a schema"
            assert record.life.is_live, f"never foreign: {record} was revoked and waits for a schema"
            reading = record.written.read(self._known)
            record.parts.clear()
            self._expect(record, record.written, reading)
            self._late_bytes += record.cost_bytes
            if not record.parts:
                record.life.advance()
            self.engine.resolved(ticket, reading, now)
        self.holds.learn(self.engine._gates.holding())

    # Posts and letters.

    def take(self, now: float) -> None:
        """Take what is to be posted."""
        self.posting.take(now, self._around.limits.linger_seconds if self.drain_until is None else 0.0)

    def take_letters(self, now: float) -> None:
        """Take what is to be stored."""
        self.storing.take(now)

    def answer(self, now: float) -> None:
        """One post is answered."""
        self.posting.answer(now)

    def report(self, now: float) -> None:
        """One letter is stored, or not."""
        self.storing.report(now)

    def credential_changed(self, credential: str, now: float) -> None:
        """A token's file has a new content."""
        self.engine.credential_changed(credential, now)
        self.holds.learn(self.engine._gates.holding())

    def open_gates(self, now: float) -> None:
        """A person opens every gate that holds."""
        self.storing.is_reset = True
        for gate in list(self.engine._gates.holding()):
            self.engine.opened(Gate(Scope(gate.scope), gate.name), now)
        self.holds.learn(self.engine._gates.holding())

    def reset_fuses(self) -> None:
        """A person opens what only a person opens."""
        self.storing.is_reset = True
        self.engine.reset_fuses()
        self.holds.learn(self.engine._gates.holding())

    # Commits.

    def commit(self, now: float) -> None:
        """Send the commit that is due."""
        self.committing.send(self.lives, now)

    def serve_commit(self) -> None:
        """The broker takes the oldest commit that is on its way, or refuses it."""
        self.committing.serve(self.generation)

    def end_commit(self, now: float) -> None:
        """The broker's answer to the oldest commit arrives."""
        self.committing.end(now)

    def serve_all_commits(self) -> None:
        """A rebalance: what was sent before it arrives before it. The answers may come long after."""
        self.committing.serve_all(self.generation)

    # Partitions go.

    def give_up(self, partitions: Collection[Partition], now: float, *, dies: bool = False) -> None:
        """A revocation: what is out may be answered, until a deadline; then a synchronous commit, then it is another's.

        One that `dies` does so before its commit.
        """
        self.engine.revoking(partitions)
        for partition in partitions:
            self.lives[partition].is_live = False
        for _ in range(self._random.randrange(20)):
            if not self._check_in_flight(partitions):
                break
            self._random.choice((self.answer, self.report, self.take, self.take_letters))(now)
        self.serve_all_commits()
        if not dies:
            going = {partition: self.lives[partition] for partition in partitions}
            self.committing.send_last(going, self.generation, now)
            self.lose(partitions)

    def _check_in_flight(self, partitions: Collection[Partition]) -> int:
        posted = [entry.ticket.record.partition for post in self.posting.out for entry in post.entries]
        storing = [letter.record.partition for letter in self.storing.out]
        number, told = sum(each in partitions for each in posted + storing), self.engine.in_flight(partitions)
        assert number == told, f"always ends: {number} of {sorted(partitions)} are out, the engine says {told}"
        return number

    def lose(self, partitions: Collection[Partition]) -> None:
        """The partitions are another's."""
        self.engine.forgotten(partitions)
        for partition in list(partitions):
            self.lives.pop(partition).is_live = False
            self.committing.forget(partition)

    def stop(self, now: float) -> None:
        """Read no more; what is held may still settle, for a while."""
        self.drain_until = now + self._random.choice((0.0, 5.0, 60.0))
        self.engine.stopping()

    @property
    def is_busy(self) -> bool:
        """Whether a post is out, or a record is not settled, be it gone from the log."""
        return bool(self.posting.out) or any(life.held_bytes for life in self.lives.values())

    def has_drained(self, now: float) -> bool:
        """Whether to leave now."""
        until = self.drain_until
        return until is not None and (now >= until or not self.engine.can_settle_before(until))

    # What must hold at any moment.

    def _check_room(self, life: Life) -> None:
        limits = self._around.limits
        where = f"{life.partition.topic}/{life.partition.number}"
        assert self.drain_until is None, f"never unbounded: {where} is read while the member stops"
        assert life.span < limits.partition_span, f"never unbounded: {where} is read on with a span of {life.span}"
        held = sum(each.held_bytes for each in self.lives.values())
        assert held < limits.buffer_bytes, f"never unbounded: {where} is read on with {held} bytes held"

    def check_memory(self) -> None:
        """What is held is no more than the budget and one poll."""
        held = self.engine._settling.held_bytes
        most = self._around.limits.buffer_bytes + self._most_polled_bytes + self._late_bytes
        assert held <= most, f"never unbounded: {held} bytes are held, {most} are allowed"

    def check_books(self) -> None:
        """What the engine says it holds is no less than what it must hold."""
        held = self.engine._settling.held_bytes
        needed = sum(each.held_bytes for each in self.lives.values() if each.is_live)
        assert needed <= held, f"never unbounded: {held} bytes are said to be held, and {needed} are"


def cost_bytes(record: Record, reading: Reading | Forwarded, largest: int) -> int:
    """What the engine holds of `record` until it settles; events over the `largest` size are not kept."""
    events = reading.events if isinstance(reading, Mapped) else []
    small = [len(event.body) + EVENT_BYTES for event in events if len(event.body) <= largest]
    return record.size_bytes + RECORD_BYTES + sum(small)
