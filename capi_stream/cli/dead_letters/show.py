"""`capi-stream dead-letters show`: one letter, and what would become of it now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded
from capi_stream.cli.dead_letters.options import Config, Raw, sentences
from capi_stream.cli.usage import UsageError

if TYPE_CHECKING:
    from capi_stream.cli.dead_letters.lying import Lying
    from capi_stream.cli.dead_letters.view import View
    from capi_stream.config.settings import Settings
    from capi_stream.model import Partition

_PLACE = re.compile(r"(?:([^/]+)/)?([0-9]{1,9})/([0-9]{1,18})")


def show(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="PARTITION/OFFSET among the dead letters, or TOPIC/PARTITION/OFFSET.")
    ],
    config: Config,
    raw: Raw = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one letter: why it lies there, its record, and what would be sent or refused if it were sent now.

    Exit code 1: Kafka or the registry did not answer. 2: there is no such letter, or the configuration is wrong.
    """
    settings = loaded(config).settings
    with sentences():
        from capi_stream.cli.dead_letters.words import as_line
        from capi_stream.cli.json_text import printable

        view, is_complete = _view(settings, _found(settings, place), is_raw=raw)
        for line in [as_line(view.values())] if as_json else map(printable, view.lines()):
            typer.echo(line)
    if not is_complete:
        typer.echo("A registry did not tell the schema of its record. What to do: run capi-stream check.", err=True)
        raise typer.Exit(1)


def _found(settings: Settings, text: str) -> Lying:
    """The record at the place that `text` names. Raises UsageError, KafkaFailure."""
    from capi_stream.cli.dead_letters.lying import Lying, browser
    from capi_stream.letter_heads import read

    place, offset = _place(settings, text)
    with browser(settings, place.topic) as browsing:
        ends = browsing.ends()
        if place not in ends:
            numbers = ", ".join(str(each.number) for each in sorted(ends))
            raise UsageError(f"{text}: topic {place.topic} has no partition {place.number}, but {numbers}.")
        low, high = ends[place]
        record = browsing.at(place, offset) if low <= offset < high else None
    if record is None:
        holds = f"holds offsets {low} to {high - 1}" if low < high else "is empty"
        raise UsageError(f"{text}: there is no record. Partition {place.number} of topic {place.topic} {holds}.")
    return Lying(record, read(record.headers))


def _place(settings: Settings, text: str) -> tuple[Partition, int]:
    from capi_stream.cli.dead_letters.lying import topics
    from capi_stream.model import Partition

    read = _PLACE.fullmatch(text)
    if read is None:
        raise UsageError(f"{text[:80]}: this must be PARTITION/OFFSET or TOPIC/PARTITION/OFFSET, such as 0/17.")
    known = list(topics(settings).values())
    topic = read[1] or known[0]
    if topic not in known:
        raise UsageError(f"{topic[:80]}: the configuration has no such topic of letters, but {' and '.join(known)}.")
    return Partition(topic, int(read[2])), int(read[3])


def _view(settings: Settings, letter: Lying, *, is_raw: bool) -> tuple[View, bool]:
    """What is shown of `letter`, and whether that is all of it."""
    from capi_stream.cli.dead_letters.decoding import Decoding
    from capi_stream.cli.dead_letters.view import View
    from capi_stream.cli.letters.opening import Opened, Opening
    from capi_stream.model import NeedSchema
    from capi_stream.replay.choosing import Choice
    from capi_stream.replay.reading import Wish

    [now] = Opening(settings, Wish(Choice())).opened([letter.record])
    if isinstance(now, Opened) and isinstance(now.reading, NeedSchema):  # asked again, it would be waited for again
        return View(letter, None, now, is_raw, is_told=False), False
    decoding = Decoding(settings)
    record = decoding.raw(letter) if is_raw else decoding.masked(letter)
    return View(letter, record, now, is_raw, is_told=decoding.is_complete), decoding.is_complete
