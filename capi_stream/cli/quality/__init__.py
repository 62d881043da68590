"""`capi-stream quality`: what Meta says of the events that arrived, as a table for a person or an object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded

if TYPE_CHECKING:
    from capi_stream.config.settings import Settings
    from capi_stream.endpoints.dataset_quality import Said
    from capi_stream.endpoints.settings import Target


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("quality")(quality)


def quality(
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration, a YAML file.")],
    pixel: Annotated[
        list[str] | None, typer.Option("--pixel", metavar="ID", help="Only this pixel; may be given again.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="An object a line, one for each pixel and event name.")
    ] = False,
) -> None:
    """Ask Meta's Dataset Quality API what it says of each pixel's events: match quality, coverage, what to mend.

    Exit code 0: it answered for each pixel. 1: for one or more it did not. 2: the configuration, or --pixel, is wrong.
    """
    settings = loaded(config).settings
    targets = _targets(settings, pixel or [])
    from capi_stream.cli.quality import lines, table
    from capi_stream.cli.quiet import quiet
    from capi_stream.endpoints.dataset_quality import Quality

    quiet()
    texts = lines.of if as_json else table.of
    are_all_answered = True
    for target, said in _said(settings, targets):
        for text in texts(str(target.destination.pixel), target.endpoint.url, said):
            typer.echo(text)
        are_all_answered = are_all_answered and isinstance(said, Quality)
    raise typer.Exit(0 if are_all_answered else 1)


def _targets(settings: Settings, pixels: list[str]) -> list[Target]:
    """The pixels at Graph that are asked about. Ends with code 2 for one that is not there."""
    at_graph = {
        str(each.destination.pixel): each for each in settings.posters.targets.values() if each.endpoint.kind == "graph"
    }
    if strange := [each for each in pixels if each not in at_graph]:
        known = ", ".join(at_graph) or "none"
        typer.echo(
            f"--pixel {strange[0]}: the configuration sends no such pixel to the Graph API, but: {known}.", err=True
        )
        raise typer.Exit(2)
    if not at_graph:
        typer.echo("The configuration sends no pixel to the Graph API: a Gateway has no Dataset Quality API.", err=True)
        raise typer.Exit(2)
    return [at_graph[each] for each in dict.fromkeys(pixels or at_graph)]


def _said(settings: Settings, targets: list[Target]) -> Iterator[tuple[Target, Said]]:
    """What is said of each; one after another, so that what is known is shown at once."""
    from capi_stream.endpoints.dataset_quality import DatasetQuality
    from capi_stream.endpoints.tokens import Tokens

    asking = DatasetQuality(settings.posters, Tokens(settings.posters.credentials))
    try:
        for target in targets:
            yield target, asking.of(target)
    finally:
        asking.close()
