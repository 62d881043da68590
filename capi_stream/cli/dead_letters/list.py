"""`capi-stream dead-letters list`: the newest letters, a line each."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded
from capi_stream.cli.dead_letters.options import Config, OneKind, sentences
from capi_stream.cli.letters.options import Filters, filtered

if TYPE_CHECKING:
    from capi_stream.cli.dead_letters.table import Row
    from capi_stream.cli.dead_letters.there import There
    from capi_stream.config.settings import Settings
    from capi_stream.replay.choosing import Choice


@filtered
def list_letters(
    config: Config,
    filters: Filters,
    kind: OneKind = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most: the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """List letters by when they failed last, the newest last; what is no letter of ours too, where there is no filter.

    Exit code 1: Kafka did not answer. 2: the configuration or an option cannot be used.
    """
    settings = loaded(config).settings
    with sentences():
        from capi_stream.cli.dead_letters.lying import topics
        from capi_stream.cli.dead_letters.table import lines
        from capi_stream.cli.dead_letters.there import There
        from capi_stream.cli.dead_letters.words import as_line

        now = time.time()
        choice = filters.choice(now)
        there = There(choice)
        names = list(topics(settings, kind).values())
        rows, total = _newest(settings, names, choice, limit, now, there)
    for line in (as_line(each.values) for each in rows) if as_json else lines(rows, _width()):
        typer.echo(line)
    if not total:
        typer.echo("\n".join(there.lines(" and ".join(names))), err=as_json)
    elif not as_json or total > len(rows):
        typer.echo(_sum(len(rows), total, " and ".join(names)), err=as_json)
    if sealed := sum(each.head is not None and each.head.is_sealed for each in rows):
        typer.echo(f"{sealed:,} are encrypted, and no key of letters.encryption_key_file opens them.", err=as_json)


def _width() -> int | None:
    """The terminal's; None where the output goes elsewhere, and no line needs to be short."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


def _newest(
    settings: Settings, names: list[str], choice: Choice, limit: int, unix_now: float, there: There
) -> tuple[list[Row], int]:
    """The `limit` newest letters, the newest last; and how many there are. `there` learns what else lies there."""
    import heapq

    from capi_stream.cli.dead_letters.lying import lying
    from capi_stream.cli.dead_letters.table import row

    total, now_ms = 0, int(unix_now * 1_000)

    def rows() -> Iterator[Row]:
        nonlocal total
        for name in names:
            for each in lying(settings, name):
                there.counts(each.head)
                if each.is_chosen(choice):
                    total += 1
                    yield row(each, now_ms)

    newest = heapq.nlargest(limit, rows(), key=lambda each: each.age)
    return newest[::-1], total


def _sum(shown: int, total: int, where: str) -> str:
    if shown == total:
        return f"\n{total:,} in {where}."
    return f"\nThe newest {shown:,} of {total:,} in {where}; {total - shown:,} more with --limit {total}."
