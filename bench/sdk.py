"""The same event by Meta's own SDK for Python: its objects, its normal forms and hashes, json."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.content import Content
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.user_data import UserData

from bench.events import SCHEMA
from bench.floor import EVENT_NAMES


def by_sdk(value: bytes) -> tuple[str, bytes]:
    """The pixel of a record's value, and its event as JSON."""
    stream = io.BytesIO(value)
    stream.seek(5)
    record: Any = fastavro.schemaless_reader(stream, SCHEMA)
    customer, order = record["customer"], record["order"]
    event = Event(
        event_name=EVENT_NAMES[record["event_type"]],
        event_time=int(record["occurred_at"].timestamp()),
        event_id=record["event_id"],
        action_source=ActionSource[record["channel"]],
        event_source_url=record["page"]["url"],
        user_data=UserData(
            emails=customer["emails"],
            phones=customer["phones"],
            first_name=customer["first_name"],
            last_name=customer["last_name"],
            city=customer["city"],
            state=customer["state"],
            zip_code=customer["postal_code"],
            country_code=customer["country"].lower(),
            external_ids=customer["external_ids"],
            client_ip_address=customer["ip_address"],
            client_user_agent=customer["user_agent"],
        ),
        custom_data=CustomData(
            value=float(order["value"]),
            currency=order["currency"],
            order_id=order["order_id"],
            content_type=order["content_type"],
            contents=[
                Content(product_id=item["sku"], quantity=item["quantity"], item_price=float(item["unit_price"]))
                for item in order["items"]
            ],
        ),
    )
    return record["pixel_id"], json.dumps(event.normalize()).encode()
