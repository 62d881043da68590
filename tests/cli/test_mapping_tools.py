"""`capi-stream mapping show, test and init`, run as processes; and whatever schema `init` begins with, it compiles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from capi_stream.cli.mapping import beginning
from capi_stream.cli.mapping.beginning import UnusableSchemaError, first_mapping
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping
from tests.builders import ROOT
from tests.cli.commands import Said, command

EXAMPLES = ROOT / "avro/examples"
SERVICE = EXAMPLES / "service.yaml"
FILES = ("--schema", str(EXAMPLES / "booking.avsc"), "--mapping", str(EXAMPLES / "booking.yaml"))


def mapping(*arguments: str | Path) -> Said:
    return command("mapping", *arguments)


# show


def test_show_prints_the_python_and_for_which_schema() -> None:
    said = mapping("show", "-c", SERVICE)
    assert said.code == 0
    assert said.out.startswith("# topic travel.bookings, schema booking.avsc, mapping booking.yaml\n")
    assert "# Compiled from the mapping booking.yaml for travel.v2.Booking." in said.out
    compile(said.out, "shown", "exec")


def test_show_without_a_configuration_is_about_the_built_in_mapping() -> None:
    said = mapping("show")
    assert said.code == 0
    assert "for commerce.v1.CommerceEvent" in said.out


def test_show_asks_for_the_topic_where_there_are_several(tmp_path: Path) -> None:
    both = yaml.safe_load(SERVICE.read_text())
    both["topics"] = {"a": {}, "b": {}}
    path = tmp_path / "service.yaml"
    path.write_text(yaml.safe_dump(both))
    said = mapping("show", "-c", path)
    assert (said.code, said.out) == (2, "")
    assert "--topic: a, b" in said.error
    assert mapping("show", "-c", path, "--topic", "b").code == 0


# test


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A copy of the bookings' golden files."""
    return Path(shutil.copytree(EXAMPLES / "booking", tmp_path / "booking"))


def test_golden_files_that_agree_end_with_0(cases: Path) -> None:
    said = mapping("test", cases, *FILES)
    assert said.out.splitlines()[-1] == "4 cases: 4 alike"
    assert (said.code, said.error) == (0, "")


def test_a_difference_is_shown_line_by_line_and_ends_with_1(cases: Path) -> None:
    path = cases / "company.events.json"
    path.write_text(path.read_text().replace('"value": 90', '"value": 91').replace("InitiateCheckout", "Lead"))
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "DIFFERS  company" in said.out
    changed = [line.strip() for line in said.out.splitlines() if line.strip()[:2] in ("- ", "+ ")]
    assert [line.replace(" ", "") for line in changed] == [
        '-"value":91',
        '+"value":90',
        '-"event_name":"Lead",',
        '+"event_name":"InitiateCheckout",',
    ]
    assert said.out.splitlines()[-1] == "4 cases: 3 alike, 1 different"


def test_a_missing_file_is_a_difference_and_nothing_is_written_unasked(cases: Path) -> None:
    (cases / "late.events.json").unlink()
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "MISSING  late" in said.out
    assert not (cases / "late.events.json").exists()


def test_write_writes_what_is_missing_or_has_changed_and_says_which(cases: Path) -> None:
    (cases / "late.events.json").unlink()
    (cases / "company.events.json").write_text('{"events": []}')
    untouched = (cases / "confirmed.events.json").stat().st_mtime_ns
    said = mapping("test", cases, *FILES, "--write")
    assert said.code == 0
    assert f"written  company: {cases / 'company.events.json'} (changed)" in said.out
    assert f"written  late: {cases / 'late.events.json'}\n" in said.out
    assert (cases / "confirmed.events.json").stat().st_mtime_ns == untouched
    for name in ("late", "company"):
        there = (cases / f"{name}.events.json").read_text()
        assert there == (EXAMPLES / "booking" / f"{name}.events.json").read_text()


def test_numbers_are_compared_and_not_how_they_are_written(cases: Path) -> None:
    path = cases / "company.events.json"
    path.write_text(path.read_text().replace('"value": 90', '"value": 90.00'))
    assert mapping("test", cases, *FILES).code == 0


