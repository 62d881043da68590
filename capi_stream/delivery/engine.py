"""The engine: fed with records, answers and acknowledgements; asked for batches, letters, commits and pauses.

One object, used by one thread. Batches, letters and commits are taken, and each comes back once, as the object that was
taken: an answer never names an offset, so one from before a rebalance meets the tracker it belongs to, which nobody
reads any more.

What always holds:
1. Never early: no offset is committed while a record below it is unsettled.
2. Never lost: every record is settled, or given back and so read again.
3. Never both: no event becomes a letter for a destination that has accepted it.
4. Never foreign: after `revoking` nothing of those partitions is handed out; after `forgotten` nothing is committed.
5. Never mixed: a batch holds one destination's events, 1 to 1,000 of them, under the byte limit.
6. Never stale: no event lingers beyond its time while its gates pass and a post is free.
7. Never unbounded: `paused` names a partition before what is held passes the budget by more than one poll.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from capi_stream.delivery import runs, showing
from capi_stream.delivery.batches import Batch, Entry, Letter
from capi_stream.delivery.commits import Commits
from capi_stream.delivery.fuse import Fuses
from capi_stream.delivery.gates import Gate, Gates
from capi_stream.delivery.lanes import Lanes
from capi_stream.delivery.ledger import Ledger, Snapshot
from capi_stream.delivery.letters import Letterbox
from capi_stream.delivery.offsets import Commit, OffsetTracker, Ticket
from capi_stream.delivery.outcomes import Outcome, Scope
from capi_stream.delivery.parking import Parking
from capi_stream.delivery.pausing import Pausing
from capi_stream.delivery.posts import Posts
from capi_stream.delivery.settings import Limits
from capi_stream.delivery.settling import EVENT_BYTES, Settling
from capi_stream.model import (
    Event,
    Forwarded,
    Malformed,
    Mapped,
    NeedSchema,
    Partition,
    Reading,
    Record,
    Rejection,
    SchemaRef,
    Tombstone,
)

BUSY_WAIT_SECONDS = 0.02  # nothing wakes a poll that waits for records: an answer is seen at most this much later
ANSWER_WAIT_SECONDS = 0.02  # nothing wakes who waits for an answer: records are seen at most this much later
IDLE_WAIT_SECONDS = 0.1


class Engine:
    """Everything between a record that was read and an offset that may be committed."""

    def __init__(self, limits: Limits) -> None:
        self.ledger = Ledger(replays=limits.replays)
        self._limits = limits
        self._gates = Gates()
        self._fuses = Fuses(limits.fuse, self._gates, limits.routes)
        self._lanes = Lanes(limits, self._gates)
        self._settling = Settling()
        self._letterbox = Letterbox(limits, self._gates, self._fuses, self._settling, self.ledger)
        self._posts = Posts(self._gates, self._fuses, self._lanes, self._letterbox, self._settling, self.ledger)
        self._commits = Commits(
            limits.commit_interval_seconds, limits.commit_timeout_seconds, with_metadata=limits.commit_metadata
        )
        self._pausing = Pausing(limits.buffer_bytes, limits.partition_span)
        self._parking = Parking(limits, self._gates, self._lanes, self._letterbox)
        self._trackers: dict[Partition, OffsetTracker] = {}
        self._unresolved: dict[SchemaRef, list[Ticket]] = {}
        self._stopping = False

    # Fed: partitions come and go.

    def assigned(self, partition: Partition, start: int, metadata: str = "") -> None:
        """`partition` is ours; its records come from offset `start` on, which the broker has as committed.

        `metadata` stands beside it: the records that it says were settled before are passed over.
        """
        skip = runs.read(metadata, start)
        if isinstance(skip, runs.Unread):
            self.ledger.metadata_ignored[skip.reason] += 1
            skip = runs.NOTHING
        counts = self.ledger.of_topic(partition.topic)
        self._trackers[partition] = OffsetTracker(partition, start, counts, skip, metadata)

    def revoking(self, partitions: Iterable[Partition]) -> None:
        """Give back what is not out yet of `partitions`; what is out may still settle until `forgotten`."""
        for partition in partitions:
            if tracker := self._trackers.get(partition):
                tracker.is_live = False
        self._posts.withdraw_foreign()
        self._letterbox.withdraw_foreign()
        for schema, tickets in list(self._unresolved.items()):
            self._unresolved[schema] = [ticket for ticket in tickets if ticket.tracker.is_live]
            for ticket in tickets:
                if not ticket.tracker.is_live:
                    self._settling.release(ticket)

    def forgotten(self, partitions: Iterable[Partition]) -> None:
        """Commit nothing of `partitions` any more, whatever answers come."""
        partitions = list(partitions)
        self.revoking(partitions)
        for partition in partitions:
            if tracker := self._trackers.pop(partition, None):
                self.ledger.uncommitted += max(0, tracker.committable - tracker.acknowledged)
            self._pausing.forget(partition)

    # Fed: records.

    def received(self, record: Record, reading: Reading | Forwarded, now: float) -> None:
        """Take `record`, which intake read as `reading`.

        Every record that was polled comes here: what the tracker has not seen, a commit would jump over. A record of a
        partition that is not ours, or one seen before, is ignored and counted.
        """
        tracker = self._trackers.get(record.partition)
        if tracker is None or not tracker.is_live or record.offset <= tracker.last_seen:
            self.ledger.of_topic(record.partition.topic).ignored += 1
            return
        tracker.counts.consumed += 1
        if tracker.skips(record.offset):
            tracker.counts.skipped += 1
            return
        self._resolve(self._settling.open(tracker, record), reading, now)

    def unresolved(self, schema: SchemaRef) -> list[Ticket]:
        """Hand back the records that wait for `schema`, to be read again and then given to `resolved`."""
        return self._unresolved.pop(schema, [])

    def resolved(self, ticket: Ticket, reading: Reading | Forwarded, now: float) -> None:
        """Take what intake read, now that it knows the schema, in the record of `ticket`."""
        ticket.tracker.unresolved -= 1
        if ticket.tracker.is_live:
            self._resolve(ticket, reading, now)
        else:
            self._settling.release(ticket)

    def _resolve(self, ticket: Ticket, reading: Reading | Forwarded, now: float) -> None:
        match reading:
            case Mapped():
                self._mapped(ticket, reading, now)
                self._settling.settle((ticket,))
            case Malformed(rejection, schema):
                self._letterbox.reject(ticket, rejection, schema, now)
                self._settling.settle((ticket,))
            case Forwarded():
                self._letterbox.forward(ticket, reading, now)
                self._settling.settle((ticket,))
            case Tombstone():
                self._settling.settle_tombstone(ticket)
            case NeedSchema(needed):
                ticket.tracker.unresolved += 1
                self._unresolved.setdefault(needed, []).append(ticket)

    def _mapped(self, ticket: Ticket, mapped: Mapped, now: float) -> None:
        ticket.schema, ticket.mapping = mapped.schema, mapped.mapping
        for event in mapped.events:
            self._add(ticket, event, now)
        for rejection in mapped.rejections:
            self._letterbox.reject(ticket, rejection, mapped.schema, now)
        for reason in mapped.filtered:
            self.ledger.filtered[ticket.record.partition.topic, reason] += 1
        for dropped in mapped.dropped:
            self.ledger.dropped[dropped.field, dropped.reason] += 1
        for noted in mapped.noted:
            self.ledger.noted[noted.field, noted.what] += 1

    def _add(self, ticket: Ticket, event: Event, now: float) -> None:
        limit = self._limits.batch_bytes
        if len(event.body) > limit:
            detail = f"{len(event.body)} bytes; a request may hold {limit}"
            rejection = Rejection(
                "validate", "event_too_large", detail, event.index, event.pixel, event.event_id, event.name
            )
            self._letterbox.reject(ticket, rejection, ticket.schema, now)
            return
        self._settling.hold_bytes(ticket, len(event.body) + EVENT_BYTES)
        ticket.open_parts += len(event.destinations)
        for destination in event.destinations:
            self._lanes.add(destination, Entry(event, ticket, now))

    # Asked and fed: posts.

    def ready(self, now: float, unix_now: float) -> list[Batch]:
        """The batches to post now; each comes back once, by `answered`."""
        return self._posts.ready(now, unix_now, is_stopping=self._stopping)

    def answered(self, batch: Batch, outcome: Outcome, now: float, jitter: float) -> None:
        """Learn what became of `batch`. `jitter` in [0, 1) spreads the next attempts of many pods."""
        self._posts.answered(batch, outcome, now, jitter)

    def credential_changed(self, credential: str, now: float) -> None:
        """Try `credential` again at once: its secret has changed."""
        self._gates.probe_now(Gate(Scope.CREDENTIAL, credential), now)

    def opened(self, gate: Gate, now: float) -> None:
        """A person lets everything through `gate`."""
        self._gates.open(gate)

    def reset_fuses(self) -> int:
        """A person opens what blown fuses hold; how many gates that were."""
        return self._fuses.reset()

    # Asked and fed: letters.

    def letters(self, now: float) -> list[Letter]:
        """The letters to store now; each comes back once, by `stored` or `not_stored`."""
        self._parking.look(now, self._pausing.full)
        return self._letterbox.ready(now)

    def stored(self, letter: Letter) -> None:
        """The broker acknowledged `letter`: it is settled."""
        self._letterbox.stored(letter)

    def not_stored(self, letter: Letter, reason: str, now: float) -> None:
        """The broker did not take `letter`: it is tried again, and its offset waits."""
        self._letterbox.not_stored(letter, reason, now)

    # Asked and fed: commits.

    def commit(self, now: float) -> Commit | None:
        """What should be committed now, if anything; it comes back by `commit_ended`."""
        return self._commits.next(self._trackers.values(), now)

    def final_commit(self, partitions: Iterable[Partition]) -> Commit | None:
        """What is settled of `partitions` and not committed yet, whatever else is in flight; None if nothing is."""
        return self._commits.moved(tracker for partition in partitions if (tracker := self._trackers.get(partition)))

    def commit_ended(self, commit: Commit, error: str | None, now: float) -> None:
        """The broker acknowledged `commit`, or `error` says why not: it is repeated then, with backoff."""
        self.ledger.commits["acknowledged" if error is None else "refused"] += 1
        self._commits.ended(commit, error, now)

    # Asked: what should be true.

    def paused(self) -> frozenset[Partition]:
        """The partitions that should not be read now."""
        if self._stopping:
            return frozenset(self._trackers)
        return self._pausing.paused(self._trackers.values(), self._settling.held_bytes)

    def wanted_schemas(self) -> frozenset[SchemaRef]:
        """The schemas that records wait for."""
        return frozenset(schema for schema, tickets in self._unresolved.items() if tickets)

    def in_flight(self, partitions: Collection[Partition]) -> int:
        """How many events and letters of `partitions` are out and not answered."""
        return self._posts.events_of(partitions) + self._letterbox.letters_of(partitions)

    @property
    def is_done(self) -> bool:
        """Whether all that was received is settled, and the broker has it as committed."""
        trackers = self._trackers.values()
        return not any(tracker.span for tracker in trackers) and self._commits.moved(trackers) is None

    def partitions(self) -> frozenset[Partition]:
        """The partitions that are ours."""
        return frozenset(self._trackers)

    def wait(self, now: float) -> float:
        """Seconds for which a poll may wait for records before something is due."""
        if self.wait_for_answers:
            return 0.0
        if self._posts or self._letterbox or self._unresolved or self._lanes.has_ripe:
            return BUSY_WAIT_SECONDS
        due = self._lanes.next_due()
        return IDLE_WAIT_SECONDS if due is None else min(BUSY_WAIT_SECONDS, max(0.0, due - now))

    @property
    def wait_for_answers(self) -> float:
        """Seconds to wait for an answer where no record came: what is ripe can go only when a post is free again."""
        return ANSWER_WAIT_SECONDS if self._posts and self._lanes.has_ripe else 0.0

    # Fed and asked: the end.

    def stopping(self) -> None:
        """Read no more, and let nothing linger."""
        self._stopping = True
        self._lanes.flush()

    def can_settle_before(self, deadline: float) -> bool:
        """Whether anything that is held here may still settle before `deadline`."""
        if self._posts or self._letterbox.can_move_before(deadline):
            return True
        return any(len(lane) and self._gates.held_until(lane.gates) < deadline for lane in self._lanes)

    # Asked: what people see.

    def snapshot(self, now: float, unix_now: float) -> Snapshot:
        """All that the status page and the metrics show; shares nothing with the engine."""
        recent = self._letterbox.recent
        parts = showing.Parts(self._limits, self._trackers.values(), self._gates, self._lanes, self._commits, recent)
        counts = showing.Counts(self._settling.held_bytes, self._letterbox.in_flight, len(self.wanted_schemas()))
        return showing.snapshot(parts, counts, self.ledger, self.paused(), now, unix_now)
