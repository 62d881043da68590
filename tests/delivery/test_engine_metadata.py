"""What is settled above the committed offset stands beside it, and a crash sends only the rest again."""

from __future__ import annotations

from capi_stream.delivery.commits import METADATA_REFUSED
from capi_stream.delivery.engine import Engine
from capi_stream.delivery.offsets import Commit
from capi_stream.model import Tombstone
from tests.delivery.steps import P0, World, event, limits


def commit_of(world: World) -> Commit:
    commit = world.engine.commit(world.now)
    assert commit is not None
    return commit


def world_with_a_settled_record_above_an_open_one(**changes: object) -> World:
    world = World(**changes)
    world.receive(event())
    for _ in range(3):
        world.receive(Tombstone())
    return world


def test_a_successor_passes_over_what_was_settled_and_counts_it() -> None:
    first = world_with_a_settled_record_above_an_open_one()
    (position,) = commit_of(first).positions
    second = World()
    second.engine.assigned(P0, position.offset, position.metadata)
    second.receive(event(), offset=0)
    for offset in (1, 2, 3):
        second.receive(event(), offset=offset)
    second.linger()
    assert len(second.post().entries) == 1
    assert second.engine.ledger.records["orders", "skipped"] == 3


def test_the_same_offset_is_committed_again_only_when_what_is_settled_above_has_changed() -> None:
    world = world_with_a_settled_record_above_an_open_one()
    world.engine.commit_ended(commit_of(world), None, world.now)
    assert world.engine.commit(world.now) is None
    world.receive(Tombstone())
    assert [position.offset for position in commit_of(world).positions] == [0]


def test_a_broker_that_refuses_the_text_gets_the_offset_without_it() -> None:
    world = world_with_a_settled_record_above_an_open_one()
    commit = commit_of(world)
    assert commit.positions[0].metadata
    world.receive(Tombstone())
    world.engine.commit_ended(commit, METADATA_REFUSED, world.now)
    world.linger()
    world.answer(world.post())
    again = commit_of(world)
    assert [(position.offset, position.metadata) for position in again.positions] == [(5, "")]
    world.engine.commit_ended(again, None, world.now)
    world.receive(event())
    world.receive(Tombstone())
    assert world.engine.commit(world.now) is None, "there is no text any more"


def test_a_switch_turns_the_text_off() -> None:
    world = world_with_a_settled_record_above_an_open_one(commit_metadata=False)
    assert world.engine.commit(world.now) is None


def test_a_text_that_says_nothing_to_us_is_counted_and_everything_is_read() -> None:
    engine = Engine(limits())
    engine.assigned(P0, 0, "somebody else's")
    assert engine.ledger.metadata_ignored == {"foreign": 1}
