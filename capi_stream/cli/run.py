"""`capi-stream run`: the service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from capi_stream.cli.config import loaded


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")]) -> None:
    """Deliver commerce events until told to stop (SIGTERM, Ctrl-C). A second signal exits at once."""
    settings = loaded(config).settings
    from capi_stream import service

    raise typer.Exit(service.run(settings))
