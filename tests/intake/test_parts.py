"""Letters that come back: read as the records that they were, and nothing of them but what they name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capi_stream import letter_heads
from capi_stream.intake.intake import Intake
from capi_stream.intake.mapping.event_conditions import event_condition
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


# The mapping has changed between.

LEAD_IN_FRONT = PER_ITEM.replace(
    "events:\n",
    """events:
  - event:
      event_name: {const: Lead}
      event_id: event_id
      event_time: occurred_at
      action_source: {const: system_generated}
      user_data: {em: customer.emails}
""",
)


def named(intake: Intake, **said: Any) -> list[tuple[str, str, int]]:
    mapped = read(letter(record(encoded(commerce_event())), pixel=PIXEL, **said), intake)
    assert [each.reason for each in mapped.rejections] == ([] if mapped.events else ["no_longer_made"])
    return [(event.name, event.event_id, event.index) for event in mapped.events]


def test_an_event_is_known_by_its_name_and_id_wherever_it_stands_now() -> None:
    purchase: dict[str, Any] = {"event_index": 0, "event_name": "Purchase", "event_id": "order-1001"}
    assert named(reading(PER_ITEM), **purchase) == [("Purchase", "order-1001", 0)]
    assert named(reading(LEAD_IN_FRONT), **purchase) == [("Purchase", "order-1001", 1)]


def test_an_event_whose_id_is_made_otherwise_now_keeps_the_one_it_had() -> None:
    before = {"event_index": 0, "event_name": "Purchase", "event_id": "as-it-was"}
    assert named(reading(LEAD_IN_FRONT), **before) == [("Purchase", "as-it-was", 1)]


def test_of_several_alike_each_is_known_by_its_number() -> None:
    events = read(record(encoded(commerce_event())), reading(PER_ITEM)).events
    for each in events[1:]:
        alike = {"event_index": each.index, "event_name": "Bought", "event_id": each.event_id}
        assert named(reading(PER_ITEM), **alike) == [("Bought", each.event_id, each.index)]


def test_of_several_alike_none_is_sent_under_the_id_of_another() -> None:
    """Their numbers were their ids, and the mapping gives others now."""
    several, changed = reading(PER_ITEM), reading(LEAD_IN_FRONT)
    mapped = read(record(encoded(commerce_event())), several)
    for each in mapped.events[1:]:
        alike = {"event_index": each.index, "event_name": "Bought", "event_id": each.event_id}
        assert named(several, **alike, mapping=mapped.mapping) == [("Bought", each.event_id, each.index)]
        assert named(changed, **alike, mapping=mapped.mapping) == []


def test_of_several_alike_none_is_sent_under_an_id_that_is_none_of_theirs() -> None:
    assert named(reading(PER_ITEM), event_index=1, event_name="Bought", event_id="as-it-was") == []


def test_a_sibling_is_never_sent_in_its_place() -> None:
    assert named(reading(PER_ITEM), event_index=0, event_name="Lead", event_id="order-1001") == []


def test_another_pixel_that_wants_nothing_does_not_settle_it() -> None:
    condition = event_condition({"event_name": "Purchase"})
    destinations = {PIXEL: (Destination(PIXEL),), OTHER: (Destination(OTHER),)}
    routing = Routing(destinations, conditions={Destination(OTHER): condition})
    intake = reading(f"pixel: {{const: ['{OTHER}']}}\nevent: {{{EVENT_IN_FLOW}}}", routing=routing)
    mapped = read(letter(record(encoded(commerce_event())), event_index=0, pixel=PIXEL), intake)
    assert ([each.reason for each in mapped.rejections], mapped.filtered) == (["no_longer_made"], [])


@pytest.mark.parametrize("odd", ["-2", "abc", "", "1.0"])
def test_a_letter_whose_number_is_damaged_is_none(odd: str) -> None:
    """It would else mean the whole record, of which the other events were accepted."""
    assert letter_heads.read(letter(record(), event_index=odd).headers) is None
