"""`capi-stream fuse reset`: lets a process go on whose fuse has blown."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    fuse = typer.Typer(no_args_is_help=True, help="What to do when too many events were invalid.")
    fuse.command("reset")(reset)
    fuse.callback()(_fuse)
    app.add_typer(fuse, name="fuse")


def _fuse() -> None:
    """What to do when too many events were invalid."""


def reset(
    pid: Annotated[
        int,
        typer.Option(min=1, help="The process of `capi-stream run`, or of a replay that follows; 1 in its container."),
    ] = 1,
) -> None:
    """Open what blown fuses of one process hold, once the cause is mended: dead letters are written again.

    In Kubernetes: kubectl exec POD -- capi-stream fuse reset
    """
    if not _is_service(pid):
        typer.echo(f"process {pid} is no `capi-stream run` here. Give its id with --pid.", err=True)
        raise typer.Exit(2)
    try:
        os.kill(pid, signal.SIGUSR1)
    except PermissionError:
        typer.echo(f"process {pid} belongs to another user. Run this as that user.", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"process {pid} was asked to open its fuses; its log says `fuses_reset`.")


def _is_service(pid: int) -> bool:
    """Whether `pid` runs the service: any other process would be ended by the signal."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    delivers = "run" in words or {"replay", "--follow"} <= set(words)  # a replay that ends is stopped by its fuse
    return delivers and any(word.endswith(("capi-stream", "capi_stream")) for word in words)
