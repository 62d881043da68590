"""`capi-stream run`: the service, or its shadow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capi_stream.cli.config import loaded


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Read, map, check and batch, but post nothing and store no letter.")
    ] = False,
    group: Annotated[
        str | None, typer.Option(metavar="ID", help="The consumer group of --shadow; never the live service's own.")
    ] = None,
) -> None:
    """Deliver commerce events until told to stop (SIGTERM, Ctrl-C). A second signal exits at once."""
    if shadow != (group is not None):
        typer.echo("--shadow and --group ID go together: a shadow needs a consumer group of its own.", err=True)
        raise typer.Exit(2)
    settings = loaded(config).settings
    from capi_stream import process

    if group is None:
        process.leave(process.run(settings))
    from capi_stream.config.shadow import shadowed

    try:
        settings = shadowed(settings, group)
    except ValueError as wrong:
        typer.echo(f"--group: {wrong}.", err=True)
        raise typer.Exit(2) from None
    process.leave(process.run_shadow(settings))
