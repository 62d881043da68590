"""`capi-stream dead-letters summary`: how many lie there, and why."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from capi_stream.cli.config import loaded
from capi_stream.cli.dead_letters.options import Config, OneKind, sentences
from capi_stream.cli.letters.options import Filters, filtered


@filtered
def summary(
    config: Config,
    filters: Filters,
    kind: OneKind = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with a member for each topic.")] = False,
) -> None:
    """Count dead letters and parked records by reason, pixel, the API's code, age and source topic.

    Exit code 1: Kafka did not answer. 2: the configuration or an option cannot be used.
    """
    settings = loaded(config).settings
    with sentences():
        from capi_stream.cli.dead_letters.lying import lying, topics
        from capi_stream.cli.dead_letters.tally import Tally
        from capi_stream.cli.dead_letters.there import There
        from capi_stream.cli.dead_letters.words import as_line
        from capi_stream.cli.json_text import printable

        now = time.time()
        choice = filters.choice(now)
        there = There(choice)
        tallies = {each: Tally(each, name, choice, now) for each, name in topics(settings, kind).items()}
        for each, name in topics(settings, kind).items():
            for letter in lying(settings, name):
                tallies[each].counts(letter)
                there.counts(letter.head)
    if as_json:
        typer.echo(as_line({each.value: tally.values() for each, tally in tallies.items()}))
    else:
        texts = ("\n".join(map(printable, tally.lines())) for tally in tallies.values())
        typer.echo("\n\n".join(texts))
    if there.letters and not any(tally.letters for tally in tallies.values()):
        where = " and ".join(topics(settings, kind).values())
        typer.echo("\n".join(["", *there.lines(where)]), err=as_json)
