"""The contract's mapping carries all that a record can say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from capi_stream.intake.intake import Intake
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.model import Mapped, SchemaRef
from tests.builders import OCCURRED_AT_MS, PIXEL, SCHEMA_ID, SCHEMA_TEXT, UNIX_NOW, encoded, intake_settings, record

EXTINFO = ["i2", "com.example.shop", "1", "1.0", "17.5", "iPhone", "en_US", "PST", *[""] * 7, "America/Los_Angeles"]
FULL: dict[str, Any] = {
    "event_id": "event-1",
    "event_type": "CUSTOM",
    "custom_event_name": "Refund",
    "occurred_at": OCCURRED_AT_MS + 999,
    "pixel_id": PIXEL,
    "store_id": "berlin",
    "channel": "APP",
    "page": {"url": "https://shop.example.com/", "referrer_url": "https://news.example.com/"},
    "customer": {
        "emails": ["ana@example.com", "silva@example.com"],
        "phones": ["+1 650 555 0112"],
        "first_name": "Ana",
        "last_name": "Silva",
        "gender": "female",
        "date_of_birth": 3653,
        "city": "Menlo Park",
        "state": "California",
        "postal_code": "94025",
        "country": "US",
        "external_ids": ["7", "8"],
        "ip_address": "2001:db8::1",
        "user_agent": "Agent/1",
        "fbc": "fb.1.1767225000000.AbC",
        "fbp": "fb.1.1767225000000.109",
        "facebook_login_id": "10",
        "subscription_id": "subscription-1",
        "lead_id": "11",
        "mobile_advertiser_id": "38400000-8CF0-11BD-B23E-10B96E40000D",
        "anonymous_id": "anonymous-1",
    },
    "order": {
        "order_id": "order-1",
        "value": Decimal("0.1000"),
        "currency": "EUR",
        "predicted_ltv": Decimal("1234567890.0001"),
        "content_type": "product_group",
        "content_name": "Mugs",
        "content_category": "Kitchen",
        "status": "refunded",
        "items": [
            {
                "sku": "mug-1",
                "quantity": 3,
                "unit_price": Decimal("19.9900"),
                "title": "Mug",
                "category": "Mugs",
                "brand": "Example",
                "delivery_category": "curbside",
            }
        ],
    },
    "search_string": "mug",
    "consent": {
        "advertising": "GRANTED",
        "limited_data_use": True,
        "data_processing_country": 1,
        "data_processing_state": 1000,
        "opt_out_of_optimization": True,
    },
    "app": {"advertiser_tracking_enabled": True, "application_tracking_enabled": False, "extinfo": EXTINFO},
    "properties": {"tier": "gold", "currency": "not ours"},
}


def members(schema: Any, value: Any, path: str = "") -> Iterator[str]:
    """The path of each field of `schema` that `value` leaves out or leaves null."""
    match schema, value:
        case [*branches], _:
            yield from members(branches[-1], value, path)
        case {"type": "record", "fields": fields}, dict():
            for field in fields:
                yield from members(field["type"], value.get(field["name"]), f"{path}.{field['name']}")
        case {"type": "array", "items": items}, [*values] if values:
            yield from members(items, values[0], path)
        case _ if value in (None, "", [], {}):
            yield path


def test_the_full_record_has_every_field_of_the_contract() -> None:
    assert list(members(json.loads(SCHEMA_TEXT), FULL)) == []


def test_every_field_of_the_contract_is_carried() -> None:
    intake = Intake(intake_settings())
    intake.learned(SchemaRef("", SCHEMA_ID), SCHEMA_TEXT)

    reading = intake(record(encoded(FULL)), UNIX_NOW)

    assert isinstance(reading, Mapped)
    assert [each.reason for each in reading.dropped] == ["shadows_parameter"]
    [event] = reading.events
    assert json.loads(event.body, parse_float=Decimal) == {
        "event_id": "event-1",
        "event_name": "Refund",
        "event_time": OCCURRED_AT_MS // 1000,
        "action_source": "app",
        "event_source_url": "https://shop.example.com/",
        "referrer_url": "https://news.example.com/",
        "opt_out": True,
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 1,
        "data_processing_options_state": 1000,
        "user_data": {
            "em": [hash_of("ana@example.com"), hash_of("silva@example.com")],
            "ph": [hash_of("16505550112")],
            "fn": [hash_of("ana")],
            "ln": [hash_of("silva")],
            "ge": [hash_of("f")],
            "db": [hash_of("19800102")],
            "ct": [hash_of("menlopark")],
            "st": [hash_of("ca")],
            "zp": [hash_of("94025")],
            "country": [hash_of("us")],
            "external_id": [hash_of("7"), hash_of("8")],
            "client_ip_address": "2001:db8::1",
            "client_user_agent": "Agent/1",
            "fbc": "fb.1.1767225000000.AbC",
            "fbp": "fb.1.1767225000000.109",
            "fb_login_id": "10",
            "subscription_id": "subscription-1",
            "lead_id": "11",
            "madid": "38400000-8CF0-11BD-B23E-10B96E40000D",
            "anon_id": "anonymous-1",
        },
        "custom_data": {
            "order_id": "order-1",
            "value": Decimal("0.1"),
            "currency": "eur",
            "predicted_ltv": Decimal("1234567890.0001"),
            "content_type": "product_group",
            "content_name": "Mugs",
            "content_category": "Kitchen",
            "status": "refunded",
            "search_string": "mug",
            "contents": [
                {
                    "id": "mug-1",
                    "quantity": 3,
                    "item_price": Decimal("19.99"),
                    "title": "Mug",
                    "category": "Mugs",
                    "brand": "Example",
                    "delivery_category": "curbside",
                }
            ],
            "tier": "gold",
        },
        "app_data": {"advertiser_tracking_enabled": True, "application_tracking_enabled": False, "extinfo": EXTINFO},
    }
