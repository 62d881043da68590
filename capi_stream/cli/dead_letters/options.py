"""What the four commands share: their options, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from capi_stream.cli.usage import UsageError


class Kind(StrEnum):
    """One of the two topics of letters."""

    DEAD = "dead"
    PARKED = "parked"


Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")]
OneKind = Annotated[
    Kind | None, typer.Option("--kind", help="Only the topic of dead letters, or of parked records; both without.")
]
Raw = Annotated[bool, typer.Option("--raw", help="Show personal data too: the record, what quotes it, header values.")]


@contextmanager
def sentences() -> Iterator[None]:
    """What stops a command within becomes one sentence and its exit code; what rooms log is no part of the output."""
    from capi_stream.cli.json_text import printable
    from capi_stream.cli.quiet import quiet
    from capi_stream.kafka.failures import KafkaFailure

    quiet()
    try:
        yield
    except UsageError as wrong:
        typer.echo(printable(str(wrong)), err=True)
        raise typer.Exit(2) from None
    except KafkaFailure as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
