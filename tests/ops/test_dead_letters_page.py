"""The page of dead letters of a real member, in a real browser: it can be read anywhere, copied, and asks nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from tests.builders import PIXEL
from tests.ops.test_status_page import DESKTOP, PHONE, browser
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh

pytestmark = pytest.mark.ops

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return parts(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour;
  };
  const own = (element) => [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
  return [...document.body.querySelectorAll("*")].filter(own).map((element) => {
    const both = [light(getComputedStyle(element).color), light(behind(element))];
    return [element.textContent, (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)];
  });
}"""
"""Each text with the contrast between it and what is behind it."""


def member_with_letters(shop: Shop) -> Member:
    """A member with dead letters for several reasons, of one more than are shown, and with parked ones."""
    shop.sandbox.poison("bad-")
    shop.publish([
        *(fresh(f"bad-{number}") for number in range(3)),
        *(fresh(f"old-{number}") | {"occurred_at": 1_600_000_000_000} for number in range(12)),
        *(fresh(f"other-{number}", pixel_id=OTHER_PIXEL) for number in range(2)),
    ])  # fmt: skip
    shop.publish_values([b"no Avro"])
    shop.settings()  # writes the tokens
    shop.sandbox.expire_token(OTHER_PIXEL)
    member = shop.run(admin={"dead_letters": True}, delivery={"park_after_seconds": 0.5})
    wait_until(lambda: len(shop.letters()) == 16, 30, "there are dead letters")
    wait_until(lambda: len(shop.letters(shop.parked)) == 2, 40, "there are parked ones")
    wait_until(lambda: member.metrics().by("reason", "parked_total")["token_invalid"] == 2, 10, "they are shown")
    return member


def low_contrasts(page: Any) -> list[tuple[str, float]]:
    found = page.evaluate(CONTRASTS)
    assert len(found) > 50
    return [(text, ratio) for text, ratio in found if ratio < LEAST_CONTRAST]


def test_the_page_can_be_read_anywhere_and_asks_nobody(shop: Shop, tmp_path: Path) -> None:
    member = member_with_letters(shop)
    with browser() as started:
        page = started.new_page(viewport={"width": DESKTOP, "height": 900})
        seen: dict[str, list[str]] = {"complaints": [], "requests": []}
        page.on("console", lambda message: seen["complaints"].append(message.text))
        page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
        page.on("request", lambda request: seen["requests"].append(request.url))
        page.goto(f"{member.admin}/dead-letters")

        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (DESKTOP, PHONE, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert low_contrasts(page) == []
                page.screenshot(path=tmp_path / f"dead-letters-{scheme}-{width}.png", full_page=True)
        page.wait_for_timeout(4_000)  # longer than the status page waits until it asks again
        assert [each for each in seen["requests"] if not each.startswith("data:")] == [f"{member.admin}/dead-letters"]
        assert seen["complaints"] == []


def test_tables_are_named_commands_are_copied_whole_and_both_pages_lead_to_each_other(shop: Shop) -> None:
    member = member_with_letters(shop)
    with browser() as started:
        page = started.new_page(viewport={"width": DESKTOP, "height": 900})
        page.goto(member.admin)
        page.get_by_role("link", name="dead letters").press("Enter")
        page.wait_for_url(f"{member.admin}/dead-letters")
        assert page.title() == "Dead letters · capi-stream"

        old = page.get_by_role("table", name="Dead letters for event_time_too_old, newest first")
        assert old.get_by_role("rowheader").count() == 10
        assert old.get_by_role("columnheader").all_inner_texts()[:3] == ["failed at (UTC)", "stage", "pixel"]
        assert "12 letters" in page.get_by_role("article").filter(has=old).inner_text()

        for told, options in (
            ("event_time_too_old", f"--reason event_time_too_old --pixel {PIXEL}"),
            ("token_invalid", f"--parked --reason token_invalid --pixel {OTHER_PIXEL}"),
        ):
            page.locator("article", has_text=told).locator(".command code").click()
            assert page.evaluate("String(getSelection())") == f"capi-stream replay -c CONFIG {options}"

        page.set_viewport_size({"width": PHONE, "height": 900})
        assert old.get_by_role("rowheader").count() == 10, "a card is a row still"
        page.get_by_role("link", name="status").press("Enter")
        page.wait_for_url(f"{member.admin}/")
