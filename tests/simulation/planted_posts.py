"""Bugs on purpose: in what is posted, stored, held and parked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from capi_stream.delivery.batches import Batch, Entry, Letter, LetterKind
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.gates import Gate
from capi_stream.delivery.lanes import is_foreign
from capi_stream.delivery.offsets import Ticket
from capi_stream.delivery.outcomes import Outcome, Rejected, Unavailable
from capi_stream.delivery.settings import Limits
from capi_stream.model import Forwarded, Partition, Rejection
from tests.simulation.planting import Sabotage, put

MANY = 1_000_000  # parts: so that a ticket is not closed twice


def settles_a_split_batch_early(engine: Engine, _: Limits) -> None:
    def split(own: Any, lane: Any, batch: Batch, outcome: Outcome, index: int | None, *given: Any) -> None:
        for entry in batch.entries:
            engine._settling.settle((entry.ticket,))
            entry.ticket.open_parts += 1
        own(lane, batch, outcome, index, *given)

    put(engine._posts, "_split", split)


def settles_a_parked_letter_before_its_acknowledgement(engine: Engine, _: Limits) -> None:
    def stored(own: Any, letter: Letter) -> None:
        if letter.kind is LetterKind.PARKED:
            letter.ticket.open_parts += MANY
        own(letter)
        if letter.kind is LetterKind.PARKED:
            letter.ticket.open_parts -= MANY - 1

    def ready(own: Any, now: float) -> list[Letter]:
        letters: list[Letter] = own(now)
        for letter in letters:
            if letter.kind is LetterKind.PARKED:
                engine._settling.settle((letter.ticket,))
        return letters

    put(engine._letterbox, "stored", stored)
    put(engine._letterbox, "ready", ready)


def loses_a_letter_that_is_too_large(engine: Engine, _: Limits) -> None:
    def not_stored(own: Any, letter: Letter, reason: str, now: float) -> None:
        engine.stored(letter) if reason == "too_large" else own(letter, reason, now)

    put(engine._letterbox, "not_stored", not_stored)


def parks_in_an_outage(engine: Engine, _: Limits) -> None:
    put(engine._parking, "_is_held", lambda own, lane, now: False)


def never_parks(engine: Engine, _: Limits) -> None:
    put(engine._parking, "look", lambda own, now, full: None)


def posts_what_is_too_old(engine: Engine, _: Limits) -> None:
    put(engine._posts, "ready", lambda own, now, unix_now, **named: own(now, 0.0, **named))


def hammers_a_dead_token(engine: Engine, _: Limits) -> None:
    def hold(own: Any, gate: Gate, reason: str, *given: Any, **named: Any) -> None:
        if reason != "token_invalid":
            own(gate, reason, *given, **named)

    put(engine._gates, "hold", hold)


def probes_with_all_at_once(engine: Engine, _: Limits) -> None:
    put(engine._gates, "took", lambda own, gates, probe: None)


def opens_gates_by_any_answer(engine: Engine, _: Limits) -> None:
    def answered(own: Any, gates: tuple[Gate, ...], probe: object, outcome: Outcome, *given: Any) -> None:
        own(gates, probe, outcome, *given)
        if not isinstance(outcome, Unavailable):
            for gate in gates:
                engine._gates.open(gate)

    put(engine._gates, "answered", answered)


def holds_a_slot_for_ever(engine: Engine, _: Limits) -> None:
    def came_back(own: Any, lane: Any) -> None:
        if not engine._trackers:
            return  # the answer came after everything was revoked
        own(lane)

    put(engine._lanes, "came_back", came_back)


def mixes_what_comes_with_a_retry(engine: Engine, _: Limits) -> None:
    def put_back(own: Any, lane: Any, batch: Batch) -> None:
        while lane.waiting:
            entry = lane.waiting.popleft()
            batch.entries.append(entry)
            lane.waiting_bytes -= len(entry.event.body) + 1
            batch.size_bytes += len(entry.event.body) + 1
        own(lane, batch)

    put(engine._lanes, "put_back", put_back)


def blames_who_is_left(engine: Engine, _: Limits) -> None:
    """Of a rejected batch the revoked events are taken out first; who is left alone is found guilty of all."""

    def failed(own: Any, lane: Any, batch: Batch, *given: Any) -> None:
        foreign: list[Entry] = batch.withdraw(is_foreign)
        engine._posts._release(foreign)
        if batch.entries:
            own(lane, batch, *given)

    put(engine._posts, "_failed", failed)


def looks_for_poison_one_by_one(engine: Engine, _: Limits) -> None:
    def split(own: Any, lane: Any, batch: Batch, *given: Any) -> None:
        parts = [
            Batch(batch.destination, [entry], len(entry.event.body) + 1, attempts=batch.attempts)
            for entry in batch.entries
        ]
        engine._lanes.put_first(lane, parts)

    put(engine._posts, "_split", split)


def both_stores_and_delivers(engine: Engine, _: Limits) -> None:
    def accepted(own: Any, batch: Batch, now: float) -> None:
        own(batch, now)
        first = batch.entries[0]
        if first.ticket.open_parts:
            engine._letterbox.refuse(first, Rejected("invalid_parameter"), batch, now)

    put(engine._posts, "_accepted", accepted)


def lingers_while_it_stops(engine: Engine, _: Limits) -> None:
    put(engine._lanes, "flush", lambda own: None)


def pours_while_the_fuse_is_blown(engine: Engine, _: Limits) -> None:
    put(engine._fuses, "holds", lambda own, pixel: False)


def counts_a_letter_twice(engine: Engine, _: Limits) -> None:
    def reject(own: Any, ticket: Ticket, rejection: Rejection, *given: Any) -> None:
        own(ticket, rejection, *given)
        ticket.open_parts += 1

    put(engine._letterbox, "reject", reject)


def forgets_who_is_in_flight(engine: Engine, _: Limits) -> None:
    def events_of(own: Any, partitions: Collection[Partition]) -> int:
        return 0

    put(engine._posts, "events_of", events_of)


def posts_again_what_was_accepted(engine: Engine, _: Limits) -> None:
    def accepted(own: Any, batch: Batch, now: float) -> None:
        own(batch, now)
        if batch.attempts == 1:
            engine._lanes.put_back(engine._lanes.lane(batch.destination), batch)

    put(engine._posts, "_accepted", accepted)


def posts_without_limit(engine: Engine, limits: Limits) -> None:
    engine._lanes._limits = replace(limits, posts_in_flight=99)


def parks_among_the_dead(engine: Engine, limits: Limits) -> None:
    engine._letterbox._limits = replace(limits, parked_topic=limits.dead_letter_topic)


def forgets_that_what_is_forwarded_is_open(engine: Engine, _: Limits) -> None:
    """A letter that goes on is no part of its ticket: its offset settles before the broker has it."""

    def forward(own: Any, ticket: Ticket, *given: Any) -> None:
        own(ticket, *given)
        ticket.open_parts -= 1

    put(engine._letterbox, "forward", forward)


def settles_a_forwarded_letter_at_a_refusal(engine: Engine, _: Limits) -> None:
    """Whatever the broker says of a letter that goes on, it is left where it lies."""

    def not_stored(own: Any, letter: Letter, reason: str, now: float) -> None:
        own(letter, reason, now)
        if letter.kind is LetterKind.REPLAY and reason != "too_large":
            engine._settling.settle((letter.ticket,))

    put(engine._letterbox, "not_stored", not_stored)


def forwards_to_the_dead(engine: Engine, limits: Limits) -> None:
    def forward(own: Any, ticket: Ticket, forwarded: Forwarded, now: float) -> None:
        own(ticket, replace(forwarded, topic=limits.dead_letter_topic), now)

    put(engine._letterbox, "forward", forward)


def loses_a_forwarded_letter_at_a_refusal(engine: Engine, _: Limits) -> None:
    """One that goes on is not tried again, and its offset waits for ever."""

    def queue(own: Any, letter: Letter, *, first: bool = False) -> None:
        if not (first and letter.kind is LetterKind.REPLAY):
            own(letter, first=first)

    put(engine._letterbox, "_queue", queue)


OF_POSTS: dict[Sabotage, str] = {
    settles_a_split_batch_early: "never early",
    settles_a_parked_letter_before_its_acknowledgement: "never early",
    loses_a_letter_that_is_too_large: "never early",
    parks_in_an_outage: "never parked in vain",
    never_parks: "always ends",
    posts_what_is_too_old: "never stale",
    hammers_a_dead_token: "never hammered",
    probes_with_all_at_once: "never hammered",
    opens_gates_by_any_answer: "never hammered",
    holds_a_slot_for_ever: "always ends",
    mixes_what_comes_with_a_retry: "never mixed",
    blames_who_is_left: "poison is cheap",
    looks_for_poison_one_by_one: "poison is cheap",
    both_stores_and_delivers: "never both",
    lingers_while_it_stops: "never stale",
    pours_while_the_fuse_is_blown: "never poured",
    counts_a_letter_twice: "never twice",
    forgets_who_is_in_flight: "always ends",
    posts_again_what_was_accepted: "never twice",
    posts_without_limit: "never unbounded",
    parks_among_the_dead: "never lost",
    forgets_that_what_is_forwarded_is_open: "never early",
    settles_a_forwarded_letter_at_a_refusal: "never early",
    forwards_to_the_dead: "never lost",
    loses_a_forwarded_letter_at_a_refusal: "always ends",
}
