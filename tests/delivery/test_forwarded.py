"""A letter that goes on to a topic is one open part of its ticket, like any other letter, and yet no new letter."""

from __future__ import annotations

import pytest

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.delivery.settings import FuseSettings
from capi_stream.model import Malformed, Mapped, Reading, Rejection
from tests.delivery.steps import NOON, P0, P1, World, refused

LONGEST_HOLD = 1_000.0
FUSE = FuseSettings(minimum=3)


def going(world: World) -> list[Letter]:
    """What is to be stored now."""
    return world.engine.letters(world.now)


def refuse(world: World, letter: Letter, reason: str = "timed_out") -> None:
    world.engine.not_stored(letter, reason, world.now)


def gates(world: World) -> list[tuple[str, str, str]]:
    return [(view.scope, view.name, view.reason) for view in world.engine.snapshot(world.now, NOON).gates]


# One open part.


def test_it_goes_to_its_topic_as_it_is() -> None:
    world = World()
    record = world.forward("wrong_type", "events")
    (letter,) = going(world)
    assert (letter.kind, letter.topic, letter.rejection.reason) == (LetterKind.REPLAY, "events", "wrong_type")
    assert letter.record is record
    assert going(world) == [], "it goes once"


def test_nothing_is_committed_before_the_broker_has_it() -> None:
    world = World()
    world.forward()
    assert world.committable() is None, "it waits"
    (letter,) = going(world)
    assert world.committable() is None, "it is out"
    assert world.engine.in_flight([P0]) == 1
    world.engine.stored(letter)
    assert world.committable() == 1
    assert (world.engine.in_flight([P0]), world.held_bytes()) == (0, 0)
    assert world.engine.ledger.records == {("orders", "consumed"): 1, ("orders", "settled"): 1}


def test_its_offset_is_held_back_while_an_earlier_one_is_out() -> None:
    world = World()
    for _ in range(3):
        world.forward()
    first, second, third = going(world)
    world.engine.stored(third)
    world.engine.stored(second)
    assert world.committable() == 0, "but for a note that others above it are settled"
    world.engine.stored(first)
    assert world.committable() == 3


def test_it_is_counted_as_forwarded_for_the_reason_that_it_was_written_for() -> None:
    world = World()
    world.forward("wrong_type")
    world.forward("currency_unknown")
    world.store_letters()
    ledger = world.engine.ledger
    assert ledger.forwarded == {"wrong_type": 1, "currency_unknown": 1}
    assert not ledger.rejected
    assert not ledger.dead_letters
    assert not ledger.events, "nobody has looked into it"


# Refusals.


def test_a_refusal_holds_its_topic_and_it_is_tried_again_as_the_probe() -> None:
    world = World()
    world.forward("first")
    (letter,) = going(world)
    refuse(world, letter)
    world.forward("second")
    assert gates(world) == [("topic", "events", "timed_out")]
    assert going(world) == []
    assert world.committable() is None
    world.now += LONGEST_HOLD
    assert going(world) == [letter]
    assert letter.carries_value
    world.engine.stored(letter)
    assert gates(world) == []
    assert [each.rejection.reason for each in world.store_letters()] == ["second"]
    assert world.committable() == 2
    assert world.engine.ledger.letter_errors == {"timed_out": 1}


def test_a_probe_that_is_refused_holds_for_longer() -> None:
    world = World()
    world.forward()
    waits = []
    for _ in range(3):
        (letter,) = going(world)
        refuse(world, letter)
        (view,) = world.engine.snapshot(world.now, NOON).gates
        waits.append(view.until - world.now)
        world.now = view.until
    assert waits[0] < waits[1] < waits[2]


def test_another_topic_s_letters_do_not_wait_for_it() -> None:
    world = World()
    world.forward()
    (letter,) = going(world)
    refuse(world, letter)
    world.receive(Mapped(rejections=[refused()]))
    world.forward(topic="other events")
    assert {each.topic for each in world.store_letters()} == {"dead", "other events"}
    assert world.committable() == 0, "the refused one is below"


