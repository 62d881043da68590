"""What the demo publishes: commerce events of a made-up shop, and among them some that must not arrive."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from capi_stream.cli.produce.faults import EVENT_FAULTS, spoilt
from capi_stream.cli.produce.load import confluent, encoded
from capi_stream.cli.produce.shop import Event, Shop

STEADY, THROTTLED, EXPIRED = "1000000000000001", "1000000000000002", "1000000000000003"
PIXELS = (STEADY, THROTTLED, EXPIRED)
POISON = "poison-"  # how the ids of events begin that only the API knows to be bad
ODD_ONES = 6


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


def orders(number: int, schema_id: int, seed: int = 7) -> Orders:
    """`number` records, Confluent-framed under `schema_id`: mostly good, the odd ones spread among them."""
    chance = random.Random(seed)  # noqa: S311  a demo
    shop = Shop(seed, PIXELS, denied=0.02)
    prefix = confluent(schema_id).prefix
    made = Orders()
    for position in range(number - ODD_ONES):
        event = _event(f"order-{position}", PIXELS[position % len(PIXELS)], shop)
        is_denied = (event["consent"] or {}).get("advertising") == "DENIED"
        (made.filtered if is_denied else made.accepted).add(event["event_id"])
        made.values.append(prefix + encoded(event))
    for event_id, reason, event in _bad(shop):
        made.refused[event_id] = reason
        made.values.insert(chance.randrange(len(made.values)), prefix + encoded(event))
    for value in (b"not Avro at all", prefix + encoded(_event("cut", STEADY, shop))[:-9]):
        made.unreadable += 1
        made.values.insert(chance.randrange(len(made.values)), value)
    return made


def _bad(shop: Shop) -> list[tuple[str, str, Event]]:
    """Events that end as dead letters, with the reason."""
    poison = [_event(f"{POISON}{number}", THROTTLED, shop) | {"consent": None} for number in range(2)]
    now = _milliseconds()
    return [
        *((event["event_id"], "malformed_parameter", event) for event in poison),
        *(
            (event_id, reason, spoilt(_event(event_id, pixel, shop), EVENT_FAULTS[reason], now))
            for event_id, pixel, reason in (
                ("too-old", STEADY, "event_time_too_old"),
                ("no-value", THROTTLED, "purchase_without_value"),
            )
        ),
    ]


def _event(event_id: str, pixel: str, shop: Shop) -> Event:
    return {**shop.event(_milliseconds(), "purchase"), "event_id": event_id, "pixel_id": pixel}


def _milliseconds() -> int:
    return int(time.time() * 1_000)
