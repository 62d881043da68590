"""Avro bytes of one schema, read as another: in a straight line where that leads, else by fastavro."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import fastavro
from fastavro.read import SchemaResolutionError

from capi_stream.intake.avro.fastavro_schemas import as_written, fill_defaults, parsed
from capi_stream.intake.avro.layout import Layout, laid_out
from capi_stream.intake.avro.resolution import differences
from capi_stream.intake.avro.schemas import SchemaError, Type
from capi_stream.intake.avro.straight import ODD, straight_decoder


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Bytes that are no record of their schema, or one that ours cannot hold. `detail` may quote the record."""

    reason: str
    detail: str


class Stream(io.BytesIO):
    """A record's bytes, which say when they have ended.

    fastavro 1.13 does not look where it passes over a value that our schema has not: a truncated one would be accepted,
    and a damaged count of an array of doubles would be counted to its end, for hours (both seen).
    """

    def read(self, size: int | None = -1) -> bytes:
        """`size` bytes. Raises EOFError if there are fewer."""
        found = super().read(size)
        if size is not None and len(found) < size:
            raise EOFError("the bytes end within a value")
        return found


class Decoder:
    """Reads bytes that were written with `writer` as records of `reader`: `layout` says what is wanted of them.

    Raises SchemaError where no record of `writer` can be read as `reader`.
    """

    def __init__(self, writer: Type, reader: Type, layout: Layout = ()) -> None:
        if found := differences(writer, reader):
            raise SchemaError("; ".join(found[:5]))
        self._writer = parsed(writer)
        self._reader: Any = parsed(reader)
        if self._writer == self._reader:
            self._reader = None  # fastavro reads about twice as fast without one
        else:
            fill_defaults(self._reader, reader, set())
        self._layout = layout
        self._straight = straight_decoder(writer, reader, layout)

    def __call__(self, value: bytes, start: int) -> tuple[Any, ...] | Undecodable:
        """What is wanted of the record in `value` from `start` on. Total: any bytes give that, or Undecodable."""
        if self._straight is not None:
            try:
                return self._straight(value, start)
            except ODD:
                pass  # fastavro says what is odd about it, or reads it
        record = self.whole(value, start)
        return record if isinstance(record, Undecodable) else laid_out(record, self._layout)

    def whole(self, value: bytes, start: int) -> Any:
        """The record itself with all its fields, or Undecodable."""
        stream = Stream(value)
        stream.seek(start)
        try:
            record = fastavro.schemaless_reader(stream, self._writer, self._reader)
        except SchemaResolutionError as error:
            return Undecodable("schema_incompatible", as_written(str(error))[:500])
        except (EOFError, ValueError, LookupError, TypeError, ArithmeticError) as error:
            return Undecodable(
                "undecodable", f"{type(error).__name__} at byte {stream.tell()}: {as_written(str(error))[:200]}"
            )
        if stream.tell() != len(value):
            return Undecodable("leftover_bytes", f"{len(value) - stream.tell()} bytes are left over behind the record")
        return record
