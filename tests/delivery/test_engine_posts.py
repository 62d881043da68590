"""From received events to posts, and what the answers make of them."""

from __future__ import annotations

from capi_stream.delivery.batches import Letter
from capi_stream.delivery.outcomes import Rejected, Scope, Unavailable
from capi_stream.model import Destination, Malformed, Mapped, Rejection, Tombstone
from tests.delivery.steps import BERLIN, NOON, P0, PARIS, World, event, ids, refused

POISON = Rejected("invalid_parameter")
TRANSIENT = Unavailable("transient", Scope.PIXEL)


def test_events_linger_and_then_go_together() -> None:
    world = World()
    world.receive_many(3)
    assert not world.ready()
    world.linger(1.0)
    assert ids(world.post()) == ["0", "1", "2"]


def test_a_full_batch_does_not_linger() -> None:
    world = World(batch_events=2)
    world.receive_many(3)
    assert ids(world.post()) == ["0", "1"]


def test_a_batch_stays_under_the_byte_limit() -> None:
    world = World(batch_bytes=250)
    world.receive_many(3)  # 101 bytes each, with the comma
    assert ids(world.post()) == ["0", "1"]


def test_an_event_larger_than_a_request_may_be_is_a_letter() -> None:
    world = World(batch_bytes=250)
    world.receive(event(size=251))
    (letter,) = world.store_letters()
    assert letter.rejection.reason == "event_too_large"
    assert world.committable() == 1


def test_a_batch_holds_one_destination() -> None:
    world = World()
    world.receive(event(BERLIN))
    world.receive(event(PARIS))
    world.linger()
    assert [batch.destination for batch in world.ready()] == [Destination(BERLIN), Destination(PARIS)]


def test_an_accepted_batch_settles_its_records() -> None:
    world = World()
    world.receive_many(2)
    world.linger()
    batch = world.post()
    assert world.committable() is None
    world.answer(batch)
    assert world.committable() == 2
    assert world.held_bytes() == 0


def test_a_record_settles_when_every_destination_has_settled_it() -> None:
    gateway = Destination(BERLIN, "gateway")
    world = World()
    routes = {**world.engine._limits.routes, gateway: world.engine._limits.routes[Destination(BERLIN)]}
    world = World(routes=routes)
    world.receive(event(destinations=(Destination(BERLIN), gateway)))
    world.linger()
    first, second = world.ready()
    world.answer(first)
    assert world.committable() is None
    world.answer(second)
    assert world.committable() == 1


def test_posts_in_flight_are_bounded_per_pixel_and_in_all() -> None:
    world = World(batch_events=1, posts_in_flight=3, posts_in_flight_per_pixel=2)
    world.receive_many(5, BERLIN)
    world.receive_many(5, PARIS)
    going = world.ready()
    assert sorted(batch.destination.pixel for batch in going) == [BERLIN, BERLIN, PARIS]
    world.answer(going[0])
    assert len(world.ready()) == 1


def test_a_failed_batch_goes_again_unchanged_behind_what_gathered_meanwhile() -> None:
    """The failure may be the batch's own: another one is the probe."""
    world = World()
    world.receive_many(2)
    world.linger()
    failed = world.post()
    world.receive(event(event_id="later"))
    world.answer(failed, TRANSIENT)
    assert not world.ready()
    world.linger(60.0)
    probe = world.post()
    assert ids(probe) == ["later"]
    world.answer(probe)
    assert world.post() is failed
    assert ids(failed) == ["0", "1"]


def test_the_guilty_event_is_found_by_the_index_that_the_api_names() -> None:
    world = World()
    world.receive_many(100)
    world.linger()
    world.answer(world.post(), Rejected("invalid_parameter", index=37))
    guilty, others = world.ready()
    assert ids(guilty) == ["37"]
    world.answer(guilty, POISON)
    world.answer(others)
    (letter,) = world.store_letters()
    assert letter.record.offset == 37
    assert world.committable() == 100


