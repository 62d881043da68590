"""A process's memory as the kernel counts it, sampled beside what the service says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

MB = 1_000_000


class Memory(NamedTuple):
    """In bytes: all that is resident, and the part of it that no other process shares."""

    resident: int
    private: int


def memory_of(pid: int) -> Memory:
    """The memory of a process now."""
    rollup = _kilobytes(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return Memory(rollup["Rss"] * 1024, (rollup["Private_Clean"] + rollup["Private_Dirty"]) * 1024)


def _kilobytes(text: str) -> dict[str, int]:
    rows = (line.split() for line in text.splitlines()[1:])
    return {row[0].removesuffix(":"): int(row[1]) for row in rows}


class Sample(NamedTuple):
    """One look. `at` in seconds since the first; `published` and `accepted` count from the beginning.

    `accepted` counts duplicates too; `waited` says for each pixel how long what was accepted since the last look
    had waited, at worst.
    """

    at: float
    phase: str
    memory: Memory
    buffered_bytes: int
    paused: int
    lag: int
    published: int
    accepted: int
    waited: Mapping[str, float]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise of y for each x by least squares; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    across = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / across
