"""Who comes to a made-up shop, and how: on the web, by the app, or into one of its stores."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from capi_stream.cli.produce.people import MARKETS, Market, Ranked, person

CUSTOMERS = 200_000
BY_APP = 0.15  # of visits that are not to a store
HAS_FBP, HAS_FBC = 0.85, 0.2  # of visits on the web
ROUTED_BY_STORE = 0.3  # of visits to a pixel that has stores: their events name no pixel
DENIED = 0.03  # of visits: consent is refused
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


@dataclass(slots=True)
class Visit:
    """One person in the shop, and what the basket holds."""

    market: Market
    pixel: str | None
    store: str
    channel: str
    customer: Mapping[str, Any]
    consent: Mapping[str, Any] | None
    app: Mapping[str, Any] | None = None
    basket: list[Mapping[str, Any]] = field(default_factory=list)


class _Comer(NamedTuple):
    """Customer `number`, `own` draws what is the same each time; and where this visit goes."""

    number: int
    own: random.Random
    market: Market
    customer: dict[str, Any]
    pixel: str | None
    store: str


class Visits:
    """Makes visits, one at a time, as `chance` will have it. `stores` names those of a pixel, if it has any."""

    def __init__(
        self,
        seed: int,
        chance: random.Random,
        pixels: Sequence[str],
        stores: Mapping[str, Sequence[str]],
        denied: float,
    ) -> None:
        self._seed = seed
        self._chance = chance
        self._pixels = Ranked(pixels)
        self._stores = stores
        self._denied = denied

    def online(self, unix_ms: int) -> Visit:
        """On the web, or by the app."""
        comer = self._comer()
        if self._chance.random() >= BY_APP:
            comer.customer.update(self._browser(unix_ms))
            return self._visit(comer, "WEBSITE")
        phone, installation = _uuid(comer.own), f"installation-{comer.number}"
        comer.customer.update(mobile_advertiser_id=phone, anonymous_id=installation, ip_address=_address(self._chance))
        visit = self._visit(comer, "APP")
        visit.app = _app(comer.market, self._chance)
        return visit

    def in_store(self) -> Visit:
        """Somebody with a card, which is shown at the till."""
        comer = self._comer()
        comer.customer["external_ids"] = [f"customer-{comer.number}"]
        return self._visit(comer, "PHYSICAL_STORE")

    def _comer(self) -> _Comer:
        chance = self._chance
        number = int(CUSTOMERS * chance.random() ** 2)  # some come often
        own = random.Random(self._seed * 1_000_003 + number)  # noqa: S311  the same customer is the same person again
        market = MARKETS.drawn(own)
        customer = person(market, number, own)
        pixel = self._pixels.drawn(chance)
        stores = self._stores.get(pixel)
        if not stores:
            return _Comer(number, own, market, customer, pixel, f"shop-{market.country.lower()}")
        store = chance.choice(stores)
        return _Comer(number, own, market, customer, None if chance.random() < ROUTED_BY_STORE else pixel, store)

    def _visit(self, comer: _Comer, channel: str) -> Visit:
        consent = self._consent(comer.customer)
        return Visit(comer.market, comer.pixel, comer.store, channel, comer.customer, consent)

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
