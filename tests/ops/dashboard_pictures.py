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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.builders import ROOT
from tests.ops.dashboard_queries import FILE, dashboard
from tests.ops.dashboard_world import joined, trouble, world
from tests.ops.tools import program
from tests.real.broker import RealBroker

PROJECT = ROOT / "k8s/grafana/pictures"
PICTURES = ROOT / "docs/pictures"
DRAWN_MS = 30_000
RATE_INTERVAL = "10s"


def main(seconds: float = 150.0) -> None:
    """Replace all pictures by new ones, of `seconds` of trouble."""
    built = _built()
    with tempfile.TemporaryDirectory() as folder, RealBroker() as broker:
        since = time.time()
        with world(broker.bootstrap, Path(folder)) as (shop, scraping, members):
            trouble(shop, seconds / 2)
            shop.sandbox.clear_faults()
            joined(shop, scraping, members)
            trouble(shop, seconds / 2)
            window = {"from": int(since) + 8, "to": int(time.time()), "step": 1}
            with _served(built) as url:
                _shoot(url, {"prometheus": scraping.url, "rate": RATE_INTERVAL, **window})


def _built() -> Path:
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


def _shoot(url: str, asked: Mapping[str, str | int]) -> None:
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        for panel in dashboard()["panels"]:
            if panel["type"] == "row":
                _shoot_row(browser, url, asked, panel["title"])
        browser.close()


def _shoot_row(browser: Browser, url: str, asked: Mapping[str, str | int], row: str) -> None:
    page = browser.new_page(viewport={"width": 1448, "height": 1400})
    page.goto(f"{url}/?{urllib.parse.urlencode({'row': row, **asked})}")
    shown = "document.querySelectorAll('[data-panel]').length"
    done = "document.querySelectorAll('[data-panel-drawn], [data-panel-empty], [data-panel-error]').length"
    page.wait_for_function(f"{shown} > 0 && {shown} === {done}", timeout=DRAWN_MS)
    page.wait_for_timeout(500)  # curves are drawn a frame after their panel
    errors = page.locator("[data-panel-error]").all_inner_texts()
    if errors:
        raise RuntimeError(f"{row}: {'; '.join(errors)}")
    for empty in page.locator("[data-panel-empty]").all():
        sys.stdout.write(f"{row}: no data for {empty.get_attribute('data-panel-empty')!r}\n")
    page.locator("#row").screenshot(path=PICTURES / f"dashboard-{re.sub(r'[^a-z]+', '-', row.lower())}.png")
    page.close()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
