"""Parked records come back, on a real Kafka: once, or as long as one follows."""

from __future__ import annotations

from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.real.clients import wait_until
from tests.service.replays import once, parked, published_and_settled, renewed, replay, replaying
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header
from tests.service.tools import tool


def test_parked_records_come_back_when_their_pixel_answers(shop: Shop) -> None:
    held = parked(shop)
    assert "none is left to do" in replay(shop).stdout, "they are no dead letters"
    assert "token_invalid" in replay(shop, "--parked").stdout
    renewed(shop)
    assert replay(shop, "--parked", "--yes").returncode == 0
    assert shop.accepted(str(PIXEL)) == once(held)
    assert shop.accepted(OTHER_PIXEL) == once(f"free-{at}" for at in range(50))


def test_one_that_follows_waits_for_the_pixel_and_takes_what_comes_later(shop: Shop) -> None:
    held = parked(shop)
    follows = replaying(shop, "--parked", "--yes", "--follow", admin={"port": 0})
    log = shop.folder / "replay.log"
    wait_until(lambda: "gate_held" in log.read_text(), 60, "it waits for the lane to open")
    assert len(shop.letters(shop.parked)) == 50, "nothing is parked again"
    renewed(shop)
    wait_until(lambda: shop.accepted(str(PIXEL)) == once(held), 60, "they come back")
    shop.sandbox.expire_token(str(PIXEL))
    later = [fresh(f"later-{at}") for at in range(5)]
    published_and_settled(shop, [*later, fresh("free", pixel_id=OTHER_PIXEL)], delivery={"park_after_seconds": 1})
    renewed(shop)
    wait_until(lambda: {f"later-{at}" for at in range(5)} <= set(shop.accepted(str(PIXEL))), 60, "so do later ones")
    follows.terminate()
    assert follows.wait(60) == 0


def test_one_that_follows_and_whose_fuse_has_blown_waits_for_a_person_who_resets_it(shop: Shop) -> None:
    held = parked(shop)
    renewed(shop)
    shop.sandbox.poison(Poison(prefix="held-"))
    follows = replaying(shop, "--parked", "--yes", "--follow", admin={"port": 0}, delivery={"fuse": {"minimum": 20}})
    log = shop.folder / "replay.log"
    wait_until(lambda: '"fuse"' in log.read_text(), 60, "most of what it sent was refused")
    shop.sandbox.clear_poison()
    assert tool("fuse", "reset", "--pid", str(follows.pid)).returncode == 0
    wait_until(lambda: "fuses_reset" in log.read_text(), 10, "it was asked")

    def done() -> set[str]:
        return set(shop.accepted(str(PIXEL))) | {header(letter, "event_id") for letter in shop.letters()}

    wait_until(lambda: done() == held, 60, "each was accepted, or refused before and a dead letter now")
    follows.terminate()
    assert follows.wait(60) == 0
