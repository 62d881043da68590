"""One line for each thing that was checked, and one for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How it stands. `SKIPPED`: it was not asked, and `what` says why."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(NamedTuple):
    """One thing that was checked; `what` is found, and what to do where that is needed, for a person."""

    level: Level
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.level:<8} {self.subject:<13} {self.what}"


def ok(subject: str, what: str) -> Verdict:
    """All is well."""
    return Verdict(Level.OK, subject, what)


def warning(subject: str, what: str) -> Verdict:
    """The service would start; a person should look all the same."""
    return Verdict(Level.WARNING, subject, what)


def failed(subject: str, what: str) -> Verdict:
    """The service would not start, or could not deliver."""
    return Verdict(Level.FAILED, subject, what)


def skipped(subject: str, what: str) -> Verdict:
    """Nobody was asked."""
    return Verdict(Level.SKIPPED, subject, what)


def summary(levels: Iterable[Level]) -> str:
    """`All fine: 9 ok, 1 warning.`"""
    numbers = Counter(levels)
    words = {
        level: numbered(number, level) if level is Level.WARNING else f"{number} {level}"
        for level, number in numbers.items()
    }
    listed = ", ".join(words[level] for level in Level if level in words)
    head = "Not fine" if numbers[Level.FAILED] else "All fine"
    return f"{head}: {listed}." if listed else f"{head}."


def numbered(number: int, what: str) -> str:
    """`1 topic`, `2 topics`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
