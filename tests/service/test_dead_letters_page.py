"""The page of dead letters of a real member: off by default, and never a word of what the records say."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from capi_stream.cli.demo.members import Member
from tests.builders import PIXEL, encoded
from tests.real.clients import wait_until
from tests.service.shop import OTHER_PIXEL, PIXELS, Shop, fresh, header

PAGE = "/dead-letters"
SHOWN = {*PIXELS, "PURCHASE", "product", "USD", "2"}
"""What records say and the page may: pixels, names from closed lists, and words and digits that it has of its own."""


def page(member: Member, path: str = PAGE) -> str:
    with urllib.request.urlopen(f"{member.admin}{path}", timeout=5) as answer:
        return str(answer.read().decode())


def texts(value: Any) -> Iterator[str]:
    """Every text that stands in a record."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    else:
        yield str(value)


def refused_events() -> list[dict[str, Any]]:
    """Three that are dead letters, each for another reason: the rules', the rules' with a quote, the API's."""
    return [
        fresh("old-1") | {"occurred_at": 1_600_000_000_000},
        fresh("currency-1", order_currency="ZZZ"),
        fresh("bad-1"),
    ]


def test_the_page_is_off_unless_it_is_asked_for(shop: Shop) -> None:
    member = shop.run()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        page(member)
    assert "dead-letters" not in page(member, "/").replace(shop.dead_letters, "")


def test_letters_are_shown_with_what_sends_them_again_and_without_what_their_records_say(shop: Shop) -> None:
    shop.sandbox.poison("bad-")
    dead, parked = refused_events(), fresh("other-1", pixel_id=OTHER_PIXEL)
    shop.publish([*dead, fresh("good-1"), parked])
    shop.publish_values([b"ana.silva@example.com", encoded(fresh("torn-1"), shop.schema_id)[:-9]])
    shop.settings()  # writes the tokens
    shop.sandbox.expire_token(OTHER_PIXEL)
    member = shop.run(admin={"dead_letters": True}, delivery={"park_after_seconds": 0.5})
    wait_until(lambda: shop.letters(shop.parked), 40, "it is parked")
    reasons = ("event_time_too_old", "currency_unknown", "malformed_parameter", "not_framed", "undecodable")
    wait_until(lambda: all(f"<code>{reason}</code>" in page(member) for reason in reasons), 30, "they are shown")
    wait_until(lambda: "<code>token_invalid</code>" in page(member), 10, "the parked one too")

    shown = re.sub(r"(?s)<style>.*</style>", "", page(member))
    assert "Currency is no ISO 4217 code." in shown
    assert f"capi-stream replay -c CONFIG --reason event_time_too_old --pixel {PIXEL}<" in shown
    assert f"capi-stream replay -c CONFIG --parked --reason token_invalid --pixel {OTHER_PIXEL}<" in shown
    assert "fbtrace_id" in shown
    assert "100/2804019" in shown
    offsets = {header(letter, "source_offset") for letter in shop.letters()}
    assert offsets <= set(re.findall(r'data-name="offset" class="number">(\d+)<', shown))

    said = {each for event in (*dead, parked) for each in texts(event)} - SHOWN
    assert {"Ana", " Ana.Silva@Example.com ", "ZZZ", "O-1001", "old-1"} <= said
    assert {each for each in said if each.strip().lower() in shown.lower()} == set()
    assert "silva" not in shown.lower()
    assert '<a href="dead-letters">' in page(member, "/")
