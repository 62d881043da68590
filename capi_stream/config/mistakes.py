"""What is wrong with a configuration, told so that whoever wrote it can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend. No text of it holds a value that may be a secret.

    `where` is a file and line, or an environment variable; `key` the dotted path of the setting, empty where the file
    as a whole is meant; `what` is wrong; `write_instead` is what to do about it.
    """

    where: str
    key: str
    what: str
    write_instead: str

    def __str__(self) -> str:
        subject = f"{self.where}: {self.key}" if self.key else self.where
        return f"{subject}: {self.what}. {self.write_instead}."


class WrongValueError(ValueError):
    """A value that a check refuses: what is wrong, and what to write instead. Whoever knows the place adds it."""

    def __init__(self, what: str, write_instead: str) -> None:
        self.what = what
        self.write_instead = write_instead
        super().__init__(what)


class WrongValuesError(ValueError):
    """Several wrong values within one mapping, by their keys."""

    def __init__(self, by_key: Mapping[str, WrongValueError]) -> None:
        self.by_key = by_key
        super().__init__(", ".join(by_key))


class ConfigError(Exception):
    """A configuration that cannot be used; `mistakes` are all of them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = list(mistakes)
        super().__init__(f"{len(self.mistakes)} mistakes" if len(self.mistakes) != 1 else "1 mistake")

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to write instead of `name`: the `known` name next to it, or `otherwise` where none is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Write {close[0]}, if that is meant" if close else otherwise
