"""What of a letter's headers is shown to who has not asked for personal data."""

from __future__ import annotations

import pytest

from capi_stream.cli.letters.shown import shown, shown_id, shown_name, shown_pixel
from capi_stream.cli.masking import MASK
from capi_stream.delivery.labels import STANDARD_EVENTS


@pytest.mark.parametrize("text", ["1", "1234567890123456", "9" * 20])
def test_a_pixel_is_shown(text: str) -> None:
    assert shown_pixel(text) == text


@pytest.mark.parametrize("text", ["", "ana@example.com", "Ana", "9" * 21, "+491701234567", "12 34", "1234\n", "١٢٣"])
def test_what_is_no_pixel_is_hidden(text: str) -> None:
    assert shown_pixel(text) == MASK


@pytest.mark.parametrize(
    "text", [*sorted(STANDARD_EVENTS), "checkout_step-2", "shop:cart:add", "v1.2", "Anfrage übermittelt", "a" * 60]
)
def test_an_events_name_is_shown(text: str) -> None:
    assert shown_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "a" * 61, "a\nb", "\x1b[2J", "name=Ana", "ana@example.com", "Lead ana@example.com", "+49 170 1234567"),
        *("0170 1234567", "6505550112", "650-555-0112", "198.51.100.7", "from 198.51.100.7", "2001:db8::1"),
        *("2001:db8:1:2:3:4:5:6", "\ud800"),
    ],
)
def test_what_no_events_name_looks_like_is_hidden(text: str) -> None:
    assert shown_name(text) == MASK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order-100200300", "order-100200300"),
        ("6505550112", "6505550112"),  # an order's number: it is what people look for
        ("order ana@example.com 7", f"order {MASK} 7"),
        ("198.51.100.7", MASK),
        ("+49 170 1234567", MASK),
    ],
)
def test_an_id_is_shown_but_for_addresses(text: str, expected: str) -> None:
    assert shown_id(text) == expected


def test_of_all_that_is_said_these_three_are_looked_at() -> None:
    personal = "a@b.de"
    assert shown({"pixel": personal, "event_name": personal, "event_id": personal, "schema": personal, "code": 1}) == {
        "pixel": MASK, "event_name": MASK, "event_id": MASK, "schema": personal, "code": 1,
    }  # fmt: skip