def test_an_index_that_accused_an_innocent_is_not_believed_again() -> None:
    """An API that always names the first event must not have its batches taken apart one by one."""
    world = World(posts_in_flight=1)
    world.receive_many(64)
    world.linger()
    posts = 0
    while batch := next(iter(world.ready()), None):
        posts += 1
        world.answer(batch, Rejected("invalid_parameter", index=0) if "40" in ids(batch) else None)
    (letter,) = world.store_letters()
    assert letter.record.offset == 40
    assert world.committable() == 64
    assert posts <= 2 + 2 * 7


def test_k_poison_events_cost_about_2k_log_n_posts() -> None:
    world = World(posts_in_flight=1)
    poison = {"3", "400", "401", "999"}
    world.receive_many(1_000)
    world.linger()
    posts = 0
    while batch := next(iter(world.ready()), None):
        posts += 1
        world.answer(batch, POISON if poison & set(ids(batch)) else None)
    assert {str(letter.record.offset) for letter in world.store_letters()} == poison
    assert world.committable() == 1_000
    assert posts <= 1 + 2 * len(poison) * 10


def test_an_event_that_grew_too_old_behind_a_gate_is_not_posted() -> None:
    world = World()
    world.receive(event(event_id="old", not_after=int(NOON) + 30))
    world.receive(event(event_id="young"))
    world.linger()
    world.answer(world.post(), Unavailable("throttled", Scope.PIXEL, hold_seconds=100.0))
    world.linger(100.0)
    assert ids(world.post()) == ["young"]
    (letter,) = world.store_letters()
    assert letter.rejection.reason == "event_time_too_old"


def test_a_batch_called_too_large_is_halved_and_the_lane_learns() -> None:
    world = World(batch_bytes=100_000)
    for number in range(4):
        world.receive(event(event_id=str(number), size=20_000))
    world.linger()
    world.answer(world.post(), Rejected("too_large"))
    first, second = world.ready()
    assert (ids(first), ids(second)) == (["0", "1"], ["2", "3"])
    world.answer(first)
    world.answer(second)
    for number in range(4):
        world.receive(event(event_id=str(number), size=20_000))
    assert [len(batch.entries) for batch in world.ready()] == [2, 2]


def test_a_lane_that_learns_never_raises_its_limit() -> None:
    """Found by the simulation, seed 6."""
    world = World(batch_bytes=250)
    world.receive_many(2)
    world.linger()
    world.answer(world.post(), Rejected("too_large"))
    for half in world.ready():
        world.answer(half)
    world.receive_many(3)
    assert len(world.post().entries) == 2


def test_an_unclassified_error_that_persists_is_halved_and_never_dead_lettered() -> None:
    world = World()
    world.receive_many(2)
    world.linger()
    sizes = []
    for _ in range(12):
        world.linger(400.0)
        for batch in world.ready():
            sizes.append(len(batch.entries))
            world.answer(batch, Unavailable("unclassified", Scope.PIXEL))
    assert sizes[:5] == [2, 2, 2, 2, 1]
    assert not world.store_letters()


def test_what_intake_refused_settles_by_its_letter_and_its_siblings_go_on() -> None:
    world = World()
    world.receive(Mapped([event()], [refused(index=1)]))
    world.linger()
    world.answer(world.post())
    assert world.committable() is None
    (letter,) = world.store_letters()
    assert (letter.rejection.stage, letter.rejection.index) == ("validate", 1)
    assert world.committable() == 1


def test_records_that_become_nothing_settle_at_once() -> None:
    world = World()
    world.receive(Tombstone())
    world.receive(Mapped(filtered=["consent_denied"]))
    assert world.committable() == 2
    assert world.engine.ledger.records["orders", "tombstone"] == 1
    assert world.engine.ledger.filtered["orders", "consent_denied"] == 1


