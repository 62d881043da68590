"""The service: one loop that feeds the engine and does what it asks for. No logic of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable

import structlog

from capi_stream.config.facts import MEANINGS, facts
from capi_stream.config.settings import Settings
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.engine import ANSWER_WAIT_SECONDS, Engine
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.tokens import Renewed, Tokens
from capi_stream.inlets import LIVE, Inlets
from capi_stream.kafka.clients import LIBRDKAFKA
from capi_stream.kafka.registries import Registries
from capi_stream.kafka.registry import Fetched, Lapsed, Unknown
from capi_stream.model import Partition, Record
from capi_stream.observability.board import Sight
from capi_stream.observability.phases import Phases
from capi_stream.observability.watch import Versions, Watch
from capi_stream.outlets import Outlets
from capi_stream.signals import Asked

log = structlog.get_logger("capi_stream")

POLL_RECORDS = 1_000  # what one poll may bring beyond the budget
SHOW_EVERY_SECONDS = 1.0


class Service:
    """Owns every part. One thread runs it: the engine, the consumer and the producer belong to that thread."""

    def __init__(
        self, settings: Settings, asked: Asked, make: Callable[[Settings, Tokens], Outlets], inlets: Inlets = LIVE
    ) -> None:
        self._asked = asked
        self._looks = inlets.looks
        self._deadlines = settings.deadlines
        self._engine = Engine(settings.limits)
        self._intake = inlets.reads(settings.intake)
        self._tokens = Tokens(settings.posters.credentials, settings.posters.token_check_seconds)
        made = make(settings, self._tokens)
        self._posters, self._letters, self._version, self._token_expiries, self._quality = made
        self._registries = Registries(settings.registries)
        self._consumer = inlets.member(settings.consumer, self)
        versions = Versions(self._version, settings.api_version, LIBRDKAFKA)
        self._watch = Watch(settings.admin, settings.limits, versions, facts(settings), MEANINGS)
        self._phases = Phases()
        self._show_at = 0.0
        self._give_back_by = float("inf")  # set once, when the whole service stops

    def run(self) -> None:
        """Deliver until told to stop, or nothing is left; then drain, commit and leave the group.

        Raises KafkaFailure, PosterBroken.
        """
        log.info("starting", version=self._version, admin_port=self._watch.start())
        self._letters.start()
        self._consumer.start()
        self._asked.has_started = True
        self._watch.board.became("joining")
        while not (self._asked.to_stop or self._has_ended):
            self._turn()
        self._drain()
        self._watch.close()

    @property
    def _has_ended(self) -> bool:
        """Whether nothing is left to read or to do. A topic that goes on has no end."""
        return self._consumer.has_ended and self._engine.is_done

    def _turn(self) -> None:
        records = self._poll()
        with self._phases.timed("map"):
            now, unix_now = time.monotonic(), time.time()  # of all records of a poll
            for record, reading in self._intake.readings(records, unix_now):
                self._engine.received(record, reading, now)
            self._learn_schemas()
        with self._phases.timed("idle"):
            answers = list(self._posters.answers(0.0 if records else self._engine.wait_for_answers))
        with self._phases.timed("engine"):
            self._exchange(answers)
        with self._phases.timed("commit"):
            self._consumer.keep_paused(self._engine.paused())
            self._consumer.commit(self._engine.commit(time.monotonic()))
            for commit, error in self._consumer.commits_ended():
                self._engine.commit_ended(commit, error, time.monotonic())
        self._show()

    def _poll(self) -> list[Record]:
        """The next records. A poll that brings fewer than it may has waited in vain for more: that was idle time."""
        began = time.monotonic()
        wait_seconds = self._engine.wait(began)
        records = self._consumer.poll(POLL_RECORDS, wait_seconds)
        seconds = time.monotonic() - began
        idle = min(wait_seconds, seconds) if len(records) < POLL_RECORDS else 0.0
        self._phases.took("idle", idle)
        self._phases.took("poll", seconds - idle)
        return records

    def _learn_schemas(self) -> None:
        self._registries.want(self._engine.wanted_schemas())
        for schema, answer in self._registries.fetched():
            match answer:
                case Fetched(_, text, references):
                    self._intake.learned(schema, text, references)
                case Unknown():
                    self._intake.unknown(schema)
                case Lapsed():
                    self._intake.lapsed(schema)
            for ticket in self._engine.unresolved(schema):
                self._engine.resolved(ticket, self._intake(ticket.record, time.time()), time.monotonic())

    def _exchange(self, answers: Iterable[tuple[Batch, Outcome]]) -> None:
        """Take in what came back from the API and from the letters' topics, and hand out what is due."""
        for batch, outcome in answers:
            now = time.monotonic()
            self._watch.answered(batch, outcome, now - batch.posted_at, time.time())
            self._engine.answered(batch, outcome, now, random.random())  # noqa: S311  it spreads, and hides nothing
        for letter, failure in self._letters.reports():
            if failure is None:
                self._engine.stored(letter)
            else:
                self._engine.not_stored(letter, failure, time.monotonic())
        self._renew_tokens()
        if self._asked.to_reset_fuses:
            self._asked.to_reset_fuses = False
            log.warning("fuses_reset", gate_count=self._engine.reset_fuses())
        for batch in self._engine.ready(time.monotonic(), time.time()):
            self._posters.submit(batch)
        for letter in self._engine.letters(time.monotonic()):
            self._letters.store(letter)

    def _renew_tokens(self) -> None:
        for change in self._tokens.poll(time.monotonic()):
            if isinstance(change, Renewed):
                log.info("token_renewed", credential=change.credential)
                self._engine.credential_changed(change.credential, time.monotonic())
            else:
                log.warning(
                    "token_unreadable", credential=change.credential, file=str(change.file), reason=change.problem
                )

    def _drain(self) -> None:
        """Post what is held, as long as that can end in time; then give all partitions back.

        Polling goes on, with every partition paused, so that the rebalances of others do not wait for us.
        """
        deadline = self._give_back_by = time.monotonic() + self._deadlines.drain_seconds
        log.info("draining", drain_seconds=self._deadlines.drain_seconds)
        self._watch.board.became("stopping")
        self._engine.stopping()
        while time.monotonic() < deadline - self._deadlines.commit_seconds and self._engine.can_settle_before(deadline):
            self._turn()
        self._consumer.close(self._deadlines.commit_seconds)
        self._letters.close(0.0)
        self._posters.close(time.monotonic())
        self._show_at = 0.0
        self._show()

    # Told by the consumer, from inside its poll and close.

    def joined(self) -> None:
        """The group has given us our share, be it none."""
        self._watch.board.became("running")

    def assigned(self, partition: Partition, start: int, metadata: str) -> None:
        """`partition` is ours from offset `start` on."""
        self._engine.assigned(partition, start, metadata)

    def revoking(self, partitions: Collection[Partition]) -> None:
        """Give `partitions` back: wait for what is out, commit what is settled, and forget them.

        What is not out yet is released at once, and read again by whoever gets the partition. The other partitions'
        posts go on meanwhile.
        """
        deadline = min(time.monotonic() + self._deadlines.revoke_seconds, self._give_back_by)
        self._engine.revoking(partitions)
        while self._engine.in_flight(partitions) and time.monotonic() < deadline - self._deadlines.commit_seconds:
            self._exchange(self._posters.answers(ANSWER_WAIT_SECONDS))
        if commit := self._engine.final_commit(partitions):
            error = self._consumer.commit_now(commit, self._deadlines.commit_seconds)
            if error is not None:
                log.warning("last_commit_refused", error=error, effect="some is sent twice")
            self._engine.commit_ended(commit, error, time.monotonic())
        self._engine.forgotten(partitions)

    def lost(self, partitions: Collection[Partition]) -> None:
        """`partitions` are another's already: nothing can be committed for them."""
        self._engine.forgotten(partitions)

    # Shown.

    def _show(self) -> None:
        now = time.monotonic()
        self._watch.board.turned()
        if now < self._show_at:
            return
        self._show_at = now + SHOW_EVERY_SECONDS
        for event, seconds in self._consumer.rebalances_ended():
            self._watch.rebalanced(event, seconds)
        kafka = self._consumer.outage or self._letters.outage
        outages = [*([f"Kafka cannot be reached ({kafka})"] if kafka else []), *self._registries.outages]
        sight = Sight(
            self._engine.snapshot(now, time.time()),
            self._consumer.high_watermarks(),
            dict(self._consumer.rebalances),
            self._phases.seconds,
            dict(self._registries.fetches),
            tuple(outages),
            self._token_expiries(),
            self._quality(),
        )
        self._watch.show(sight)
        self._looks(sight)
