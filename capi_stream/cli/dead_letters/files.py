"""Letters in a file, with nothing lost: as Avro, byte for byte; or as JSON lines, with the decoded record beside."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import fastavro

from capi_stream.cli.dead_letters.decoding import Decoding
from capi_stream.cli.dead_letters.lying import Lying
from capi_stream.cli.dead_letters.words import as_line, bytes_as_text
from capi_stream.cli.usage import UsageError

SCHEMA = {
    "type": "record",
    "name": "Letter",
    "namespace": "capi_stream",
    "doc": "A record of a topic of letters, as Kafka has it.",
    "fields": [
        {"name": "topic", "type": "string"},
        {"name": "partition", "type": "int"},
        {"name": "offset", "type": "long"},
        {"name": "timestamp", "type": "long", "doc": "Unix milliseconds; -1 where it has none."},
        {"name": "key", "type": ["null", "bytes"]},
        {"name": "value", "type": ["null", "bytes"]},
        {
            "name": "headers",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Header",
                    "fields": [{"name": "name", "type": "string"}, {"name": "value", "type": ["null", "bytes"]}],
                },
            },
        },
    ],
}


@contextmanager
def new_file(path: Path, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[IO[bytes]]:
    """A file that was not there, for its owner alone; gone again if it cannot be finished, or is not wanted then.

    Raises UsageError.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path}: there is such a file, and it is left as it is. Name another.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be made: {error.strerror}. Name another file.") from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        if not is_wanted():
            path.unlink()
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}. It was removed again.") from None
    except BaseException:  # Ctrl-C too: half of a file would pass for the whole
        path.unlink(missing_ok=True)
        raise


def write_avro(file: IO[bytes], letters: Iterable[Lying]) -> None:
    """An Avro object container file."""
    fastavro.writer(file, fastavro.parse_schema(SCHEMA), (_verbatim(each) for each in letters), codec="deflate")


def write_lines(file: IO[bytes], letters: Iterable[Lying], decoding: Decoding) -> None:
    """A JSON object a line: key and value in base64, headers as texts, and the record where it can be decoded."""
    for each in letters:
        record = _verbatim(each)
        headers = [{"name": name, "value": bytes_as_text(value)} for name, value in each.record.headers]
        texts = {name: _base64(record[name]) for name in ("key", "value")}
        line = as_line({**record, **texts, "headers": headers, "record": decoding.raw(each)})
        file.write(f"{line}\n".encode())


def _verbatim(each: Lying) -> dict[str, Any]:
    record = each.record
    return {
        "topic": record.partition.topic,
        "partition": record.partition.number,
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "key": record.key,
        "value": record.value,
        "headers": [{"name": name, "value": value} for name, value in record.headers],
    }


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
