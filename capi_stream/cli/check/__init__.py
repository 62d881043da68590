"""`capi-stream check`: whether the service would start and could deliver, told before it does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded

if TYPE_CHECKING:
    from capi_stream.cli.check.verdicts import Verdict
    from capi_stream.config.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False,
) -> None:
    """Check configuration, mappings, topics, rights, registry and tokens; nothing is read, committed or posted.

    Exit code 0: all fine, warnings included. 1: something failed. 2: the configuration cannot be used.
    """
    configuration = loaded(config)
    from capi_stream.cli.check.settings import configured
    from capi_stream.cli.check.verdicts import Level, summary
    from capi_stream.cli.quiet import quiet

    quiet()
    levels = []
    for verdict in chain(configured(config, configuration), _servers(configuration.settings, offline=offline)):
        typer.echo(str(verdict))
        levels.append(verdict.level)
    typer.echo(f"\n{summary(levels)}")
    raise typer.Exit(1 if Level.FAILED in levels else 0)


def _servers(settings: Settings, *, offline: bool) -> Iterator[Verdict]:
    """What only servers can tell; each is asked whatever became of the others."""
    from capi_stream.cli.check.kafka import of_kafka
    from capi_stream.cli.check.registries import of_registries
    from capi_stream.cli.check.tokens import of_tokens
    from capi_stream.cli.check.verdicts import skipped

    if offline:
        yield skipped("servers", "--offline: Kafka, the registry and the API were not asked")
        return
    yield from of_kafka(settings)
    yield from of_registries(settings)
    yield from of_tokens(settings)
