"""A steady load: records on a schedule that never waits for the service, and how long each takes to be accepted.

An event's time runs from the moment when it was due to be published, whether or not the publisher was late, to the
sink's answer. The service may let an event linger for company; that and the sink's own time are no fault of its.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.events import Buyers, framed
from bench.processes import asked, pinned, wait_until
from bench.scenario import Scenario
from bench.sink import Accepted
from bench.stage import OTHERS, OURS, Stage, kafka
from capi_stream.config.tree import Delivery
from tests.faults.publishing import Publisher, Template, event_id_of

PIXELS = 8
DIFFERENT = 5_000  # records, but for their event_id
AIM_SECONDS = 0.1  # how much p99 may be beyond linger and sink
ACCEPTED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Steady:
    """What was seen; times in seconds. `beyond` is p99 without `linger` and `sink_seconds`. `published` counts records,
    `accepted` the different ones of them that the sink has; `rate` is what the publisher reached."""

    rate: float
    seconds: float
    published: int
    accepted: int
    sink_seconds: float
    linger: float
    p50: float
    p99: float
    most: float
    beyond: float
    events_per_request: float
    cpu_us_per_event: float
    peak_mb: float


def measured(sink_seconds: float, rate: float, seconds: float, pixels: int = PIXELS) -> Steady:
    """Publish `rate` records a second for so many seconds, from a process of its own."""
    with kafka() as (broker, registry), tempfile.TemporaryDirectory(prefix="capi-stream-bench-") as folder:
        nothing_yet = Scenario(pixels, sink_seconds, events=0)
        return load(Stage(broker.bootstrap, registry, nothing_yet, Path(folder)), rate, seconds)


def load(stage: Stage, rate: float, seconds: float) -> Steady:
    """The same, on a stage without a backlog."""
    records = templates(stage.pixels)
    publisher = Publisher(stage.bootstrap, stage.topic, stage.scenario.partitions, records, rate)
    with stage.started(OURS) as (url, crew), pinned(OTHERS):
        start = crew.cost
        with publisher:
            time.sleep(seconds)
            publisher.stop()
        published = publisher.sent
        wait_until(lambda: asked(url)["events"] >= published, ACCEPTED_WITHIN_SECONDS, "everything is accepted")
        answered, end = [Accepted(*each) for each in asked(f"{url}/answers")], crew.cost
    waits = waits_of(publisher, answered)
    linger, sink_seconds = Delivery().linger_seconds, stage.scenario.sink_seconds
    return Steady(
        rate=round(publisher.rate, 1),
        seconds=seconds,
        published=published,
        accepted=len(waits),
        sink_seconds=sink_seconds,
        linger=linger,
        p50=round(percentile(waits, 0.5), 3),
        p99=round(percentile(waits, 0.99), 3),
        most=round(waits[-1], 3),
        beyond=round(percentile(waits, 0.99) - linger - sink_seconds, 3),
        events_per_request=round(published / len(answered), 1),
        cpu_us_per_event=round((end.cpu_seconds - start.cpu_seconds) / published * 1e6, 1),
        peak_mb=round(end.peak_bytes / 1e6, 1),
    )


def templates(pixels: Sequence[str]) -> list[Template]:
    """Purchases around an event_id that is still to come."""
    buyers, now_ms, mark = Buyers(pixels), int(time.time() * 1000), event_id_of(0)
    values = (framed({**buyers.purchase(number, now_ms), "event_id": mark}) for number in range(DIFFERENT))
    return [Template(*value.split(mark.encode())) for value in values]


def waits_of(publisher: Publisher, answered: Sequence[Accepted]) -> list[float]:
    """Seconds from when each event was due to when it was first accepted, the least first."""
    accepted_at: dict[int, float] = {}
    for each in answered:
        for number in each.numbers:
            accepted_at.setdefault(number, each.at)
    return sorted(at - publisher.due_at(number) for number, at in accepted_at.items())


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least of `ordered`, which is so, that this share of them does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def table(found: Steady) -> str:
    """For a person."""
    allowed = found.linger + found.sink_seconds
    return (
        f"{found.rate:,.0f} records/s for {found.seconds:g} s, the sink takes {found.sink_seconds:g} s\n"
        f"  due to be published to accepted: p50 {found.p50:.3f} s, p99 {found.p99:.3f} s, most {found.most:.3f} s\n"
        f"  linger + sink: {allowed:g} s; p99 to that: {found.beyond:+.3f} s (aimed at: below +{AIM_SECONDS:g})\n"
        f"  {found.accepted:,} of {found.published:,} accepted, {found.events_per_request:.0f} a request, "
        f"{found.cpu_us_per_event:.1f} us CPU an event, {found.peak_mb:.0f} MB"
    )
