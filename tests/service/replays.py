"""Replays beside a shop: what starts them, and letters for them to send."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Message

from capi_stream.sandbox.poison import Poison
from tests.builders import PIXEL
from tests.service.shop import OTHER_PIXEL, Shop, fresh, header
from tests.service.tools import configuration, tool


def replay(shop: Shop, *options: str | int, **changes: Any) -> subprocess.CompletedProcess[str]:
    return tool("replay", "-c", configuration(shop, **changes), *map(str, options))


def replaying(shop: Shop, *options: str | int, **changes: Any) -> subprocess.Popen[bytes]:
    """One that runs on by itself; its log is `replay.log` in the shop's folder."""
    command = ["-m", "capi_stream", "replay", "-c", str(configuration(shop, **changes)), *map(str, options)]
    with (shop.folder / "replay.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)


def published_and_settled(shop: Shop, events: Iterable[dict[str, Any]], **changes: Any) -> None:
    """Run the service until all of `events` are settled, and end it."""
    member = shop.run(**changes)
    shop.publish(events)
    shop.wait_until_committed()
    member.kill()


def refused(shop: Shop, number: int, **changes: Any) -> list[str]:
    """So many dead letters, which the API would take now."""
    ids = [f"order-{at}" for at in range(number)]
    shop.sandbox.poison(Poison(prefix="order-"))
    published_and_settled(shop, (fresh(each) for each in ids), **changes)
    shop.sandbox.clear_poison()
    return ids


def said(letter: Message, *names: str) -> tuple[str, ...]:
    return tuple(header(letter, name) for name in names)


def once(ids: Iterable[str]) -> Counter[str]:
    return Counter(set(ids))


def parked(shop: Shop) -> set[str]:
    """Records that were parked since their pixel's token had expired; it is renewed."""
    shop.sandbox.expire_token(str(PIXEL))
    held = [fresh(f"held-{at}") for at in range(50)]
    free = [fresh(f"free-{at}", pixel_id=OTHER_PIXEL) for at in range(50)]
    published_and_settled(shop, [*held, *free], delivery={"park_after_seconds": 1})
    assert len(shop.letters(shop.parked)) == 50
    return {each["event_id"] for each in held}


def renewed(shop: Shop) -> None:
    shop.token_file(str(PIXEL)).write_text(shop.sandbox.renew_token(str(PIXEL)))
