"""Partitions come and go, are paused and committed: nothing early, nothing foreign, nothing unbounded."""

from __future__ import annotations

from capi_stream.delivery.outcomes import Rejected, Scope, Unavailable
from capi_stream.model import Malformed, Mapped, NeedSchema, Rejection, SchemaRef, Tombstone
from tests.delivery.steps import BERLIN, P0, P1, PARIS, World, event

SCHEMA = SchemaRef("", 7)

DOWN = Unavailable("not_connected", Scope.ENDPOINT)


def test_nothing_of_a_revoked_partition_is_handed_out() -> None:
    world = World(P0, P1)
    world.receive(event(event_id="kept"), P0)
    world.receive(event(event_id="given back"), P1)
    world.receive(Malformed(Rejection("decode", "not_avro")), P1)
    world.engine.revoking([P1])
    world.linger()
    assert [entry.event.event_id for entry in world.post().entries] == ["kept"]
    assert not world.engine.letters(world.now)
    assert world.engine.ledger.records["orders", "released"] == 2


def test_what_is_in_flight_may_still_settle_while_a_partition_is_revoked() -> None:
    world = World()
    world.receive_many(1)
    world.linger()
    batch = world.post()
    world.engine.revoking([P0])
    assert world.engine.in_flight([P0]) == 1
    world.answer(batch)
    assert world.engine.in_flight([P0]) == 0
    assert world.committable() == 1


def test_a_late_answer_commits_nothing() -> None:
    world = World()
    world.receive_many(1)
    world.linger()
    batch = world.post()
    world.engine.forgotten([P0])
    world.engine.assigned(P0, 0)
    world.answer(batch)
    assert world.committable() is None
    assert world.engine.commit(world.now) is None


def test_a_batch_that_fails_after_a_revoke_is_not_sent_again_for_the_revoked() -> None:
    world = World(P0, P1)
    world.receive(event(event_id="kept"), P0)
    world.receive(event(event_id="given back"), P1)
    world.linger()
    batch = world.post()
    world.engine.revoking([P1])
    world.answer(batch, DOWN)
    world.linger(60.0)
    assert [entry.event.event_id for entry in world.post().entries] == ["kept"]


def test_the_last_event_of_a_rejected_batch_is_not_judged_for_those_that_were_given_back() -> None:
    """Found by the simulation, seed 0."""
    world = World(P0, P1)
    world.receive(event(event_id="innocent"), P0)
    world.receive(event(event_id="guilty"), P1)
    world.linger()
    batch = world.post()
    world.engine.revoking([P1])
    world.answer(batch, Rejected("invalid_parameter"))
    assert not world.store_letters()
    world.answer(world.post())
    assert world.committable(P0) == 1


def test_a_released_record_never_settles_though_a_sibling_was_accepted() -> None:
    world = World()
    world.receive(Mapped([event(BERLIN), event(PARIS, index=1)]))
    world.linger()
    berlin, paris = world.ready()
    world.answer(berlin)
    world.answer(paris, DOWN)
    world.engine.revoking([P0])
    assert world.committable() is None
    assert world.held_bytes() == 0


def test_a_record_seen_before_is_ignored_and_counted() -> None:
    world = World()
    world.receive(Tombstone(), offset=4)
    world.receive(event(), offset=4)
    assert world.committable() == 5
    assert world.engine.ledger.records["orders", "ignored"] == 1


def test_one_commit_is_in_flight() -> None:
    world = World()
    world.receive(Tombstone())
    commit = world.engine.commit(world.now)
    assert commit is not None
    world.receive(Tombstone())
    assert world.engine.commit(world.now) is None
    world.engine.commit_ended(commit, None, world.now)
    following = world.engine.commit(world.now)
    assert following is not None
    assert following.positions[0].offset == 2


def test_a_refused_commit_is_repeated_though_nothing_new_settled() -> None:
    world = World()
    world.receive(Tombstone())
    commit = world.engine.commit(world.now)
    assert commit is not None
    world.engine.commit_ended(commit, "rebalance_in_progress", world.now)
    world.linger(30.0)
    again = world.engine.commit(world.now)
    assert again is not None
    assert again.positions[0].offset == 1


