"""Customer information with the extras that are off by default, from the record to the event that is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.settings import ExternalIdHashing, IdentifierSettings, Rules
from capi_stream.model import Dropped, Mapped, Noted, SchemaRef
from tests.builders import OCCURRED_AT_MS, SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, commerce_event, encoded, intake_settings
from tests.builders import record as record_of

UUID_WITHOUT_DASHES = "1298DBDE9c88e2c29876e61e8606a68a"
BUILT = hash_of("someone") + ".AQQCAQMC"
NATIONAL, COMPLETE = "(650) 555-0112", hash_of("16505550112")
CLICKED = {"url": "https://shop.example.com/thanks?fbclid=IwAR-AbC", "referrer_url": None}
EVENT_TIME = OCCURRED_AT_MS // 1000


def read(rules: Rules | None = None, unix_now: float = UNIX_NOW, /, **settings: Any) -> Any:
    """A function that reads a commerce event with some fields changed, under these settings."""
    intake = Intake(intake_settings(identifiers=IdentifierSettings(**settings), rules=rules or Rules()))
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)

    def reading(**changes: Any) -> Mapped:
        mapped = intake(record_of(encoded(commerce_event(**changes))), unix_now)
        assert isinstance(mapped, Mapped)
        return mapped

    return reading


def sent(mapped: Mapped) -> Any:
    """The one event's JSON."""
    [event] = mapped.events
    return json.loads(event.body)


@pytest.mark.parametrize("country", ["US", "us", "USA", "United States"])
def test_a_phone_number_gets_the_code_of_the_customers_country(country: str) -> None:
    mapped = read(phone_code_from_country=True)(customer_phones=[NATIONAL], customer_country=country)

    assert sent(mapped)["user_data"]["ph"] == [COMPLETE]
    assert mapped.noted == [Noted("ph", "country_code_added")]


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_phones": ["+1 650 555 0112"], "customer_country": "DE"},
        {"customer_phones": ["16505550112"], "customer_country": "US"},
        {"customer_phones": [COMPLETE], "customer_country": "US"},
    ],
)
def test_a_phone_number_that_has_its_code_or_is_hashed_stays_as_it_is(changes: dict[str, Any]) -> None:
    mapped = read(phone_code_from_country=True)(**changes)

    assert sent(mapped)["user_data"]["ph"] == [COMPLETE]
    assert mapped.noted == []


@pytest.mark.parametrize("country", [None, "", "nowhere", hash_of("us")])
def test_without_a_country_nothing_is_guessed(country: str | None) -> None:
    mapped = read(phone_code_from_country=True)(customer_phones=[NATIONAL], customer_country=country)

    assert sent(mapped)["user_data"]["ph"] == [hash_of("6505550112")]
    assert mapped.noted == []


def test_a_number_that_is_none_of_the_country_is_sent_as_without_the_setting() -> None:
    changes = {"customer_phones": ["555-0112", "123"], "customer_country": "US"}

    assert read(phone_code_from_country=True)(**changes) == read()(**changes)


def test_two_spellings_of_one_number_become_one() -> None:
    mapped = read(phone_code_from_country=True)(customer_phones=[NATIONAL, "+16505550112"], customer_country="US")

    assert sent(mapped)["user_data"]["ph"] == [COMPLETE]


def test_fbc_is_made_from_the_click_id_in_the_url() -> None:
    mapped = read(fbc_from_url=True)(page=CLICKED)

    assert sent(mapped)["user_data"]["fbc"] == f"fb.1.{EVENT_TIME}000.IwAR-AbC"
    assert "fbc" in mapped.events[0].identifiers
    assert mapped.noted == [Noted("fbc", "made_from_url")]


def test_the_browsers_own_fbc_stays() -> None:
    mapped = read(fbc_from_url=True)(page=CLICKED, customer_fbc="fb.1.1767225000000.Own")

    assert sent(mapped)["user_data"]["fbc"] == "fb.1.1767225000000.Own"
    assert mapped.noted == []


def test_an_fbc_that_had_to_be_left_out_is_made_anew() -> None:
    mapped = read(fbc_from_url=True)(page=CLICKED, customer_fbc="fb.1.1767225000000.")

    assert sent(mapped)["user_data"]["fbc"] == f"fb.1.{EVENT_TIME}000.IwAR-AbC"
    assert mapped.dropped == [Dropped("fbc", "malformed")]


def test_a_click_is_never_later_than_an_event_that_was_clamped() -> None:
    mapped = read(Rules(future="clamp"), EVENT_TIME - 30.0, fbc_from_url=True)(page=CLICKED)

    assert sent(mapped)["event_time"] == EVENT_TIME - 30
    assert sent(mapped)["user_data"]["fbc"] == f"fb.1.{EVENT_TIME - 30}000.IwAR-AbC"
    assert mapped.noted == [Noted("event_time", "clamped"), Noted("fbc", "made_from_url")]


def test_by_default_nothing_is_made_or_completed() -> None:
    user_data = sent(read()(page=CLICKED, customer_phones=[NATIONAL], customer_country="US"))["user_data"]

    assert (user_data["ph"], "fbc" in user_data) == ([hash_of("6505550112")], False)


@pytest.mark.parametrize(
    ("hashing", "raw", "value"),
    [
        ("by_shape", UUID_WITHOUT_DASHES, UUID_WITHOUT_DASHES.lower()),
        ("by_shape", "Cust 7", hash_of("cust7")),
        ("by_shape", BUILT, BUILT),
        ("always", UUID_WITHOUT_DASHES, hash_of(UUID_WITHOUT_DASHES.lower())),
        ("always", "Cust 7", hash_of("cust7")),
        ("never", UUID_WITHOUT_DASHES, UUID_WITHOUT_DASHES.lower()),
        ("never", "Cust 7", "cust7"),
        ("never", BUILT, BUILT),  # its appendix is case sensitive
    ],
)
def test_external_id_is_hashed_as_the_settings_say(hashing: ExternalIdHashing, raw: str, value: str) -> None:
    mapped = read(external_id_hashing=hashing)(customer_external_ids=[raw])

    assert sent(mapped)["user_data"]["external_id"] == [value]


def test_website_events_without_user_agent_and_url_are_counted_where_they_are_not_refused() -> None:
    mapped = read()(customer_user_agent=None, page=None)

    assert len(mapped.events) == 1
    assert mapped.noted == [Noted("client_user_agent", "missing"), Noted("event_source_url", "missing")]


def test_an_event_that_is_refused_anyway_is_not_counted_as_incomplete() -> None:
    mapped = read(Rules(strict_website=True))(customer_user_agent=None, page=None)

    assert [each.reason for each in mapped.rejections] == ["website_incomplete"]
    assert mapped.noted == []


def test_other_channels_need_neither() -> None:
    assert read()(channel="EMAIL", customer_user_agent=None, page=None).noted == []
