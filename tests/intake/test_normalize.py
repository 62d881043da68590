"""The normal forms: every published vector, and what must hold for any text at all."""

from __future__ import annotations

import json
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters import normalize
from capi_stream.intake.parameters.forms import Form, form_of
from capi_stream.intake.parameters.raw_values import WHITESPACE, LeftOut, already_hashed, hash_of, text_of
from capi_stream.intake.parameters.table import CUSTOM_DATA, USER_DATA, Hashing

THIS_YEAR = 2026
VECTORS = Path(__file__).parents[1] / "vectors"
CASES: list[dict[str, Any]] = [
    case for name in ("normalization", "more_fields") for case in json.loads((VECTORS / f"{name}.json").read_text())
]
HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
NFC_FIELDS = {"fn", "ln", "ct", "st"}
IDENTIFIERS = {**USER_DATA, "currency": CUSTOM_DATA["currency"]}


def form(field: str, raw: object) -> Form | LeftOut:
    return form_of(IDENTIFIERS[field], raw, THIS_YEAR)


def normal(field: str, raw: object) -> str | None:
    made = form(field, raw)
    return None if isinstance(made, LeftOut) else made.normal


@pytest.mark.parametrize("case", [case for case in CASES if case["field"] != "value"], ids=lambda case: case["why"])
def test_vector(case: dict[str, Any]) -> None:
    made = form(case["field"], case["raw"])
    normalized, sent = (None, None) if isinstance(made, LeftOut) else made
    assert normalized == case["normalized"]
    if IDENTIFIERS[case["field"]].hashing is not Hashing.NEVER:
        assert sent == case["sha256"]


@pytest.mark.parametrize("case", [case for case in CASES if case["field"] == "value"], ids=lambda case: case["why"])
def test_vector_of_value(case: dict[str, Any]) -> None:
    made = normalize.amount(case["raw"])
    assert (None if isinstance(made, LeftOut) else made) == case["normalized"]


@pytest.mark.parametrize(
    ("field", "raw", "expected"),
    [
        # What the rule says beyond the published cases.
        ("em", "a:.b@example.org", None),
        ("em", "a.@example.org", None),
        ("em", ".a@example.org", None),
        ("em", "a@example.org.", None),
        ("em", "a@b-.org", None),
        ("em", "a|`{~}^?=/+*&%$#!@example.org", "a|`{~}^?=/+*&%$#!@example.org"),
        ("em", "\u212aim@example.org", "kim@example.org"),  # the Kelvin sign lowercases to an ASCII k
        ("em", "a@example.org\x85", None),  # U+0085 is Python's whitespace, not ECMAScript's
        ("ph", "\x1f+1 650 555 0142", "16505550142"),
        ("fn", "\u200bRuth", "\u200bruth"),
        ("fn", "Ru\x1fth", "ru\x1fth"),
        ("ct", "Ville\ufeffNeuve\u2028", "villeneuve"),
        ("st", "TEXAS 1", "tx"),
        ("st", "Yukon Territory", "yukonterritory"),
        ("zp", "12\ufeff345\u2212678", "12345\u2212678"),  # the minus sign is no hyphen
        ("country", "St. Lucia", None),
        ("country", "saint lucia", "lc"),
        ("country", "ROU", "ro"),
        ("country", "ssd", "ss"),
        ("ge", "m.", None),
        ("ge", "MA\u2019AM", None),
        ("db", "13/12/1988", "19881213"),
        ("db", "12/13/1988", "19881213"),
        ("db", "1988 23 07", "19880723"),
        ("db", "07/1988/23", "19880723"),  # year second: the third is the month, but 23 can only be the day
        ("db", "23/1988/07", "19880723"),
        ("db", "12/31/99", None),
        ("db", "0001988-07-23", "19880723"),
        ("db", f"{THIS_YEAR}-01-01", f"{THIS_YEAR}0101"),
        ("db", f"{THIS_YEAR + 1}-01-01", None),
        ("db", "19000101", "19000101"),
        ("db", "18991231", None),
        ("db", "1988-07-23-99", "19880723"),
        ("db", "19881323", None),
        ("db", "1" * 9_000, None),
        ("db", "-".join(["9" * 9_000] * 3), None),
        (
            "external_id",
            "\u0391\u03a3 \u0392",
            "\u03b1\u03c3\u03b2",
        ),  # whitespace first: the sigma is not final any more
        ("external_id", 12345, "12345"),
        ("external_id", 10**30, None),
        ("em", f" {HASH}.AQ\n", f"{HASH}.AQ"),
        ("em", f"{HASH}.AQQCAQM", None),
        (
            "em",
            f"{HASH.upper()}.Bg",
            f"{HASH.upper()}.Bg",
        ),  # unchanged, where a hash without the appendix is lowercased
        ("fn", f" {HASH.title()}.AQQCAQMC ", f"{HASH.title()}.AQQCAQMC"),
        ("fbc", "fb.1.1554763741205.AbCdEf\n", None),  # compared byte for byte: not trimmed
        ("fbc", "fb.x.1554763741205.AbCdEf", None),
        ("fbc", "fb.1.1554763741205.Ab Cd", None),
        ("fbp", HASH, None),
        ("lead_id", 1234567890123456, "1234567890123456"),
        ("lead_id", "12a", None),
        ("client_ip_address", " 203.0.113.9 ", "203.0.113.9"),
        ("client_ip_address", "2001:db8::1.AQQCAQMC", "2001:db8::1.AQQCAQMC"),
        ("client_ip_address", "192.0.2.1.AQ", "192.0.2.1.AQ"),
        ("client_ip_address", "10.0.0.1", None),
        ("client_ip_address", "172.31.255.255", None),
        ("client_ip_address", "::1", None),
        ("client_ip_address", "fd12::1", None),
        ("client_ip_address", "::ffff:192.168.0.1", None),
        ("client_ip_address", "1.2.3", None),
        ("client_ip_address", "2001:db8::1%eth0", None),
        ("client_ip_address", "2001:db8::1% or anything else", None),
        ("client_ip_address", "203.0.113.9, 198.51.100.7", None),
        ("currency", "bgn", None),  # withdrawn on 2026-01-01
        ("currency", "xcg", "xcg"),
        ("madid", "AB-12", "AB-12"),
        # Any JSON value is an answer, never an error.
        ("em", True, None),
        ("em", 1.5, None),
        ("em", ["a@example.org"], None),
        ("em", {"a": 1}, None),
        ("fn", "\ud800", None),  # half a surrogate pair
    ],
)
def test_rule(field: str, raw: object, expected: str | None) -> None:
    assert normal(field, raw) == expected


