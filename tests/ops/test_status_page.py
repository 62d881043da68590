"""The status page of a real member, in a real browser: what it says, that it stays fresh, and that it fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from tests.ops.tools import program, wheels
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh

pytestmark = pytest.mark.ops

PHONE, DESKTOP = 390, 1200


@contextmanager
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    wheels()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield started
        started.close()


def member_with_a_story(shop: Shop, orders: int = 400) -> Member:
    """A member of which one pixel is held for its token, and which has dead letters."""
    shop.sandbox.poison("bad-")
    shop.publish([
        *(fresh(f"order-{number}") for number in range(orders)),
        *(fresh(f"bad-{number}") for number in range(3)),
        *(fresh(f"old-{number}") | {"occurred_at": 1_600_000_000_000} for number in range(5)),
        *(fresh(f"other-{number}", pixel_id=OTHER_PIXEL) for number in range(60)),
    ])  # fmt: skip
    shop.publish_values([b"no Avro", b"neither"])
    shop.settings()  # writes the tokens
    shop.sandbox.expire_token(OTHER_PIXEL)
    member = shop.run()
    wait_until(lambda: len(shop.letters()) == 10, 30, "there are dead letters")
    wait_until(lambda: len(shop.accepted()) == orders, 60, "the other pixel's events are accepted")
    wait_until(lambda: member.metrics().by("reason", "gate_holding")["token_invalid"], 30, "the token is refused")
    return member


def draw(shop: Shop, folder: Path) -> list[Path]:
    """The pictures of the README and the docs, of a member of `shop`."""
    member = member_with_a_story(shop, 20_000)
    made = []
    with browser() as started:
        for name, scheme, width in (("light", "light", DESKTOP), ("dark", "dark", DESKTOP), ("phone", "light", PHONE)):
            view = {"width": width, "height": 844 if width == PHONE else 1280}
            page = started.new_page(viewport=view, color_scheme=scheme, device_scale_factor=1.5)
            page.goto(member.admin)
            page.wait_for_selector("#pixels tbody")
            made.append(folder / f"status-{name}.png")
            page.screenshot(path=made[-1])
    return made


def test_the_page_tells_the_story_stays_fresh_and_fits(shop: Shop) -> None:
    member = member_with_a_story(shop)
    with browser() as started:
        page = started.new_page(viewport={"width": DESKTOP, "height": 600}, color_scheme="dark")
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(member.admin)

        assert page.inner_text("h1") == "Held: 1 of 2 pixels"
        assert page.title() == "Held: 1 of 2 pixels · capi-stream"
        held = page.inner_text("#pixels tbody >> nth=0")
        assert OTHER_PIXEL in held
        assert "held token_invalid" in held
        assert "Error validating access token: Session has expired" in held, "in the API's words"
        assert "Put a new access token into the pixel's file" in page.inner_text("#held")
        assert "undecodable" in page.inner_text("#letters") or "not_framed" in page.inner_text("#letters")
        for told in (shop.group, shop.topic, "librdkafka"):
            assert told in page.inner_text("#about")

        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.emulate_media(color_scheme="light")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark

        page.evaluate("window.isTheSame = true; window.scrollTo(0, 300)")
        shop.sandbox.renew_token(OTHER_PIXEL, "sandbox-renewed")
        shop.token_file(OTHER_PIXEL).write_text("sandbox-renewed")
        page.wait_for_selector("#verdict.good", timeout=40_000)
        assert page.evaluate("[window.isTheSame, window.scrollY, document.title]") == [
            True, 300, "Delivering · capi-stream",
        ]  # fmt: skip

        for width in (PHONE, 320, DESKTOP):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints == []

        member.kill()
        page.wait_for_selector("body.stale", timeout=15_000)
        assert "No answer" in page.inner_text("#fresh")


def test_the_page_says_that_it_is_paused_while_text_is_selected_and_then_goes_on(shop: Shop) -> None:
    member = shop.run()
    with browser() as started:
        page = started.new_page()
        page.goto(member.admin)
        usual = page.inner_text("#fresh")
        page.wait_for_selector("body.fresh", timeout=10_000)

        page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
        page.wait_for_selector("body.paused", timeout=2_000)
        assert page.inner_text("#fresh") == "Paused while text is selected."
        shop.publish([fresh("order-1")])
        shop.wait_until_committed()
        page.wait_for_timeout(4_000)
        assert page.evaluate("[document.body.className, String(getSelection())]") == ["paused", "Delivering"]
        assert "No event has come yet" in page.inner_text("#pixels")

        page.evaluate("getSelection().removeAllRanges()")
        page.wait_for_selector("#pixels tbody", timeout=2_000)
        assert page.inner_text("#fresh") == usual


def test_the_page_is_drawn_anew_without_a_script_too(shop: Shop) -> None:
    member = shop.run()
    with browser() as started:
        page = started.new_context(java_script_enabled=False).new_page()
        page.goto(member.admin)
        with page.expect_navigation(timeout=15_000):
            shop.publish([fresh("order-1")])
        assert page.inner_text("h1") == "Delivering"
