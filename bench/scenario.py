"""What is measured end to end, and the figures that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLENTY_SECONDS, LEAST_PER_SECOND = 300.0, 500  # how long a run may take: a second more for every so many events


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is measured. `sink_seconds` is how long the API thinks over each post.

    `load`: purchases as bench/events.py makes them; or what a shop publishes, by `capi-stream produce`, which the bare
    loop cannot read: most of it are page views without an order. `batch_bytes`, `linger_seconds` and `buffer_bytes` are
    ours, of `delivery`. `poison` is the share of purchases that must become
    dead letters, found by us or by the API alone.
    """

    pixels: int
    sink_seconds: float = 0.0
    events: int = 200_000
    partitions: int = 8
    load: Literal["purchases", "shop"] = "purchases"
    items: int = 3
    batch_bytes: int = 1_000_000
    linger_seconds: float = 1.0
    buffer_bytes: int = 64 * 1024 * 1024
    poison: float = 0.0
    found_by: Literal["us", "the API"] = "us"

    @property
    def poisoned(self) -> int:
        """How many records are poison."""
        return round(self.events * self.poison)

    @property
    def refused(self) -> int:
        """How many of them the sink must refuse."""
        return self.poisoned if self.found_by == "the API" else 0

    @property
    def most_seconds(self) -> float:
        """How long it may take."""
        return PLENTY_SECONDS + self.events / LEAST_PER_SECOND


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of the measured processes, all together, from when they could read to the last answer.

    `pace` is events/s until nine tenths of the events were accepted: what comes last lingers for company that never
    comes. `quarter_mb` and `end_mb` are resident when a quarter and when all was accepted. `cores_used` near 1 for one
    process says that it was the limit; `sink_busy`, the sink's CPU by the time that passed, near 1 that the sink was;
    `machine_busy` near 1, where more than one process is measured, that there were no more cores to have.
    """

    events_per_second: float
    pace: float
    cpu_us_per_event: float
    peak_mb: float
    quarter_mb: float
    end_mb: float
    requests: int
    events_per_request: float
    most_in_flight: int
    dead_letters: int
    cores_used: float
    sink_busy: float
    machine_busy: float
