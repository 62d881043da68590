"""What an explanation consists of, as values: `explanation.py` finds them, `text.py` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from capi_stream.cli.explain.better import Advice
from capi_stream.cli.explain.verdicts import Counts, Fates


@dataclass(frozen=True, slots=True)
class Identifier:
    """A value of customer information: its normal form and what is sent, which is a hash where `is_hashed`."""

    name: str
    normal_form: str
    sent: str
    is_hashed: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is left out of an event that goes on, and why."""

    name: str
    raw: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule's verdict: `ok`, `broken`, or `not judged` where one before it could not be mended."""

    reason: str
    verdict: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Because:
    """Why the event number `event` does not go to `pixel`; both are None where it is so of the whole record."""

    event: int | None
    pixel: str | None
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is worth knowing of the event number `event` (None: the record), at `pixel` (None: wherever it goes)."""

    event: int | None
    pixel: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """One event of a record. `fate` says of each pixel where the event goes, or the reason why it does not."""

    index: int
    fate: Fates
    event: dict[str, Any]
    identifiers: list[Identifier]
    left_out: list[Missing]
    rules: list[Ruled]
    size_bytes: int
    most_bytes: int
    for_better_matching: list[Advice]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole of it. `verdict` is one of `verdicts.VERDICTS`; `counts` are of events, for each of their pixels."""

    verdict: str
    counts: Counts
    why: list[Because]
    read_as: Sequence[str]
    schema: str
    mapping: str
    record: Any
    events: list[Made] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
