"""`capi-stream explain`: what the service would make of one record, step by step. Nothing leaves the machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

SENT, NOT_SENT, WRONG = 0, 1, 2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="One record: Avro bytes, or JSON.")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration; without: the contract, and any pixel.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option("--topic", help="The topic, where the configuration has several.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A header of the record. May be repeated.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The record's key.")] = None,
    now: Annotated[
        str | None, typer.Option(metavar="TIME", help="Judge as of this time, such as 2026-01-01T12:00Z.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Show personal data as it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Say what becomes of one record, and why: events, hashes, every rule, and what would help matching.

    JSON is read by the schema: plain values, unions without wrapping, decimals as numbers or texts, times in ISO or as
    numbers. Nothing leaves the machine; no registry is asked.

    Exit code 0: it would be sent. 1: it, or an event of it, would be rejected or filtered. 2: wrong usage.
    """
    from dataclasses import asdict

    from capi_stream.cli.explain.explanation import explained
    from capi_stream.cli.explain.text import lines
    from capi_stream.cli.json_text import printable, written
    from capi_stream.cli.samples import Beside, sample
    from capi_stream.cli.times import unix_time
    from capi_stream.cli.topics import chosen
    from capi_stream.cli.usage import UsageError

    try:
        _require_text(header="".join(header or ()), key=key, now=now, topic=topic)
        unix_now = time.time() if now is None else unix_time(now)
        which = chosen(config, topic)
        beside = Beside(unix_now, topic, key, [_header(each) for each in header or ()])
        explanation = explained(sample(_content(file), beside, which), unix_now, is_raw=raw)
    except UsageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG) from None
    if as_json:
        text = written(asdict(explanation))
        typer.echo(text.encode("utf-8", "backslashreplace").decode())  # half of a surrogate pair: as JSON escapes it
    else:
        for line in lines(explanation):
            typer.echo(printable(line))
    raise typer.Exit(SENT if explanation.verdict == "sent" else NOT_SENT)


def _require_text(**given: str | None) -> None:
    """Raises UsageError for what the shell gave as bytes that are no UTF-8: Python has halves of pairs for them."""
    from capi_stream.cli.json_text import is_whole
    from capi_stream.cli.usage import UsageError

    for name, text in given.items():
        if text is not None and not is_whole(text):
            raise UsageError(f"--{name} is no text in UTF-8. What to do: write it in UTF-8, or leave it out.")


def _header(text: str) -> tuple[str, bytes]:
    from capi_stream.cli.usage import UsageError

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError("--header wants NAME=VALUE.")
    return name, value.encode()


def _content(file: str) -> bytes:
    from capi_stream.cli.json_text import printable
    from capi_stream.cli.usage import UsageError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{printable(file)} cannot be read: {error.strerror}.") from None