@pytest.mark.parametrize(
    ("field", "raw", "reason"),
    [
        ("em", None, "empty"),
        ("em", " ", "empty"),
        ("em", 1.5, "not_text"),
        ("em", "jane", "malformed"),
        ("ph", "123", "too_short"),
        ("ph", "1" * 16, "too_long"),
        ("country", "nowhere", "unknown"),
        ("db", "1700-01-01", "out_of_range"),
        ("client_ip_address", "127.0.0.1", "not_public"),
    ],
)
def test_what_is_left_out_says_why(field: str, raw: object, reason: str) -> None:
    assert form(field, raw) == LeftOut(reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (Decimal("19.9900"), 19.99),
        (Decimal("20.0000"), 20.0),
        (Decimal("NaN"), LeftOut("out_of_range")),
        (Decimal("sNaN"), LeftOut("out_of_range")),
        (Decimal("1e999"), LeftOut("out_of_range")),
        (float("nan"), LeftOut("out_of_range")),
        (float("-inf"), LeftOut("out_of_range")),
        (10**400, LeftOut("out_of_range")),
        ([1], LeftOut("not_a_number")),
    ],
)
def test_an_amount_is_a_number_that_json_can_hold(raw: object, expected: object) -> None:
    assert normalize.amount(raw) == expected


def test_the_hashes_of_metas_page() -> None:
    """The examples of the customer information page."""
    assert hash_of("mary") == "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"
    assert hash_of("valéry") == "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"
    assert hash_of("19970216") == "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c"


ANY_TEXT = (
    st.text(st.characters(codec=None))
    | st.text(st.sampled_from("aZ0. -'@ıİΣς\u0301\ufeff\ud800"))
    | st.from_regex(r"\d{1,4}\D\d{1,4}\D\d{1,4}")
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=3,
)


@given(st.sampled_from(sorted(IDENTIFIERS)), ANY_JSON)
def test_any_value_has_a_form_or_a_reason(field: str, raw: object) -> None:
    match form(field, raw):
        case Form(made, sent):
            assert made
            assert sent
            made.encode()
        case LeftOut(reason):
            assert reason


@given(ANY_JSON)
def test_any_value_is_an_amount_or_not(raw: object) -> None:
    made = normalize.amount(raw)
    assert isinstance(made, LeftOut) or json.dumps(made, allow_nan=False)


@given(st.sampled_from(sorted(IDENTIFIERS)), ANY_TEXT)
def test_a_normal_form_is_its_own_normal_form(field: str, raw: str) -> None:
    """But where taking out what stood before an accent lets NFC join it: NFC comes first, and only once.

    And where the first five characters end with a space.
    """
    made = normal(field, raw)
    is_joined = field in NFC_FIELDS and not unicodedata.is_normalized("NFC", made or "")
    if made is not None and made[-1] not in WHITESPACE and not is_joined:
        assert normal(field, made) == made


@given(st.sampled_from(sorted(set(USER_DATA) - {"fbc", "fbp"})), ANY_TEXT, st.text(WHITESPACE, max_size=3))
def test_whitespace_around_a_value_changes_nothing(field: str, raw: str, space: str) -> None:
    assert form(field, space + raw + space) == form(field, raw)


@given(st.sampled_from([name for name, row in USER_DATA.items() if row.hashing is not Hashing.NEVER]), ANY_TEXT)
def test_what_is_hashed_leaves_as_a_hash(field: str, raw: str) -> None:
    made = form(field, raw)
    if isinstance(made, Form):
        assert already_hashed(made.sent) == made.sent
        assert form(field, made.sent) == Form(made.sent, made.sent)


@given(ANY_TEXT)
def test_trimming_leaves_no_whitespace_at_the_ends(raw: str) -> None:
    text = text_of(raw)
    assert isinstance(text, LeftOut) or (text[0] not in WHITESPACE and text[-1] not in WHITESPACE)
