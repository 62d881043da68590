"""`capi-stream config`: the settings in effect, defaults and environment included, secrets masked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from capi_stream.config.loading import Configuration


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("config")(config)


def config(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
) -> None:
    """Print the settings in effect, with secrets masked; say what is wrong with them."""
    from capi_stream.config.showing import shown

    typer.echo(shown(loaded(config)), nl=False)


def loaded(path: Path) -> Configuration:
    """What the file at `path` and the environment say, read once; ends with code 2 if there are mistakes."""
    from capi_stream.config.loading import read
    from capi_stream.config.mistakes import ConfigError

    try:
        return read(path, os.environ)
    except ConfigError as error:
        for mistake in error.mistakes:
            typer.echo(str(mistake), err=True)
        raise typer.Exit(2) from None
