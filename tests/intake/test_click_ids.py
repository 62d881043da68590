"""fbc from a page's address: the first fbclid, its case kept, with the event's own time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters.click_ids import fbc_of
from capi_stream.intake.parameters.normalize import is_browser_id

NOON = 1_790_000_000


@pytest.mark.parametrize(
    ("query", "click_id"),
    [
        ("?fbclid=IwAR2F4-dbP0l7_Mn1", "IwAR2F4-dbP0l7_Mn1"),
        ("?a=1&fbclid=AbC&b=2", "AbC"),
        ("?fbclid=first&fbclid=second", "first"),
        ("?fbclid=AbC#fbclid=other", "AbC"),
        ("?fbclid=Ab%43_aem_x%2Dy", "AbC_aem_x-y"),
        ("?a=b?fbclid=x&fbclid=AbC", "AbC"),
        ("?fbclid=AbC.AQQCAQMC", "AbC"),  # the parameter builder's appendix is the URL's, not the click id's
        ("?fbclid=AbC&x=1.AQQCAQMC", "AbC"),
        ("?fbclid=a=b", "a=b"),
    ],
)
def test_fbc_has_the_first_click_id(query: str, click_id: str) -> None:
    event = {"event_time": NOON, "event_source_url": f"https://shop.example.com/thanks{query}"}

    assert fbc_of(event) == f"fb.1.1790000000000.{click_id}"


@pytest.mark.parametrize(
    "changes",
    [
        {"event_source_url": "https://shop.example.com/?a=1"},
        {"event_source_url": "https://shop.example.com/fbclid=AbC"},
        {"event_source_url": "https://shop.example.com/#/x?fbclid=AbC"},
        {"event_source_url": "https://shop.example.com/?FBCLID=AbC"},
        {"event_source_url": "https://shop.example.com/?xfbclid=AbC"},
        {"event_source_url": "https://shop.example.com/?fbclid"},
        {"event_source_url": "https://shop.example.com/?fbclid=&fbclid=second"},
        {"event_source_url": "https://shop.example.com/?fbclid=a.b"},  # a dot would part it
        {"event_source_url": "https://shop.example.com/?fbclid=a+b"},
        {"event_source_url": "https://shop.example.com/?fbclid=a%0Ab"},
        {"event_source_url": "https://shop.example.com/?fbclid=%ff"},
        {"event_source_url": "https://shop.example.com/?fbclid=\ud800"},
        {"event_source_url": None},
        {"event_source_url": 7},
        {"event_time": None},
        {"event_time": -1},
        {"event_time": True},
        {"event_time": "1790000000"},
    ],
)
def test_without_a_click_id_or_a_time_nothing_is_made(changes: dict[str, Any]) -> None:
    event = {"event_time": NOON, "event_source_url": "https://shop.example.com/?fbclid=AbC"}

    assert fbc_of(event | changes) is None


@given(st.text(), st.integers(min_value=0))
def test_what_is_made_is_well_formed(value: str, time: int) -> None:
    made = fbc_of({"event_time": time, "event_source_url": f"https://shop.example.com/?fbclid={value}"})

    assert made is None or is_browser_id(made)
