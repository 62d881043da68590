"""The command line: one command, one file. Each loads what it needs when it runs, so that `hash` starts in a blink."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from capi_stream import __version__
from capi_stream.cli.output import told

COMMANDS = (
    *("run", "dead_letters", "replay", "check", "preview", "config", "explain", "mapping"),
    *("hash", "fuse", "schema", "quality", "sandbox", "demo", "produce"),
)


def main() -> None:
    """The program `capi-stream`."""
    with told():
        app()


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"capi-stream {__version__}")
        raise typer.Exit


def _made() -> typer.Typer:
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @made.callback()
    def capi_stream(
        version: Annotated[
            bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True)
        ] = False,
    ) -> None:
        """Commerce events from Apache Kafka to Meta's Conversions API; none is lost."""

    for command in COMMANDS:
        import_module(f"capi_stream.cli.{command}").register(made)
    return made


app = _made()
