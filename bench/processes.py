"""The processes of an end-to-end measurement: each on its core, and what it has cost so far."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
LAST_WORDS = 2_000  # characters
ASKED_EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes have used: seconds of CPU, user and system together; the most memory that each ever had, and what
    is resident now, in bytes."""

    cpu_seconds: float
    peak_bytes: int
    resident_bytes: int


def cost_of(pids: Sequence[int]) -> Cost:
    """What the processes `pids` have used so far, all together."""
    cpu = peak = resident = 0
    for pid in pids:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
        cpu += int(after_name[11]) + int(after_name[12])
        peak += int(status.partition("VmHWM:")[2].split()[0])
        resident += int(status.partition("VmRSS:")[2].split()[0])
    return Cost(cpu / TICKS, peak * 1024, resident * 1024)


def busy_seconds() -> float:
    """For how long all cores of this machine together have not been idle, whoever used them."""
    user, nice, system, _idle, _waiting, *others = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + sum(others)) / TICKS


def end_tidily_when_told_to() -> None:
    """Let SIGTERM, which `timeout` sends, end what was started too, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """What is started within is on this core alone; on the last one where there are not so many; on any if None."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {sorted(before)[min(core, len(before) - 1)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(arguments: Sequence[str], core: int | None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of ours on one core, or on any, ended on leaving."""
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


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes that are measured, one or more, each with its log."""

    processes: Sequence[subprocess.Popen[bytes]]
    logs: Sequence[Path]

    @property
    def cost(self) -> Cost:
        """What they have used so far."""
        return cost_of([process.pid for process in self.processes])

    def have_all_said(self, text: str) -> bool:
        """Whether `text` is in each one's log. Raises RuntimeError if one has ended."""
        self.check()
        return all(text in log.read_text() for log in self.logs)

    def check(self) -> None:
        """Raise RuntimeError, with its last words, if one has ended."""
        for process, log in zip(self.processes, self.logs, strict=True):
            if process.poll() is not None:
                raise RuntimeError(f"it ended with {process.returncode}: {log.read_text()[-LAST_WORDS:]}")


def asked(url: str) -> Any:
    """What a sink tells."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask until it holds. Raises TimeoutError, which names `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(ASKED_EVERY_SECONDS)


def answers(url: str) -> bool:
    """Whether a sink is there."""
    with suppress(OSError):
        return bool(asked(url))
    return False
