"""Runs schedules.

python -m tests.simulation SEED            one, the same each time; with options of Shape, a smaller one
python -m tests.simulation FIRST LAST      all from FIRST up to, and without, LAST; a failing one is shrunk
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields, replace

from tests.simulation.features import Feature
from tests.simulation.schedules import Explored, explore, shrunk
from tests.simulation.shape import Shape
from tests.simulation.world import World

EVERY = 10_000


def main() -> int:
    """0 where all invariants hold."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?")
    options = fields(Shape)[1:]
    for each in options:
        parser.add_argument(f"--{each.name}", type=float if each.type == "float" else int)
    given = parser.parse_args()
    if given.last is not None:
        return run_all(given.first, given.last)
    changes = {each.name: value for each in options if (value := getattr(given, each.name)) is not None}
    World(replace(Shape.of(given.first), **changes)).run()
    print("1 schedule held")
    return 0


def run_all(first: int, last: int) -> int:
    """Run a range; 1 where a schedule fails."""
    began = time.monotonic()
    found = Explored()
    for found in explore(first, last):
        if found.fault is not None:
            print(f"seed {found.fault.shape.seed}: {found.fault}\nshrinking ...", file=sys.stderr)
            print(f"smallest found: {shrunk(found.fault)}", file=sys.stderr)
            return 1
        if found.number % EVERY == 0:
            print(f"{found.number} schedules held, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{found.number} schedules held in {time.monotonic() - began:.0f} s, seeds {first} to {last - 1}; in so many")
    for feature in Feature:
        print(f"{found.exercised[feature]:8} {feature.value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
