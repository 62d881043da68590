"""A registry's answers, as all who ask one understand them."""

from __future__ import annotations

from typing import NamedTuple


class Stored(NamedTuple):
    """A schema as the registry has it: its text, and the subjects and versions that it refers to."""

    text: str
    references: tuple[tuple[str, int], ...]


class Refused(Exception):  # noqa: N818  it names what happened
    """The registry, or something in front of it, said no: an HTTP status, and the registry's own code or -1."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code


class NoSchemaInAnswer(Exception):  # noqa: N818  it names what happened
    """The registry, or something in front of it, said 200 and gave no schema."""


def stored(text: object, references: tuple[tuple[str, int], ...]) -> Stored:
    """What was answered, if it is a schema. Raises NoSchemaInAnswer.

    An empty text would be believed, and every record of this schema refused as not to be read.
    """
    if not isinstance(text, str) or not text:
        raise NoSchemaInAnswer
    return Stored(text, references)
