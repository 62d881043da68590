"""What schemas can hold beside what shops have: names with braces, wide unions, nulls among items, lists in lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.runtime import Draft
from tests.builders import record

KAFKA = record()

STRANGE = """{"type": "record", "name": "Event", "fields": [
    {"name": "m", "type": {"type": "map", "values": "string"}},
    {"name": "price", "type": ["null", "long", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
                               "double", "string"]},
    {"name": "flag", "type": ["null", "boolean", "long"]},
    {"name": "rows", "type": {"type": "array", "items": ["null", {"type": "record", "name": "Row", "fields": [
        {"name": "id", "type": "string"}]}]}},
    {"name": "grid", "type": {"type": "array", "items": {"type": "array", "items": "string"}}},
    {"name": "codes", "type": {"type": "array", "items": ["null", "string"]}}]}"""


@pytest.mark.parametrize(
    ("event", "changes", "expected"),
    [
        ("{x: 'm.{0}', y: 'm.{', z: 'm.{a}'}", {"m": {"{0}": "r", "m": "w", "{": "b"}}, {"x": "r", "y": "b"}),
        ("{x: price}", {"price": 5}, {"x": 5}),
        ("{x: price}", {"price": b"\x04\xd2"}, {"x": 12.34}),
        ("{x: price}", {"price": 1.5}, {"x": 1.5}),
        ("{x: price}", {"price": ""}, {}),
        ("{x: {from: price, as: number}}", {"price": "12.50"}, {"x": Decimal("12.50")}),
        ("{x: {const: 1, when: {flag: [true, 5]}}}", {"flag": 1}, {}),
        ("{x: {const: 1, when: {flag: [true, 5]}}}", {"flag": True}, {"x": 1}),
        ("{x: {const: 1, when: {flag: [true, 5]}}}", {"flag": 5}, {"x": 1}),
        ("{x: {const: 1, when: {flag: [null, 1]}}}", {"flag": True}, {}),
        ("{x: {const: 1, when: {flag: [null, 1]}}}", {}, {"x": 1}),
        ("{x: {each: rows, item: {a: id, b: {const: 1}}}}", {"rows": [None, {"id": "7"}]}, {"x": [{"a": "7", "b": 1}]}),
        ("{x: {each: codes, item: {from: $item, as: integer}}}", {"codes": ["7", "", None, "x"]}, {"x": [7]}),
        ("{x: {each: codes, item: {code: $item}}}", {"codes": ["7", "", None]}, {"x": [{"code": "7"}]}),
        ("{x: {each: grid, item: {each: $item, item: {format: 'c{$item}'}}}}", {"grid": [["1"], []]}, {"x": [["c1"]]}),
        ("{x: {first: [codes, {const: none}]}}", {"codes": ["", None]}, {"x": "none"}),
        ("{x: {const: 1, when: {codes: {present: true}}}}", {"codes": ["", None]}, {}),
        ("{'*': m}", {"m": {"a": "", "b": "c"}}, {"b": "c"}),
    ],
)
def test_strange_schemas_are_mapped_too(event: str, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    empty: dict[str, Any] = {"m": {}, "price": None, "flag": None, "rows": [], "grid": [], "codes": []}
    run = compile_mapping(f"event: {{custom_data: {event}}}", "strange.yaml", read_schema(STRANGE), "Event").run
    made = run(empty | changes, KAFKA, {}, [])
    assert made == [Draft((), {"custom_data": expected} if expected else {})]


def test_events_of_items_skip_null_items() -> None:
    text = "events: [{each: rows, event: {event_name: id}}, {each: codes, event: {event_name: $item}}]"
    run = compile_mapping(text, "strange.yaml", read_schema(STRANGE), "Event").run
    made = run({"rows": [None, {"id": "a"}], "codes": [None, "b"]}, KAFKA, {}, [])
    assert made == [Draft((), {"event_name": "a"}), Draft((), {"event_name": "b"})]
