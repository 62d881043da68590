"""`make bench-core`: what an event costs in core, whole and by stage, beside the floor and beside Meta's SDK."""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.events import Buyers
from bench.floor import floor
from bench.machine import facts
from bench.measuring import Measured, Work, measured
from bench.path import POLLED, WholePath, stages
from capi_stream.process import YOUNG_OBJECTS

PIXEL = "1234567890"
OURS, FLOOR, SDK = "whole path", "floor", "SDK"


def joined(event_of: Callable[[bytes], tuple[str, bytes]], values: list[bytes]) -> Work:
    """The plain ways: an event of each value, gathered by pixel into bodies of 1,000."""

    def work() -> int:
        size = 0
        for first in range(0, len(values), POLLED):
            by_pixel: dict[str, list[bytes]] = {}
            for value in values[first : first + POLLED]:
                pixel, event = event_of(value)
                by_pixel.setdefault(pixel, []).append(event)
            size += sum(len(b'{"data":[' + b",".join(events) + b"]}") for events in by_pixel.values())
        return size

    return work


def compared(events: int, rounds: int, *, with_sdk: bool) -> tuple[Measured, Measured]:
    """The whole ways beside each other, and our stages."""
    values = Buyers([PIXEL]).values(events, int(time.time() * 1000) - 60_000)
    ways: dict[str, Work] = {OURS: WholePath(values, [PIXEL]), FLOOR: joined(floor, values)}
    if with_sdk:
        from bench.sdk import by_sdk

        ways[SDK] = joined(by_sdk, values)
    with garbage_collected_as_in_the_service():
        return measured(ways, events, rounds), measured(stages(values, PIXEL), events, max(3, rounds // 2))


@contextmanager
def garbage_collected_as_in_the_service() -> Iterator[None]:
    """For all ways: it helps each of them."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def report(whole: Measured, by_stage: Measured) -> dict[str, Any]:
    """The figures as JSON, ratios first."""
    ratios: dict[str, Any] = {"ours_to_floor": round(whole.ratio(OURS, FLOOR), 3)}
    ratios["ours_to_floor_quartiles"] = [round(each, 3) for each in whole.spread(OURS, FLOOR)]
    if SDK in whole.rounds:
        ratios["sdk_to_ours"] = round(whole.ratio(SDK, OURS), 2)
    return {
        "ratios": ratios,
        "nanoseconds_per_event": {name: round(whole.nanoseconds(name)) for name in whole.rounds},
        "nanoseconds_per_event_by_stage": {name: round(by_stage.nanoseconds(name)) for name in by_stage.rounds},
        "machine": facts(),
    }


def table(found: dict[str, Any]) -> str:
    """The figures for a person."""
    ratios = found["ratios"]
    low, high = ratios["ours_to_floor_quartiles"]
    lines = [f"ours / floor     {ratios['ours_to_floor']:.2f}   (half of the rounds: {low:.2f} to {high:.2f})"]
    if "sdk_to_ours" in ratios:
        lines.append(f"SDK / ours       {ratios['sdk_to_ours']:.1f}")
    for title in ("nanoseconds_per_event", "nanoseconds_per_event_by_stage"):
        lines += ["", title.replace("_", " ")]
        lines += [f"  {name:20s} {number:7,d}" for name, number in found[title].items()]
    machine = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    return "\n".join([*lines, "", machine])


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without-sdk", action="store_true", help="where facebook_business is not installed")
    parser.add_argument("--json", type=Path, default=Path("bench/results/core.json"))
    asked = parser.parse_args()
    found = report(*compared(asked.events, asked.rounds, with_sdk=not asked.without_sdk))
    print(table(found))
    asked.json.parent.mkdir(exist_ok=True)
    asked.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
