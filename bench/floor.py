"""The floor: what a good engineer writes in an afternoon for this one schema. Plain code, not made slow.

It decodes, normalises the obvious, hashes, makes the same event and writes its JSON. It checks nothing, keeps no
offset, knows no second schema, and its normal forms are wrong wherever a name, a phone number or a state is not plain.
"""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

import fastavro
import orjson

from bench.events import SCHEMA

EVENT_NAMES = {"PURCHASE": "Purchase", "PAGE_VIEW": "PageView", "ADD_TO_CART": "AddToCart", "LEAD": "Lead"}
NO_DIGIT = re.compile(r"\D")
NO_LETTER = re.compile(r"[^\w]|\d")


def hashed(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def floor(value: bytes) -> tuple[str, bytes]:
    """The pixel of a record's value, and its event as JSON."""
    stream = io.BytesIO(value)
    stream.seek(5)
    record: Any = fastavro.schemaless_reader(stream, SCHEMA)
    customer, order = record["customer"], record["order"]
    user_data: dict[str, Any] = {
        "em": [hashed(email.strip().lower()) for email in customer["emails"]],
        "ph": [hashed(NO_DIGIT.sub("", phone).lstrip("0")) for phone in customer["phones"]],
        "external_id": [hashed(external_id.strip().lower()) for external_id in customer["external_ids"]],
        "client_ip_address": customer["ip_address"],
        "client_user_agent": customer["user_agent"],
    }
    if customer["first_name"]:
        user_data["fn"] = [hashed(customer["first_name"].strip().lower())]
    if customer["last_name"]:
        user_data["ln"] = [hashed(customer["last_name"].strip().lower())]
    if customer["city"]:
        user_data["ct"] = [hashed(NO_LETTER.sub("", customer["city"].lower()))]
    if customer["state"]:
        user_data["st"] = [hashed(NO_LETTER.sub("", customer["state"].lower()))]
    if customer["postal_code"]:
        user_data["zp"] = [hashed(customer["postal_code"].replace(" ", "").lower())]
    if customer["country"]:
        user_data["country"] = [hashed(customer["country"].strip().lower())]
    event = {
        "event_name": EVENT_NAMES[record["event_type"]],
        "event_time": int(record["occurred_at"].timestamp()),
        "event_id": record["event_id"],
        "action_source": record["channel"].lower(),
        "event_source_url": record["page"]["url"],
        "user_data": user_data,
        "custom_data": {
            "value": float(order["value"]),
            "currency": order["currency"].lower(),
            "order_id": order["order_id"],
            "content_type": order["content_type"],
            "contents": [
                {"id": item["sku"], "quantity": item["quantity"], "item_price": float(item["unit_price"])}
                for item in order["items"]
            ],
        },
    }
    return record["pixel_id"], orjson.dumps(event)
