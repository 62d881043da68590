"""`capi-stream ...` as a process, as a person or a script runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.builders import ROOT


class Said(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    error: str


def command(*arguments: str | Path, stdin: bytes = b"", cwd: Path = ROOT) -> Said:
    """`capi-stream ARGUMENTS`, to its end."""
    line = [sys.executable, "-m", "capi_stream", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, input=stdin, capture_output=True, timeout=60, cwd=cwd, env=environment)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
