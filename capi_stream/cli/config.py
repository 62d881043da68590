"""`capi-stream config`: the settings in effect, defaults and environment included, secrets masked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from capi_stream.config import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("config")(config)


def config(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
) -> None:
    """Print the settings in effect, with secrets masked; say what is wrong with them."""
    loaded(config)
    from capi_stream.config.showing import shown

    typer.echo(shown(config, os.environ), nl=False)


def loaded(path: Path) -> Settings:
    """The settings in the file at `path`, and in the environment; ends with code 2 if there are mistakes."""
    from capi_stream.config import ConfigError, load

    try:
        return load(path, os.environ)
    except ConfigError as error:
        for mistake in error.mistakes:
            typer.echo(str(mistake), err=True)
        raise typer.Exit(2) from None
