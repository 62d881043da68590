"""What `capi-stream explain` hides of a record whose fields say nothing in English, and what it leaves readable."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from capi_stream.cli.explain.masking import Mask
from capi_stream.cli.masking import is_shown
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.mapping.event_conditions import event_condition
from capi_stream.intake.mapping.spec_text import read_spec


def field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


def record(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


STATUS = {"type": "enum", "name": "Status", "symbols": ["NEU", "BEZAHLT"]}
KIND = {"type": "enum", "name": "Kind", "symbols": ["FRAU", "HERR"]}
PERSON = record(
    "Kunde",
    field("rufname", "string"),
    field("strasse", ["null", "string"]),
    field("art", KIND),
    field("nummer", "int"),
    field("istFirma", "boolean"),
    field("tag", {"type": "int", "logicalType": "date"}),
    field("kontakt", "long"),
    field("seite", "string"),
)
ITEM = record("Posten", field("artikel", "string"), field("anzahl", "int"), field("gravur", "string"))
SCHEMA = read_schema(
    json.dumps(
        record(
            "Bestellung",
            field("notiz", "string"),
            field("nr", "string"),
            field("status", STATUS),
            field("zeit", {"type": "long", "logicalType": "timestamp-millis"}),
            field("preis", "double"),
            field("waehrung", "string"),
            field("kunde", PERSON),
            field("posten", {"type": "array", "items": ITEM}),
            field("mehr", {"type": "map", "values": "string"}),
        )
    )
)
MAPPING = """
filters:
  - {reason: notes, when: {notiz: x}}
event:
  event_name: {from: status, values: {NEU: Lead, BEZAHLT: Purchase}}
  event_time: zeit
  event_id: nr
  action_source: {const: website}
  event_source_url: kunde.seite
  user_data:
    ge: {from: kunde.art, values: {FRAU: f, HERR: m}}
    external_id: kunde.nummer
    fn: {const: x, when: {kunde.istFirma: true}}
  custom_data:
    currency: waehrung
    value: preis
    order_id: {from: nr, when: {notiz: [y]}}
    content_ids: {each: posten, item: artikel}
    contents: {each: posten, item: {id: artikel, quantity: anzahl}}
    gravur: {each: posten, item: gravur}
    "*": mehr
"""
SPEC, MISTAKES = read_spec(MAPPING, "bestellung.yaml")
DECODED: dict[str, Any] = {
    "notiz": "für Mustermann",
    "nr": "B-1",
    "status": "BEZAHLT",
    "zeit": 1_767_225_660_000,
    "preis": 9.5,
    "waehrung": "EUR",
    "kunde": {
        "rufname": "Mustermann",
        "strasse": "Hauptweg 7",
        "art": "FRAU",
        "nummer": 40017,
        "istFirma": False,
        "tag": 1,
        "kontakt": 49_170_123_456,
        "seite": "https://shop.example/mustermann?q=1",
    },
    "posten": [{"artikel": "Becher", "anzahl": 2, "gravur": "Mustermann"}],
    "mehr": {"an": "Mustermann", "erika@example.com": "1"},
}
HIDDEN = ("ustermann", "auptweg", "FRAU", "40017", "1970", "49170", "erika", "False", "false")


def shown(decoded: dict[str, Any], *, is_off: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = Mask(SPEC, is_off=is_off).record(SCHEMA, decoded)
    return made


def test_the_mapping_is_a_mapping() -> None:
    assert MISTAKES == []


def test_free_texts_are_hidden_whatever_their_fields_are_called() -> None:
    text = str(shown(DECODED))
    assert [each for each in HIDDEN if each in text] == []


def test_what_the_mapping_makes_customer_information_of_is_hidden_whatever_its_type() -> None:
    """The first letter of an enum's symbol would tell which it is."""
    person = shown(DECODED)["kunde"]
    assert (person["art"], person["nummer"], person["istFirma"]) == ("•••", "•••", "•••")


def test_what_an_event_shows_and_what_is_no_text_stays_readable() -> None:
    made = shown(DECODED)
    assert {each: made[each] for each in ("nr", "status", "zeit", "preis", "waehrung")} == {
        "nr": "B-1",
        "status": "BEZAHLT",
        "zeit": "2026-01-01T00:01:00Z",
        "preis": 9.5,
        "waehrung": "EUR",
    }
    assert made["posten"] == [{"artikel": "Becher", "anzahl": 2, "gravur": "M•••"}]
    assert made["kunde"]["seite"] == "https://shop.example/•••"


def test_asked_for_raw_all_is_shown() -> None:
    made = shown(DECODED, is_off=True)
    assert made["kunde"]["rufname"] == "Mustermann"
    assert made["kunde"]["tag"] == "1970-01-02"


def test_what_is_personal_is_hidden_where_it_stands_before_the_field_that_says_so_too() -> None:
    mask = Mask(SPEC, is_off=False)
    made = mask.record(SCHEMA, {**DECODED, "nr": "B-40017", "waehrung": "x40017"})
    assert made["nr"] == "B-•••"
    assert mask.event({"custom_data": {"order_id": "40017", "num_items": 40017}})["custom_data"] == {
        "order_id": "•••",
        "num_items": "•••",
    }


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("custom_data.value is 'Eva M'; the API wants a finite number", "custom_data.value is 'E•••'; the API wants"),
        ('"it\'s Eva"', "'i•••'"),
        ("'Eva Mustermann, who lives a", "'E•••'"),
        ("'EUR'", "'EUR'"),
        ("'' where one is missing", "'' where one is missing"),
    ],
)
def test_a_rules_words_quote_nothing_but_what_the_event_shows(detail: str, expected: str) -> None:
    said = Mask(SPEC, is_off=False).detail(detail, {"custom_data": {"currency": "EUR", "value": "E•••"}})
    assert said.startswith(expected)


