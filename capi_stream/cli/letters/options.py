"""The filters as options of a command, and what they choose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from capi_stream.cli.times import unix_time_or_ago, written
from capi_stream.cli.usage import UsageError
from capi_stream.replay.choosing import Choice

STAGES = ("decode", "map", "validate", "post")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The options as they were written; each is called as its field is. A command takes all at once: see `filtered`."""

    reason: Annotated[list[str] | None, typer.Option(help="Only letters with this reason; may be repeated.")] = None
    stage: Annotated[list[str] | None, typer.Option(help="decode, map, validate or post; may be repeated.")] = None
    pixel: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this pixel's; may be repeated.")] = None
    code: Annotated[list[int] | None, typer.Option(help="Only with this error code of the API's.")] = None
    topic: Annotated[list[str] | None, typer.Option(help="Only of records that were first read there.")] = None
    event_name: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only events of this name.")] = None
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Failed last then or later: 2026-01-31T12:00:00Z, or 2d, 6h.")
    ] = None
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Failed last before this time.")] = None

    def choice(self, unix_now: float) -> Choice:
        """What they choose as of Unix second `unix_now`. Raises UsageError."""
        unknown = sorted(set(self.stage or ()) - set(STAGES))
        if unknown:
            raise UsageError(f"--stage {unknown[0][:40]}: there is none; there are {', '.join(STAGES)}.")
        since, until = (None if text is None else unix_time_or_ago(text, unix_now) for text in (self.since, self.until))
        if since is not None and until is not None and since >= until:
            raise UsageError(f"--since {self.since} --until {self.until}: no time lies between.")
        return Choice(
            frozenset(self.reason or ()),
            frozenset(self.stage or ()),
            frozenset(self.pixel or ()),
            frozenset(self.code or ()),
            frozenset(self.topic or ()),
            frozenset(self.event_name or ()),
            since,
            until,
        )

    def fixed(self, unix_now: float) -> Filters:
        """The same filters, their times as such, as of Unix second `unix_now`: a minute later they choose the same."""
        choice = self.choice(unix_now)
        return replace(self, since=_time(choice.since), until=_time(choice.until))

    def words(self) -> list[str]:
        """The options, as they would be written once more: each once and in its place, whatever the order they had."""
        named = [("--" + each.name.replace("_", "-"), getattr(self, each.name)) for each in fields(self)]
        lists = [(option, [value] if isinstance(value, str) else sorted(set(value or ()))) for option, value in named]
        return [word for option, values in lists for value in values for word in (option, str(value))]


_OPTIONS: Mapping[str, Any] = get_type_hints(Filters, include_extras=True)


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else written(seconds)


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """`command`, which takes `filters`, as one that has an option for each of them in that place: typer knows no groups
    of options, and four commands share these.
    """

    @wraps(command)
    def with_options(**given: Any) -> None:
        filters = Filters(**{each.name: given.pop(each.name) for each in fields(Filters)})
        command(filters=filters, **given)

    parameters = list(_expanded(inspect.signature(command, eval_str=True)))
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options


def _expanded(signature: inspect.Signature) -> Iterator[inspect.Parameter]:
    for parameter in signature.parameters.values():
        if parameter.annotation is Filters:
            for name, option in _OPTIONS.items():
                yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        else:
            yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
