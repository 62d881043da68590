"""What `capi-stream explain` hides of a record whose fields say nothing in English, and what it leaves readable."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capi_stream.cli.explain.masking import Mask
from capi_stream.cli.masking import is_shown
from capi_stream.intake.avro.schema_text import read_schema
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
        "custom_data": {"search_string": "M•••", "rang": "•••", "stamm": "•••", "value": "E•••", "content_name": "Tee"},
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
