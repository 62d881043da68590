"""The event that a record of the contract becomes: its parameters, its pixel, its identity."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Dropped, Mapped, PixelId
from tests.builders import OCCURRED_AT_MS, PIXEL, SCHEMA_TEXT, UNIX_NOW, commerce_event, encoded, record
from tests.intake.commerce import INTAKE, body_of, event_of, new_intake, read


def test_a_purchase_becomes_the_event_that_the_reference_describes() -> None:
    assert body_of() == {
        "event_name": "Purchase",
        "event_time": OCCURRED_AT_MS // 1000,
        "event_id": "order-1001",
        "action_source": "website",
        "event_source_url": "https://shop.example.com/thanks",
        "referrer_url": "https://shop.example.com/basket",
        "user_data": {
            "em": [hash_of("ana.silva@example.com")],
            "ph": [hash_of("16505550112")],
            "fn": [hash_of("ana")],
            "client_ip_address": "198.51.100.7",
            "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
        },
        "custom_data": {
            "value": Decimal("119.97"),
            "currency": "usd",
            "order_id": "O-1001",
            "content_type": "product",
            "contents": [
                {"id": "SKU-1", "quantity": 2, "item_price": Decimal("19.99"), "title": "Mug"},
                {"id": "SKU-2", "quantity": 1, "item_price": Decimal("79.99")},
            ],
            "campaign": "winter",
        },
    }


def test_an_event_knows_where_it_goes_and_until_when() -> None:
    event = event_of()

    assert (event.pixel, event.destinations) == (PIXEL, (Destination(PIXEL),))
    assert (event.name, event.event_id, event.time) == ("Purchase", "order-1001", OCCURRED_AT_MS // 1000)
    assert event.not_after == event.time + 7 * 86_400
    assert event.identifiers == ("em", "ph", "fn", "client_ip_address", "client_user_agent")


@pytest.mark.parametrize(
    ("field", "raw", "key", "sent"),
    [
        ("emails", ["a@b.co", " A@B.co"], "em", [hash_of("a@b.co")]),
        ("phones", ["+44 20 7946 0112"], "ph", [hash_of("442079460112")]),
        ("first_name", "Zoë", "fn", [hash_of("zoë")]),
        ("last_name", "O'Neil", "ln", [hash_of("oneil")]),
        ("gender", "Female", "ge", [hash_of("f")]),
        ("date_of_birth", 3653, "db", [hash_of("19800102")]),
        ("city", "St. John's", "ct", [hash_of("stjohns")]),
        ("state", "California", "st", [hash_of("ca")]),
        ("postal_code", "94025-1234", "zp", [hash_of("94025")]),
        ("country", "US", "country", [hash_of("us")]),
        ("external_ids", ["Cust 7"], "external_id", [hash_of("cust7")]),
        ("ip_address", "198.51.100.9", "client_ip_address", "198.51.100.9"),
        ("user_agent", "Agent/2", "client_user_agent", "Agent/2"),
        ("fbc", "fb.1.1767225000000.AbC", "fbc", "fb.1.1767225000000.AbC"),
        ("fbp", "fb.1.1767225000000.109", "fbp", "fb.1.1767225000000.109"),
        ("facebook_login_id", "77", "fb_login_id", "77"),
        ("subscription_id", "sub-5", "subscription_id", "sub-5"),
        ("lead_id", "123456", "lead_id", "123456"),
        ("mobile_advertiser_id", "AB-CD", "madid", "AB-CD"),
        ("anonymous_id", "anon-1", "anon_id", "anon-1"),
    ],
)
def test_every_field_of_a_customer_becomes_its_parameter(field: str, raw: Any, key: str, sent: Any) -> None:
    assert body_of(**{f"customer_{field}": raw})["user_data"][key] == sent


def test_the_contract_has_no_customer_field_that_is_not_sent() -> None:
    [customer] = [field for field in json.loads(SCHEMA_TEXT)["fields"] if field["name"] == "customer"]
    parametrized = test_every_field_of_a_customer_becomes_its_parameter.pytestmark[0].args[1]

    assert {field["name"] for field in customer["type"]["fields"]} == {field for field, *_ in parametrized}


@pytest.mark.parametrize(
    ("event_type", "custom_name", "sent"),
    [("PURCHASE", None, "Purchase"), ("ADD_TO_CART", "x", "AddToCart"), ("CUSTOM", "Returned", "Returned")],
)
def test_an_event_is_named_by_its_type_or_by_itself(event_type: str, custom_name: str | None, sent: str) -> None:
    assert body_of(event_type=event_type, custom_event_name=custom_name)["event_name"] == sent


@pytest.mark.parametrize(
    ("consent", "sent"),
    [
        (None, {}),
        ({"limited_data_use": False}, {"opt_out": False}),
        ({"opt_out_of_optimization": True}, {"opt_out": True}),
        (
            {"limited_data_use": True},
            {
                "opt_out": False,
                "data_processing_options": ["LDU"],
                "data_processing_options_country": 0,
                "data_processing_options_state": 0,
            },
        ),
        (
            {"limited_data_use": True, "data_processing_country": 1, "data_processing_state": 1000},
            {
                "opt_out": False,
                "data_processing_options": ["LDU"],
                "data_processing_options_country": 1,
                "data_processing_options_state": 1000,
            },
        ),
    ],
)
def test_consent_becomes_opt_out_and_limited_data_use(consent: Any, sent: dict[str, Any]) -> None:
    body = body_of(consent=consent)

    assert {key: body[key] for key in body if key.startswith("data_processing") or key == "opt_out"} == sent


def test_an_app_event_carries_its_device() -> None:
    extinfo = ["a2", "com.example.shop", "1", "1.0", "14", *[""] * 11]
    app = {"advertiser_tracking_enabled": True, "application_tracking_enabled": False, "extinfo": extinfo}

    body = body_of(channel="APP", app=app)

    assert body["action_source"] == "app"
    assert body["app_data"] == app


def test_an_event_without_an_order_has_only_its_properties() -> None:
    body = body_of(event_type="SEARCH", order=None, search_string="blue mug", properties={"shelf": "3"})

    assert body["custom_data"] == {"search_string": "blue mug", "shelf": "3"}


def test_an_event_with_nothing_to_say_of_an_order_has_no_custom_data() -> None:
    assert "custom_data" not in body_of(event_type="PAGE_VIEW", order=None, properties={})


def test_a_property_never_takes_the_place_of_a_parameter() -> None:
    reading = read(properties={"value": "1000000", "shelf": "3"})

    assert json.loads(reading.events[0].body)["custom_data"]["value"] == 119.97
    assert reading.dropped == [Dropped("custom_data", "shadows_parameter")]


def test_money_is_never_rounded() -> None:
    body = event_of(order_value=Decimal("99999999999999.9999")).body

    assert b'"value":99999999999999.9999' in body


@pytest.mark.parametrize(
    ("pixel_id", "store_id", "default", "pixel"),
    [
        ("1234567890", None, None, "1234567890"),
        ("1234567890", "paris", None, "1234567890"),
        (None, "berlin", None, "1234567890"),
        ("", "berlin", None, "1234567890"),
        (None, "paris", None, None),
        (None, None, None, None),
        (None, "paris", "1234567890", "1234567890"),
        ("999", "berlin", "1234567890", None),
    ],
)
def test_the_pixel_is_the_records_own_or_its_stores_or_the_default(
    pixel_id: str | None, store_id: str | None, default: str | None, pixel: str | None
) -> None:
    routing = Routing({PIXEL: (Destination(PIXEL),)}, {"berlin": PIXEL}, PixelId(default) if default else None)

    reading = read(new_intake(routing=routing), pixel_id=pixel_id, store_id=store_id)

    if pixel:
        assert [event.pixel for event in reading.events] == [pixel]
    else:
        assert [(each.stage, each.reason) for each in reading.rejections] == [("map", "pixel_not_configured")]


@pytest.mark.parametrize("event_id", ["", "  "])
def test_a_record_without_an_id_gets_the_same_one_at_every_reading(event_id: str) -> None:
    value = encoded(commerce_event(event_id=event_id))

    first, again, other = (INTAKE(record(value, offset=offset), UNIX_NOW) for offset in (5, 5, 6))

    assert isinstance(first, Mapped)
    assert first == again != other
    assert json.loads(first.events[0].body)["event_id"] == first.events[0].event_id != event_id
