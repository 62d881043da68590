"""Records that take each step of intake together become what each becomes alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from capi_stream.intake.intake import TOGETHER
from capi_stream.model import Record
from tests.builders import UNIX_NOW, commerce_event, encoded, record
from tests.intake.commerce import new_intake

ORDER = commerce_event()["order"]
VALUES = [
    b"",
    b"\x00\x00\x00\x00\x09 of an unknown schema",
    encoded(commerce_event())[:-3],
    encoded(commerce_event(pixel_id="404")),
    encoded(commerce_event(consent={"advertising": "DENIED", "limited_data_use": False})),
    encoded(commerce_event(event_type="CUSTOM")),
    encoded(commerce_event(customer={"emails": ["not an address", "jane@example.com"], "phones": ["12"]})),
    encoded(commerce_event(order={**ORDER, "currency": "no currency"})),
    *(encoded(commerce_event(event_id=f"order {number}")) for number in range(20)),
]


def mixed(count: int) -> list[Record]:
    chance = Random(7)
    values = [None, *VALUES]
    return [replace(record(b"", offset=offset), value=chance.choice(values)) for offset in range(count)]


def test_records_become_together_what_each_becomes_alone() -> None:
    records = mixed(3 * TOGETHER + 5)
    together, alone = new_intake(), new_intake()

    found = list(together.readings(records, UNIX_NOW))

    assert [each for each, _ in found] == records
    assert [reading for _, reading in found] == [alone(each, UNIX_NOW) for each in records]
    assert len({type(reading) for _, reading in found}) == 4  # mapped, tombstone, malformed, waiting for its schema


def test_what_the_registry_says_meanwhile_counts_from_the_next_records_on() -> None:
    waiting = [record(encoded(commerce_event(), schema_id=2), offset=offset) for offset in range(TOGETHER + 1)]
    intake = new_intake()

    readings = [reading for _, reading in intake.readings(waiting, UNIX_NOW)]

    assert readings == [intake(waiting[0], UNIX_NOW)] * len(waiting)
