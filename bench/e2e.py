"""`make bench-e2e`: the service beside the bare loop, from a backlog in a real Kafka to a fast sink, in turn.

The process that is measured has one core for itself; Kafka, the registry and the sink share the other. CPU is the
process's own, user and system, from when it can read on. At the end a steady load, with the time to acceptance.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import steady
from bench.machine import facts
from bench.processes import end_tidily_when_told_to
from bench.scenario import Run, Scenario
from bench.stage import BARE, OURS, Stage, kafka


def compared(scenario: Scenario, rounds: int) -> dict[str, Any]:
    """Both ways in turn; ratios are medians of the rounds'."""
    found: dict[str, list[Run]] = {OURS: [], BARE: []}
    with kafka() as (broker, registry), tempfile.TemporaryDirectory(prefix="capi-stream-bench-") as folder:
        stage = Stage(broker.bootstrap, registry, scenario, Path(folder))
        for _ in range(rounds):
            for way in (BARE, OURS) if scenario.load == "purchases" else (OURS,):
                found[way].append(stage.run(way))
    runs = {way: [asdict(run) for run in made] for way, made in found.items() if made}
    return {"scenario": asdict(scenario), "ratios": ratios(found[OURS], found[BARE]), "runs": runs}


def ratios(ours: Sequence[Run], bare: Sequence[Run]) -> dict[str, float]:
    """Ours to the bare loop's: medians of the rounds'. Nothing where it was not measured."""
    pairs = list(zip(ours, bare, strict=False))
    found = {
        "cpu": [one.cpu_us_per_event / other.cpu_us_per_event for one, other in pairs],
        "events/s": [one.events_per_second / other.events_per_second for one, other in pairs],
        "pace": [one.pace / other.pace for one, other in pairs],
        "memory": [one.peak_mb / other.peak_mb for one, other in pairs],
    }
    return {name: round(statistics.median(each), 3) for name, each in found.items() if each}


WHAT = {"purchases": "purchases", "shop": "events of a shop"}


def table(found: Mapping[str, Any]) -> str:
    """One scenario for a person."""
    scenario = found["scenario"]
    compared_to = ", ".join(f"{name} {ratio:.2f}" for name, ratio in found["ratios"].items())
    what = f"{scenario['events']:,} {WHAT[scenario['load']]}"
    heads = ("events/s", "pace", "us CPU", "peak MB", "quarter", "end", "a request", "in flight", "core", "sink")
    lines = [
        f"{scenario['pixels']} pixels, the sink takes {scenario['sink_seconds']:g} s, {what}",
        f"  ours / bare loop: {compared_to or 'the bare loop cannot read these'}",
        f"  {'':12s} {' '.join(f'{head:>9s}' for head in heads)}",
    ]
    for way, runs in found["runs"].items():
        lines += [
            f"  {way:12s} {run['events_per_second']:9,.0f} {run['pace']:9,.0f} {run['cpu_us_per_event']:9.1f} "
            f"{run['peak_mb']:9.1f} {run['quarter_mb']:9.1f} {run['end_mb']:9.1f} {run['events_per_request']:9.1f} "
            f"{run['most_in_flight']:9d} {run['cores_used']:9.0%} {run['sink_busy']:9.0%}"
            for run in runs
        ]
    return "\n".join(lines)


MANY_PIXELS = 100  # share eight posts at a time of some 20 events each: a slow sink makes of that 300 events/s
FEWER = 10  # times fewer events for them


def main() -> None:
    """Measure the scenarios, print a table each, write the JSON."""
    end_tidily_when_told_to()
    wanted = arguments().parse_args()
    results, steadies = [], []
    for sink_seconds in wanted.sink_seconds:
        for pixels in wanted.pixels:
            events = wanted.events // FEWER if sink_seconds and pixels > MANY_PIXELS else wanted.events
            scenario = Scenario(pixels, sink_seconds, events, load=wanted.load, batch_bytes=wanted.batch_bytes)
            results.append(compared(scenario, wanted.rounds))
            print(table(results[-1]), flush=True)
    for sink_seconds in wanted.sink_seconds if wanted.steady else ():
        steadies.append(steady.measured(sink_seconds, wanted.rate, wanted.steady))
        print(steady.table(steadies[-1]), flush=True)
    wanted.json.parent.mkdir(exist_ok=True)
    found = {"machine": facts(), "results": results, "steady": [asdict(each) for each in steadies]}
    wanted.json.write_text(json.dumps(found, indent=2) + "\n")


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pixels", type=int, nargs="*", default=[1, 8, 1_000], help="with none only the steady load")
    parser.add_argument("--sink-seconds", type=float, nargs="+", default=[0.0, 0.6])
    parser.add_argument("--batch-bytes", type=int, default=1_000_000, help="of a post of ours, as delivery.batch_bytes")
    parser.add_argument("--json", type=Path, default=Path("bench/results/e2e.json"))
    parser.add_argument("--load", choices=WHAT, default="purchases", help="shop: what capi-stream produce publishes")
    parser.add_argument("--steady", type=float, default=60.0, metavar="SECONDS", help="of steady load at the end, or 0")
    parser.add_argument("--rate", type=float, default=1_000.0, help="records/s of the steady load")
    return parser


if __name__ == "__main__":
    main()
