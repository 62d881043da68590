"""`make bench-scale`: how the service's cost grows: with members, pixels, partitions, an event's size, and poison.

Each axis is measured in turn, round after round, and each of its points is compared with its first one. CPU an event is
what counts: of one process with a core of its own, and of members, which have all cores and share them with Kafka and
the sink, the sum. The pace of members says something only where cores are left.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.machine import facts
from bench.processes import end_tidily_when_told_to
from bench.scenario import Run, Scenario
from bench.stage import MEASURED, OURS, Stage, kafka

JOIN_SECONDS = 3.0  # within which members must start: then all get their shares at once
FEWER = 5  # times as few events where a tenth is poison: each takes a dozen posts to be found


@dataclass(frozen=True, slots=True)
class Point:
    """One way to run. `core`: the one that the process has for itself, or None for all."""

    label: str
    scenario: Scenario
    members: int = 1
    core: int | None = MEASURED


@dataclass(frozen=True, slots=True)
class Axis:
    """Points, of which the first is what the others are compared with; `rounds` times as many rounds as asked for.

    A group waits `join_seconds` for further members.
    """

    name: str
    aim: str
    points: Sequence[Point]
    rounds: int = 1
    join_seconds: float = 0.0


def axes(events: int) -> list[Axis]:
    """All that is measured: eight pixels in eight partitions, and one thing different at a time."""
    base = Scenario(pixels=8, partitions=8, events=events)
    patient = replace(base, linger_seconds=10.0, buffer_bytes=512 * 1024 * 1024)
    cores = len(os.sched_getaffinity(0))
    return [
        Axis(
            "members",
            f"CPU flat (the pace: all share {cores} cores with Kafka, the sink and neighbours)",
            [Point(f"{number} members", base, number, None) for number in (1, 2, 4)],
            join_seconds=JOIN_SECONDS,
        ),
        Axis(
            "pixels",
            "CPU within 10 % from 1 to 1,000",
            [Point(f"{number:,} pixels", replace(base, pixels=number)) for number in (1, 8, 64, 1_000)],
        ),
        Axis(
            "pixels in company",
            "CPU within 10 % from 1 to 1,000, where a linger of 10 s and 512 MB let a post gather a hundred events",
            [Point(f"{number:,} pixels", replace(patient, pixels=number)) for number in (1, 8, 64, 1_000)],
        ),
        Axis(
            "partitions",
            "CPU within 10 % from 1 to 64",
            [Point(f"{number} partitions", replace(base, partitions=number)) for number in (1, 8, 64)],
        ),
        Axis("size", "none", [Point(f"{number} items", replace(base, items=number)) for number in (3, 1, 30)]),
        Axis("little poison", "pace above 0.97", poisoned(base, 10 / 100_000), rounds=3),
        Axis("much poison", "none", poisoned(replace(base, events=events // FEWER), 0.01, 0.10)),
    ]


def poisoned(base: Scenario, *shares: float) -> list[Point]:
    """`base` as it is, and with these shares of either kind of poison."""
    found = [Point("none", base)]
    for share in shares:
        found.append(Point(f"{share:.2%} found by us", replace(base, poison=share)))
        found.append(Point(f"{share:.2%} found by the API", replace(base, poison=share, found_by="the API")))
    return found


def measured(axis: Axis, rounds: int) -> dict[str, list[Run]]:
    """The runs of each point, by its label: every point once a round, in turn. Equal scenarios share their backlog."""
    found: dict[str, list[Run]] = {point.label: [] for point in axis.points}
    with kafka(axis.join_seconds) as (broker, registry), TemporaryDirectory(prefix="capi-stream-bench-") as folder:
        scenarios = {point.scenario for point in axis.points}
        stages = {each: Stage(broker.bootstrap, registry, each, Path(folder)) for each in scenarios}
        for _ in range(rounds * axis.rounds):
            for point in axis.points:
                found[point.label].append(stages[point.scenario].run(OURS, point.members, point.core))
    return found


def ratio(figure: str, runs: Sequence[Run], base: Sequence[Run]) -> dict[str, float]:
    """Of medians; and the lowest and the highest of the rounds', which say how much the machine moves."""
    ours, other = ([float(getattr(run, figure)) for run in each] for each in (runs, base))
    of_rounds = [one / first for one, first in zip(ours, other, strict=True)]
    middle = statistics.median(ours) / statistics.median(other)
    return {name: round(value, 3) for name, value in
            {"median": middle, "low": min(of_rounds), "high": max(of_rounds)}.items()}  # fmt: skip


def compared(axis: Axis, found: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """One axis as JSON, ratios first."""
    base = found[axis.points[0].label]
    ratios = {
        label: {"cpu": ratio("cpu_us_per_event", runs, base), "pace": ratio("pace", runs, base)}
        for label, runs in found.items()
    }
    points = {point.label: asdict(point) for point in axis.points}
    runs_of = {label: [asdict(run) for run in runs] for label, runs in found.items()}
    return {"axis": axis.name, "aim": axis.aim, "ratios": ratios, "points": points, "runs": runs_of}


COLUMNS = {
    "cpu_us_per_event": ("us CPU", ",.1f"),
    "pace": ("pace", ",.0f"),
    "events_per_request": ("a post", ",.1f"),
    "peak_mb": ("peak MB", ",.0f"),
    "cores_used": ("cores", ".2f"),
    "sink_busy": ("sink", ".0%"),
    "machine_busy": ("machine", ".0%"),
}
"""Of these the medians are shown."""


def table(found: Mapping[str, Any]) -> str:
    """One axis for a person: ratios to its first point, then medians."""
    first = next(iter(found["ratios"]))
    heads = " ".join(f"{head:>8s}" for head, _ in COLUMNS.values())
    lines = [
        f"{found['axis']}, to {first}; aimed at: {found['aim']}",
        f"  {'':24s} {'CPU':>5s} {'(rounds)':>13s} {'pace':>5s} {'(rounds)':>13s} {heads}",
    ]
    for label, ratios in found["ratios"].items():
        shown = " ".join(
            f"{each['median']:5.2f} {each['low']:6.2f}-{each['high']:<6.2f}" for each in (ratios["cpu"], ratios["pace"])
        )
        runs = found["runs"][label]
        medians = (f"{statistics.median(run[key] for run in runs):{form}}" for key, (_, form) in COLUMNS.items())
        lines.append(f"  {label:24s} {shown} " + " ".join(f"{each:>8s}" for each in medians))
    return "\n".join(lines)


def main() -> None:
    """Measure the axes; after each print its table and write the JSON so far."""
    end_tidily_when_told_to()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--axes", nargs="+", metavar="WORD", help="only those whose name has one of the words")
    parser.add_argument("--json", type=Path, default=Path("bench/results/scale.json"))
    asked = parser.parse_args()
    wanted = [each for each in axes(asked.events) if not asked.axes or any(word in each.name for word in asked.axes)]
    results: list[dict[str, Any]] = []
    asked.json.parent.mkdir(exist_ok=True)
    for axis in wanted:
        results.append(compared(axis, measured(axis, asked.rounds)))
        print(table(results[-1]), flush=True)
        asked.json.write_text(json.dumps({"machine": facts(), "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