def test_nothing_depends_on_the_clock(cases: Path) -> None:
    (cases / "company.beside.json").write_text("{}")
    said = mapping("test", cases, *FILES)
    assert said.code == 2
    assert "company does not say when it is" in said.error
    assert mapping("test", cases, *FILES, "--now", "2026-01-01T12:00Z").code == 0


def test_the_time_is_part_of_the_case(cases: Path) -> None:
    (cases / "company.beside.json").write_text('{"now": "2026-02-01T12:00:00Z"}')
    said = mapping("test", cases, *FILES)
    assert said.code == 1
    assert "event_time_too_old" in said.out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("company.record.json", '{"reference": 7}', "company.record.json: This JSON is no record of"),
        ("company.record.json", "{", "company.record.json: The record, line 1: this is no JSON"),
        ("company.beside.json", '{"noww": 1}', "is an object with now, topic, key, headers, timestamp, not noww"),
        ("company.beside.json", '{"now": "2026-01-01", "headers": [1]}', "headers is an object of texts"),
        ("company.events.json", "nothing", "company.events.json, line 1: this is no JSON"),
        ("other.events.json", "{}", "has no other.record.json beside it"),
    ],
)
def test_files_that_cannot_be_used_end_with_2(cases: Path, name: str, text: str, message: str) -> None:
    (cases / name).write_text(text)
    said = mapping("test", cases, *FILES)
    assert said.code == 2
    assert message in said.error


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    assert "has no file NAME.record.json" in mapping("test", tmp_path, *FILES).error
    broken = tmp_path / "broken.avsc"
    broken.write_text('{"type": "record"}')
    for options in (
        FILES[:2],
        (*FILES, "-c", SERVICE),
        (*FILES[:3], "no-such-file"),
        ("--schema", broken, *FILES[2:]),
        (*FILES[:3], broken),
    ):
        said = mapping("test", EXAMPLES / "booking", *options)
        assert said.code == 2
        assert said.error
        assert "Traceback" not in said.error


# init

SHIPPED = ROOT / "capi_stream/mappings/mapping.schema.json"
LANGUAGE = Draft202012Validator(json.loads(SHIPPED.read_text()))
SCHEMAS = ("avro/commerce_event.avsc", "tests/schemas/sale.avsc", "avro/examples/booking.avsc")


def guessed(text: str) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(text)
    return made


@pytest.mark.parametrize("path", SCHEMAS)
def test_a_first_mapping_compiles_and_begins_with_the_editors_line(path: str) -> None:
    said = mapping("init", "--schema", path)
    assert said.code == 0
    first = said.out.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert Path(first.partition("=")[2]).name == "mapping.schema.json"
    assert Path(first.partition("=")[2]).exists()
    schema = read_schema(Path(ROOT / path).read_text())
    assert compile_mapping(said.out, "first.yaml", schema, "it").source
    assert [error.message for error in LANGUAGE.iter_errors(yaml.safe_load(said.out))] == []


def test_the_examples_mapping_is_as_an_editor_wants_it() -> None:
    text = (EXAMPLES / "booking.yaml").read_text()
    line = text.splitlines()[0]
    assert (EXAMPLES / line.partition("$schema=")[2]).resolve() == SHIPPED
    assert [error.message for error in LANGUAGE.iter_errors(yaml.safe_load(text))] == []


def test_of_the_contract_it_finds_what_the_built_in_mapping_has() -> None:
    event = guessed(mapping("init", "--schema", "avro/commerce_event.avsc").out)["event"]
    known = guessed((ROOT / "capi_stream/mappings/commerce_event.yaml").read_text())["event"]
    same = set(event["user_data"].items()) & set(known["user_data"].items())
    assert {"em", "ph", "fn", "ln", "db", "ct", "zp", "country", "external_id", "fbp", "fbc"} <= {
        key for key, _ in same
    }
    for name in ("event_time", "event_id", "action_source", "event_source_url", "referrer_url"):
        assert event[name] == known[name]
    for name in ("value", "currency", "order_id"):
        assert event["custom_data"][name] == known["custom_data"][name]
    assert event["custom_data"]["contents"]["item"]["item_price"] == "unit_price"


