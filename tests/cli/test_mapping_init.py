"""`capi-stream mapping init`: what it guesses and what it leaves to a person; whatever the schema, it compiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from capi_stream.cli.mapping import guessed
from capi_stream.cli.mapping.beginning import first_mapping
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.compiled import compile_mapping
from tests.builders import ROOT
from tests.cli.commands import Said, command

EXAMPLES = ROOT / "avro/examples"


def mapping(*arguments: str | Path) -> Said:
    return command("mapping", *arguments)


SHIPPED = ROOT / "capi_stream/mappings/mapping.schema.json"
LANGUAGE = Draft202012Validator(json.loads(SHIPPED.read_text()))
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
SCHEMAS = ("avro/commerce_event.avsc", "tests/schemas/sale.avsc", "avro/examples/booking.avsc")


def read(text: str) -> dict[str, Any]:
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
    event = read(mapping("init", "--schema", "avro/commerce_event.avsc").out)["event"]
    known = read((ROOT / "capi_stream/mappings/commerce_event.yaml").read_text())["event"]
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
    made = read(said.out)
    assert made["event"]["user_data"]["em"] == "buyer.mail"
    assert made["event"]["custom_data"]["contents"] == {
        "each": "lines",
        "item": {"id": "ean", "quantity": "count", "item_price": "price"},
    }
    assert made["event"]["action_source"]["values"]["TILL"] == "physical_store"
    assert made["filters"] == [{"reason": "test_record", "when": {"is_test": True}}]
    assert "event_name: $header.event_name  # DECIDE: no field says what happened" in said.out
    assert "# ph:  # no field found" in said.out


SILENT = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "colour", "type": "string"}]})


def constants(node: Any) -> list[Any]:
    """Every constant in a mapping."""
    if isinstance(node, dict):
        return [node["const"]] if "const" in node else [one for each in node.values() for one in constants(each)]
    return [one for each in node for one in constants(each)] if isinstance(node, list) else []


@pytest.mark.parametrize("schema", [SILENT, *((ROOT / path).read_text() for path in SCHEMAS)])
def test_it_makes_no_value_up(schema: str) -> None:
    assert constants(read(first_mapping(schema, "order.avsc", "x"))) == []


def test_what_every_event_needs_and_no_field_says_is_for_a_person_to_decide() -> None:
    text = first_mapping(SILENT, "order.avsc", "x")
    assert (
        "# Until you decide, events become dead letters: event_name, action_source, external_id, value, currency"
        in text
    )
    assert read(text)["event"] == {
        "event_name": "$header.event_name",
        "event_time": "$kafka.timestamp",
        "action_source": "$header.action_source",
        "user_data": {"external_id": "$header.external_id"},
    }
    assert "# unsure: when it was published" in text


def test_until_it_is_decided_a_record_becomes_a_dead_letter_and_no_event(tmp_path: Path) -> None:
    schema, first, cases = tmp_path / "own.avsc", tmp_path / "first.yaml", tmp_path / "cases"
    schema.write_text(SILENT)
    said = mapping("init", "--schema", schema, "--out", first)
    assert "Decide before use, each is marked '# DECIDE': event_name, action_source, " in said.out
    cases.mkdir()
    (cases / "a.record.json").write_text('{"colour": "red"}')
    mapping("test", cases, "--schema", schema, "--mapping", first, "--now", "2026-01-01T12:00Z", "--write")
    made = json.loads((cases / "a.events.json").read_text())
    assert (made["events"], made["rejected"][0]["reason"]) == ([], "event_name_missing")


def test_a_symbol_that_is_not_understood_gets_no_meaning() -> None:
    channel = {"type": "enum", "name": "Channel", "symbols": ["WEB", "KIOSK"]}
    text = first_mapping(order(channel=channel), "order.avsc", "x")
    assert "values: {WEB: website}, otherwise: null}  # unsure: what of KIOSK?" in text


def test_of_the_bookings_it_finds_the_most() -> None:
    event = read(mapping("init", "--schema", "avro/examples/booking.avsc").out)["event"]
    assert event["user_data"]["em"] == "lead.email"
    assert event["user_data"]["external_id"] == "lead.customerNumber"
    assert event["custom_data"]["value"] == "price.amount"
    assert event["event_time"] == "bookedAt"
    assert event["action_source"]["values"]["CALL_CENTRE"] == "phone_call"


def of(**fields: Any) -> str:
    """A first mapping for a record of these fields alone."""
    members = [{"name": name, "type": kind} for name, kind in fields.items()]
    return first_mapping(json.dumps({"type": "record", "name": "Order", "fields": members}), "order.avsc", "x")


def test_a_whole_number_is_not_taken_for_money_and_text_not_for_a_number() -> None:
    text = of(total="long", quantity="string")
    assert "# value: {from: total, scale: 2}  # DECIDE: if it counts cents, so" in text
    assert "custom_data" not in read(text)["event"]


DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
AMOUNTS = "if it is written as 12.50"


@pytest.mark.parametrize(
    ("fields", "expected", "remark"),
    [
        ({"total_cents": "long"}, {"from": "total_cents", "scale": 2}, "it counts cents, by its name"),
        ({"betragCent": "long"}, {"from": "betragCent", "scale": 2}, "it counts cents, by its name"),
        ({"betragCent": "string"}, {"from": "betragCent", "as": "integer", "scale": 2}, "if it is written as 1250"),
        ({"betragText": "string"}, {"from": "betragText", "as": "number"}, AMOUNTS),
        ({"gesamtbetrag": "string"}, {"from": "gesamtbetrag", "as": "number"}, AMOUNTS),
        ({"betragText": "string", "betragCent": "long"}, {"from": "betragCent", "scale": 2}, "there is betragText too"),
        ({"betragCent": "long", "betrag": DECIMAL}, "betrag", "the name fits loosely; there is betragCent too"),
    ],
)
def test_an_amount_is_read_as_its_name_says(fields: dict[str, Any], expected: Any, remark: str) -> None:
    text = of(**fields)
    assert read(text)["event"]["custom_data"]["value"] == expected
    [line] = [line for line in text.splitlines() if line.strip().startswith("value:")]
    assert "# unsure: " in line
    assert remark in line


@pytest.mark.parametrize("name", ["bezahlt_percent", "center", "paid", "einkaufszentrum_cent_anzahl"])
def test_a_text_that_is_no_amount_by_its_name_is_not_read_as_one(name: str) -> None:
    assert "custom_data" not in read(of(**{name: "string"}))["event"]


def test_the_records_own_amount_is_meant_rather_than_that_of_a_part() -> None:
    part = {"type": "record", "name": "P", "fields": [{"name": "gesamtbetrag", "type": "double"}]}
    assert read(of(gutschrift=part, betragCent="long"))["event"]["custom_data"]["value"]["from"] == "betragCent"
    assert read(of(zahlung=part))["event"]["custom_data"]["value"] == "zahlung.gesamtbetrag"


@pytest.mark.parametrize(
    ("fields", "expected", "remark"),
    [
        ({"bestelltAm": "string"}, {"from": "bestelltAm", "as": "date-time"}, "if it is ISO 8601 with its zone"),
        ({"bestelltAm": "long"}, {"from": "bestelltAm", "as": "timestamp-millis"}, "seconds need no as"),
        ({"bestelltAm": "int"}, "bestelltAm", "if it counts seconds since 1970"),
        ({"bestelltAm": "string", "erstelltAm": MILLIS}, "erstelltAm", "the name fits loosely"),
    ],
)
def test_a_time_is_read_as_its_type_says(fields: dict[str, Any], expected: Any, remark: str) -> None:
    text = of(**fields)
    assert read(text)["event"]["event_time"] == expected
    assert any("event_time: " in line and "# unsure: " in line and remark in line for line in text.splitlines())


def test_what_is_perhaps_a_time_is_told_in_a_comment() -> None:
    text = of(datum="string")
    assert read(text)["event"]["event_time"] == "$kafka.timestamp"
    assert "# event_time: {from: datum, as: date-time}  # unsure: if it is ISO 8601 with its zone" in text


def test_a_day_is_no_time() -> None:
    assert "bestelltAm" not in of(bestelltAm={"type": "int", "logicalType": "date"})


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("preisCent", "long", {"from": "preisCent", "scale": 2}),
        ("einzelpreisText", "string", {"from": "einzelpreisText", "as": "number"}),
        ("preis", "int", "preis"),
        ("preis", "double", "preis"),
    ],
)
def test_an_items_price_is_read_as_its_name_says(name: str, kind: str, expected: Any) -> None:
    members = [{"name": "sku", "type": "string"}, {"name": name, "type": kind}]
    text = of(positionen={"type": "array", "items": {"type": "record", "name": "I", "fields": members}})
    assert read(text)["event"]["custom_data"]["contents"]["item"]["item_price"] == expected


def test_only_a_map_that_an_event_can_hold_is_suggested_for_custom_properties() -> None:
    item = {"type": "record", "name": "I", "fields": [{"name": "sku", "type": "string"}]}
    assert '"*"' not in of(positionen={"type": "map", "values": item})
    assert '# "*": mehr' in of(positionen={"type": "map", "values": item}, mehr={"type": "map", "values": "string"})


def test_a_map_of_records_with_lists_by_default_is_no_trouble() -> None:
    tags = {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []}
    facts = {"name": "facts", "type": {"type": "map", "values": "string"}, "default": {"a": "b"}}
    assert "event:" in of(kontakte={"type": "map", "values": {"type": "record", "name": "K", "fields": [tags, facts]}})


def order(**fields: Any) -> str:
    """A schema of orders with these fields, and an array of items with an id and a quantity that is text."""
    members = [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "string"}]
    items = {"type": "array", "items": {"type": "record", "name": "Item", "fields": members}}
    named = [{"name": name, "type": kind} for name, kind in {**fields, "items": items}.items()]
    return json.dumps({"type": "record", "name": "Order", "fields": named})


def test_a_field_of_another_type_is_not_read() -> None:
    text = first_mapping(order(), "order.avsc", "x")
    assert "# quantity:  # no field found" in text
    assert read(text)["event"]["custom_data"]["contents"] == {"each": "items", "item": {"id": "sku"}}


def test_a_guess_that_does_not_compile_becomes_a_comment_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessed, "fitting", lambda makes: lambda leaf: True)
    text = first_mapping(order(currency="boolean"), "order.avsc", "x")
    assert (
        "# quantity: quantity  # unsure: custom_data.contents[].quantity takes integer, and is made from text" in text
    )
    assert "# currency: currency  # unsure: custom_data.currency takes integer or text, and is made from flag" in text
    assert compile_mapping(text, "order.yaml", read_schema(order(currency="boolean")), "Order").source


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
