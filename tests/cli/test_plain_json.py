"""Plain JSON of records: whatever Avro can hold goes in and comes out again, and is what the decoder gives."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from capi_stream.cli.json_scalars import UnfitJsonError, bounded
from capi_stream.cli.plain_json import from_json, to_json
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
    return Decoder(KIND, KIND).whole(stream.getvalue(), 0)


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


BOUNDED = bounded(KIND, json.loads(SALE))


@pytest.mark.parametrize("total", ["1e-999999999", Decimal("1e-999999999"), Decimal("0.001"), "-1e-3"])
def test_a_digit_that_the_scale_does_not_hold_is_not_dropped(total: object) -> None:
    with pytest.raises(UnfitJsonError, match="total has more than the schema's 2 digits behind the point"):
        from_json(KIND, FULL | {"total": total})


@pytest.mark.parametrize("total", ["0e-999999999", "0.0000", "1.20000"])
def test_zeros_behind_the_point_are_no_digits(total: str) -> None:
    from_json(KIND, FULL | {"total": total})


def amount(name: str = "") -> dict[str, Any]:
    """A decimal of 4 digits, 2 of them behind the point."""
    kind = {"type": "fixed", "name": name, "size": 8} if name else {"type": "bytes"}
    return {**kind, "logicalType": "decimal", "precision": 4, "scale": 2}


@pytest.mark.parametrize(
    ("json_type", "within"),
    [
        (amount(), lambda value: value),
        (amount("Amount"), lambda value: value),
        ({"type": amount()}, lambda value: value),
        (["null", amount()], lambda value: value),
        ({"type": "array", "items": amount()}, lambda value: [value]),
        ({"type": "map", "values": amount()}, lambda value: {"a": value}),
        ({"type": "record", "name": "Inner", "fields": [{"name": "x", "type": amount()}]}, lambda value: {"x": value}),
    ],
)
def test_a_decimal_is_held_to_its_precision_wherever_it_stands(json_type: Any, within: Any) -> None:
    twice = [{"name": "first", "type": json_type}]
    if isinstance(json_type, dict) and "name" in json_type:  # the second time by its name
        twice.append({"name": "second", "type": json_type["name"]})
    schema = {"type": "record", "name": "Outer", "namespace": "a.b", "fields": twice}
    kind = bounded(read_schema(json.dumps(schema)), schema)
    good = {each["name"]: within("99.99") for each in twice}
    from_json(kind, good)
    with pytest.raises(UnfitJsonError, match="more digits than the schema's precision of 4 leaves before the point, 2"):
        from_json(kind, good | {twice[-1]["name"]: within("100")})


def test_only_a_decimals_precision_is_added_to_a_schema() -> None:
    assert from_json(BOUNDED, FULL) == from_json(KIND, FULL)


@pytest.mark.parametrize(
    "text", ["none", "6f1c1f2e2f0a4b579d3c0a7d3f2b9c11", "6f1c1f2e-2f0a-4b57-9d3c-0a7d3f2b9c1g", ""]
)
def test_a_uuid_that_is_none_is_refused(text: str) -> None:
    kind = read_schema(json.dumps({"type": "string", "logicalType": "uuid"}))
    with pytest.raises(UnfitJsonError, match=r"id is no UUID"):
        from_json(kind, text, "id")
    good = "6F1C1F2E-2f0a-4b57-9d3c-0a7d3f2b9c11"
    assert from_json(kind, good, "id") == good


PERSON = {
    "type": "record",
    "name": "Person",
    "fields": [{"name": "first", "type": "string"}, {"name": "last", "type": "string"}],
}
COMPANY = {
    "type": "record",
    "name": "Company",
    "fields": [{"name": "legal", "type": "string"}, {"name": "tax", "type": "string"}],
}


@pytest.mark.parametrize(
    ("buyer", "message"),
    [
        ({"first": "A", "lst": "B"}, "most like Person, but Person of buyer has no field 'lst'; the nearest is 'last'"),
        ({"legal": "A"}, "most like Company, but buyer.tax is missing"),
        ({"legal": "A", "tax": 7}, "most like Company, but buyer.tax is not of its type, string"),
        (
            {"first": "A", "legal": "B", "tax": "C"},
            "most like Company, but Company of buyer lacks a field that is given",
        ),
        ({"name": "A"}, "buyer is not of its type, null or Person or Company"),
        ("A", "buyer is not of its type, null or Person or Company"),
    ],
)
def test_of_several_branches_the_one_that_is_meant_is_judged(buyer: object, message: str) -> None:
    kind = read_schema(json.dumps(["null", PERSON, COMPANY]))
    with pytest.raises(UnfitJsonError) as refused:
        from_json(kind, buyer, "buyer")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "value", [{"Erika Mustermann": {"first": "A"}}, {"Erika Mustermann": {"first": "A", "petra.huber@x.de": "B"}}]
)
def test_neither_keys_of_maps_nor_unknown_names_are_quoted(value: Any) -> None:
    kind = read_schema(json.dumps({"type": "map", "values": PERSON}))
    with pytest.raises(UnfitJsonError) as refused:
        from_json(kind, value, "kontakte")
    assert "kontakte[key]" in str(refused.value)
    assert not any(name in str(refused.value) for name in ("Erika", "petra"))
