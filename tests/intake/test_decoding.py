"""Avro bytes become records of our schema, whatever the writer's schema and whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import fastavro.schema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError
from tests.builders import OCCURRED_AT_MS, SCHEMA_TEXT, avro_bytes, commerce_event

CONTRACT = json.loads(SCHEMA_TEXT)
OURS = read_schema(SCHEMA_TEXT)
DECODE = Decoder(OURS, OURS).whole


def record_of(*fields: dict[str, Any], name: str = "R") -> str:
    return json.dumps({"type": "record", "name": name, "fields": list(fields)})


def decoder(writer: str, reader: str) -> Callable[[bytes, int], Any]:
    return Decoder(read_schema(writer), read_schema(reader)).whole


def changed_contract(name: str, change: dict[str, Any] | None) -> str:
    """The contract with one field changed, or without it."""
    schema = deepcopy(CONTRACT)
    schema["fields"] = [
        (field | change) if field["name"] == name and change else field
        for field in schema["fields"]
        if field["name"] != name or change
    ]
    return json.dumps(schema)


def test_a_record_is_read_with_its_times_as_numbers_and_its_money_as_bytes() -> None:
    decoded = DECODE(avro_bytes(commerce_event()), 0)

    assert decoded["occurred_at"] == OCCURRED_AT_MS
    assert int.from_bytes(decoded["order"]["value"], "big") == 1_199_700
    assert decoded["customer"]["emails"] == [" Ana.Silva@Example.com "]


def test_a_record_of_an_older_schema_gets_our_defaults() -> None:
    older = changed_contract("properties", None)

    decoded = decoder(older, SCHEMA_TEXT)(avro_bytes(commerce_event(), older), 0)

    assert decoded["properties"] == {}


def test_a_record_of_a_newer_schema_loses_what_we_do_not_know() -> None:
    newer = json.loads(SCHEMA_TEXT)
    newer["fields"].insert(0, {"name": "trace", "type": ["null", {"type": "array", "items": "string"}]})
    text = json.dumps(newer)

    decoded = decoder(text, SCHEMA_TEXT)(avro_bytes(commerce_event(trace=["a", "b"]), text), 0)

    assert decoded == DECODE(avro_bytes(commerce_event()), 0)


def test_an_unknown_symbol_of_a_newer_enum_becomes_our_default() -> None:
    newer = json.loads(SCHEMA_TEXT)
    newer["fields"][1]["type"]["symbols"].append("RETURN")
    text = json.dumps(newer)

    decoded = decoder(text, SCHEMA_TEXT)(avro_bytes(commerce_event(event_type="RETURN"), text), 0)

    assert decoded["event_type"] == "CUSTOM"


def test_a_default_of_bytes_is_bytes_and_a_nested_record_brings_its_own_defaults() -> None:
    money = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    inner = {"type": "record", "name": "I", "fields": [{"name": "b", "type": "int", "default": 5}]}
    reader = record_of(
        {"name": "a", "type": "int"},
        {"name": "money", "type": money, "default": "\u0004\u00d2"},
        {"name": "inner", "type": inner, "default": {}},
    )

    decoded = decoder(record_of({"name": "a", "type": "int"}), reader)(b"\x02", 0)

    assert decoded == {"a": 1, "money": b"\x04\xd2", "inner": {"b": 5}}


def test_a_named_type_can_come_from_a_reference_in_any_order() -> None:
    item = '{"type": "record", "name": "x.Item", "fields": [{"name": "sku", "type": "x.Sku"}]}'
    sku = '{"type": "fixed", "name": "x.Sku", "size": 2}'
    order = '{"type": "record", "name": "Order", "namespace": "x", "fields": [{"name": "item", "type": "Item"}]}'

    schema = read_schema(order, [item, sku])

    assert Decoder(schema, schema).whole(b"AB", 0) == {"item": {"sku": b"AB"}}


def test_a_name_without_a_namespace_is_that_wherever_it_stands() -> None:
    """A reference to it within a record that has a namespace, and a namesake there; fastavro raised UnknownType."""
    bare = {"type": "fixed", "name": "F", "namespace": "", "size": 1}
    other = {"type": "record", "name": "y.S", "fields": [{"name": "c", "type": "F"}]}
    namesake = {"type": "fixed", "name": "x.F", "size": 2}
    schema = read_schema(
        record_of(*({"name": n, "type": t} for n, t in zip("abc", (bare, other, namesake), strict=True)), name="x.R")
    )

    assert Decoder(schema, schema).whole(b"ABCD", 0) == {"a": b"A", "b": {"c": b"B"}, "c": b"CD"}


def test_the_fingerprint_is_of_the_names_that_the_schema_has() -> None:
    bare = '{"type": "fixed", "name": "F", "size": 1}'
    expected = fastavro.schema.fingerprint('{"name":"F","type":"fixed","size":1}', "CRC-64-AVRO")

    assert schema_fingerprint(read_schema(bare)).hex() == expected


def test_bytes_left_over_are_an_error() -> None:
    assert DECODE(avro_bytes(commerce_event()) + b"\x00", 0) == Undecodable(
        "leftover_bytes", "1 bytes are left over behind the record"
    )


@pytest.mark.parametrize("cut", [0, 1, 30, -1])
def test_a_record_that_ends_early_is_undecodable(cut: int) -> None:
    decoded = DECODE(avro_bytes(commerce_event())[:cut], 0)

    assert isinstance(decoded, Undecodable)
    assert decoded.reason == "undecodable"


def test_a_text_that_is_no_utf_8_is_undecodable() -> None:
    schema = record_of({"name": "a", "type": "string"})

    assert decoder(schema, schema)(b"\x02\xff", 0).reason == "undecodable"


def test_a_null_where_ours_wants_a_value_is_refused_in_the_record_that_has_it() -> None:
    decode = decoder(record_of({"name": "a", "type": ["null", "int"]}), record_of({"name": "a", "type": "int"}))

    assert decode(b"\x02\x02", 0) == {"a": 1}
    assert decode(b"\x00", 0).reason == "schema_incompatible"


@pytest.mark.parametrize(
    ("writer", "detail"),
    [
        (changed_contract("occurred_at", None), "occurred_at is missing there and has no default here"),
        (changed_contract("event_id", {"type": "long"}), "event_id is long there and string here"),
        (changed_contract("channel", {"type": "string"}), "channel is string there and commerce.v1.Channel here"),
        (
            changed_contract("occurred_at", {"type": {"type": "long", "logicalType": "timestamp-micros"}}),
            "occurred_at is timestamp-micros there and timestamp-millis here",
        ),
        (SCHEMA_TEXT.replace('"scale": 4', '"scale": 2'), "order.value is a decimal of scale 2 there"),
        (
            changed_contract("search_string", {"type": ["null", "int"]}),
            "search_string is null or int there and null or string here",
        ),
        (SCHEMA_TEXT.replace('"CommerceEvent"', '"Order2"'), "the record is commerce.v1.Order2 there"),
        ('{"type": "array", "items": "int"}', "the record is an array of int there"),
    ],
)
def test_a_schema_that_is_not_ours_says_where_it_parts(writer: str, detail: str) -> None:
    with pytest.raises(SchemaError) as raised:
        decoder(writer, SCHEMA_TEXT)

    assert detail in str(raised.value)


@pytest.mark.parametrize(
    ("writer", "reader", "value", "expected"),
    [
        ("int", "long", b"\x02", 1),
        ("int", "double", b"\x02", 1.0),
        ("string", "bytes", b"\x02a", b"a"),
        ("int", ["null", "long"], b"\x02", 1),
        ({"type": "string", "avro.java.string": "String"}, "string", b"\x02a", "a"),
        ("long", {"type": "long", "logicalType": "timestamp-millis"}, b"\x02", 1),
    ],
)
def test_a_type_that_may_be_promoted_is(writer: Any, reader: Any, value: bytes, expected: Any) -> None:
    decode = decoder(record_of({"name": "a", "type": writer}), record_of({"name": "a", "type": reader}))

    assert decode(value, 0) == {"a": expected}


def test_a_field_is_found_under_its_alias() -> None:
    reader = record_of({"name": "new", "aliases": ["old"], "type": "int"})

    assert decoder(record_of({"name": "old", "type": "int"}), reader)(b"\x02", 0) == {"new": 1}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("{", "not JSON"),
        ("[" * 90_000, "not JSON"),
        ("[" * 900 + "]" * 900, "nests deeper than 64 levels"),
        ('"Order"', "names Order, which neither it nor its references define"),
        ('{"type": 5}', "neither a name, a union nor an object"),
        ('{"type": "record", "name": "R"}', "the definition of R is incomplete"),
        ('{"type": "record", "fields": []}', "a record has no name"),
        ('{"type": "record", "name": "R", "fields": 5}', "the definition of R is incomplete"),
        ('{"type": "enum", "name": "E", "symbols": ["A"], "aliases": 5}', "an attribute in it is not of the type"),
        (record_of({"name": "a", "type": "int", "default": "x"}), "the default of field a does not fit its type"),
        (record_of({"name": "a", "type": ["null", "R"]}), "R contains itself"),
        (record_of({"name": "a", "type": {"type": "array", "items": "null"}}), "items take no bytes"),
        (
            record_of({"name": "a", "type": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}}),
            "no bytes",
        ),
    ],
)
def test_a_schema_that_could_exhaust_us_or_is_none_is_refused(schema: str, message: str) -> None:
    with pytest.raises(SchemaError) as raised:
        read_schema(schema)

    assert message in str(raised.value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", id="an array of 2^63 items"),
        pytest.param(b"\x02" + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", id="a text of 2^62 bytes"),
        pytest.param(b"\x02\x09", id="a text of negative length"),
        pytest.param(b"\xff" * 100_000 + b"\x01", id="a number of 100,000 bytes"),
    ],
)
def test_a_length_that_lies_costs_nothing(value: bytes) -> None:
    schema = record_of({"name": "a", "type": {"type": "array", "items": "string"}})

    assert isinstance(decoder(schema, schema)(value, 0), Undecodable)


def test_a_fingerprint_is_the_one_of_the_avro_specification() -> None:
    # Of "int" it is 0x7275d51a3f395c8f; little-endian in a record ("Schema Fingerprints").
    assert schema_fingerprint(read_schema('"int"')).hex() == "8f5c393f1ad57572"


def test_a_fingerprint_ignores_what_resolution_ignores() -> None:
    documented = SCHEMA_TEXT.replace('"Where it happened."', '"Elsewhere."')

    assert schema_fingerprint(read_schema(documented)) == schema_fingerprint(OURS)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_undecodable(value: bytes) -> None:
    decoded = DECODE(value, 0)

    assert isinstance(decoded, dict | Undecodable)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_record_with_one_damaged_byte_is_a_record_or_undecodable(at: int, byte: int) -> None:
    value = bytearray(avro_bytes(commerce_event(order_value=Decimal(1))))
    value[at % len(value)] = byte

    assert isinstance(DECODE(bytes(value), 0), dict | Undecodable)
