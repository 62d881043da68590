"""`python -m tests.faults [--rounds N] [--seed N] [--rate N] [KIND ...]`: storms on a real broker, as long as you like.

A round has every weather once, about two minutes. It ends with 1 if anything was lost, committed early or crashed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.running import KINDS, run
from tests.faults.weather import WEATHERS


def main() -> int:
    """Have the storms, one kind after the other."""
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--rate", type=float, default=150, help="orders a second")
    given = options.parse_args()
    if unknown := set(given.kinds) - set(KINDS):
        options.error(f"{', '.join(sorted(unknown))}: known are {', '.join(KINDS)}")
    bad = False
    for kind in given.kinds or KINDS:
        with tempfile.TemporaryDirectory(prefix="capi-stream-storm-") as folder:
            report = run(kind, Path(folder), seed=given.seed, weathers=WEATHERS * given.rounds, rate=given.rate)
            bad |= bool(report.violations or report.crashes)
    return int(bad)


sys.exit(main())
