"""Fuzzes every target anew until the time is up: python -m tests.fuzz --minutes MINUTES [--seed SEED]"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.fuzzing import EXAMPLES

EXAMPLES_A_ROUND = "1000"


def main() -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="one round, the same each time")
    given = parser.parse_args()
    until = time.monotonic() + given.minutes * 60
    rounds = 0
    while rounds == 0 or (time.monotonic() < until and given.seed is None):
        seed = random.randrange(2**32) if given.seed is None else given.seed
        if code := _round(seed):
            print(f"found in round {rounds + 1}; again with: python -m tests.fuzz --seed {seed}")
            return code
        rounds += 1
    print(f"{rounds} rounds found nothing")
    return 0


def _round(seed: int) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--timeout=1200", f"--hypothesis-seed={seed}"]
    environment = {**os.environ, EXAMPLES: EXAMPLES_A_ROUND}
    return subprocess.run([*command, str(Path(__file__).parent)], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
