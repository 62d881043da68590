"""`capi-stream run`: the service, or its shadow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded
from capi_stream.handover import Start, hand_over

if TYPE_CHECKING:
    from capi_stream.config.settings import Settings


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
    if group is not None:
        settings = _shadowed(settings, group)
    hand_over(Start(settings, is_shadow=shadow))


def _shadowed(settings: Settings, group: str) -> Settings:
    """The settings of a shadow run in that consumer group."""
    from capi_stream.config.shadow import shadowed

    try:
        return shadowed(settings, group)
    except ValueError as wrong:
        typer.echo(f"--group: {wrong}.", err=True)
        raise typer.Exit(2) from None