def test_a_commit_without_an_answer_frees_its_slot_at_its_deadline() -> None:
    world = World(commit_timeout_seconds=30.0)
    world.receive(Tombstone())
    world.engine.commit(world.now)
    world.linger(29.0)
    assert world.engine.commit(world.now) is None
    world.linger(1.0)
    assert world.engine.commit(world.now) is not None


def test_nothing_is_committed_twice() -> None:
    world = World()
    world.receive(Tombstone())
    commit = world.engine.commit(world.now)
    assert commit is not None
    world.engine.commit_ended(commit, None, world.now)
    world.linger(60.0)
    assert world.engine.commit(world.now) is None


def test_a_partition_pauses_at_its_share_and_resumes_below_half_of_it() -> None:
    world = World(P0, P1, buffer_bytes=40_000, batch_events=1, posts_in_flight=100, posts_in_flight_per_pixel=100)
    while P0 not in world.engine.paused():
        world.receive_many(1)
    assert world.engine.paused() == {P0}
    assert 20_000 <= world.held_bytes() < 22_000
    answers = iter(world.ready())
    while world.held_bytes() >= 10_000:
        assert P0 in world.engine.paused()
        world.answer(next(answers))
    assert world.engine.paused() == frozenset()


def test_a_partition_pauses_when_its_uncommitted_span_is_long() -> None:
    world = World(partition_span=10)
    world.receive_many(1)
    for offset in range(1, 10):
        world.receive(Tombstone(), offset=offset)
    assert world.engine.paused() == {P0}


def test_a_record_that_waits_for_its_schema_pauses_its_partition_and_holds_its_offset() -> None:
    world = World(P0, P1)
    world.receive(NeedSchema(SCHEMA))
    world.receive(Tombstone())
    assert world.engine.wanted_schemas() == {SCHEMA}
    assert world.engine.paused() == {P0}
    assert world.committable() == 0, "only what is settled above it is noted"
    (ticket,) = world.engine.unresolved(SCHEMA)
    world.engine.resolved(ticket, Mapped([event()]), world.now)
    assert world.engine.paused() == frozenset()
    assert world.engine.wanted_schemas() == frozenset()
    world.linger()
    world.answer(world.post())
    assert world.committable() == 2


def test_a_record_that_waits_for_its_schema_is_given_back_on_a_revoke() -> None:
    world = World()
    world.receive(NeedSchema(SCHEMA))
    world.engine.revoking([P0])
    assert world.engine.wanted_schemas() == frozenset()
    assert world.held_bytes() == 0


def test_unknown_partitions_and_empty_lists_are_normal() -> None:
    world = World(P0)
    world.engine.revoking([P1])
    world.engine.forgotten([P1])
    world.engine.forgotten([])
    assert world.engine.partitions() == {P0}


def test_letters_that_are_out_are_few_in_number_and_in_bytes() -> None:
    world = World(letters_in_flight=3, letters_in_flight_bytes=20)
    for _ in range(5):
        world.receive(Malformed(Rejection("decode", "undecodable")))
    out = world.engine.letters(world.now)
    assert len(out) == 3, "each has 8 bytes: the third still began below 20"
    world.engine.stored(out[0])
    assert len(world.engine.letters(world.now)) == 1
    world.engine.not_stored(out[1], "timed_out", world.now)
    assert world.engine.letters(world.now) == [], "its topic is held"


def test_a_schema_that_is_answered_after_a_revoke_hands_nothing_out() -> None:
    world = World()
    world.receive(NeedSchema(SCHEMA))
    (ticket,) = world.engine.unresolved(SCHEMA)
    world.engine.forgotten([P0])
    world.engine.resolved(ticket, Mapped([event()]), world.now)
    world.linger()
    assert world.ready() == []
    assert world.held_bytes() == 0
