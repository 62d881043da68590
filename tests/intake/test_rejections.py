"""What is left out of an event, and which events are filtered or rejected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capi_stream.intake import intake as intake_module
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.violations import REASONS as RULES
from capi_stream.model import Dropped, Mapped
from tests.builders import OCCURRED_AT_MS, PIXEL, SCHEMA_TEXT, UNIX_NOW, avro_bytes, commerce_event, encoded, record
from tests.intake.commerce import INTAKE, new_intake, read, rejection_of


def test_a_bad_identifier_is_left_out_and_counted() -> None:
    reading = read(customer_emails=["not an address", "a@b.co"], customer_country="Atlantis")

    assert json.loads(reading.events[0].body)["user_data"]["em"] == [hash_of("a@b.co")]
    assert reading.dropped == [Dropped("em", "malformed"), Dropped("country", "unknown")]


def test_a_currency_that_is_none_costs_only_a_purchase_the_whole_event() -> None:
    basket = encoded(commerce_event(event_type="ADD_TO_CART", order_currency="EURO"))
    mapped = new_intake()(record(basket), UNIX_NOW)
    assert isinstance(mapped, Mapped)
    (event,) = mapped.events
    assert "currency" not in json.loads(event.body)["custom_data"]
    assert Dropped("currency", "unknown") in mapped.dropped


def test_a_record_whose_consent_is_denied_is_filtered() -> None:
    reading = read(consent={"advertising": "DENIED"})

    assert (reading.events, reading.rejections, reading.filtered) == ([], [], ["consent_denied"])


@pytest.mark.parametrize("advertising", ["GRANTED", "UNKNOWN"])
def test_any_other_consent_is_sent(advertising: str) -> None:
    assert read(consent={"advertising": advertising}).events


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"occurred_at": OCCURRED_AT_MS - 8 * 86_400_000}, "event_time_too_old"),
        ({"occurred_at": OCCURRED_AT_MS + 3_600_000}, "event_time_in_future"),
        ({"occurred_at": 2**62}, "event_time_in_milliseconds"),
        ({"order_value": None}, "purchase_without_value"),
        ({"order_currency": ""}, "purchase_without_currency"),
        ({"order_currency": "EURO"}, "currency_unknown"),
        ({"event_type": "CUSTOM", "custom_event_name": " "}, "event_name_missing"),
        ({"customer": {}}, "user_data_missing"),
        ({"customer": {"city": "Berlin", "country": "DE"}}, "user_data_too_broad"),
        ({"channel": "APP"}, "app_data_incomplete"),
    ],
)
def test_what_the_api_would_refuse_is_rejected(changes: dict[str, Any], reason: str) -> None:
    rejection = rejection_of(**changes)

    assert (rejection.stage, rejection.reason) == ("validate", reason)
    assert (rejection.pixel, rejection.event_id, rejection.index) == (PIXEL, "order-1001", 0)


def test_the_rules_are_those_of_the_settings() -> None:
    strict = new_intake(rules=Rules(strict_website=True))

    assert read(strict, customer_user_agent=None).rejections[0].reason == "website_incomplete"


def test_an_event_that_fits_in_no_batch_is_rejected() -> None:
    small = new_intake(max_event_bytes=500)

    assert read(small).rejections[0].reason == "event_too_large"


def test_a_number_that_no_event_can_hold_is_rejected() -> None:
    order = {"value": b"\x7f" * 65, "currency": "USD"}
    schema = SCHEMA_TEXT.replace('"logicalType": "decimal", "precision": 18, "scale": 4', '"x": 0')
    value = encoded(commerce_event(), schema_text=SCHEMA_TEXT)
    assert schema != SCHEMA_TEXT
    as_bytes = avro_bytes(commerce_event(order=order), schema)

    reading = INTAKE(record(value[:5] + as_bytes), UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert (reading.rejections[0].stage, reading.rejections[0].reason) == ("map", "number_too_long")


def test_no_two_rooms_of_intake_give_one_reason_two_meanings() -> None:
    assert not intake_module.REASONS.keys() & RULES.keys()
