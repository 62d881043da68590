"""One run as it is seen from outside: by the sink, which knows when each event was accepted, and by the kernel."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from bench.processes import Crew, asked, busy_seconds
from bench.scenario import Run, Scenario
from bench.sink import Accepted

PACED = 0.9  # the share of the events whose time makes the pace
MB = 1e6


class Watch:
    """Looks at a crew and its sink, from when the crew can read."""

    def __init__(self, scenario: Scenario, crew: Crew, url: str) -> None:
        self._scenario, self._crew, self._url = scenario, crew, url
        self._quarter_bytes = 0
        self._told_first: dict[str, float] = asked(url)
        self._told = self._told_first
        self._began_at, self._began, self._busy = time.monotonic(), crew.cost, busy_seconds()

    def look(self) -> None:
        """See how far it is. Raises RuntimeError if a process has ended."""
        self._crew.check()
        self._told = asked(self._url)
        if not self._quarter_bytes and self._told["events"] >= self._scenario.events / 4:
            self._quarter_bytes = self._crew.cost.resident_bytes

    @property
    def has_answered_all(self) -> bool:
        """Whether the sink has judged every purchase that it must see, each refused one alone."""
        scenario = self._scenario
        events, refused = int(self._told["events"]), int(self._told["refused_alone"])
        return events >= scenario.events - scenario.poisoned and refused >= scenario.refused

    def ended(self, dead_letters: int) -> Run:
        """The figures until now. Raises RuntimeError if all was done before the last of the crew could read."""
        end, told = self._crew.cost, asked(self._url)
        events = self._scenario.events - self._told_first["events"]
        if not events:
            raise RuntimeError("everything was accepted before the last member could read: more events are needed")
        machine = (busy_seconds() - self._busy) / (time.monotonic() - self._began_at) / (os.cpu_count() or 1)
        accepted = [Accepted(*each) for each in asked(f"{self._url}/answers")]
        answered = [each for each in accepted if each.at > self._began_at]
        seconds = time_of(1.0, answered) - self._began_at
        cpu_seconds = end.cpu_seconds - self._began.cpu_seconds
        return Run(
            events_per_second=round(events / seconds),
            pace=round(PACED * events / (time_of(PACED, answered) - self._began_at)),
            cpu_us_per_event=round(cpu_seconds / events * 1e6, 1),
            peak_mb=round(end.peak_bytes / MB, 1),
            quarter_mb=round(self._quarter_bytes / MB, 1),
            end_mb=round(end.resident_bytes / MB, 1),
            requests=int(told["requests"]),
            events_per_request=round(told["events"] / told["requests"], 1),
            most_in_flight=int(told["most_in_flight"]),
            dead_letters=dead_letters,
            cores_used=round(cpu_seconds / seconds, 2),
            sink_busy=round((told["cpu"] - self._told_first["cpu"]) / seconds, 2),
            machine_busy=round(machine, 2),
        )


def time_of(share: float, answered: Sequence[Accepted]) -> float:
    """When this share of these events was accepted, on the monotonic clock."""
    wanted, seen = share * sum(each.events for each in answered), 0
    for each in answered:
        seen += each.events
        if seen >= wanted:
            return each.at
    raise AssertionError("nothing was accepted")
