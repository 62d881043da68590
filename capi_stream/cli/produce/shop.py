"""What people do in a made-up shop: page views, views of products, baskets, purchases. Asks no clock."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from capi_stream.cli.produce.people import Market, Ranked
from capi_stream.cli.produce.products import priced
from capi_stream.cli.produce.visits import DENIED, Visit, Visits

Event = dict[str, Any]
"""A record of the contract, as fastavro takes it."""

MIX: Mapping[str, float] = MappingProxyType(
    {
        "page_view": 100.0,
        "view_content": 40.0,
        "add_to_cart": 9.0,
        "search": 8.0,
        "initiate_checkout": 5.0,
        "add_payment_info": 4.0,
        "purchase": 3.0,
        "add_to_wishlist": 2.0,
        "complete_registration": 1.0,
        "lead": 0.5,
        "subscribe": 0.2,
    }
)
"""Every kind of event, and how often it is beside the others: of 100 views of a page 3 end in a purchase."""

VISITS = 200  # that go on at the same time
STAYS = 0.9  # the share of page views after which the visit goes on
IN_STORE = 0.05  # of purchases
LATEST_MS = 20_000  # how long after it happened an event is published, on average a quarter of it

PAGES = Ranked(("", "sale", "new", "help/delivery", "about", "journal/autumn"))
SEARCHES = Ranked(("becher", "gift", "wool socks", "gießkanne", "cadeau", "4k monitor", "łóżko", "t-shirt"))
CAMPAIGNS = Ranked(("always-on", "winter", "newsletter", "wiedersehen"))
BASKETS = (1, 1, 1, 1, 2, 2, 3, 5)  # how many products somebody buys who is not seen to fill a basket


class Shop:
    """Makes events, one at a time, as of a Unix millisecond. The same seed and the same times make the same events.

    `pixels` are those to which they belong, in turn of the visits; `stores` names those of a pixel, if it has any.
    """

    def __init__(
        self,
        seed: int,
        pixels: Sequence[str],
        stores: Mapping[str, Sequence[str]] | None = None,
        mix: Mapping[str, float] = MIX,
        denied: float = DENIED,
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311  nothing here is secret
        self._kinds, self._weights = tuple(mix), list(accumulate(mix.values()))
        self._products: dict[str, Ranked[dict[str, Any]]] = {}
        self._comers = Visits(seed, self._chance, pixels, stores or {}, denied)
        self._visits: list[Visit] = []

    def event(self, unix_ms: int, kind: str | None = None) -> Event:
        """The next event; of `kind`, if one is given."""
        chance = self._chance
        if kind is None:
            kind = chance.choices(self._kinds, cum_weights=self._weights)[0]
        if kind == "purchase" and chance.random() < IN_STORE:
            return self._event(kind, self._comers.in_store(), unix_ms)
        at = chance.randrange(VISITS)
        while len(self._visits) <= at:
            self._visits.append(self._comers.online(unix_ms))
        made = self._event(kind, self._visits[at], unix_ms)
        if kind == "purchase" or (kind == "page_view" and chance.random() > STAYS):
            self._visits[at] = self._comers.online(unix_ms)
        return made

    def _event(self, kind: str, visit: Visit, unix_ms: int) -> Event:
        chance = self._chance
        event_id = f"{kind.replace('_', '-')}-{chance.getrandbits(64):016x}"
        searched = SEARCHES.drawn(chance) if kind == "search" else None
        order, path = self._order(kind, visit, event_id)
        return {
            "event_id": event_id,
            "event_type": kind.upper(),
            "occurred_at": unix_ms - int(LATEST_MS * chance.random() ** 3),
            "pixel_id": visit.pixel,
            "store_id": visit.store,
            "channel": visit.channel,
            "page": self._page(visit, path) if visit.channel == "WEBSITE" else None,
            "customer": visit.customer,
            "order": order,
            "search_string": searched,
            "consent": visit.consent,
            "app": visit.app,
            "properties": {"campaign": CAMPAIGNS.drawn(chance)} if chance.random() < 0.3 else {},
        }

    def _order(self, kind: str, visit: Visit, event_id: str) -> tuple[dict[str, Any] | None, str]:
        """What the event is about, and the page on which it happens."""
        match kind:
            case "view_content" | "add_to_wishlist" | "add_to_cart":
                item = self._item(visit.market)
                if kind == "add_to_cart":
                    visit.basket.append(item)
                about = {"content_name": item["title"], "content_category": item["category"]}
                return {**_sum([item], visit.market), **about}, f"p/{item['sku'].lower()}"
            case "initiate_checkout" | "add_payment_info":
                return _sum(self._filled(visit), visit.market), "checkout"
            case "purchase":
                bought = _sum(self._filled(visit), visit.market)
                return {**bought, "order_id": event_id.replace("purchase", "order"), "status": "paid"}, "thanks"
            case "complete_registration":
                return {"status": "registered"}, "welcome"
            case "search":
                return None, "search"
            case _:
                return None, PAGES.drawn(self._chance)

    def _filled(self, visit: Visit) -> list[Mapping[str, Any]]:
        """The basket; with something in it."""
        if not visit.basket:
            visit.basket.extend(self._item(visit.market) for _ in range(self._chance.choice(BASKETS)))
        return visit.basket

    def _item(self, market: Market) -> dict[str, Any]:
        products = self._products.get(market.country)
        if products is None:
            products = self._products[market.country] = priced(market)
        item = products.drawn(self._chance)
        return item if self._chance.random() < 0.85 else {**item, "quantity": self._chance.randrange(2, 7)}

    def _page(self, visit: Visit, path: str) -> dict[str, Any]:
        home = f"https://{visit.market.country.lower()}.shop.example.com/"
        referrer = "https://www.facebook.com/" if "fbc" in visit.customer else home
        return {"url": home + path, "referrer_url": referrer if self._chance.random() < 0.8 else None}


def _sum(items: Sequence[Mapping[str, Any]], market: Market) -> dict[str, Any]:
    """An order of `items`, with what they cost."""
    value = sum((item["unit_price"] * item["quantity"] for item in items), Decimal(0))
    return {"value": value, "currency": market.currency, "content_type": "product", "items": list(items)}
