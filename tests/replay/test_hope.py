"""What is only too old is left where it lies, at first sight and after its schema has come; all else is as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.model import Malformed, Mapped, NeedSchema, Reading, Record, Rejection, SchemaRef, Tombstone
from capi_stream.replay.choosing import Choice
from capi_stream.replay.reading import Letters, Wish, with_hope
from tests.builders import SCHEMA_TEXT, UNIX_NOW, commerce_event, encoded, event, intake_settings, record
from tests.intake.commerce import SCHEMA
from tests.intake.test_parts import letter

WEEK = 7 * 86_400
OLD = Rejection("validate", "event_time_too_old", "detail", 0)
WRONG = Rejection("validate", "currency_unknown", "detail", 1)


@pytest.mark.parametrize("rejections", [[OLD], [OLD, OLD]])
def test_what_is_only_too_old_is_left(rejections: Sequence[Rejection]) -> None:
    assert with_hope(Mapped(rejections=list(rejections), schema=7)) == Mapped(filtered=["too_old"], schema=7)


@pytest.mark.parametrize(
    "reading",
    [
        Mapped(rejections=[OLD], events=[event()]),
        Mapped(rejections=[OLD], filtered=["consent_denied"]),
        Mapped(rejections=[OLD, WRONG]),
        Mapped(rejections=[WRONG]),
        Mapped(events=[event()]),
        Mapped(filtered=["consent_denied"]),
        Mapped(),
        Malformed(Rejection("decode", "undecodable")),
        NeedSchema(SchemaRef("", 7)),
        Tombstone(),
    ],
    ids=lambda reading: type(reading).__name__,
)
def test_all_else_is_as_it_is(reading: Reading) -> None:
    assert with_hope(reading) is reading


# One that has waited for its schema.


def waiting() -> tuple[Letters, Record]:
    """A letter whose schema is not known yet, and who reads it."""
    letters = Letters(Intake(intake_settings()), Wish(Choice()))
    purchase = letter(record(encoded(commerce_event())))
    assert list(letters.readings([purchase], UNIX_NOW)) == [(purchase, NeedSchema(SCHEMA))]
    return letters, purchase


def test_one_that_has_waited_becomes_its_event() -> None:
    letters, purchase = waiting()
    letters.learned(SCHEMA, SCHEMA_TEXT)
    reading = letters(purchase, UNIX_NOW)
    assert isinstance(reading, Mapped)
    assert [each.event_id for each in reading.events] == ["order-1001"]


def test_one_that_grew_too_old_while_it_waited_is_left() -> None:
    letters, purchase = waiting()
    letters.learned(SCHEMA, SCHEMA_TEXT)
    assert letters(purchase, UNIX_NOW + WEEK) == Mapped(filtered=["too_old"], schema=SCHEMA.key)
    assert list(letters.readings([purchase], UNIX_NOW + WEEK)) == [(purchase, letters(purchase, UNIX_NOW + WEEK))]


def test_one_whose_schema_nobody_knows_is_refused_however_old_it_is() -> None:
    letters, purchase = waiting()
    letters.unknown(SCHEMA)
    for at in (UNIX_NOW, UNIX_NOW + WEEK):
        reading = letters(purchase, at)
        assert isinstance(reading, Malformed)
        assert reading.rejection.reason == "schema_unknown"


def test_what_the_registry_said_lapses() -> None:
    letters, purchase = waiting()
    letters.unknown(SCHEMA)
    letters.lapsed(SCHEMA)
    assert letters(purchase, UNIX_NOW) == NeedSchema(SCHEMA)
