"""Plain JSON of records: whatever Avro can hold goes in and comes out again, and is what the decoder gives."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from capi_stream.cli.plain_json import UnfitJsonError, from_json, to_json
from capi_stream.cli.samples import _without_logical_types
from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from tests.intake.sales import SALE

KIND = read_schema(SALE)
FULL: dict[str, Any] = {
    "number": 7,
    "kind": "WEB",
    "at": "2026-01-01T00:00:05.000001Z",
    "total": Decimal("-12.50"),
    "weight": 1.5,
    "is_test": False,
    "born": "1899-12-31",
    "code": "c",
    "shop": None,
    "tags": ["a", None],
    "facts": {"a": 1.0, "b": None},
    "buyer": {"mail": "a@b.co", "home": {"town": None}},
    "lines": [{"ean": 401, "count": 2, "price": Decimal("0.01"), "gift": False}],
    "device": {"model": "m", "id": "i"},
    "raw": "\u00ff\u0000",
    "local": "2026-01-01T00:00:00",
}


def decoded(value: Any) -> Any:
    """What the service reads where `value` was published."""
    stream = io.BytesIO()
    schema = fastavro.parse_schema(_without_logical_types(json.loads(SALE)))
    fastavro.schemaless_writer(stream, schema, from_json(KIND, value))
    return Decoder(KIND, KIND)(stream.getvalue(), 0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"device": {"model": "m"}},
        {"device": "text"},
        {"device": None},
        {"code": 7},
        {"code": None},
        {"weight": "NaN"},
        {"weight": None, "facts": None, "lines": None, "buyer": None, "born": None, "total": None},
        {"total": Decimal("12345678901234567890123456789012.34")},
    ],
)
def test_what_goes_in_comes_out_of_the_decoder(changes: dict[str, Any]) -> None:
    assert to_json(KIND, decoded(FULL | changes)) == FULL | changes


def test_of_several_records_the_one_is_meant_that_has_the_fewest_fields_left_over() -> None:
    x = {"name": "x", "type": "int"}
    y = {"name": "y", "type": ["null", "int"], "default": None}
    large = {"type": "record", "name": "Large", "fields": [x, y]}
    small = {"type": "record", "name": "Small", "fields": [x]}
    kind = read_schema(json.dumps([large, small]))
    assert from_json(kind, {"x": 1}) == ("Small", {"x": 1})
    assert from_json(kind, {"x": 1, "y": 2}) == ("Large", {"x": 1, "y": ("int", 2)})


def test_a_whole_number_may_have_a_point() -> None:
    assert from_json(KIND, FULL | {"number": Decimal("7.0")})["number"] == 7


def test_values_are_as_the_decoder_gives_them() -> None:
    read = decoded(FULL)
    assert read["at"] == 1_767_225_605_000_001
    assert read["total"] == (-1250).to_bytes(2, "big", signed=True)
    assert read["born"] == -25_568
    assert read["raw"] == b"\xff\x00"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2**63},
        {"number": Decimal("1e999999999")},
        {"number": True},
        {"total": Decimal("1e999999999")},
        {"total": "NaN"},
        {"total": True},
        {"kind": "web"},
        {"raw": "\u0100"},
        {"lines": [{"ean": 401}]},
        {"device": {"modell": "m"}},
        {"at": "noon"},
        {"facts": {"a": "b"}},
    ],
)
def test_what_is_no_such_value_is_refused_and_not_quoted(changes: dict[str, Any]) -> None:
    with pytest.raises(UnfitJsonError) as refused:
        from_json(KIND, FULL | changes)
    assert next(iter(changes)) in str(refused.value)
    assert "noon" not in str(refused.value)
