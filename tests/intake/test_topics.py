"""Topics that differ in framing, registry and schema, and the mistakes in their settings."""

from __future__ import annotations

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.intake.topics import IntakeError
from capi_stream.model import Mapped, NeedSchema, SchemaRef
from tests.builders import (
    SCHEMA_ID,
    SCHEMA_TEXT,
    UNIX_NOW,
    avro_bytes,
    commerce_event,
    encoded,
    intake_settings,
    record,
    topic_settings,
)
from tests.intake.commerce import OTHER_SCHEMA, SCHEMA, new_intake


def test_each_topic_is_read_in_its_own_way() -> None:
    settings = intake_settings(
        topic_settings(name="^orders\\..*", framing="bare"), topic_settings(name="orders.framed"), topic_settings()
    )
    intake = Intake(settings)
    intake.learned(SCHEMA, SCHEMA_TEXT)
    bare, framed = avro_bytes(commerce_event()), encoded(commerce_event())

    readings = [
        intake(record(bare, topic="orders.eu"), UNIX_NOW),
        intake(record(framed, topic="orders.framed"), UNIX_NOW),
        intake(record(framed), UNIX_NOW),
    ]

    assert [len(reading.events) for reading in readings if isinstance(reading, Mapped)] == [1, 1, 1]


def test_a_topic_with_a_registry_of_its_own_does_not_take_another_ones_ids() -> None:
    own = topic_settings(name="shop.events", registry="shop.events")
    intake = new_intake(topics=(topic_settings(), own))
    needed = SchemaRef("shop.events", SCHEMA_ID)
    assert isinstance(intake(record(), UNIX_NOW), Mapped)
    assert intake(record(topic="shop.events"), UNIX_NOW) == NeedSchema(needed)
    intake.learned(needed, SCHEMA_TEXT)
    assert isinstance(intake(record(topic="shop.events"), UNIX_NOW), Mapped)


def test_all_mistakes_in_the_settings_are_said_at_once() -> None:
    topics = (
        topic_settings(mapping="event: {user_data: {em: mail}, valu: a}", mapping_name="mine.yaml"),
        topic_settings(name="b", schema="{", schema_name="b.avsc"),
        topic_settings(name="c", writer_schemas=(OTHER_SCHEMA, "{")),
        topic_settings(name="^(d"),
        topic_settings(name="e", schema='"string"'),
    )

    with pytest.raises(IntakeError) as raised:
        Intake(intake_settings(*topics))

    starts = [
        "mapping mine.yaml, line 1: user_data.em reads 'mail'",
        "mapping mine.yaml, line 1: event has no parameter 'valu'",
        "topic b: schema b.avsc: it is not JSON",
        "topic c: writer schema number 1: the record is Other there",
        "topic c: writer schema number 2: it is not JSON",
        "topic ^(d: this is no regular expression",
        "topic e: schema avro/commerce_event.avsc is no record",
    ]
    assert len(raised.value.mistakes) == len(starts)
    for start in starts:
        assert any(mistake.startswith(start) for mistake in raised.value.mistakes), start
