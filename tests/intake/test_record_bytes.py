"""A record's bytes and the schema they name: learned, waited for, bare, unusable, or no record at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.framing import SCHEMA_ID_HEADER
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.intake import Intake
from capi_stream.model import Malformed, Mapped, NeedSchema, SchemaRef, Tombstone
from tests.builders import (
    SCHEMA_TEXT,
    UNIX_NOW,
    avro_bytes,
    commerce_event,
    encoded,
    intake_settings,
    record,
    tombstone,
    topic_settings,
)
from tests.intake.commerce import INTAKE, OTHER_SCHEMA, SCHEMA, malformed, new_intake

GUID = "89791762-2336-4186-9674-299b90a802e2"


def test_a_tombstone_is_nothing_to_send() -> None:
    assert INTAKE(tombstone(), UNIX_NOW) == Tombstone()


def test_a_record_waits_for_a_schema_that_was_not_learned() -> None:
    assert Intake(intake_settings())(record(), UNIX_NOW) == NeedSchema(SCHEMA)


def test_a_schema_can_be_known_by_its_guid() -> None:
    intake = new_intake()
    header = (SCHEMA_ID_HEADER, b"\x01" + bytes.fromhex(GUID.replace("-", "")))
    waiting = record(avro_bytes(commerce_event()), headers=[header])

    assert intake(waiting, UNIX_NOW) == NeedSchema(SchemaRef("", GUID))
    intake.learned(SchemaRef("", GUID), SCHEMA_TEXT)
    reading = intake(waiting, UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert (len(reading.events), reading.schema) == (1, GUID)


def test_a_single_object_names_its_schema_by_fingerprint() -> None:
    older = json.loads(SCHEMA_TEXT)
    older["fields"] = [field for field in older["fields"] if field["name"] != "properties"]
    text = json.dumps(older)
    intake = Intake(intake_settings(topic_settings(writer_schemas=(text,))))

    def single_object(schema: str) -> bytes:
        return b"\xc3\x01" + schema_fingerprint(read_schema(schema)) + avro_bytes(commerce_event(), schema)

    for known in (SCHEMA_TEXT, text):
        reading = intake(record(single_object(known)), UNIX_NOW)
        assert isinstance(reading, Mapped)
        assert reading.events
    unknown = b"\xc3\x01" + bytes(8) + avro_bytes(commerce_event())
    assert malformed(intake(record(unknown), UNIX_NOW)) == ("decode", "schema_not_known")


def test_a_bare_record_has_the_schema_of_the_settings() -> None:
    intake = Intake(intake_settings(topic_settings(framing="bare")))

    reading = intake(record(avro_bytes(commerce_event())), UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert reading.events


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not_framed"),
        (b'{"event_id": "1"}', "not_framed"),
        (encoded(commerce_event())[:-4], "undecodable"),
        (encoded(commerce_event()) + b"\x00", "leftover_bytes"),
    ],
)
def test_bytes_that_are_no_record_are_malformed(value: bytes, reason: str) -> None:
    assert malformed(INTAKE(record(value), UNIX_NOW)) == ("decode", reason)


@pytest.mark.parametrize(
    ("schema", "reason", "detail"),
    [
        (OTHER_SCHEMA, "schema_incompatible", "the record is Other there and commerce.v1.CommerceEvent here"),
        ("no schema", "schema_unusable", "schema 2: it is not JSON"),
        (None, "schema_unknown", "the registry knows no schema 2"),
    ],
)
def test_a_schema_that_cannot_be_used_makes_its_records_malformed(schema: str | None, reason: str, detail: str) -> None:
    intake = new_intake()
    intake.unknown(SchemaRef("", 2)) if schema is None else intake.learned(SchemaRef("", 2), schema)

    reading = intake(record(encoded(commerce_event(), schema_id=2)), UNIX_NOW)

    assert isinstance(reading, Malformed)
    assert (reading.rejection.reason, reading.schema) == (reason, 2)
    assert detail in reading.rejection.detail


def test_what_the_registry_says_later_counts() -> None:
    intake = new_intake()
    intake.unknown(SchemaRef("", 2))
    late = record(encoded(commerce_event(), schema_id=2))
    assert malformed(intake(late, UNIX_NOW)) == ("decode", "schema_unknown")

    intake.learned(SchemaRef("", 2), SCHEMA_TEXT)

    assert isinstance(intake(late, UNIX_NOW), Mapped)


def test_when_what_the_registry_said_has_lapsed_it_is_asked_for_anew() -> None:
    intake = new_intake()
    intake.unknown(SchemaRef("", 2))
    late = record(encoded(commerce_event(), schema_id=2))
    assert malformed(intake(late, UNIX_NOW)) == ("decode", "schema_unknown")

    intake.lapsed(SchemaRef("", 2))

    assert intake(late, UNIX_NOW) == NeedSchema(SchemaRef("", 2))


@given(st.binary(max_size=120))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    for framed in (value, encoded(commerce_event())[:5] + value):
        assert isinstance(INTAKE(record(framed), UNIX_NOW), Mapped | Malformed | NeedSchema)
