"""What the demo publishes: commerce events of a made-up shop, and among them some that must not arrive."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from typing import Any

import fastavro

STEADY, THROTTLED, EXPIRED = "1000000000000001", "1000000000000002", "1000000000000003"
PIXELS = (STEADY, THROTTLED, EXPIRED)
POISON = "poison-"  # how the ids of events begin that only the API knows to be bad
ODD_ONES = 6
CITIES = ("Berlin", "München", "São Paulo", "New York", "Łódź", "Lyon")
NAMES = ("Ana", "Björn", "Chloé", "Dmitri", "Eda", "Farid", "Grace", "Hana")


@dataclass(slots=True)
class Orders:
    """Everything that was published, and what should become of each event, by its id.

    `values` are the records' bytes; a value that is no event at all is expected by its reason alone.
    """

    values: list[bytes] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)  # event id -> reason of its dead letter
    filtered: set[str] = field(default_factory=set)
    unreadable: int = 0


def contract() -> str:
    """The Avro schema that upstream teams publish with."""
    return files("capi_stream").joinpath("avro/commerce_event.avsc").read_text()


def orders(number: int, schema_id: int, seed: int = 7) -> Orders:
    """`number` records, Confluent-framed under `schema_id`: mostly good, the odd ones spread among them."""
    chance = random.Random(seed)  # noqa: S311  a demo
    schema = fastavro.parse_schema(json.loads(contract()))
    made = Orders()
    for position in range(number - ODD_ONES):
        event = _event(f"order-{position}", PIXELS[position % len(PIXELS)], chance)
        if chance.random() < 0.02:
            event["consent"] = {"advertising": "DENIED"}
            made.filtered.add(event["event_id"])
        else:
            made.accepted.add(event["event_id"])
        made.values.append(_framed(schema, schema_id, event))
    for event_id, reason, event in _bad(chance):
        made.refused[event_id] = reason
        made.values.insert(chance.randrange(len(made.values)), _framed(schema, schema_id, event))
    for value in (b"not Avro at all", _framed(schema, schema_id, _event("cut", STEADY, chance))[:-9]):
        made.unreadable += 1
        made.values.insert(chance.randrange(len(made.values)), value)
    return made


def _bad(chance: random.Random) -> list[tuple[str, str, dict[str, Any]]]:
    """Events that end as dead letters, with the reason."""
    poison = [_event(f"{POISON}{number}", THROTTLED, chance) for number in range(2)]
    old = _event("too-old", STEADY, chance) | {"occurred_at": _milliseconds() - 8 * 86_400_000}
    free = _event("no-value", THROTTLED, chance)
    free["order"] = {**free["order"], "value": None}
    return [
        *((event["event_id"], "malformed_parameter", event) for event in poison),
        ("too-old", "event_time_too_old", old),
        ("no-value", "purchase_without_value", free),
    ]


def _event(event_id: str, pixel: str, chance: random.Random) -> dict[str, Any]:
    person = chance.randrange(5_000)
    price = Decimal(chance.randrange(500, 20_000)) / 100
    return {
        "event_id": event_id,
        "event_type": "PURCHASE",
        "occurred_at": _milliseconds() - chance.randrange(60_000),
        "pixel_id": pixel,
        "channel": "WEBSITE",
        "page": {"url": "https://shop.example.com/thanks"},
        "customer": {
            "emails": [f"Person{person}@Example.com "],
            "phones": [f"+49 (30) 555-{person:04}"],
            "first_name": chance.choice(NAMES),
            "city": chance.choice(CITIES),
            "country": "DE",
            "external_ids": [f"customer-{person}"],
            "ip_address": f"203.0.113.{person % 250 + 1}",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
        },
        "order": {
            "order_id": event_id,
            "value": price,
            "currency": "EUR",
            "items": [{"sku": f"sku-{person % 97}", "quantity": 1, "unit_price": price}],
        },
    }


def _milliseconds() -> int:
    return int(time.time() * 1_000)


def _framed(schema: Any, schema_id: int, event: Mapping[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, event)
    return b"\x00" + schema_id.to_bytes(4, "big") + body.getvalue()
