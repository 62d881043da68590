"""Intake of the contract, and what it makes of a commerce event."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from capi_stream.intake.intake import Intake
from capi_stream.model import Event, Malformed, Mapped, Reading, Rejection, SchemaRef
from tests.builders import SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, commerce_event, encoded, intake_settings, record

SCHEMA = SchemaRef("", SCHEMA_ID)
OTHER_SCHEMA = '{"type": "record", "name": "Other", "fields": []}'


def new_intake(**changes: Any) -> Intake:
    """Intake that has learned the contract as schema 1."""
    intake = Intake(intake_settings(**changes))
    intake.learned(SCHEMA, SCHEMA_TEXT)
    return intake


INTAKE = new_intake()


def read(intake: Intake = INTAKE, unix_now: float = UNIX_NOW, **changes: Any) -> Mapped:
    """What a commerce event with `changes` becomes."""
    reading = intake(record(encoded(commerce_event(**changes))), unix_now)
    assert isinstance(reading, Mapped)
    return reading


def event_of(**changes: Any) -> Event:
    reading = read(**changes)
    assert [reading.rejections, reading.filtered] == [[], []]
    [event] = reading.events
    return event


def body_of(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(event_of(**changes).body, parse_float=Decimal)
    return body


def rejection_of(**changes: Any) -> Rejection:
    reading = read(**changes)
    assert not reading.events
    [rejection] = reading.rejections
    return rejection


def malformed(reading: Reading) -> tuple[str, str]:
    """The stage and reason of a malformed record."""
    assert isinstance(reading, Malformed)
    return reading.rejection.stage, reading.rejection.reason
