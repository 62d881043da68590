"""A made-up shop and the people in it: page views, views of products, baskets, purchases. Asks no clock."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from capi_stream.cli.produce.people import MARKETS, Market, Ranked, person
from capi_stream.cli.produce.products import priced

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
CUSTOMERS = 200_000
STAYS = 0.9  # the share of page views after which the visit goes on
BY_APP, IN_STORE = 0.15, 0.05  # of visits; of purchases
HAS_FBP, HAS_FBC = 0.85, 0.2  # of visits on the web
ROUTED_BY_STORE = 0.3  # of visits to a pixel that has stores: their events name no pixel
DENIED = 0.03  # of visits: consent is refused
LATEST_MS = 20_000  # how long after it happened an event is published, on average a quarter of it
DAY_MS = 86_400_000

BROWSERS = Ranked(
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    )
)
PAGES = Ranked(("", "sale", "new", "help/delivery", "about", "journal/autumn"))
SEARCHES = Ranked(("becher", "gift", "wool socks", "gießkanne", "cadeau", "4k monitor", "łóżko", "t-shirt"))
CAMPAIGNS = Ranked(("always-on", "winter", "newsletter", "wiedersehen"))
BASKETS = (1, 1, 1, 1, 2, 2, 3, 5)  # how many products somebody buys who is not seen to fill a basket


@dataclass(slots=True)
class Visit:
    """One person in the shop, and what the basket holds."""

    market: Market
    pixel: str | None
    store: str
    channel: str
    customer: Mapping[str, Any]
    consent: Mapping[str, Any] | None
    app: Mapping[str, Any] | None
    basket: list[Mapping[str, Any]] = field(default_factory=list)


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
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311  nothing here is secret
        self._pixels = Ranked(pixels)
        self._stores = stores or {}
        self._kinds, self._weights = tuple(mix), list(accumulate(mix.values()))
        self._denied = denied
        self._products: dict[str, Ranked[dict[str, Any]]] = {}
        self._visits: list[Visit] = []

    def event(self, unix_ms: int, kind: str | None = None) -> Event:
        """The next event; of `kind`, if one is given."""
        chance = self._chance
        if kind is None:
            kind = chance.choices(self._kinds, cum_weights=self._weights)[0]
        if kind == "purchase" and chance.random() < IN_STORE:
            return self._event(kind, self._visit(unix_ms, is_in_store=True), unix_ms)
        at = chance.randrange(VISITS)
        while len(self._visits) <= at:
            self._visits.append(self._visit(unix_ms))
        made = self._event(kind, self._visits[at], unix_ms)
        if kind == "purchase" or (kind == "page_view" and chance.random() > STAYS):
            self._visits[at] = self._visit(unix_ms)
        return made

    # Who comes.

    def _visit(self, unix_ms: int, *, is_in_store: bool = False) -> Visit:
        chance = self._chance
        number = int(CUSTOMERS * chance.random() ** 2)  # some come often
        own = random.Random(self._seed * 1_000_003 + number)  # noqa: S311  the same customer is the same person again
        market = MARKETS.drawn(own)
        customer = person(market, number, own)
        pixel = self._pixels.drawn(chance)
        stores = self._stores.get(pixel)
        store = chance.choice(stores) if stores else f"shop-{market.country.lower()}"
        is_routed = bool(stores) and chance.random() < ROUTED_BY_STORE
        by_app = not is_in_store and chance.random() < BY_APP
        if is_in_store:
            customer["external_ids"] = [f"customer-{number}"]  # the card that was shown at the till
        elif by_app:
            customer |= {"mobile_advertiser_id": _uuid(own), "anonymous_id": f"installation-{number}"}
            customer["ip_address"] = _address(chance)
        else:
            customer |= self._browser(unix_ms)
        return Visit(
            market=market,
            pixel=None if is_routed else pixel,
            store=store,
            channel="PHYSICAL_STORE" if is_in_store else "APP" if by_app else "WEBSITE",
            customer=customer,
            consent=self._consent(customer),
            app=_app(market, chance) if by_app else None,
        )

    def _browser(self, unix_ms: int) -> dict[str, Any]:
        chance = self._chance
        known = {"user_agent": BROWSERS.drawn(chance), "ip_address": _address(chance)}
        if chance.random() < HAS_FBP:
            since = unix_ms - chance.randrange(90 * DAY_MS)
            known["fbp"] = f"fb.1.{since}.{chance.randrange(10**9, 2**31)}"
        if chance.random() < HAS_FBC:
            known["fbc"] = f"fb.1.{unix_ms - chance.randrange(DAY_MS)}.IwAR{chance.getrandbits(160):040x}"
        return known

    def _consent(self, customer: Mapping[str, Any]) -> dict[str, Any] | None:
        drawn = self._chance.random()
        if drawn < self._denied:
            return {"advertising": "DENIED"}
        if customer.get("state") == "CA":
            return {
                "advertising": "GRANTED",
                "limited_data_use": drawn > 0.5,
                "data_processing_country": 1,
                "data_processing_state": 1000,
            }
        return None if drawn > 0.7 else {"advertising": "GRANTED"}

    # What they do.

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


def _app(market: Market, chance: random.Random) -> dict[str, Any]:
    """The app on a phone, with the 16 values that Meta documents."""
    is_apple = chance.random() < 0.6
    system = ("i2", "18.5", "iPhone17,1") if is_apple else ("a2", "15", "Pixel 9")
    first, version, model = system
    language = market.language.replace("-", "_")
    extinfo = [first, "com.example.shop", "412", "4.1.2", version, model, language, "", "", "", "", "", "", "", "", ""]
    may_track = chance.random() < 0.5
    return {"advertiser_tracking_enabled": may_track, "application_tracking_enabled": True, "extinfo": extinfo}


def _address(chance: random.Random) -> str:
    """An address that belongs to nobody (RFC 5737, RFC 3849)."""
    if chance.random() < 0.4:
        return f"2001:db8:{chance.getrandbits(16):x}:{chance.getrandbits(16):x}::{chance.randrange(1, 0xFFFF):x}"
    return chance.choice(("192.0.2.", "198.51.100.", "203.0.113.")) + str(chance.randrange(1, 255))


def _uuid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
