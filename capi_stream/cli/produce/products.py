"""What the made-up shop sells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from capi_stream.cli.produce.people import Market, Ranked

SHELVES = {
    "Küche": "Becher 9 Käsereibe 14 Teekanne 39 Gusspfanne 79 Espressokocher 34 Messerblock 129 Schürze 25",
    "Garten": "Gießkanne 22 Spaten 35 Hängematte 89 Blumenzwiebeln 12 Sonnenschirm 149 Vogelhäuschen 29 Rasenmäher 399",
    "Lighting": "Desk_lamp 49 Lantern 27 Fairy_lights 15 Floor_lamp 139 Light_bulb_E27 5",
    "Books": "Atlas 58 Cookbook 32 Notebook 11 Children's_book 16 Travel_guide 19 Crime_novel 13",
    "Kids": "Puzzle_1000 18 Wooden_train 64 Plush_bear 24 Jeu_de_société 37 Trottinette 99 Crayons 8",
    "Wear": "Wool_socks 12 Rain_jacket 159 Écharpe 42 Linen_shirt 69 Sneakers 119 T-shirt 21",
    "Electronics": "Headphones 199 Power_bank 44 Smart_plug 17 Keyboard 89 USB-C_cable 10",
}
"""Category -> titles, each with its price in euros."""

BRANDS = ("Nordlicht", "Bøgh & Søn", "Maison Chloé", "Ostwind", "Łąka", "Acme")


def _catalogue() -> list[tuple[str, str, str, int]]:
    rows: list[tuple[str, str, str, int]] = []
    for category, text in SHELVES.items():
        words = text.split()
        for title, euros in zip(words[::2], words[1::2], strict=True):
            brand = BRANDS[len(rows) % len(BRANDS)]
            rows.append((title.replace("_", " "), category, brand, int(euros)))
    return [rows[at * 11 % len(rows)] for at in range(len(rows))]  # what sells best comes from all shelves


CATALOGUE = _catalogue()


def priced(market: Market) -> Ranked[dict[str, Any]]:
    """Every product as a line of an order, at the market's price, the best seller first."""
    return Ranked(
        [
            {
                "sku": f"SKU-{1000 + number}",
                "quantity": 1,
                "unit_price": Decimal(round(euros * market.rate)) - Decimal("0.01"),
                "title": title,
                "category": category,
                "brand": brand,
            }
            for number, (title, category, brand, euros) in enumerate(CATALOGUE)
        ]
    )
