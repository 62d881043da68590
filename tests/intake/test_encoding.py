"""An event's identity and its bytes."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.encoding import derived_event_id, encode
from capi_stream.intake.mapping.coercions import UnfitValueError, date_text, decimal_of, finite
from tests.builders import record


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("119.9700"), b"119.97"),
        (Decimal("120.0000"), b"120"),
        (Decimal("0.0000"), b"0"),
        (Decimal("-0.5000"), b"-0.5"),
        (Decimal("99999999999999.9999"), b"99999999999999.9999"),
        (Decimal("0.00000001"), b"0.00000001"),
        (Decimal("1200"), b"1200"),
    ],
)
def test_a_decimal_becomes_a_number_digit_for_digit(number: Decimal, text: bytes) -> None:
    assert encode({"value": number}) == b'{"value":' + text + b"}"


@given(st.binary(min_size=1, max_size=64), st.integers(0, 100))
def test_an_avro_decimal_is_never_rounded(unscaled: bytes, scale: int) -> None:
    written = encode({"value": decimal_of(unscaled, scale)})

    number = json.loads(written, parse_float=Decimal, parse_int=Decimal)["value"]
    assert (
        number.as_integer_ratio()
        == Decimal(f"{int.from_bytes(unscaled, 'big', signed=True)}e-{scale}").as_integer_ratio()
    )


def test_a_decimal_that_would_take_minutes_to_print_is_refused() -> None:
    with pytest.raises(UnfitValueError) as raised:
        decimal_of(b"\x7f" * 1_000_000, 4)

    assert raised.value.reason == "number_too_long"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(UnfitValueError) as raised:
        finite(number)

    assert raised.value.reason == "number_not_finite"


@pytest.mark.parametrize(
    ("days", "text"), [(0, "1970-01-01"), (3653, "1980-01-02"), (-25567, "1900-01-01"), (19_800_102, "out of range")]
)
def test_a_date_is_written_so_that_it_can_be_normalised(days: int, text: str) -> None:
    assert date_text(days) == text


def test_text_stays_text_in_utf_8() -> None:
    assert encode({"a": "Zoë 정 🛒"}) == '{"a":"Zoë 정 🛒"}'.encode()


def test_a_derived_id_is_the_same_at_every_reading() -> None:
    assert derived_event_id(record(offset=7), 0) == derived_event_id(record(offset=7), 0)


def test_a_derived_id_tells_apart_whatever_could_be_confused() -> None:
    records = [
        record(),
        record(topic="other"),
        record(partition=1),
        record(offset=1),
        record(partition=11, offset=2),
        record(partition=1, offset=12),
        record(timestamp_ms=5),
    ]

    ids = {derived_event_id(each, index) for each in records for index in (0, 1)}

    assert len(ids) == 2 * len(records)
