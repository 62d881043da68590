"""Letters that come back: read as the records that they were, and nothing of them but what they name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import Routing
from capi_stream.letter_heads import PREFIX
from capi_stream.model import Destination, Malformed, Mapped, PixelId, Reading, Record
from tests.builders import (
    PIXEL,
    SCHEMA_TEXT,
    TOPIC,
    UNIX_NOW,
    commerce_event,
    encoded,
    intake_settings,
    record,
    topic_settings,
)
from tests.intake.commerce import INTAKE, SCHEMA, new_intake
from tests.intake.test_several import EVENT_IN_FLOW, PER_ITEM

OTHER = PixelId("2345678901")
BOTH = (Destination(PIXEL), Destination(PIXEL, "gateway"))


def letter(of: Record, kind: str = "dead_letter", topic: str = "letters", **said: object) -> Record:
    """`of` as a letter at another place, whose headers say so and `said`."""
    head = {
        "kind": kind,
        "reason": "invalid_parameter",
        "stage": "post",
        "source_topic": of.partition.topic,
        "source_partition": of.partition.number,
        "source_offset": of.offset,
        "source_timestamp": of.timestamp_ms,
        **said,
    }
    ours = [(PREFIX + name, str(value).encode()) for name, value in head.items()]
    return record(of.value, key=of.key, topic=topic, partition=7, offset=70, headers=[*of.headers, *ours])


def reading(mapping: str, **changes: Any) -> Intake:
    """Intake of the contract's records by another mapping."""
    intake = Intake(intake_settings(topic_settings(mapping=mapping), **changes))
    intake.learned(SCHEMA, SCHEMA_TEXT)
    return intake


def mapped(reading: Reading) -> Mapped:
    assert isinstance(reading, Mapped)
    return reading


def read(of: Record, intake: Intake = INTAKE) -> Mapped:
    return mapped(intake(of, UNIX_NOW))


def test_the_whole_record_comes_back_where_the_letter_names_no_event() -> None:
    source = record(encoded(commerce_event()), offset=5)
    assert read(letter(source)).events == read(source).events


def test_a_derived_id_stays_what_it_was() -> None:
    source = record(encoded(commerce_event(event_id="")), offset=5)
    [first] = read(source).events
    [again] = read(letter(source)).events
    assert again.event_id == first.event_id


def test_an_id_that_the_letter_names_wins() -> None:
    [event] = read(letter(record(encoded(commerce_event())), event_index=0, event_id="as-it-was")).events
    assert (event.event_id, json.loads(event.body)["event_id"]) == ("as-it-was", "as-it-was")


def test_only_the_destination_that_the_letter_names_is_sent_to() -> None:
    intake = new_intake(routing=Routing({PIXEL: BOTH}))
    source = record(encoded(commerce_event()))
    assert read(source, intake).events[0].destinations == BOTH
    [event] = read(letter(source, event_index=0, pixel=PIXEL, endpoint="gateway"), intake).events
    assert event.destinations == (Destination(PIXEL, "gateway"),)


def test_only_the_event_that_the_letter_names_is_made() -> None:
    several = reading(PER_ITEM)
    source = record(encoded(commerce_event()))
    events = read(source, several).events
    assert [event.index for event in events] == [0, 1, 2]
    [second] = read(letter(source, event_index=1), several).events
    assert second == events[1]


TWO_PIXELS = f"pixel: {{const: ['{PIXEL}', '{OTHER}', '5']}}\nevent: {{{EVENT_IN_FLOW}}}"


def test_only_the_pixel_that_the_letter_names_is_sent_to() -> None:
    intake = reading(TWO_PIXELS, routing=Routing({PIXEL: BOTH, OTHER: (Destination(OTHER),)}))
    source = record(encoded(commerce_event()))
    assert [event.pixel for event in read(source, intake).events] == [PIXEL, OTHER]
    mapped = read(letter(source, event_index=0, pixel=OTHER), intake)
    assert ([event.pixel for event in mapped.events], mapped.rejections) == ([OTHER], [])
    refused = read(letter(source, event_index=0, pixel="5"), intake)
    assert ([each.reason for each in refused.rejections], refused.events) == (["pixel_not_configured"], [])


@pytest.mark.parametrize("said", [
    {"event_index": 9, "pixel": PIXEL},
    {"event_index": 0, "pixel": OTHER},
    {"event_index": 0, "pixel": PIXEL, "endpoint": "gateway"},
])  # fmt: skip
def test_what_is_not_made_any_more_is_refused_and_not_forgotten(said: dict[str, Any]) -> None:
    mapped = read(letter(record(encoded(commerce_event())), event_id="id", **said))
    [gone] = mapped.rejections
    assert (gone.reason, gone.event_id) == ("no_longer_made", "id")
    assert (gone.index, gone.pixel) == (said["event_index"], said["pixel"])
    assert mapped.events == []


def test_what_is_filtered_today_is_filtered() -> None:
    denied = record(encoded(commerce_event(consent={"advertising": "DENIED"})))
    mapped = read(letter(denied, event_index=0, pixel=PIXEL))
    assert (mapped.filtered, mapped.rejections) == (["consent_denied"], [])


def test_a_topic_that_the_configuration_has_not_is_told() -> None:
    reading = INTAKE(letter(record(encoded(commerce_event()), topic="gone.events")), UNIX_NOW)
    assert isinstance(reading, Malformed)
    assert reading.rejection.reason == "topic_not_configured"
    assert (INTAKE.reads("gone.events"), INTAKE.reads(TOPIC)) == (False, True)


def test_a_record_that_was_put_into_another_topic_is_read_as_that_topic_says() -> None:
    """`replay --to-topic`: the mapping is that of where it lies, its identity that of where it was first read."""
    source = record(encoded(commerce_event(event_id="")), topic="gone.events", offset=5)
    [event] = read(letter(source, kind="replay", topic=TOPIC)).events
    [first] = read(record(encoded(commerce_event(event_id="")), topic=TOPIC, offset=5)).events
    assert event.event_id != first.event_id, "it was first read elsewhere"


def test_an_encrypted_letter_is_not_read_as_a_record() -> None:
    """In a topic whose records are bare Avro, its bytes might even be one."""
    sealed = letter(record(encoded(commerce_event())), topic=TOPIC, encrypted="fernet")
    reading = INTAKE(sealed, UNIX_NOW)
    assert isinstance(reading, Malformed)
    assert (reading.rejection.reason, reading.rejection.detail) == ("not_decrypted", "")


def test_headers_that_are_no_letters_change_nothing() -> None:
    plain = record(encoded(commerce_event()))
    odd = record(plain.value, headers=[("trace", b"1"), (f"{PREFIX}kind", b"dead_letter"), (f"{PREFIX}pixel", b"5")])
    assert read(odd).events == read(plain).events


def test_letters_beside_ordinary_records_stay_in_order() -> None:
    sources = [record(encoded(commerce_event(event_id=f"id-{at}")), offset=at) for at in range(200)]
    mixed = [letter(each) if at % 3 else each for at, each in enumerate(sources)]
    ids = [mapped(each).events[0].event_id for _, each in INTAKE.readings(mixed, UNIX_NOW)]
    assert ids == [f"id-{at}" for at in range(200)]