def test_of_a_shops_own_schema_it_finds_the_most_and_says_what_it_guessed() -> None:
    said = mapping("init", "--schema", "tests/schemas/sale.avsc")
    made = guessed(said.out)
    assert made["event"]["user_data"]["em"] == "buyer.mail"
    assert made["event"]["custom_data"]["contents"] == {
        "each": "lines",
        "item": {"id": "ean", "quantity": "count", "item_price": "price"},
    }
    assert made["event"]["action_source"]["values"]["TILL"] == "physical_store"
    assert made["filters"] == [{"reason": "test_record", "when": {"is_test": True}}]
    assert "event_name: {const: Purchase}  # unsure: no field says what happened" in said.out
    assert "# ph:  # no field found" in said.out


def test_of_the_bookings_it_finds_the_most() -> None:
    event = guessed(mapping("init", "--schema", "avro/examples/booking.avsc").out)["event"]
    assert event["user_data"]["em"] == "lead.email"
    assert event["user_data"]["external_id"] == "lead.customerNumber"
    assert event["custom_data"]["value"] == "price.amount"
    assert event["event_time"] == "bookedAt"
    assert event["action_source"]["values"]["CALL_CENTRE"] == "phone_call"


def test_a_whole_number_is_not_taken_for_money_and_text_not_for_a_number() -> None:
    fields = [{"name": "total_cents", "type": "long"}, {"name": "quantity", "type": "string"}]
    text = first_mapping(json.dumps({"type": "record", "name": "Order", "fields": fields}), "order.avsc", "x")
    assert "# value: total_cents  # unsure" in text
    assert "value" not in guessed(text)["event"]["custom_data"]


def order(**fields: Any) -> str:
    """A schema of orders with these fields, and an array of items with an id and a quantity that is text."""
    members = [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "string"}]
    items = {"type": "array", "items": {"type": "record", "name": "Item", "fields": members}}
    named = [{"name": name, "type": kind} for name, kind in {**fields, "items": items}.items()]
    return json.dumps({"type": "record", "name": "Order", "fields": named})


def test_a_field_of_another_type_is_not_guessed() -> None:
    text = first_mapping(order(), "order.avsc", "x")
    assert "# quantity:  # no field found" in text
    assert guessed(text)["event"]["custom_data"]["contents"] == {"each": "items", "item": {"id": "sku"}}


def test_a_guess_that_does_not_compile_becomes_a_comment_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "fitting", lambda makes: lambda leaf: True)
    text = first_mapping(order(total="boolean"), "order.avsc", "x")
    assert (
        "# quantity: quantity  # unsure: custom_data.contents[].quantity takes integer, and is made from text" in text
    )
    assert "# value: total  # unsure: custom_data.value takes integer or number, and is made from flag" in text
    assert compile_mapping(text, "order.yaml", read_schema(order(total="boolean")), "Order").source


def test_out_writes_a_file_once(tmp_path: Path) -> None:
    out = tmp_path / "first.yaml"
    said = mapping("init", "--schema", "tests/schemas/sale.avsc", "--out", out)
    assert said.code == 0
    assert "lines are marked '# unsure'" in said.out
    first = out.read_text().splitlines()[0]
    assert (tmp_path / first.partition("=")[2]).resolve() == ROOT / "capi_stream/mappings/mapping.schema.json"
    again = mapping("init", "--schema", "tests/schemas/sale.avsc", "--out", out)
    assert again.code == 2
    assert "is there already" in again.error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is not JSON"),
        ('"string"', "it is no record"),
        ('{"type": "record", "name": "A", "fields": [{"name": "a", "type": ["null", "A"]}]}', "contains itself"),
    ],
)
def test_a_schema_that_cannot_be_used_ends_with_2(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.avsc"
    path.write_text(text)
    said = mapping("init", "--schema", path)
    assert (said.code, said.out) == (2, "")
    assert message in said.error


WORDS = (
    "email phone first_name name birth_date city state zip country customer_id ip user_agent fbp fbc url referrer "
    "event_id event_type event_name id order_id number total amount value currency items lines sku ean quantity price "
    "created_at time at timestamp channel kind status is_test consent pixel_id pixel_ids store shop properties null "
    "true order buyer lineItems unitPrice _x x1 search_string ltv brand category test opt_out gender"
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
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, kind in fields.items()]}


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
