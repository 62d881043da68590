"""`capi-stream preview`: what would be sent of the records in a topic, and what would not, and why."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded

if TYPE_CHECKING:
    from capi_stream.cli.preview.tally import Tally
    from capi_stream.config.settings import Settings
    from capi_stream.kafka.browser import Where


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("preview")(preview)


def preview(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
    topic: Annotated[str, typer.Option(help="The topic; one that the configuration reads.")],
    limit: Annotated[int, typer.Option(min=1, help="How many records to read at most.")] = 10,
    where: Annotated[
        str,
        typer.Option("--from", metavar="earliest|latest|OFFSET", help="Where to begin; latest: the newest records."),
    ] = "latest",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, the whole event in it.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show personal data too: unhashed identifiers, URLs, what a refusal quotes.")
    ] = False,
) -> None:
    """Show what would be sent, rejected and filtered of a topic's records. Nothing is posted, joined or committed.

    Exit code 1: Kafka or the registry did not answer. 2: the configuration or an option cannot be used.
    """
    settings = loaded(config).settings
    begin = _where(where)
    _check_topic(settings, topic)
    from capi_stream.cli.quiet import quiet
    from capi_stream.kafka.failures import KafkaFailure

    quiet()
    try:
        tally = _shown(settings, topic, begin, limit, as_json=as_json, raw=raw)
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
    _sum_up(tally, as_json=as_json)
    raise typer.Exit(0 if tally.is_complete else 1)


def _where(text: str) -> Where:
    if text in ("earliest", "latest"):
        return "earliest" if text == "earliest" else "latest"
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    typer.echo(f"--from {text[:40]}: this must be earliest, latest or an offset, such as 1200.", err=True)
    raise typer.Exit(2)


def _check_topic(settings: Settings, topic: str) -> None:
    known = settings.consumer.topics
    if not any(re.search(each, topic) if each.startswith("^") else each == topic for each in known):
        typer.echo(f"--topic {topic[:80]}: the configuration does not read it, but {', '.join(known)}.", err=True)
        raise typer.Exit(2)


def _shown(settings: Settings, topic: str, where: Where, limit: int, *, as_json: bool, raw: bool) -> Tally:
    """Print a row for each event; what they came to. Raises KafkaFailure."""
    from capi_stream.cli.preview.reading import Reader
    from capi_stream.cli.preview.rows import entry, line, rows
    from capi_stream.cli.preview.tally import Tally
    from capi_stream.intake.intake import Intake
    from capi_stream.kafka.browser import Browser

    reader, tally = Reader(Intake(settings.intake), settings.registries), Tally()
    with Browser(settings.consumer, topic) as browser:
        for record, reading in reader.read(browser.records(where, limit), time.time()):
            tally.reads(reading)
            for row in rows(record, reading):
                tally.counts(row)
                sys.stdout.write(f"{entry(row, raw=raw).decode() if as_json else line(row, raw=raw)}\n")
    return tally


def _sum_up(tally: Tally, *, as_json: bool) -> None:
    import orjson

    if as_json:
        typer.echo(orjson.dumps({"summary": tally.values()}).decode())
    else:
        typer.echo("\n" + "\n".join(tally.table()))
    if not tally.is_complete:
        typer.echo("A registry did not tell the schemas of some records. What to do: run capi-stream check.", err=True)
