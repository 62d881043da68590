"""The filters as options of a command, and what they choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The options as they were written; beside each its name."""

    reasons: Sequence[str] | None = field(default=None, metadata={"option": "--reason"})
    stages: Sequence[str] | None = field(default=None, metadata={"option": "--stage"})
    pixels: Sequence[str] | None = field(default=None, metadata={"option": "--pixel"})
    codes: Sequence[int] | None = field(default=None, metadata={"option": "--code"})
    topics: Sequence[str] | None = field(default=None, metadata={"option": "--topic"})
    names: Sequence[str] | None = field(default=None, metadata={"option": "--event-name"})
    since: str | None = field(default=None, metadata={"option": "--since"})
    until: str | None = field(default=None, metadata={"option": "--until"})

    def choice(self, unix_now: float) -> Choice:
        """What they choose as of Unix second `unix_now`. Raises UsageError."""
        unknown = sorted(set(self.stages or ()) - set(STAGES))
        if unknown:
            raise UsageError(f"--stage {unknown[0][:40]}: there is none; there are {', '.join(STAGES)}.")
        since, until = (None if text is None else unix_time_or_ago(text, unix_now) for text in (self.since, self.until))
        if since is not None and until is not None and since >= until:
            raise UsageError(f"--since {self.since} --until {self.until}: no time lies between.")
        return Choice(
            frozenset(self.reasons or ()),
            frozenset(self.stages or ()),
            frozenset(self.pixels or ()),
            frozenset(self.codes or ()),
            frozenset(self.topics or ()),
            frozenset(self.names or ()),
            since,
            until,
        )

    def fixed(self, unix_now: float) -> Filters:
        """The same filters, their times as such, as of Unix second `unix_now`: a minute later they choose the same."""
        choice = self.choice(unix_now)
        return replace(self, since=_written(choice.since), until=_written(choice.until))

    def words(self) -> list[str]:
        """The options, as they would be written once more: each once and in its place, whatever the order they had."""
        named = [(each.metadata["option"], getattr(self, each.name)) for each in fields(self)]
        lists = [(option, [value] if isinstance(value, str) else sorted(set(value or ()))) for option, value in named]
        return [word for option, values in lists for value in values for word in (option, str(value))]


def _written(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
