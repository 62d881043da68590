"""The API goes down for minutes while orders keep coming: does the service's memory stay flat, and is nothing lost?

python -m tests.faults.outage --minutes 10 --rate 5000           for all pixels
python -m tests.faults.outage --minutes 10 --rate 5000 --held    for one of two, whose token is dead: it is parked

A real broker, a real process of the service with its default limits, a sandbox. Exit code 1 if memory grew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from capi_stream.cli.demo.members import Member
from capi_stream.sandbox.faults import Fault
from tests.faults.memory import MB, Sample, memory_of, slope
from tests.faults.numbered import READING, NumberedLedger, orders_of_letters
from tests.faults.publishing import Publisher, template
from tests.real.broker import RealBroker
from tests.service.shop import OTHER_PIXEL, PIXELS, Shop, merged

PARTITIONS = 4
# What memory may grow from a quarter of the outage, when buffers are full, to its end: neither more than this.
GROWTH_SHARE, GROWTH_BYTES = 0.10, 16 * MB
TELL_EVERY_SECONDS = 15.0
DEFAULT_LIMITS = {"delivery": {"linger_seconds": None, "commit_interval_seconds": None}}  # Shop's are for quick tests

Down = Literal["html", "refused", "hung_up", "latency"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One measurement. `rate` in records a second; `down` is how the API fails, `is_held` spares one pixel of two.

    A pixel that is not held must have its events accepted within `wait_seconds` even then, and the process must stay
    under `most_bytes`. `changes` go over the service's settings.
    """

    rate: float
    outage_seconds: float
    before_seconds: float = 15.0
    down: Down = "html"
    is_held: bool = False
    wait_seconds: float = 60.0  # a held lane is parked after 30 s in the way of others; then what waited is worked off
    most_bytes: int = 384 * 1024 * 1024  # the memory limit in k8s/base/statefulset.yaml
    growth_share: float = GROWTH_SHARE
    growth_bytes: int = GROWTH_BYTES
    least_rate: float = 1_000.0  # what the service surely delivers a second: how long catching up may take
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen. `missing` orders were published and neither accepted nor parked."""

    plan: Plan
    samples: Sequence[Sample]
    published: int
    rate: float
    committed: int
    accepted: int
    parked: int
    missing: int

    @property
    def outage(self) -> list[Sample]:
        """The samples after the first quarter of the outage: by then what can be full is full."""
        during = [sample for sample in self.samples if sample.phase == "outage"]
        begin = during[0].at + self.plan.outage_seconds / 4
        return [sample for sample in during if sample.at >= begin]

    @property
    def growth(self) -> int:
        """Bytes between a quarter of the outage and its end."""
        return self.outage[-1].memory.resident - self.outage[0].memory.resident

    @property
    def slope(self) -> float:
        """Bytes a minute."""
        return slope([(sample.at / 60, float(sample.memory.resident)) for sample in self.outage])

    @property
    def peak(self) -> Sample:
        """When memory was largest."""
        return max(self.samples, key=lambda sample: sample.memory.resident)

    @property
    def waited(self) -> float:
        """The longest that an order of the pixel that was not held waited, in the whole outage."""
        return max((each.waited.get(OTHER_PIXEL, 0.0) for each in self.samples if each.phase == "outage"), default=0.0)

    def faults(self) -> list[str]:
        """What is not as it should be, a sentence each; empty if all is."""
        allowed = min(self.plan.growth_bytes, self.plan.growth_share * self.outage[0].memory.resident)
        checks = [
            (self.growth <= allowed, f"memory grew by {_mb(self.growth)} MB; allowed are {_mb(allowed)}"),
            (self.peak.memory.resident <= self.plan.most_bytes, f"the peak is over {_mb(self.plan.most_bytes)} MB"),
            (self.committed == self.published, f"committed are {self.committed:,} of {self.published:,} records"),
            (self.missing == 0, f"{self.missing:,} orders are neither accepted nor parked"),
            (self.plan.is_held or not self.parked, f"{self.parked:,} orders were parked in an outage of the API"),
        ]
        if self.plan.is_held:
            checks.append((self.waited <= self.plan.wait_seconds, f"a free pixel's order waited {self.waited:.0f} s"))
        return [sentence for is_right, sentence in checks if not is_right]


def measure(broker: str, folder: Path, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Run `plan` on topics of its own, until everything is committed or time is up."""
    with Shop(broker, folder, PARTITIONS) as shop:
        templates = [template(pixel, shop.schema_id) for pixel in PIXELS]
        publisher = Publisher(broker, shop.topic, PARTITIONS, templates, plan.rate)
        ledger = NumberedLedger(publisher.due_at)
        shop.sandbox.conduct, shop.sandbox.ledger = READING, ledger
        member = shop.run(**merged(DEFAULT_LIMITS, plan.changes))
        with publisher:
            watch = _Watch(member, publisher, ledger, tell)
            watch.look_on("before", plan.before_seconds)
            _take_down(shop, plan)
            watch.look_on("outage", plan.outage_seconds)
            _bring_back(shop, plan)
            publisher.stop()
        most = 90 + publisher.sent / plan.least_rate
        watch.look_on("catch-up", most, lambda: sum(shop.committed.values()) >= publisher.sent)
        watch.look_on("after", 3.0)
        parked = orders_of_letters(broker, shop.parked)
        return Report(
            plan=plan,
            samples=watch.samples,
            published=publisher.sent,
            rate=publisher.rate,
            committed=sum(shop.committed.values()),
            accepted=len(ledger.orders),
            parked=len(parked),
            missing=ledger.orders.missing(publisher.sent, parked),
        )


