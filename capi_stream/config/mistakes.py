"""What is wrong with a configuration, told so that whoever wrote it can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from capi_stream.config.keys import KeyPath


class Place(NamedTuple):
    """A line of a file (0: the file as a whole), or an environment variable."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend. No text of it holds a value that may be a secret.

    `key` is the dotted path of the setting, empty where the file as a whole is meant; `what` is wrong; `write_instead`
    is what to do about it.
    """

    where: Place
    key: str
    what: str
    write_instead: str

    def __str__(self) -> str:
        subject = f"{self.where}: {self.key}" if self.key else str(self.where)
        end = "" if self.what.endswith("?") else "."
        return f"{subject}: {self.what}{end} {self.write_instead}."


class Finding(NamedTuple):
    """A mistake before it has a place.

    `rests_on` are the other keys that it follows from: where one of them is faulty, this may be no mistake at all.
    `meant` is the key that `path` was probably meant to be.
    """

    path: KeyPath
    what: str
    write_instead: str
    rests_on: tuple[KeyPath, ...] = ()
    meant: KeyPath | None = None


class WrongValueError(ValueError):
    """A value that a check refuses: what is wrong, and what to write instead. Whoever knows the place adds it.

    `meant` is the name that a misspelt one was probably meant to be.
    """

    def __init__(self, what: str, write_instead: str, meant: str | None = None) -> None:
        self.what = what
        self.write_instead = write_instead
        self.meant = meant
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


def misspelt(what: str, name: str, known: Iterable[str], otherwise: str) -> WrongValueError:
    """`name` is wrong: write the `known` one next to it, or do what `otherwise` says where none is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if not close:
        return WrongValueError(what, otherwise)
    return WrongValueError(what, f"Write {close[0]}, if that is meant", close[0])