# Too large.


def test_one_that_is_too_large_is_left_where_it_lies_and_counted() -> None:
    world = World()
    world.forward()
    world.forward()
    large, small = going(world)
    refuse(world, large, "too_large")
    world.engine.stored(small)
    assert world.committable() == 2, "a replay that is done with it does not wait"
    assert world.held_bytes() == 0
    assert (gates(world), going(world)) == ([], []), "it is not tried again, not even without its value"
    ledger = world.engine.ledger
    assert ledger.filtered == {("orders", "too_large_for_topic"): 1}
    assert ledger.letter_errors == {"too_large": 1}
    assert ledger.forwarded.total() == 1


def test_a_probe_that_is_too_large_opens_its_topic() -> None:
    """The topic has answered: it is well."""
    world = World()
    world.forward("large")
    (letter,) = going(world)
    refuse(world, letter)
    world.forward("small")
    world.now += LONGEST_HOLD
    (probe,) = going(world)
    refuse(world, probe, "too_large")
    assert [each.rejection.reason for each in world.store_letters()] == ["small"]
    assert world.committable() == 2


# Fuses.


@pytest.mark.parametrize(
    ("bad", "blown"),
    [
        (Mapped(rejections=[refused()]), ("pixel", "100", "fuse")),
        (Malformed(Rejection("decode", "undecodable")), ("all", "", "fuse")),
    ],
)
def test_a_blown_fuse_does_not_hold_it(bad: Reading, blown: tuple[str, str, str]) -> None:
    """It makes no new letter: so it is not what a fuse is there to stop."""
    world = World(fuse=FUSE)
    for _ in range(3):
        world.receive(bad)
    world.forward()
    assert gates(world) == [blown]
    assert [letter.kind for letter in world.store_letters()] == [LetterKind.REPLAY]
    assert world.committable() == 0, "the dead letters below wait for a person"


def test_it_blows_no_fuse() -> None:
    world = World(fuse=FUSE)
    for _ in range(20):
        world.forward()
    assert len(world.store_letters()) == 20
    assert gates(world) == []


# Revoked.


def test_one_that_waits_is_given_back_with_its_partition() -> None:
    world = World(P0, P1)
    world.forward("given back", partition=P0)
    world.forward("kept", partition=P1)
    world.engine.revoking([P0])
    assert [letter.rejection.reason for letter in world.store_letters()] == ["kept"]
    assert (world.committable(P0), world.committable(P1)) == (None, 1)
    assert world.engine.ledger.records["orders", "released"] == 1
    assert world.held_bytes() == 0


def test_one_that_waits_behind_a_held_topic_is_given_back_too() -> None:
    world = World()
    world.forward()
    (letter,) = going(world)
    refuse(world, letter)
    world.engine.revoking([P0])
    world.now += LONGEST_HOLD
    assert going(world) == []
    assert world.engine.ledger.records["orders", "released"] == 1
    assert world.held_bytes() == 0


def test_one_that_is_out_may_still_settle_until_its_partition_is_forgotten() -> None:
    world = World()
    world.forward()
    (letter,) = going(world)
    world.engine.revoking([P0])
    assert world.engine.in_flight([P0]) == 1
    world.engine.stored(letter)
    assert world.committable() == 1


def test_one_that_is_refused_after_a_revoke_is_given_back() -> None:
    world = World()
    world.forward()
    (letter,) = going(world)
    world.engine.revoking([P0])
    refuse(world, letter)
    world.now += LONGEST_HOLD
    assert going(world) == []
    assert world.committable() is None
    assert world.engine.ledger.records["orders", "released"] == 1


def test_a_late_acknowledgement_commits_nothing() -> None:
    world = World()
    world.forward()
    (letter,) = going(world)
    world.engine.forgotten([P0])
    world.engine.assigned(P0, 0)
    world.engine.stored(letter)
    assert world.committable() is None
