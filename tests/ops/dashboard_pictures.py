"""`python -m tests.ops.dashboard_pictures [SECONDS]`: pictures of the dashboard for the docs, a row each.

Members run under load with faults, a real Prometheus scrapes them, Grafana's own React parts draw what it says and
Chromium takes the pictures. Needs npm, and what `make ops` installs.
"""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL, ROOT
from tests.ops.dashboard_queries import FILE, dashboard
from tests.ops.dashboard_world import joined, world
from tests.ops.tools import program
from tests.real.broker import RealBroker
from tests.service.shop import Shop

PROJECT = ROOT / "k8s/grafana/pictures"
PICTURES = ROOT / "docs/pictures"
DRAWN_MS = 30_000
RATE_INTERVAL = "10s"

Draw = Callable[[str, Path, float, float], None]
"""Draws the row of this title into this file, as it was between two moments, in Unix seconds."""


def main(seconds: float = 150.0) -> None:
    """Replace all pictures by new ones, of `seconds` of trouble."""
    page = built()
    with tempfile.TemporaryDirectory() as folder, RealBroker() as broker:
        since = time.time()
        with world(broker.bootstrap, Path(folder)) as (shop, scraping, members):
            _trouble(shop, seconds / 2)
            shop.sandbox.clear_faults()
            joined(shop, scraping, members)
            _trouble(shop, seconds / 2)
            until = time.time()
            with drawing(page, scraping.url, RATE_INTERVAL) as draw:
                for row in (each["title"] for each in dashboard()["panels"] if each["type"] == "row"):
                    draw(row, PICTURES / f"dashboard-{re.sub(r'[^a-z]+', '-', row.lower())}.png", since + 8, until)


def _trouble(shop: Shop, seconds: float) -> None:
    """What the API does in these seconds: it is slow, throttles, loses answers, miscounts, is away, refuses a token."""
    part = seconds / 5
    shop.sandbox.always(
        Fault("latency", delay_seconds=0.3, spread_seconds=0.29),
        Fault("latency", rate=0.1, delay_seconds=1.2),
        Fault("usage", percent=60),
    )
    shop.sandbox.always(Fault("transient", rate=0.1, seconds=seconds))
    shop.sandbox.next(Fault("lost"), Fault("short_count"), Fault("lost_behind_proxy"))
    time.sleep(part)
    shop.sandbox.always(Fault("html", seconds=part / 3))
    time.sleep(part)
    shop.sandbox.next(Fault("app_limit", minutes=0.01), Fault("lost"), Fault("short_count"), Fault("unknown"))
    time.sleep(part)
    time.sleep(part)
    shop.sandbox.always(Fault("token_invalid", pixel=str(PIXEL)))
    time.sleep(part)


def built() -> Path:
    """Grafana's parts around the committed dashboard, as a page."""
    npm = program("npm")
    subprocess.run([npm, "install"], cwd=PROJECT, check=True)
    subprocess.run([npm, "run", "build"], cwd=PROJECT, check=True)
    shutil.copy(FILE, PROJECT / "dist" / "dashboard.json")
    return PROJECT / "dist"


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def drawing(page: Path, prometheus: str, rate_interval: str) -> Iterator[Draw]:
    """Draws rows of the dashboard, as `built` has made it, from what a Prometheus knows."""
    PICTURES.mkdir(exist_ok=True)
    with _served(page) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])

        def draw(row: str, picture: Path, since: float, until: float) -> None:
            window = {"from": int(since), "to": int(until), "step": 1}
            asked = urllib.parse.urlencode({"row": row, "prometheus": prometheus, "rate": rate_interval, **window})
            _shoot(browser, f"{url}/?{asked}", row, picture)

        yield draw
        browser.close()


def _shoot(browser: Browser, url: str, row: str, picture: Path) -> None:
    page = browser.new_page(viewport={"width": 1448, "height": 1400})
    page.goto(url)
    shown = "document.querySelectorAll('[data-panel]').length"
    done = "document.querySelectorAll('[data-panel-drawn], [data-panel-empty], [data-panel-error]').length"
    page.wait_for_function(f"{shown} > 0 && {shown} === {done}", timeout=DRAWN_MS)
    page.wait_for_timeout(500)  # curves are drawn a frame after their panel
    errors = page.locator("[data-panel-error]").all_inner_texts()
    if errors:
        raise RuntimeError(f"{row}: {'; '.join(errors)}")
    for empty in page.locator("[data-panel-empty]").all():
        sys.stdout.write(f"{row}: no data for {empty.get_attribute('data-panel-empty')!r}\n")
    page.locator("#row").screenshot(path=picture)
    page.close()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
