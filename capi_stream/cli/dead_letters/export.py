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
from capi_stream.cli.json_text import printable
from capi_stream.cli.letters.options import Filters, filtered
from capi_stream.cli.usage import UsageError

if TYPE_CHECKING:
    from capi_stream.cli.dead_letters.lying import Lying
    from capi_stream.cli.dead_letters.there import There
    from capi_stream.config.settings import Settings
    from capi_stream.replay.choosing import Choice

STDOUT = "-"


class Format(StrEnum):
    """How letters stand in a file."""

    JSONL = "jsonl"
    AVRO = "avro"


@filtered
def export(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A file that is not there yet; - for stdout.")],
    config: Config,
    filters: Filters,
    how: Annotated[Format | None, typer.Option("--format", help="By the file's ending, without.")] = None,
    kind: OneKind = None,
) -> None:
    """Write letters into FILE, with their raw personal data; what is no letter of ours too, where there is no filter.

    Exit code 1: Kafka or the registry did not answer. 2: the configuration, FILE or an option cannot be used.
    """
    settings = loaded(config).settings
    with sentences():
        written_as = _format(file, how)
        taken, is_complete = _exported(settings, file, written_as, kind, filters.choice(time.time()))
    for line in told(taken, "stdout" if file == STDOUT else file, is_complete=is_complete):
        typer.echo(printable(line), err=True)
    if not is_complete:
        raise typer.Exit(1)


def told(taken: Taken, file: str, *, is_complete: bool) -> Iterator[str]:
    """What was written into `file`, for a person."""
    if not taken.count:
        yield f"No letter is taken: {file} is not written."
        yield from taken.there.lines(taken.where)
        return
    yield f"{taken.count:,} written to {file}. {_WARNING}"
    if taken.encrypted:
        yield (
            f"{taken.encrypted:,} of them are still encrypted: no key of letters.encryption_key_file opens their "
            "values."
        )
    if not is_complete:
        yield (
            "All are there, some without their decoded record: a registry did not tell its schema. What to do: run "
            "capi-stream check."
        )


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


def _exported(settings: Settings, file: str, how: Format, kind: Kind | None, choice: Choice) -> tuple[Taken, bool]:
    """What was written, and whether with all that there is to say. Raises UsageError, KafkaFailure."""
    from capi_stream.cli.dead_letters.decoding import Decoding
    from capi_stream.cli.dead_letters.files import new_file, write_avro, write_lines
    from capi_stream.cli.dead_letters.lying import lying, topics
    from capi_stream.cli.dead_letters.there import There

    names = topics(settings, kind).values()
    taken = Taken(
        (each for name in names for each in lying(settings, name)), choice, There(choice), " and ".join(names)
    )
    decoding = Decoding(settings)

    def write(target: IO[bytes]) -> None:
        if how is Format.AVRO:
            write_avro(target, taken)
        else:
            write_lines(target, taken, decoding)

    if file == STDOUT:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with new_file(Path(file), is_wanted=lambda: taken.count > 0) as target:
            write(target)
    return taken, decoding.is_complete


class Taken:
    """The letters of `lying` that `choice` takes, on their way into a file, counted. They lie in the topics `where`."""

    def __init__(self, lying: Iterable[Lying], choice: Choice, there: There, where: str) -> None:
        self._lying, self._choice, self.there, self.where = lying, choice, there, where
        self.count = 0
        self.encrypted = 0  # still: no key opens them

    def __iter__(self) -> Iterator[Lying]:
        for each in self._lying:
            self.there.counts(each.head)
            if each.is_chosen(self._choice):
                self.count += 1
                self.encrypted += each.head is not None and each.head.is_sealed
                yield each
