"""The processes of an end-to-end measurement: each on its core, and what it has cost so far."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used: seconds of CPU, user and system together, and the most memory it ever had, in bytes."""

    cpu_seconds: float
    peak_bytes: int


def cost_of(pid: int) -> Cost:
    """What the process `pid` has used so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0])
    return Cost((int(after_name[11]) + int(after_name[12])) / TICKS, peak * 1024)


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started within is on this core alone; on the last one where there are not so many."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[min(core, len(before) - 1)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(arguments: Sequence[str], core: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of ours on one core, ended on leaving."""
    with log.open("wb") as said, pinned(core):
        process = subprocess.Popen(
            [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdin is not None
        process.stdin.close()


def asked(url: str) -> dict[str, float]:
    """What a sink tells."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: dict[str, float] = json.loads(answer.read())
        return found


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask until it holds. Raises TimeoutError, which names `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Whether a sink is there."""
    with suppress(OSError):
        return bool(asked(url))
    return False
