"""A shop in trouble: members under load, all that a panel shows goes wrong once, and a replay runs beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, encoded
from tests.ops.cluster_stub import cluster
from tests.ops.dashboard_prometheus import NAMESPACE, PodPrometheus
from tests.real.broker import free_port
from tests.real.clients import make_topic, wait_until
from tests.service.shop import OTHER_PIXEL, Shop, fresh
from tests.service.tools import configuration

KINDS = ("PURCHASE", "ADD_TO_CART", "VIEW_CONTENT", "PAGE_VIEW", "VIEW_CONTENT", "PAGE_VIEW", "PAGE_VIEW")
CLICKED = {"url": "https://shop.example.com/thanks?fbclid=IwAR0click"}
DENIED = {"advertising": "DENIED"}


@contextmanager
def world(broker: str, folder: Path) -> Iterator[tuple[Shop, PodPrometheus, list[Member]]]:
    """The shop with one member and a replay of what it parks, and the Prometheus that scrapes both.

    Records come until the block ends.
    """
    with (
        cluster(NAMESPACE, "capi-stream-0") as stub,
        PodPrometheus(folder / "prometheus", beside=[stub]) as scraping,
        Shop(broker, folder, partitions=4) as shop,
        load(shop),
    ):
        make_topic(broker, _small(shop), config={"max.message.bytes": "100000"})
        shop.sandbox.poison("poison-")
        shop.sandbox.expire_token(OTHER_PIXEL, in_seconds=20 * 86_400)
        first = shop.run(**changes(shop))
        with replaying(shop) as address:
            scraping.scrape_replay(address)
            scraping.scrape_pods({"capi-stream-0": first})
            yield shop, scraping, [first]


@contextmanager
def replaying(shop: Shop) -> Iterator[str]:
    """A replay that follows the parked topic; its admin address."""
    port = free_port()
    command = ["-m", "capi_stream", "replay", "-c", str(configuration(shop, **changes(shop)))]
    with (shop.folder / "replay.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command, "--parked", "--follow", "--yes"],
            env={**os.environ, "CAPI_STREAM__ADMIN__PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def joined(shop: Shop, scraping: PodPrometheus, members: list[Member]) -> None:
    """One more member; the group shares its partitions anew."""
    members.append(shop.run(**changes(shop)))
    scraping.scrape_pods({f"capi-stream-{number}": member for number, member in enumerate(members)})
    wait_until(lambda: all(each.metrics().total("assigned_partitions") for each in members), 30, "they share")
    wait_until(lambda: members[-1].metrics().total("dataset_quality_polls_total") > 1, 30, "Meta has been asked")


def changes(shop: Shop) -> dict[str, Any]:
    """Settings under which everything shows soon; the topic of dead letters takes none of 150 kB."""
    return {
        "dead_letters": {"topic": _small(shop)},
        "delivery": {"park_after_seconds": 2, "fuse": {"minimum": 100_000}},
        "identifiers": {"fbc_from_url": True},
        "quality": {"every_minutes": 15},
        "registry": {"unknown_after_seconds": 1},
    }


def _small(shop: Shop) -> str:
    return f"{shop.dead_letters}.small"


@contextmanager
def load(shop: Shop, per_second: int = 40) -> Iterator[None]:
    """Publish good and bad records all the while."""
    ended = threading.Event()
    publishing = threading.Thread(target=_publish, args=(shop, per_second, ended))
    publishing.start()
    try:
        yield
    finally:
        ended.set()
        publishing.join()


def all_goes_wrong(shop: Shop) -> None:
    """From now on the API is slow, throttles, loses answers, miscounts, is away, and refuses one pixel's token."""
    shop.sandbox.always(
        Fault("latency", delay_seconds=0.3, spread_seconds=0.29),
        Fault("usage", percent=60),
        Fault("token_invalid", pixel=str(PIXEL)),
        Fault("app_limit", rate=0.1, minutes=0.01),
        *(
            Fault(name, rate=0.1)
            for name in ("transient", "html", "unknown", "lost", "lost_behind_proxy", "short_count")
        ),
    )


def _publish(shop: Shop, per_second: int, ended: threading.Event) -> None:
    numbers = count()
    while not ended.wait(0.5):
        shop.publish_values([_value(shop, next(numbers)) for _ in range(per_second // 2)])


def _value(shop: Shop, number: int) -> bytes | None:
    match number % 40:
        case 3:
            return None  # a tombstone
        case 7:
            return b"not framed" * (15_000 if number % 400 == 7 else 1)
        case 11:
            return _framed(shop, number, order_value=None)
        case 13:
            return _framed(shop, number, consent=DENIED)
        case 17:
            return _framed(shop, number, customer_emails=["nobody"])
        case 19:
            return _framed(shop, number, page=CLICKED)
        case 21:
            return _framed(shop, number, customer_user_agent=None)
        case 23:
            return _framed(shop, number, event_id=f"poison-{number}")
        case _:
            return _framed(shop, number, event_type=KINDS[number % len(KINDS)])


def _framed(shop: Shop, number: int, **changes: Any) -> bytes:
    given: dict[str, Any] = {"event_id": f"order-{number}", "pixel_id": (str(PIXEL), OTHER_PIXEL)[number % 3 == 0]}
    return encoded(fresh(**(given | changes)), shop.schema_id)
