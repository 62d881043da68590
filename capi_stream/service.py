"""The service: one loop that feeds the engine and does what it asks for. No logic of its own."""

from __future__ import annotations

import faulthandler
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import structlog

from capi_stream import outlets
from capi_stream.config import Settings
from capi_stream.config.facts import facts
from capi_stream.delivery.engine import Engine
from capi_stream.endpoints.posters import PosterBroken
from capi_stream.endpoints.tokens import Renewed, Tokens
from capi_stream.intake.intake import Intake
from capi_stream.kafka.clients import LIBRDKAFKA
from capi_stream.kafka.consumer import GroupConsumer
from capi_stream.kafka.failures import KafkaFailure
from capi_stream.kafka.registries import Registries
from capi_stream.kafka.registry import Fetched
from capi_stream.model import Partition, Record
from capi_stream.observability.admin import AdminFailure
from capi_stream.observability.board import Sight
from capi_stream.observability.logs import set_up
from capi_stream.observability.watch import Versions, Watch
from capi_stream.outlets import Outlets
from capi_stream.signals import Asked, StoppedEarlyError

log = structlog.get_logger("capi_stream")

POLL_RECORDS = 1_000  # what one poll may bring beyond the budget
ANSWER_WAIT_SECONDS = 0.02  # while a partition is given back, for the next answer
SHOW_EVERY_SECONDS = 1.0
EXIT_SECONDS = 10.0  # until the process is ended from outside of Python


def run(settings: Settings) -> int:
    """Deliver until a signal says stop; the process's exit code. A second signal exits at once: nothing is lost."""
    return _run(settings, outlets.live)


def run_shadow(settings: Settings) -> int:
    """As `run`, but nothing leaves: what would be posted counts as accepted, what would be a letter as stored."""
    return _run(settings, outlets.shadow)


def _run(settings: Settings, make: Callable[[Settings, Tokens], Outlets]) -> int:
    set_up(settings.logs)
    asked = Asked()
    try:
        service = Service(settings, asked, make)
        service.run()
    except StoppedEarlyError:
        pass
    except (KafkaFailure, AdminFailure, PosterBroken, ValueError) as failure:
        log.error("stopped", reason=str(failure))  # noqa: TRY400  the reason is for an operator, a traceback is not
        return 1
    except Exception as bug:  # noqa: BLE001  a bug: it says where, and not its own words, which may quote a record
        frames = traceback.extract_tb(bug.__traceback__)
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        log.critical("crashed", error=type(bug).__name__, at=at, advice="This is a bug: please report this line")
        return 1
    finally:
        # The clients that nobody closed are destroyed after this line, and that may never end (seen twice: librdkafka's
        # destroy waits for its own thread, which waits for a lock). No thread of Python runs then that could end it.
        faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True)
    log.info("stopped", reason=asked.to_stop)
    return 0


class Service:
    """Owns every part. One thread runs it: the engine, the consumer and the producer belong to that thread."""

    def __init__(self, settings: Settings, asked: Asked, make: Callable[[Settings, Tokens], Outlets]) -> None:
        self._asked = asked
        self._deadlines = settings.deadlines
        self._engine = Engine(settings.limits)
        self._intake = Intake(settings.intake)
        self._tokens = Tokens(settings.posters.credentials, settings.posters.token_check_seconds)
        made = make(settings, self._tokens)
        self._posters, self._letters, self._version, self._token_expiries, self._quality = made
        self._registries = Registries(settings.registries)
        self._consumer = GroupConsumer(settings.consumer, self)
        versions = Versions(self._version, settings.api_version, LIBRDKAFKA)
        self._watch = Watch(settings.admin, settings.limits, versions, facts(settings))
        self._loop_seconds: Counter[str] = Counter()
        self._show_at = 0.0
        self._give_back_by = float("inf")  # set once, when the whole service stops

    def run(self) -> None:
        """Deliver until told to stop; then drain, commit and leave the group. Raises KafkaFailure, PosterBroken."""
        log.info("starting", version=self._version, admin_port=self._watch.start())
        self._letters.start()
        self._consumer.start()
        self._asked.has_started = True
        self._watch.board.became("joining")
        while not self._asked.to_stop:
            self._turn()
        self._drain()
        self._watch.close()

    def _turn(self) -> None:
        records = self._poll()
        with self._timed("map"):
            for record in records:
                self._engine.received(record, self._intake(record, time.time()), time.monotonic())
            self._learn_schemas()
        with self._timed("engine"):
            self._exchange()
        with self._timed("commit"):
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
        self._took("idle", idle)
        self._took("poll", seconds - idle)
        return records

    def _learn_schemas(self) -> None:
        self._registries.want(self._engine.wanted_schemas())
        for schema, answer in self._registries.fetched():
            if isinstance(answer, Fetched):
                self._intake.learned(schema, answer.schema_text, answer.references)
            else:
                self._intake.unknown(schema)
            for ticket in self._engine.unresolved(schema):
                self._engine.resolved(ticket, self._intake(ticket.record, time.time()), time.monotonic())

    def _exchange(self, wait_seconds: float = 0.0) -> None:
        """Take in what came back from the API and from the letters' topics, and hand out what is due."""
        for batch, outcome in self._posters.answers(wait_seconds):
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
            self._exchange(ANSWER_WAIT_SECONDS)
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

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._took(phase, time.monotonic() - began)

    def _took(self, phase: str, seconds: float) -> None:
        self._loop_seconds[phase] += seconds  # type: ignore[assignment]  # a Counter adds floats too

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
        self._watch.show(
            Sight(
                self._engine.snapshot(now, time.time()),
                self._consumer.high_watermarks(),
                dict(self._consumer.rebalances),
                dict(self._loop_seconds),
                dict(self._registries.fetches),
                tuple(outages),
                self._token_expiries(),
                self._quality(),
            )
        )
