"""`capi-stream dead-letters export`: letters into a file, as they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from capi_stream.cli.config import loaded
from capi_stream.cli.dead_letters.options import Config, Kind, OneKind, sentences
from capi_stream.cli.letters.options import Codes, Filters, Names, Pixels, Reasons, Since, Stages, Topics, Until
from capi_stream.cli.usage import UsageError

if TYPE_CHECKING:
    from capi_stream.cli.dead_letters.lying import Lying
    from capi_stream.config import Settings
    from capi_stream.replay.choosing import Choice

STDOUT = "-"


class Format(StrEnum):
    """How letters stand in a file."""

    JSONL = "jsonl"
    AVRO = "avro"


def export(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A file that is not there yet; - for stdout.")],
    config: Config,
    how: Annotated[Format | None, typer.Option("--format", help="By the file's ending, without.")] = None,
    kind: OneKind = None,
    reason: Reasons = None,
    stage: Stages = None,
    pixel: Pixels = None,
    code: Codes = None,
    topic: Topics = None,
    event_name: Names = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write letters into FILE, with their raw personal data; what is no letter of ours too, where there is no filter.

    Exit code 1: Kafka or the registry did not answer. 2: the configuration, FILE or an option cannot be used.
    """
    filters = Filters(reason, stage, pixel, code, topic, event_name, since, until)
    settings = loaded(config).settings
    with sentences():
        written_as = _format(file, how)
        count, is_complete = _exported(settings, file, written_as, kind, filters.choice(time.time()))
    typer.echo(f"{count:,} written to {'stdout' if file == STDOUT else file}. {_WARNING}", err=True)
    if not is_complete:
        typer.echo(
            "Some are without their decoded record: a registry did not tell its schema. What to do: run capi-stream "
            "check.",
            err=True,
        )
        raise typer.Exit(1)


_WARNING = "They hold raw personal data: keep them from others, and no longer than you need."


def _format(file: str, how: Format | None) -> Format:
    """Raises UsageError."""
    endings = {".jsonl": Format.JSONL, ".ndjson": Format.JSONL, ".avro": Format.AVRO}
    found = how or (Format.JSONL if file == STDOUT else endings.get(Path(file).suffix.lower()))
    if found is None:
        raise UsageError(f"{file}: the ending says no format. Name it .jsonl or .avro, or add --format.")
    if file == STDOUT and found is Format.AVRO:
        raise UsageError("- with --format avro: stdout takes jsonl alone. Name a file.")
    return found


def _exported(settings: Settings, file: str, how: Format, kind: Kind | None, choice: Choice) -> tuple[int, bool]:
    """How many letters were written, and whether with all that there is to say. Raises UsageError, KafkaFailure."""
    from capi_stream.cli.dead_letters.decoding import Decoding
    from capi_stream.cli.dead_letters.files import new_file, write_avro, write_lines

    counted = _Counted(_chosen(settings, kind, choice))
    decoding = Decoding(settings)

    def write(target: IO[bytes]) -> None:
        if how is Format.AVRO:
            write_avro(target, counted)
        else:
            write_lines(target, counted, decoding)

    if file == STDOUT:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with new_file(Path(file)) as target:
            write(target)
    return counted.count, decoding.is_complete


def _chosen(settings: Settings, kind: Kind | None, choice: Choice) -> Iterator[Lying]:
    from capi_stream.cli.dead_letters.lying import lying, topics

    for name in topics(settings, kind).values():
        yield from (each for each in lying(settings, name) if each.is_chosen(choice))


class _Counted:
    """Letters on their way into a file, counted."""

    def __init__(self, letters: Iterable[Lying]) -> None:
        self._letters = letters
        self.count = 0

    def __iter__(self) -> Iterator[Lying]:
        for each in self._letters:
            self.count += 1
            yield each
