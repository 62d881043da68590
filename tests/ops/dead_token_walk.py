"""`python -m tests.ops.dead_token_walk`: how soon the dashboard names a dead token, and what its top looks like then.

The demo's stage on a real Kafka, two members, `capi-stream produce` as the load, and a Prometheus that scrapes as often
as k8s/components/monitoring asks. Then the demo's trouble begins: an answer is lost, one pixel is throttled, and the
token of another has expired. Pictures are drawn where it is run as a program, which needs npm.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from capi_stream.cli.demo.members import wait_until_ready
from capi_stream.cli.demo.orders import EXPIRED, PIXELS
from capi_stream.cli.demo.stage import Stage, stage, trouble
from tests.builders import ROOT
from tests.ops.dashboard_prometheus import PodPrometheus
from tests.ops.dashboard_queries import panel, substituted
from tests.ops.prometheus import Series
from tests.real.broker import RealBroker
from tests.real.clients import wait_until

RATE = 100  # records a second
TOKEN_CODE = "190"
MINUTE = 60.0
MEMBERS = 2
SCRAPES = 4  # of a healthy run
MONITOR = ROOT / "k8s/components/monitoring/podmonitor.yaml"


class Step(NamedTuple):
    """A panel on the way, and whether what it shows tells of the dead token."""

    title: str
    tells: Callable[[Sequence[Series]], bool]


def _is_red(shown: Sequence[Series]) -> bool:
    return any(each.value >= 1 for each in shown)


def _names_it(shown: Sequence[Series]) -> bool:
    """The first row, in the table's order, is the pixel and the reason."""
    rows = sorted(shown, key=lambda each: (each.labels["waits_for"], -each.value))
    return [tuple(each.labels[name] for name in ("name", "reason", "waits_for")) for each in rows[:1]] == [
        (EXPIRED, "token_invalid", "a person")
    ]


def _has_the_code(shown: Sequence[Series]) -> bool:
    """The legend does: the first of them are no rise yet, which a rate could show."""
    return any(each.labels["code"] == TOKEN_CODE for each in shown)


PATH = (
    Step("Held", _is_red),
    Step("What is held now, and why", _names_it),
    Step("Errors by code", _has_the_code),
)


class Walk:
    """The demo under load, and the panels of the path as somebody sees them who looks at a moment."""

    def __init__(self, made: Stage, scraping: PodPrometheus) -> None:
        self._made = made
        self.scraping = scraping

    def wait_until_all_flow(self) -> None:
        """Wait until each pixel's events have been seen to be accepted, over some scrapes."""
        seen = f"count(count_over_time(capi_stream_build_info[5m]) >= {SCRAPES})"
        flowing = 'count(sum by (pixel) (increase(capi_stream_events_total{outcome="accepted"}[1m])) > 0)'
        wait_until(lambda: self.scraping.value(seen) == MEMBERS, 2 * MINUTE, "all members are seen")
        wait_until(lambda: self.scraping.value(flowing) == len(PIXELS), 2 * MINUTE, "every pixel flows")

    def trouble(self) -> float:
        """Let the token die; the moment, in Unix seconds."""
        trouble(self._made)
        return time.time()

    def tells(self, step: Step, at: float) -> bool:
        """Whether the panel of `step` told of a dead token at Unix second `at`."""
        return all(
            step.tells(self.scraping.query(substituted(target["expr"], "60s", "3h"), at))
            for target in panel(step.title)["targets"]
        )

    def told_after(self, died_at: float) -> dict[str, float]:
        """Panel -> seconds from the death to the first look at which it told. Raises AssertionError at the deadline."""
        told: dict[str, float] = {}

        def look() -> bool:
            now = time.time()
            told.update(
                {each.title: now - died_at for each in PATH if each.title not in told and self.tells(each, now)}
            )
            return len(told) == len(PATH)

        wait_until(look, MINUTE, f"all of {[each.title for each in PATH]} tell of it")
        return told


@contextmanager
def walk(broker: str, folder: Path) -> Iterator[Walk]:
    """The demo with two members under load, until the block ends."""
    with (
        PodPrometheus(folder / "prometheus", scrape=scrape_interval()) as scraping,
        stage(broker, None, time.sleep) as made,
    ):
        for _ in range(MEMBERS):
            made.start_member()
        wait_until_ready(made.members, 40)
        scraping.scrape_pods({f"capi-stream-{number}": member for number, member in enumerate(made.members)})
        with _load(made, folder / "produce.log"):
            yield Walk(made, scraping)


def scrape_interval() -> str:
    """How often Prometheus scrapes in a cluster."""
    (endpoint,) = yaml.safe_load(MONITOR.read_text())["spec"]["podMetricsEndpoints"]
    interval: str = endpoint["interval"]
    return interval


@contextmanager
def _load(made: Stage, log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "capi_stream", "produce", "-c", str(made.config), "--rate", str(RATE)]
    with log.open("wb") as said:
        producing = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        yield
        assert producing.poll() is None, log.read_text()
    finally:
        producing.terminate()
        producing.wait()


def main() -> None:
    """Draw the top of the dashboard before and after, and say how long each panel took."""
    from tests.ops.dashboard_pictures import PICTURES, built, drawing

    page = built()
    with (
        tempfile.TemporaryDirectory() as folder,
        RealBroker() as broker,
        walk(broker.bootstrap, Path(folder)) as run,
        drawing(page, run.scraping.url, "60s") as draw,
    ):
        since = time.time()
        run.wait_until_all_flow()
        draw("The promise", PICTURES / "dead-token-before.png", since, time.time())
        died_at = run.trouble()
        told = run.told_after(died_at)
        draw("The promise", PICTURES / "dead-token-after.png", since, time.time())
    for title, seconds in told.items():
        sys.stdout.write(f"{title}: {seconds:.0f} s\n")


if __name__ == "__main__":
    main()
