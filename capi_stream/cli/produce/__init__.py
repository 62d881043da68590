"""`capi-stream produce`: a load generator, with events as a shop has them and faults among them at a wish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

FramingName = Literal["confluent", "single_object", "bare"]

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="The service's configuration: Kafka, topic, registry, pixels.")
]
Bootstrap = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Kafka, without -c.")]
TopicName = Annotated[str | None, typer.Option(help="The topic; with -c, where the configuration has several.")]
Registry = Annotated[str | None, typer.Option(metavar="URL", help="The schema registry, without -c.")]
FramedBy = Annotated[
    FramingName | None,
    typer.Option(help="How records name their schema; without: as -c says, else confluent, with the registry's id."),
]
Pixels = Annotated[
    str | None, typer.Option(metavar="ID,ID", help="Whose events; the first is the busiest. With -c: all of it.")
]
Rate = Annotated[float, typer.Option(min=0, help="Records a second; 0: as fast as it goes.")]
Count = Annotated[int | None, typer.Option(min=0, help="Stop after so many records.")]
Seconds = Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")]
Seed = Annotated[
    int | None, typer.Option(min=0, help="The same seed makes the same events, ids too; without: another each time.")
]
Mix = Annotated[
    str | None, typer.Option(metavar="KIND=N,...", help="How often kinds of events are: purchase=1,page_view=10.")
]
Faults = Annotated[
    str | None,
    typer.Option(
        metavar="FAULT=SHARE,...",
        help="What goes wrong, as shares of all records: tombstone=0.01,undecodable=0.001; all=0.02 parts it.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("produce")(produce)


def produce(
    config: Config = None,
    bootstrap: Bootstrap = None,
    topic: TopicName = None,
    registry: Registry = None,
    framing: FramedBy = None,
    pixels: Pixels = None,
    rate: Rate = 100.0,
    count: Count = None,
    seconds: Seconds = None,
    seed: Seed = None,
    mix: Mix = None,
    faults: Faults = None,
    as_json: AsJson = False,
) -> None:
    """Publish made-up commerce events to Kafka, and say how many were acknowledged. Ctrl-C and SIGTERM end it well.

    Without --count and --seconds it goes on until then. The contract's schema is registered where it is not yet.

    Exit code 1: Kafka or the registry did not do it, or records were not acknowledged. 2: an option is wrong.
    """
    import secrets

    from capi_stream.cli.produce import options
    from capi_stream.cli.produce.publishing import published

    plan = options.planned(rate, count, seconds)
    target = options.targeted(config, bootstrap, topic, registry)
    orders = options.ordered(target, pixels, mix, faults)
    options.check_framing(target, orders, framing)
    chosen = secrets.randbits(32) if seed is None else seed
    raise typer.Exit(published(target, orders, framing, chosen, plan, as_json=as_json))
