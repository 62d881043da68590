"""A bad deploy upstream must not pour a topic into the dead letters."""

from __future__ import annotations

from capi_stream.delivery.batches import LetterKind
from capi_stream.delivery.fuse import Fuse
from capi_stream.delivery.outcomes import POLICY
from capi_stream.delivery.settings import FuseSettings
from capi_stream.model import Malformed, Mapped, PixelId, Rejection
from tests.delivery.steps import BERLIN, NOON, PARIS, World, event, ids

FUSE = FuseSettings(minimum=10, share=0.5, window_seconds=600.0)
PARK_AFTER = POLICY["fuse"].park_after_seconds or 0.0


def bad(pixel: PixelId = BERLIN) -> Mapped:
    return Mapped(rejections=[Rejection("validate", "event_name_missing", pixel=pixel)])


def receive_bad(world: World, number: int, pixel: PixelId = BERLIN) -> None:
    for _ in range(number):
        world.receive(bad(pixel))


def held(world: World) -> list[tuple[str, str]]:
    return [(view.scope, view.name) for view in world.engine.snapshot(world.now, NOON).gates if view.reason == "fuse"]


def test_at_most_the_minimum_is_dead_lettered_before_it_blows_and_the_rest_waits_for_a_person() -> None:
    world = World(fuse=FUSE)
    receive_bad(world, 9)
    assert len(world.store_letters()) == 9
    assert held(world) == []
    receive_bad(world, 50)
    assert held(world) == [("pixel", BERLIN)]
    assert world.store_letters() == []
    assert world.committable() == 9
    assert world.engine.reset_fuses() == 1
    assert len(world.store_letters()) == 50


def test_a_pixel_whose_fuse_is_blown_posts_nothing_and_the_other_goes_on() -> None:
    world = World(fuse=FUSE)
    receive_bad(world, 10)
    world.receive(event(BERLIN))
    world.receive(event(PARIS))
    world.receive(bad(PARIS))
    world.linger()
    assert world.post().destination.pixel == PARIS
    assert [letter.rejection.pixel for letter in world.store_letters()] == [PARIS]


def test_records_that_name_no_pixel_blow_the_fuse_of_all() -> None:
    world = World(fuse=FUSE)
    for _ in range(10):
        world.receive(Malformed(Rejection("decode", "undecodable")))
    world.receive(event(PARIS))
    world.linger()
    assert held(world) == [("all", "")]
    assert world.ready() == []
    assert world.store_letters() == []


def test_a_share_that_is_bearable_never_blows_it() -> None:
    world = World(fuse=FUSE)
    for _ in range(20):
        world.receive_many(2)
        receive_bad(world, 1)
        world.linger()
        world.answer(world.post())
    assert held(world) == []
    assert len(world.store_letters()) == 20


def test_after_a_reset_it_needs_the_minimum_once_more() -> None:
    world = World(fuse=FUSE)
    receive_bad(world, 10)
    world.engine.reset_fuses()
    receive_bad(world, 9)
    assert held(world) == []
    receive_bad(world, 1)
    assert held(world) == [("pixel", BERLIN)]


def test_what_a_fuse_holds_is_parked_after_a_while_if_others_pass() -> None:
    world = World(fuse=FUSE)
    world.receive(event(PARIS))
    world.linger()
    world.answer(world.post())
    receive_bad(world, 15)
    world.receive(event(BERLIN))
    world.now += PARK_AFTER
    letters = world.store_letters()
    assert [letter.kind for letter in letters] == [LetterKind.PARKED] * 16
    assert world.committable() == 17


def test_without_a_fuse_everything_goes() -> None:
    world = World(fuse=None)
    receive_bad(world, 100)
    assert held(world) == []
    assert len(world.store_letters()) == 100


def test_what_happened_before_the_window_is_forgotten() -> None:
    fuse = Fuse(FUSE)
    assert not fuse.judged(9, 9, now=0.0)
    assert not fuse.judged(9, 9, now=700.0)
    assert fuse.judged(1, 1, now=700.0)


def test_a_fuse_that_blows_as_a_batch_is_made_ready_is_not_opened_by_that_batch() -> None:
    """Found by the simulation: the rest of the batch went out as the probe of the fuse's own gate."""
    world = World(fuse=FuseSettings(minimum=1))
    world.receive(event(event_id="old", not_after=0))
    world.receive(event(event_id="young"))
    world.linger()
    for batch in world.ready():
        world.answer(batch)
    assert held(world) == [("pixel", BERLIN)]
    world.engine.reset_fuses()
    assert ids(world.post()) == ["young"]
