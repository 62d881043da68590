"""What records may choose freely is never a key of the ledger."""

from __future__ import annotations

from capi_stream.model import Mapped, PixelId, Rejection
from tests.delivery.steps import BERLIN, World


def test_names_and_pixels_that_only_a_record_knows_are_counted_as_one() -> None:
    world = World()
    odd = [
        Rejection("map", "pixel_not_configured", pixel=PixelId(f"jane{at}@example.com"), event_name=f"name {at}")
        for at in range(3)
    ]
    known = Rejection("validate", "event_time_too_old", pixel=BERLIN, event_name="Purchase")
    world.receive(Mapped(rejections=[*odd, known, Rejection("decode", "undecodable")]))
    for letter in world.engine.letters(world.now):
        world.engine.stored(letter)
    assert world.engine.ledger.events == {
        ("other", "custom", "dead_lettered"): 3,
        (BERLIN, "Purchase", "dead_lettered"): 1,
        ("none", "none", "dead_lettered"): 1,
    }
    assert {pixel for pixel, _, _ in world.engine.ledger.rejected} == {"other", BERLIN, "none"}