def test_the_records_ledger_balances() -> None:
    world = World()
    world.receive_many(3)
    world.receive(Tombstone())
    world.receive(Malformed(Rejection("decode", "not_avro")))
    world.store_letters()
    world.linger()
    world.answer(world.post())
    records = world.engine.ledger.records
    assert records["orders", "consumed"] == 5
    assert records["orders", "settled"] + records["orders", "tombstone"] == 5


def test_a_lost_answer_is_sent_again_with_the_same_identity_and_counted() -> None:
    world = World()
    world.receive_many(2)
    world.linger()
    batch = world.post()
    world.answer(batch, Unavailable("connection_lost", Scope.ENDPOINT, is_unknown=True))
    world.linger()
    again = world.post()
    assert again is batch
    assert world.engine.ledger.unknown_outcome_events[BERLIN] == 2
    assert world.engine.ledger.resent_events == 2
    assert world.engine.ledger.late_resent_events == 0


def test_a_resend_beyond_48_hours_is_counted_apart() -> None:
    world = World()
    world.receive_many(1)
    world.linger()
    world.answer(world.post(), Unavailable("timeout", Scope.ENDPOINT, is_unknown=True))
    world.linger(48 * 3600.0 + 1)
    world.post()
    assert world.engine.ledger.late_resent_events == 1


def test_a_letter_that_the_topic_refuses_holds_its_offset_and_goes_again() -> None:
    world = World()
    world.receive(Malformed(Rejection("decode", "not_avro")))
    (letter,) = world.engine.letters(world.now)
    world.engine.not_stored(letter, "topic_gone", world.now)
    assert world.committable() is None
    assert not world.engine.letters(world.now)
    world.linger(60.0)
    assert world.store_letters() == [letter]
    assert world.committable() == 1


def test_a_letter_too_large_for_its_topic_goes_once_more_without_its_value() -> None:
    world = World()
    world.receive(Malformed(Rejection("decode", "not_avro")))
    (letter,) = world.engine.letters(world.now)
    world.engine.not_stored(letter, "too_large", world.now)
    (again,) = world.engine.letters(world.now)
    assert isinstance(again, Letter)
    assert again is letter
    assert not again.carries_value


def test_the_loop_wakes_for_the_linger_and_idles_otherwise() -> None:
    world = World()
    idle = world.engine.wait(world.now)
    world.receive_many(1)
    assert world.engine.wait(world.now + 0.99) <= 0.011
    assert world.engine.wait(world.now) < idle


def test_the_loop_waits_for_an_answer_only_where_the_next_post_waits_for_one_too() -> None:
    world = World(batch_events=2, posts_in_flight=1)
    world.receive_many(4)
    assert not world.engine.wait_for_answers
    first = world.post()
    assert world.engine.wait_for_answers > 0
    assert world.engine.wait(world.now) == 0
    world.answer(first)
    world.post()
    assert not world.engine.wait_for_answers
    assert world.engine.wait(world.now) > 0


def test_the_oldest_event_that_waits_is_known_wherever_it_waits() -> None:
    world = World(batch_events=2, posts_in_flight=1)

    def oldest() -> float | None:
        (lane,) = world.engine.snapshot(world.now, NOON).lanes
        return lane.oldest_event_time

    for age in (30, 50, 20, 40, 10):
        world.receive(event(time=NOON - age))
    assert oldest() == NOON - 50
    batch = world.post()
    assert oldest() == NOON - 40
    world.answer(batch, TRANSIENT)
    assert oldest() == NOON - 50
    world.engine.revoking([P0])
    assert oldest() is None


def test_a_stopping_engine_reads_no_more_and_flushes() -> None:
    world = World()
    world.receive_many(1)
    world.engine.stopping()
    assert world.engine.paused() == {P0}
    batch = world.post()
    assert world.engine.can_settle_before(world.now + 10)
    world.answer(batch, Unavailable("throttled", Scope.PIXEL, hold_seconds=60.0))
    assert not world.engine.can_settle_before(world.now + 10)
    assert world.engine.can_settle_before(world.now + 61)