def test_an_event_hides_custom_properties_and_what_shoppers_type() -> None:
    event = {
        "event_name": "Search",
        "custom_data": {"search_string": "Mustermann", "rang": 7, "stamm": True, "value": "Eva", "content_name": "Tee"},
        "app_data": {"extinfo": ["i2"]},
        "user_data": {"ge": "female", "em": ["a@b.co"], "external_id": 7},
    }
    assert Mask(SPEC, is_off=False).event(event) == {
        "event_name": "Search",
        "custom_data": {"search_string": "M•••", "r•••": "•••", "s•••": "•••", "value": "E•••", "content_name": "Tee"},
        "app_data": {"extinfo": ["•••"]},
        "user_data": {"ge": "•••", "em": ["a•••@b•••"], "external_id": "•••"},
    }


@pytest.mark.parametrize(
    ("makes", "expected"),
    [
        ("event_id", True),
        ("pixel", True),
        ("custom_data.currency", True),
        ("custom_data.content_ids[]", True),
        ("custom_data.contents[].title", True),
        ("custom_data.search_string", False),
        ("custom_data.mine", False),
        ("custom_data.contents[].mine", False),
        ("app_data.extinfo[]", False),
        ("user_data.em", False),
        ("an item of events", False),
    ],
)
def test_what_may_be_seen_is_said_by_what_is_made_of_it(makes: str, expected: bool) -> None:
    assert is_shown(makes) is expected


# Keys of maps.

CONTACTS = record(
    "K", field("kontakte", {"type": "map", "values": "int"}), field("facts", {"type": "map", "values": "string"})
)
READS_A_KEY = read_spec("event:\n  custom_data: {colour: facts.colour, '*': facts}\n", "k.yaml")[0]
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
ERIKA, ERICH = "Erika Mustermann, Hauptstr. 5", "Erich Huber"


def test_keys_of_maps_are_hidden_unless_the_mapping_names_them_and_none_is_lost() -> None:
    decoded = {"kontakte": {ERIKA: 1, ERICH: 2, "Eva": 3}, "facts": {"colour": "red", "Frieda": "x"}}
    made = Mask(READS_A_KEY, is_off=False).record(read_schema(json.dumps(CONTACTS)), decoded)
    assert made == {"kontakte": {"E•••": 1, "E••• (2)": 2, "E••• (3)": 3}, "facts": {"colour": "r•••", "F•••": "•••"}}


def test_keys_that_were_spread_into_custom_data_are_hidden_unless_a_mapping_or_a_condition_names_them() -> None:
    event = {"custom_data": {ERIKA: 1, ERICH: 2, "colour": 3, "tier": 4, "value": 5}}
    condition = event_condition({"custom_data.tier": "gold"})
    shown_as = {"E•••": "•••", "E••• (2)": "•••", "colour": "•••", "tier": "•••", "value": 5}
    assert Mask(READS_A_KEY, [condition], is_off=False).event(event)["custom_data"] == shown_as
    assert Mask(READS_A_KEY, is_off=True).event(event) == event


def test_a_key_of_a_map_of_people_is_hidden_wherever_it_turns_up_again() -> None:
    kind = read_schema(json.dumps(record("K", field("kunden", {"type": "map", "values": "int"}))))
    mask = Mask(READS_A_KEY, is_off=False)
    mask.record(kind, {"kunden": {ERICH: 1}})
    assert mask.text(f"order of {ERICH}") == "order of E•••"


# What a field's type and name tell.


@pytest.mark.parametrize(
    ("name", "kind", "value", "expected"),
    [
        ("x", "long", 999_999, 999_999),
        ("x", "long", 1_000_000, "•••"),
        ("x", "long", -4917012345, "•••"),
        ("x", "double", 4917012345.0, "•••"),
        ("x", "double", 52.520008, "•••"),
        ("x", "double", 12345.5, 12345.5),
        ("x", "double", float("inf"), "Infinity"),
        ("x", DECIMAL, (491701234500).to_bytes(8, "big"), "•••"),
        ("x", DECIMAL, (1250).to_bytes(8, "big"), Decimal("12.50")),
        ("bestelltAm", MILLIS, 0, "1970-01-01T00:00:00Z"),
        ("gebDatum", MILLIS, 0, "•••"),
        ("dobMillis", MILLIS, 0, "•••"),
        ("alter", "int", 42, "•••"),
        ("konfession", {"type": "enum", "name": "E", "symbols": ["RK", "EV"]}, "RK", "•••"),
        ("hasDiagnosis", "boolean", True, "•••"),
        ("healthScore", "int", 3, "•••"),
        ("ethnicity", "string", "abc", "•••"),
        ("bezahlt", "boolean", True, True),
        ("isInternational", "boolean", True, True),
    ],
)
def test_what_nothing_reads_is_judged_by_its_type_and_name(name: str, kind: Any, value: Any, expected: Any) -> None:
    schema = read_schema(json.dumps(record("R", field(name, kind))))
    assert Mask(READS_A_KEY, is_off=False).record(schema, {name: value}) == {name: expected}


def test_what_is_within_a_sensitive_record_is_hidden_but_for_what_an_event_shows() -> None:
    kind = record("H", field("flag", "boolean"), field("code", "string"))
    spec = read_spec("event:\n  custom_data: {content_category: gesundheit.code}\n", "k.yaml")[0]
    schema = read_schema(json.dumps(record("R", field("gesundheit", kind))))
    made = Mask(spec, is_off=False).record(schema, {"gesundheit": {"flag": False, "code": "A1"}})
    assert made == {"gesundheit": {"flag": "•••", "code": "A1"}}
