"""What `capi-stream preview` shows of a record, and what it keeps to itself."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from capi_stream.cli.masking import MASK, masked
from capi_stream.cli.preview.rows import entry, line, rows
from capi_stream.cli.preview.tally import Tally
from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.model import Malformed, Mapped, NeedSchema, Reading, Record, Rejection, SchemaRef, Tombstone
from tests.builders import SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, commerce_event, encoded, intake_settings, record

PERSONAL = ("Silva", "silva", "198.51.100.7", "6505550112", "ExampleBrowser", "shop.example.com/thanks", "winter")


def of(source: Record) -> Reading:
    intake = Intake(intake_settings())
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)
    return intake(source, UNIX_NOW)


def shown(reading: Reading, *, raw: bool = False) -> tuple[list[str], list[dict[str, Any]]]:
    """The lines for a person, and the objects for a program."""
    made = list(rows(record(offset=7), reading))
    return [line(row, raw=raw) for row in made], [json.loads(entry(row, raw=raw)) for row in made]


def test_an_event_is_shown_without_personal_data() -> None:
    lines, objects = shown(of(record()))
    identifiers = "em ph fn client_ip_address client_user_agent"
    assert lines == [f"0/7          send    1234567890  Purchase  order-1001  2026-01-01T00:01:00Z  {identifiers}"]
    (found,) = objects
    assert (found["would"], found["pixel"], found["endpoints"]) == ("send", "1234567890", ["graph"])
    assert found["event"]["user_data"]["em"] == [hash_of("ana.silva@example.com")]
    assert found["event"]["user_data"]["client_ip_address"] == MASK
    assert not [each for each in PERSONAL if each in lines[0] + json.dumps(objects)]


def test_asked_for_raw_the_event_is_byte_for_byte_what_would_be_posted() -> None:
    reading = of(record())
    assert isinstance(reading, Mapped)
    (row,) = rows(record(), reading)
    assert reading.events[0].body in entry(row, raw=True)
    assert "198.51.100.7" in line(row, raw=True)


def test_how_many_values_an_identifier_has_is_shown() -> None:
    two = encoded(commerce_event(customer_emails=["a@example.com", "b@example.com"]))
    assert " em*2 ph " in shown(of(record(two)))[0][0]


REFUSED = Rejection("validate", "event_time_too_old", "mary@example.com", 0, None, "id\x1b[2J\ud800", "Purchase")


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (Mapped(rejections=[REFUSED]), "0/7          reject  validate  event_time_too_old  Purchase  id?[2J?"),
        (Malformed(Rejection("decode", "not_framed", "x")), "0/7          reject  decode  not_framed"),
        (Mapped(filtered=["consent_denied"]), "0/7          filter  consent_denied"),
        (Mapped(), "0/7          skip    no_events"),
        (Tombstone(), "0/7          skip    tombstone"),
        (NeedSchema(SchemaRef("", 9)), "0/7          wait    schema_9_not_told"),
    ],
)
def test_what_is_not_sent_says_why_and_quotes_nothing(reading: Reading, expected: str) -> None:
    lines, objects = shown(reading)
    assert lines == [expected]
    assert "mary" not in json.dumps(objects)
    assert objects[0]["would"] == expected.split()[1]


def test_a_refusals_own_words_are_for_who_asks_for_them() -> None:
    lines, objects = shown(Mapped(rejections=[REFUSED]), raw=True)
    assert lines[0].endswith("mary@example.com")
    assert objects[0]["detail"] == "mary@example.com"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("event_id", "order-1", "order-1"),
        ("data_processing_options", ["LDU"], ["LDU"]),
        ("user_data", {"em": ["a" * 64, "mary"], "fbp": "fb.1.2.3"}, {"em": ["a" * 64, MASK], "fbp": MASK}),
        ("user_data", "mary", MASK),
        ("custom_data", {"value": 1.5, "mine": 7}, {"value": 1.5, "mine": MASK}),
        ("custom_data", {"search_string": "x"}, {"search_string": MASK}),
        ("custom_data", {"value": "Mary", "content_name": "of m@x.org"}, {"value": MASK, "content_name": f"of {MASK}"}),
        ("custom_data", {"contents": [{"id": "a", "for": "Mary"}]}, {"contents": [{"id": "a", "for": MASK}]}),
        ("event_source_url", "https://u:p@shop.example/mary?em=x#y", f"https://shop.example/{MASK}"),
        ("event_source_url", "http://[", MASK),
        ("event_source_url", "mary", MASK),
        ("referrer_url", 7, MASK),
        ("app_data", {"extinfo": ["i2", 3], "a": True, "b": None}, {"extinfo": [MASK, MASK], "a": True, "b": None}),
        ("whatever_is_new", "mary", MASK),
    ],
)  # fmt: skip
def test_what_may_tell_of_a_person_is_masked(key: str, value: object, expected: object) -> None:
    assert masked({key: value}) == {key: expected}


def tallied(*readings: Reading) -> Tally:
    tally = Tally()
    for reading in readings:
        tally.reads(reading)
        for row in rows(record(), reading):
            tally.counts(row)
    return tally


def test_the_table_adds_up() -> None:
    denied = record(encoded(commerce_event(consent={"advertising": "DENIED"})))
    bad_phone = record(encoded(commerce_event(customer_phones=["1"])))
    tally = tallied(of(record()), of(bad_phone), of(denied), Mapped(rejections=[REFUSED]), Tombstone())
    assert tally.is_complete
    assert tally.values() == {
        "read": 5,
        "sent": {"1234567890": 2},
        "rejected": {"validate event_time_too_old": 1},
        "filtered": {"consent_denied": 1},
        "skipped": {"tombstone": 1},
        "waiting": {},
        "identifiers": {"em": 2, "ph": 1, "fn": 2, "client_ip_address": 2, "client_user_agent": 2},
        "dropped": {"ph too_short": 1},
    }
    words = [text.split() for text in tally.table()]
    assert ["records", "read", "5"] in words
    assert ["1234567890", "2"] in words
    assert ["ph", "1", "50%"] in words


def test_a_record_that_waits_for_its_schema_makes_it_incomplete() -> None:
    assert not tallied(NeedSchema(SchemaRef("", 9))).is_complete


def test_every_line_of_json_is_one_line() -> None:
    reading = of(record(encoded(commerce_event(event_id="a\nb"))))
    (row,) = rows(record(), reading)
    assert b"\n" not in entry(row, raw=True)
    assert "\n" not in line(row, raw=True)
    assert orjson.loads(entry(row, raw=False))["event"]["event_id"] == "a\nb"
