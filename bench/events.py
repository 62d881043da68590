"""The events that are measured with: purchases of 358 bytes, nine hashed fields, three items; values spread as in life.

Names and places come from lists of thousands, a few of them far more often than the rest (the n-th about 1/n as often
as the first), so that a cache earns what it would earn in the field. E-mail addresses, phone numbers and ids are
everybody's own.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib.resources import files
from itertools import accumulate
from typing import Any, Generic, TypeVar

import fastavro

T = TypeVar("T")

SCHEMA_TEXT = files("capi_stream").joinpath("avro/commerce_event.avsc").read_text(encoding="utf-8")
SCHEMA: Any = fastavro.parse_schema(json.loads(SCHEMA_TEXT))
SCHEMA_ID = 1

NAMES = 6_000  # first names, and as many last names
PLACES = 8_000
PRODUCTS = 5_000
FLATTENED = 20  # the n-th is drawn with weight 1 / (n + FLATTENED): the first one time in 120

STARTS = (
    "an",
    "be",
    "cla",
    "dor",
    "el",
    "fi",
    "gra",
    "hel",
    "is",
    "jo",
    "ka",
    "lu",
    "mar",
    "ni",
    "ol",
    "pe",
    "ri",
    "sa",
)
ENDS = ("a", "o", "er", "en", "ia", "in", "us", "e", "is", "ón", "é", "ü")
STATES = ("California", "TX", "new york", "Florida", "WA", "Ohio", "Bayern", "Île-de-France", "Catalunya", "Ontario")
COUNTRIES = ("US", "DE", "FR", "es", "CA", "GB", "IT", "NL", "br", "MX")
MAILBOXES = ("gmail.com", "example.com", "yahoo.com", "web.de", "outlook.com", "Example.org")
ASCII = str.maketrans("óéü", "oeu")
BROWSER = "Mozilla/5.0 (Android 15) Chrome/138.0"


class Spread(Generic[T]):
    """Values of which the first are drawn most often."""

    def __init__(self, values: Sequence[T]) -> None:
        self._values = values
        self._weights = list(accumulate(1 / (rank + FLATTENED) for rank in range(1, len(values) + 1)))

    def drawn(self, chance: random.Random) -> T:
        """One of them."""
        return chance.choices(self._values, cum_weights=self._weights)[0]


class Buyers:
    """Makes purchases of `items` items, one at a time. The same seed makes the same ones."""

    def __init__(self, pixels: Sequence[str], seed: int = 1, items: int = 3) -> None:
        self._chance = chance = random.Random(seed)
        self._items = items
        self._pixels = pixels
        self._first, self._last = Spread(_different(NAMES, self._word)), Spread(_different(NAMES, self._word))
        cities = _different(PLACES, self._city)
        self._places = Spread(
            [
                (city, chance.choice(STATES), f"{chance.randrange(10_000, 99_999)}", chance.choice(COUNTRIES))
                for city in cities
            ]
        )
        self._products = Spread(
            [(f"SKU-{number}", Decimal(chance.randrange(199, 29_999)).scaleb(-2)) for number in range(PRODUCTS)]
        )

    def _city(self) -> str:
        return f"{self._word()} {self._word()[:4]}"

    def _word(self) -> str:
        chance = self._chance
        return "".join(chance.choices(STARTS, k=chance.choice((1, 2, 2, 3)))).capitalize() + chance.choice(ENDS)

    def purchase(self, number: int, unix_ms: int) -> dict[str, Any]:
        """Purchase `number`, at Unix millisecond `unix_ms`, as fastavro takes it."""
        chance = self._chance
        first, last = self._first.drawn(chance), self._last.drawn(chance)
        city, state, postal_code, country = self._places.drawn(chance)
        items: list[dict[str, Any]] = [{"sku": sku, "quantity": chance.choice((1, 1, 2)), "unit_price": price}
                 for sku, price in (self._products.drawn(chance) for _ in range(self._items))]  # fmt: skip
        return {
            "event_id": f"{chance.getrandbits(128):032x}",
            "event_type": "PURCHASE",
            "occurred_at": unix_ms,
            "pixel_id": self._pixels[number % len(self._pixels)],
            "channel": "WEBSITE",
            "page": {"url": "https://shop.example.com/thanks"},
            "customer": {
                "emails": [f"{first[:5]}.{chance.randrange(10**6)}@{chance.choice(MAILBOXES)}".translate(ASCII)],
                "phones": [
                    f"+1 ({chance.randrange(200, 999)}) {chance.randrange(200, 999)}-{chance.randrange(10**4):04}"
                ],
                "first_name": first,
                "last_name": last,
                "city": city,
                "state": state,
                "postal_code": postal_code,
                "country": country,
                "external_ids": [f"C-{chance.randrange(10**8)}"],
                "ip_address": f"198.51.{chance.randrange(256)}.{chance.randrange(256)}",
                "user_agent": BROWSER,
            },
            "order": {
                "order_id": f"O-{number}",
                "value": sum((item["unit_price"] * item["quantity"] for item in items), Decimal(0)),
                "currency": "USD",
                "content_type": "product",
                "items": items,
            },
        }

    def values(self, count: int, unix_ms: int) -> list[bytes]:
        """The values of `count` Kafka records, in Confluent framing."""
        return [framed(self.purchase(number, unix_ms)) for number in range(count)]


def framed(event: dict[str, Any]) -> bytes:
    """`event` in the contract's Avro, behind the registry's id."""
    stream = io.BytesIO()
    stream.write(b"\x00" + SCHEMA_ID.to_bytes(4, "big"))
    fastavro.schemaless_writer(stream, SCHEMA, event)
    return stream.getvalue()


def _different(count: int, make: Callable[[], str]) -> list[str]:
    """`count` different texts that `make` makes."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None
    return list(found)
