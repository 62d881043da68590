"""python -m tests.ops.pictures_status: draws docs/pictures/status-*.png anew, from a member on a real broker."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.builders import SCHEMA_TEXT
from tests.ops.test_status_page import draw
from tests.real.broker import RealBroker
from tests.real.clients import make_topic
from tests.service.shop import Shop

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def name(shop: Shop, broker: str) -> None:
    """Give the shop's topics the names that the docs use."""
    shop.topic, shop.dead_letters, shop.parked = "commerce.events", "capi-stream.dead-letters", "capi-stream.parked"
    shop.group = "capi-stream"
    make_topic(broker, shop.topic, 4)
    for letters in (shop.dead_letters, shop.parked):
        make_topic(broker, letters)
    shop.schema_id = shop.registry.register(f"{shop.topic}-value", SCHEMA_TEXT)


def main() -> None:
    """Draw them."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, RealBroker() as broker, Shop(broker.bootstrap, Path(folder)) as shop:
        name(shop, broker.bootstrap)
        draw(shop, PICTURES)


if __name__ == "__main__":
    main()
