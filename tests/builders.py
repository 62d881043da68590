"""Small builders for tests everywhere: a commerce event, its bytes, a record, and what comes of it."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import fastavro

from capi_stream.intake.settings import IntakeSettings, Routing, TopicSettings
from capi_stream.model import Destination, Event, Headers, Partition, PixelId, Record

ROOT = Path(__file__).parents[1]
SCHEMA_TEXT = (ROOT / "avro/commerce_event.avsc").read_text()
MAPPING_TEXT = (ROOT / "capi_stream/mappings/commerce_event.yaml").read_text()
TOPIC = "commerce.events"
PIXEL = PixelId("1234567890")
SCHEMA_ID = 1
UNIX_NOW = 1_767_225_700.0
OCCURRED_AT_MS = 1_767_225_660_000  # 40 s before UNIX_NOW


def commerce_event(**changes: Any) -> dict[str, Any]:
    """A purchase on the web of two items, as an upstream system has it; `changes` replace whole fields.

    `customer_` and `order_` before a name change one field of these: `commerce_event(customer_emails=[])`.
    """
    event: dict[str, Any] = {
        "event_id": "order-1001",
        "event_type": "PURCHASE",
        "occurred_at": OCCURRED_AT_MS,
        "pixel_id": PIXEL,
        "channel": "WEBSITE",
        "page": {"url": "https://shop.example.com/thanks", "referrer_url": "https://shop.example.com/basket"},
        "customer": {
            "emails": [" Ana.Silva@Example.com "],
            "phones": ["+1 (650) 555-0112"],
            "first_name": "Ana",
            "ip_address": "198.51.100.7",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0",
        },
        "order": {
            "order_id": "O-1001",
            "value": Decimal("119.97"),
            "currency": "USD",
            "content_type": "product",
            "items": [
                {"sku": "SKU-1", "quantity": 2, "unit_price": Decimal("19.99"), "title": "Mug"},
                {"sku": "SKU-2", "unit_price": Decimal("79.99")},
            ],
        },
        "properties": {"campaign": "winter"},
    }
    for name, value in changes.items():
        within, _, member = name.partition("_")
        if within in ("customer", "order") and member:
            event[within] = {**event[within], member: value}
        else:
            event[name] = value
    return event


@cache
def parsed(schema_text: str) -> Any:
    """A schema as fastavro wants it."""
    return fastavro.parse_schema(json.loads(schema_text))


def avro_bytes(value: Any, schema_text: str = SCHEMA_TEXT) -> bytes:
    """`value` as bare Avro."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, parsed(schema_text), value)
    return stream.getvalue()


def encoded(value: dict[str, Any], schema_id: int = SCHEMA_ID, schema_text: str = SCHEMA_TEXT) -> bytes:
    """`value` in Confluent framing: a zero byte, the schema's id, Avro."""
    return b"\x00" + schema_id.to_bytes(4, "big") + avro_bytes(value, schema_text)


def record(
    value: bytes | None = None,
    *,
    topic: str = TOPIC,
    partition: int = 0,
    offset: int = 0,
    key: bytes | None = None,
    headers: Headers = (),
    timestamp_ms: int = OCCURRED_AT_MS,
) -> Record:
    """A Kafka record; without `value`, of an ordinary commerce event."""
    if value is None:
        value = encoded(commerce_event())
    return Record(Partition(topic, partition), offset, timestamp_ms, key, value, headers)


def tombstone(**changes: Any) -> Record:
    """A record without a value."""
    made = record(**changes)
    made.value = None
    return made


def event(
    body: bytes = b'{"event_name":"Purchase"}',
    *,
    pixel: str = PIXEL,
    destinations: tuple[Destination, ...] | None = None,
    event_id: str = "order-1001",
    time: int = OCCURRED_AT_MS // 1000,
    index: int = 0,
) -> Event:
    """An event as intake hands it on: encoded, for its pixel at the Graph API."""
    return Event(
        pixel=PixelId(pixel),
        destinations=(Destination(PixelId(pixel)),) if destinations is None else destinations,
        name="Purchase",
        event_id=event_id,
        time=time,
        not_after=time + 7 * 86_400,
        body=body,
        index=index,
        identifiers=("em",),
    )


def topic_settings(**changes: Any) -> TopicSettings:
    """The built-in contract, schema and mapping."""
    given: dict[str, Any] = {"name": TOPIC, "schema": SCHEMA_TEXT, "mapping": MAPPING_TEXT}
    return TopicSettings(**(given | changes))


def intake_settings(*topics: TopicSettings, **changes: Any) -> IntakeSettings:
    """One topic and one pixel, to which the store `berlin` belongs."""
    routing = Routing(destinations={PIXEL: (Destination(PIXEL),)}, stores={"berlin": PIXEL})
    given: dict[str, Any] = {"topics": topics or (topic_settings(),), "routing": routing}
    return IntakeSettings(**(given | changes))
