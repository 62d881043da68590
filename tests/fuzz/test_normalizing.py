"""Any text has a normal form in every field, or is left out; in time that grows with its length and no faster."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters.forms import Form, form_of, sender
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.normalize import amount
from capi_stream.intake.parameters.raw_values import LeftOut, is_hash
from capi_stream.intake.parameters.settings import IdentifierSettings
from capi_stream.intake.parameters.table import CUSTOM_DATA, USER_DATA, Hashing
from capi_stream.model import Mapped
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of

FIELDS = [*USER_DATA.values(), CUSTOM_DATA["currency"]]
ALL_EXTRAS = Identifiers(IdentifierSettings("never", phone_code_from_country=True, fbc_from_url=True))
YEAR = 2026


def normalised(raw: Any) -> None:
    """`raw` as the value of every field."""
    for parameter in FIELDS:
        form = form_of(parameter, raw, YEAR)
        assert sender(parameter, YEAR)(raw) == (form if isinstance(form, LeftOut) else form.sent)
        if not isinstance(form, LeftOut):
            assert isinstance(form, Form)
            form.sent.encode()
            assert form.sent
            assert parameter.hashing is Hashing.NEVER or is_hash(form.sent)
    number = amount(raw)
    assert isinstance(number, LeftOut | int | float)


def identified(raw: Any) -> None:
    """`raw` as every identifier of one event, a list where there may be one, with all extras."""
    user_data = {name: [raw, raw] if parameter.is_list else raw for name, parameter in USER_DATA.items()}
    for country in (raw, "us", ["DE"]):
        event = {"event_time": 1, "event_source_url": raw, "user_data": {**user_data, "country": country}}
        mapped = Mapped()
        sent = ALL_EXTRAS.identified(event, YEAR, mapped)
        assert sent.keys() <= USER_DATA.keys()
        assert all(sent.values())


def text_in(file: Path) -> str:
    """A corpus file as text; a byte that is no UTF-8 becomes half a surrogate pair."""
    return file.read_bytes().decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("file", corpus("normalizing"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    for text in (text_in(file), *text_in(file).splitlines()):
        normalised(text)
        identified(text)


PIECES = [
    "a", "A", "0", "00", "9", "+", "-", ".", "@", "a.", "a-", "-.", "a@", ".a", "fb.1.1.", "fb.", "?fbclid=", "&",
    "%41", "%", ":", "::", "1.", "/", " ", "\u00a0", "\u0301", "\u0301\u0316", "\u0130", "\u03a3", "\u1e9e", "\uff10",
    "\u0663", "\ufeff", "\u1100\u1161", "\ud83d\ude00", "\ud800", "\x00", "(", "ext", "x", ";", ".AQ", ".AQQCAQMC",
    "united", "2026-", "fffff",
]  # fmt: skip
TEXT = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
RAW = (
    TEXT
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.none()
    | st.booleans()
    | st.binary()
    | st.sampled_from([10**5_000, -(10**400), Decimal("1e999999"), Decimal("sNaN")])
    | st.lists(st.integers(), max_size=2)
)


@fuzzed(200)
@given(RAW)
def test_any_value_has_a_normal_form_or_is_left_out(raw: Any) -> None:
    normalised(raw)


@fuzzed(100)
@given(RAW)
def test_any_value_may_be_an_identifier(raw: Any) -> None:
    identified(raw)


@pytest.mark.parametrize(
    ("prefix", "suffix"), [("", ""), ("", "!"), ("a@", "!"), ("fb.1.1.", "!"), ("https://x/?", "!")]
)
@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_time_grows_with_the_length_and_no_faster(prefix: str, piece: str, suffix: str) -> None:
    if piece == "\u0301\u0316":
        prefix += "a"

    def made(size: int) -> str:
        return prefix + piece * (size // len(piece)) + suffix

    assert_linear(normalised, made, 5_000)
    assert_linear(identified, made, 1_000)
