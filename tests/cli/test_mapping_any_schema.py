"""Whatever the schema, what `capi-stream mapping init` writes compiles and has what every event needs."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from capi_stream.cli.mapping.beginning import UnusableSchemaError, first_mapping
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping

WORDS = (
    "email phone first_name name birth_date city state zip country customer_id ip user_agent fbp fbc url referrer "
    "event_id event_type event_name id order_id number total amount value currency items lines sku ean quantity price "
    "created_at time at timestamp channel kind status is_test consent pixel_id pixel_ids store shop properties null "
    "true order buyer lineItems unitPrice _x x1 search_string ltv brand category test opt_out gender "
    "vorname ort plz menge preis betrag bestellnummer nom devise fecha achternaam cap ordine positionen "
    "bestelltAm betragCent betragText preisCent datum price_micros"
)
NAMES = st.sampled_from(WORDS.split())
LOGICAL = [
    {"type": "int", "logicalType": "date"},
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "local-timestamp-micros"},
    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    {"type": "string", "logicalType": "uuid"},
    {"type": "fixed", "name": "F", "size": 4},
]
SYMBOLS = st.lists(
    st.sampled_from(["WEB", "PURCHASE", "PAID", "APP", "NO", "null", "true", "X", "a_b", "TILL", "DENIED"]),
    min_size=1,
    max_size=8,
    unique=True,
)
SINGLE = st.one_of(
    st.sampled_from(["string", "int", "long", "double", "float", "boolean", "bytes", "null"]),
    st.sampled_from(LOGICAL),
    SYMBOLS.map(lambda symbols: {"type": "enum", "name": "E", "symbols": symbols}),
)


def _record(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [_field(name, kind) for name, kind in fields.items()]}


def _field(name: str, kind: Any) -> dict[str, Any]:
    """A field; of a list or a map with an empty one as its default, and of a map of texts with one in it."""
    empty = {"array": [], "map": {"a": "b"} if isinstance(kind, dict) and kind.get("values") == "string" else {}}
    outer = kind.get("type") if isinstance(kind, dict) else None
    return {"name": name, "type": kind, **({"default": empty[outer]} if outer in empty else {})}


TYPES: st.SearchStrategy[Any] = st.recursive(
    SINGLE,
    lambda inner: st.one_of(
        inner.map(lambda kind: {"type": "array", "items": kind}),
        inner.map(lambda kind: {"type": "map", "values": kind}),
        st.lists(inner.filter(lambda kind: not isinstance(kind, list)), min_size=1, max_size=3),
        st.dictionaries(NAMES, inner, min_size=1, max_size=6).map(_record),
    ),
    max_leaves=12,
)


def named(kind: Any, count: list[int]) -> Any:
    """The type, with every name in it its own."""
    if isinstance(kind, list):
        return [named(each, count) for each in kind]
    if not isinstance(kind, dict):
        return kind
    made = {key: named(each, count) if key in ("items", "values", "type") else each for key, each in kind.items()}
    if "fields" in kind:
        made["fields"] = [{**each, "type": named(each["type"], count)} for each in kind["fields"]]
    if "name" in kind:
        count[0] += 1
        made["name"] = f"N{count[0]}"
    return made


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, TYPES, min_size=0, max_size=12).map(_record))
def test_whatever_the_schema_a_first_mapping_compiles(schema: dict[str, Any]) -> None:
    text = json.dumps(named(schema, [0]))
    try:
        made = first_mapping(text, "any.avsc", "x")
    except UnusableSchemaError:
        assume(False)
    assert compile_mapping(made, "any.yaml", read_schema(text), "any").source
    assert {"event_name", "event_time", "action_source", "user_data"} <= yaml.safe_load(made)["event"].keys()