def _take_down(shop: Shop, plan: Plan) -> None:
    if plan.is_held:
        shop.sandbox.expire_token(PIXELS[0])
    else:
        shop.sandbox.always(Fault(plan.down, delay_seconds=3_600 if plan.down == "latency" else 0))


def _bring_back(shop: Shop, plan: Plan) -> None:
    if plan.is_held:
        shop.token_file(PIXELS[0]).write_text(shop.sandbox.renew_token(PIXELS[0]))
    else:
        shop.sandbox.clear_faults()


class _Watch:
    """Looks at the service once a second, and now and then tells what it saw."""

    def __init__(
        self, member: Member, publisher: Publisher, ledger: NumberedLedger, tell: Callable[[str], None]
    ) -> None:
        self.samples: list[Sample] = []
        self._member = member
        self._publisher = publisher
        self._ledger = ledger
        self._tell = tell
        self._began = time.monotonic()
        self._tell_at = 0.0

    def look_on(self, phase: str, seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Look until `seconds` have passed or it `is_over`."""
        deadline = time.monotonic() + seconds
        self._look(phase)
        while time.monotonic() < deadline and not is_over():
            time.sleep(max(0.0, min(1.0, deadline - time.monotonic())))
            self._look(phase)

    def _look(self, phase: str) -> None:
        assert self._member.exit_code is None, f"the service ended: {self._member.last_words()}"
        metrics = self._member.metrics()
        sample = Sample(
            at=time.monotonic() - self._began,
            phase=phase,
            memory=memory_of(self._member.pid),
            buffered_bytes=metrics.total("buffered_bytes"),
            paused=metrics.total("paused_partitions"),
            lag=metrics.total("consumer_lag_records"),
            published=self._publisher.sent,
            accepted=self._ledger.total(),
            waited=self._ledger.worst_seconds(),
        )
        self.samples.append(sample)
        if sample.at >= self._tell_at:
            self._tell_at = sample.at + TELL_EVERY_SECONDS
            self._tell(
                f"{sample.at:4.0f} s  {phase:9}  {_mb(sample.memory.resident):>4} MB, buffered "
                f"{_mb(sample.buffered_bytes)} MB, {sample.paused} paused, lag {sample.lag:,}, "
                f"accepted {sample.accepted:,}"
            )


# What is told.

COLUMNS = ("phase", "seconds", "published", "RSS start", "max", "end", "private end", "buffered max", "paused max",
           "lag end", "accepted/s", "waited max s")  # fmt: skip


def table(samples: Sequence[Sample]) -> str:
    """A row for each phase; memory in MB. What waited longest is of the pixel that is never held."""
    rows = [COLUMNS, *(_row(phase, list(group)) for phase, group in groupby(samples, lambda each: each.phase))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(phase: str, samples: Sequence[Sample]) -> tuple[str, ...]:
    first, last = samples[0], samples[-1]
    seconds = last.at - first.at
    return (
        phase,
        f"{seconds:.0f}",
        f"{last.published - first.published:,}",
        _mb(first.memory.resident),
        _mb(max(each.memory.resident for each in samples)),
        _mb(last.memory.resident),
        _mb(last.memory.private),
        _mb(max(each.buffered_bytes for each in samples)),
        str(max(each.paused for each in samples)),
        f"{last.lag:,}",
        f"{(last.accepted - first.accepted) / max(seconds, 0.001):,.0f}",
        f"{max(each.waited.get(OTHER_PIXEL, 0.0) for each in samples):.1f}",
    )


def verdict(report: Report) -> str:
    """One line: the numbers, and whether they are as they should be."""
    faults = report.faults()
    quarter, end = report.outage[0].memory.resident, report.outage[-1].memory.resident
    return (
        f"{'FAILED: ' + '; '.join(faults) if faults else 'flat'}. RSS {_mb(quarter)} MB at a quarter of the outage, "
        f"{_mb(end)} MB at its end, {report.slope / MB:+.2f} MB a minute; peak {_mb(report.peak.memory.resident)} MB "
        f"({report.peak.phase}). Published {report.published:,} at {report.rate:,.0f}/s "
        f"(asked: {report.plan.rate:,.0f}), committed {report.committed:,}, accepted {report.accepted:,}, "
        f"parked {report.parked:,}, missing {report.missing:,}."
    )


def _mb(size: float) -> str:
    return f"{size / MB:.0f}"


def say(text: str) -> None:
    """A line for who waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def plan_of(arguments: Sequence[str]) -> Plan:
    """The plan that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.outage", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of outage (10)")
    parser.add_argument("--rate", type=float, default=5_000.0, help="records a second (5,000)")
    parser.add_argument("--fault", choices=get_args(Down), default="html", help="how the API fails (html: 502)")
    parser.add_argument(
        "--held", action="store_true", help="the API is well, but the token of one of two pixels is dead"
    )
    parser.add_argument("--before", type=float, default=15.0, help="seconds of work before the outage (15)")
    parser.add_argument("--set", default="{}", metavar="YAML", help="settings of the service over this one's")
    given = parser.parse_args(arguments)
    return Plan(
        rate=given.rate,
        outage_seconds=given.minutes * 60,
        before_seconds=given.before,
        down=given.fault,
        is_held=given.held,
        changes=yaml.safe_load(given.set),
    )


def main() -> int:
    """Measure and tell; 1 where a fault was found."""
    plan = plan_of(sys.argv[1:])
    with RealBroker() as broker, tempfile.TemporaryDirectory(prefix="capi-stream-outage-") as folder:
        report = measure(broker.bootstrap, Path(folder), plan, say)
    say(f"\n{table(report.samples)}\n\n{verdict(report)}")
    return 1 if report.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
