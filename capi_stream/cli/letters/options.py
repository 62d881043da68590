"""The filters as options of a command, and what they choose."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated

import typer

from capi_stream.cli.times import unix_time_or_ago
from capi_stream.cli.usage import UsageError
from capi_stream.replay.choosing import Choice

Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only letters with this reason; may be repeated.")]
Stages = Annotated[list[str] | None, typer.Option("--stage", help="decode, map, validate or post; may be repeated.")]
Pixels = Annotated[list[str] | None, typer.Option("--pixel", metavar="ID", help="Only this pixel's; may be repeated.")]
Codes = Annotated[list[int] | None, typer.Option("--code", help="Only with this error code of the API's.")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only of records that were first read there.")]
Names = Annotated[list[str] | None, typer.Option("--event-name", metavar="NAME", help="Only events of this name.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Failed last at this time or later: 2026-01-31T12:00:00Z, or 2d, 6h.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Failed last before this time.")]

STAGES = ("decode", "map", "validate", "post")


@dataclass(frozen=True, slots=True)
class Filters:
    """The options as they were written."""

    reasons: Sequence[str] | None = None
    stages: Sequence[str] | None = None
    pixels: Sequence[str] | None = None
    codes: Sequence[int] | None = None
    topics: Sequence[str] | None = None
    names: Sequence[str] | None = None
    since: str | None = None
    until: str | None = None

    def choice(self, unix_now: float) -> Choice:
        """What they choose as of Unix second `unix_now`. Raises UsageError."""
        unknown = sorted(set(self.stages or ()) - set(STAGES))
        if unknown:
            raise UsageError(f"--stage {unknown[0][:40]}: there is none; there are {', '.join(STAGES)}.")
        return Choice(
            frozenset(self.reasons or ()),
            frozenset(self.stages or ()),
            frozenset(self.pixels or ()),
            frozenset(self.codes or ()),
            frozenset(self.topics or ()),
            frozenset(self.names or ()),
            None if self.since is None else unix_time_or_ago(self.since, unix_now),
            None if self.until is None else unix_time_or_ago(self.until, unix_now),
        )

    def words(self) -> list[str]:
        """The options, as they would be written once more: each in its place, whatever the order that they had."""
        named = zip(_OPTIONS, (getattr(self, each.name) for each in fields(self)), strict=True)
        lists = ((option, [value] if isinstance(value, str) else sorted(value or ())) for option, value in named)
        return [word for option, values in lists for value in values for word in (option, str(value))]

    def fingerprint(self) -> str:
        """Eight hex digits that tell these filters from others; empty where there is none."""
        words = self.words()
        return hashlib.sha256("\0".join(words).encode()).hexdigest()[:8] if words else ""


_OPTIONS = ("--reason", "--stage", "--pixel", "--code", "--topic", "--event-name", "--since", "--until")
