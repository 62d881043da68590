"""Good records leave a held lane for the parked topic, but only while somebody else of their topic passes."""

from __future__ import annotations

import pytest

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.delivery.outcomes import POLICY, Outcome, Scope, Unavailable
from capi_stream.model import Record
from tests.delivery.steps import BERLIN, NOON, P0, PARIS, World, event, refused

DEAD_TOKEN = Unavailable("token_invalid", Scope.CREDENTIAL)
PARK_AFTER = POLICY["token_invalid"].park_after_seconds or 0.0


def held_world(outcome: Outcome = DEAD_TOKEN, **changes: object) -> World:
    """Paris passes, and then Berlin is held."""
    world = World(**changes)
    world.receive(event(PARIS))
    world.linger()
    world.answer(world.post())
    world.receive(event(BERLIN))
    world.linger()
    world.answer(world.post(), outcome)
    return world


def parked(world: World) -> list[Letter]:
    return [letter for letter in world.engine.letters(world.now) if letter.kind is LetterKind.PARKED]


def keep_holding(world: World, seconds: float, outcome: Outcome = DEAD_TOKEN) -> None:
    """Let time pass, with each probe answered in the same way, until the gate holds beyond `seconds` from now."""
    end = world.now + seconds
    while world.now < end:
        world.now += 5.0
        for batch in world.engine.ready(world.now, 0.0):
            world.engine.answered(batch, outcome, world.now, 0.9)


def test_a_lane_whose_own_fault_lasts_is_parked_verbatim_and_its_offset_moves_on() -> None:
    world = held_world()
    world.receive(event(PARIS))
    world.linger()
    world.answer(world.post())
    assert parked(world) == []
    keep_holding(world, PARK_AFTER)
    (letter,) = parked(world)
    assert (letter.topic, letter.rejection.reason, letter.destination) == ("parked", "token_invalid", (BERLIN, "graph"))
    assert letter.record.value == b"value"
    assert letter.attempts > 1
    assert world.committable() == 1, "not before the broker has it"
    world.engine.stored(letter)
    assert world.committable() == 3
    assert world.engine.ledger.parked == {"token_invalid": 1}
    assert world.engine.ledger.oldest_parked == {BERLIN: int(NOON)}


def test_the_oldest_parked_event_is_by_its_own_time_and_counts_once_it_is_stored() -> None:
    world = held_world()
    for days in (1, 3, 2):
        world.receive(event(BERLIN, time=int(NOON) - days * 86_400))
    keep_holding(world, PARK_AFTER)
    letters = parked(world)
    assert world.engine.ledger.oldest_parked == {}
    for letter in letters:
        world.engine.stored(letter)
    assert world.engine.ledger.oldest_parked == {BERLIN: int(NOON) - 3 * 86_400}


@pytest.mark.parametrize(
    ("event_time", "timestamp_ms", "expected"), [(5, 7_500, 5), (None, 7_500, 7), (None, -1, None)]
)
def test_what_no_event_could_be_made_of_counts_by_its_records_time(
    event_time: int | None, timestamp_ms: int, expected: int | None
) -> None:
    record = Record(P0, 0, timestamp_ms, None, b"value")
    letter = Letter(
        LetterKind.PARKED,
        "parked",
        Ticket(OffsetTracker(P0, 0, RecordCounts()), record),
        refused(),
        event_time=event_time,
    )
    assert letter.happened_at == expected


def test_what_comes_during_a_parked_hold_is_parked_at_once_and_the_first_after_it_is_the_probe() -> None:
    world = held_world()
    keep_holding(world, PARK_AFTER)
    assert len(parked(world)) == 1
    world.receive(event(BERLIN))
    world.now += 1.0
    assert len(parked(world)) == 1
    world.now += 1_000.0
    world.receive(event(BERLIN))
    world.linger()
    assert parked(world) == []
    world.answer(world.post())
    world.receive(event(BERLIN))
    world.linger()
    assert len(world.post().entries) == 1, "the pixel answers again: nothing is parked any more"


def test_nothing_is_parked_while_nobody_else_passes() -> None:
    world = World()
    for pixel in (BERLIN, PARIS):
        world.receive(event(pixel))
    world.linger()
    for batch in world.engine.ready(world.now, 0.0):
        world.engine.answered(batch, DEAD_TOKEN, world.now, 0.9)
    keep_holding(world, 2 * PARK_AFTER)
    assert parked(world) == []


def test_the_only_pixel_of_a_topic_is_never_parked() -> None:
    world = World()
    world.receive(event(BERLIN))
    world.linger()
    world.answer(world.post(), DEAD_TOKEN)
    keep_holding(world, 2 * PARK_AFTER)
    assert parked(world) == []


def test_an_outage_parks_nothing_however_long_it_lasts() -> None:
    outage = Unavailable("not_connected", Scope.ENDPOINT)
    world = held_world(outage)
    keep_holding(world, 100 * PARK_AFTER, outage)
    assert parked(world) == []


def test_a_held_lane_that_fills_a_partition_is_parked_before_its_time() -> None:
    world = held_world(partition_span=10)
    for _ in range(12):
        world.receive(event(BERLIN))
    assert world.engine.paused() == {P0}
    assert parked(world) == [], "a short hold is waited out"
    keep_holding(world, 40.0)
    world.engine.paused()
    for letter in parked(world):
        world.engine.stored(letter)
    assert world.engine.paused() == frozenset()


def test_a_revoked_partitions_records_are_given_back_and_not_parked() -> None:
    world = held_world()
    world.engine.revoking([P0])
    keep_holding(world, PARK_AFTER)
    assert parked(world) == []
    assert world.held_bytes() == 0


@pytest.mark.parametrize("others_pass", [True, False])
def test_a_lone_event_that_nobody_can_judge_is_parked_once_others_have_passed(others_pass: bool) -> None:
    unknown = Unavailable("unknown_error", Scope.PIXEL)
    world = World(batch_events=1)
    world.receive(event(BERLIN, event_id="odd"))
    for _ in range(POLICY["unknown_error"].park_lone_after):
        world.now += 1_000.0
        if others_pass:
            world.receive(event(BERLIN))
        for batch in world.engine.ready(world.now, 0.0):
            is_odd = batch.entries[0].event.event_id == "odd"
            world.answer(batch, unknown) if is_odd else world.answer(batch)
        world.now += 1_000.0
        for batch in world.engine.ready(world.now, 0.0):
            is_odd = batch.entries[0].event.event_id == "odd"
            world.answer(batch, unknown) if is_odd else world.answer(batch)
    assert [letter.rejection.event_id for letter in parked(world)] == (["odd"] if others_pass else [])
