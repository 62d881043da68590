"""A mapping that is ready: its text and a schema, compiled once to one Python function."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, cast

from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.mapping import coercions, conversions
from capi_stream.intake.mapping.generating import generate
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.model import Dropped, PixelId, Record

SHADOWED = Dropped("custom_data", "shadows_parameter")
"""A custom property that was left out because a parameter has its name."""


class Draft(NamedTuple):
    """One event that a mapping makes of a record, with raw identifiers, and the pixels that the record names."""

    pixels: Sequence[PixelId]
    event: dict[str, Any]


class Filtered(NamedTuple):
    """The mapping's decision not to send a record."""

    reason: str


Run = Callable[[dict[str, Any], Record, Mapping[str, PixelId], list[Dropped]], list[Draft] | Filtered]


class CompiledMapping(NamedTuple):
    """`run(decoded, record, stores, dropped)` makes Drafts or Filtered of a decoded record; `source` is its text.

    `run` raises `coercions.UnfitValueError` where the record holds a number that no event can.
    """

    run: Run
    source: str


def compile_mapping(text: str, name: str, schema: Type, schema_name: str) -> CompiledMapping:
    """The mapping in `text` (YAML, called `name` in messages) for records of `schema`.

    Raises MappingError with all that is wrong in the text and between it and the schema.
    """
    spec, mistakes = read_spec(text, name)
    source, wrong_paths = generate(spec, schema, schema_name)
    if mistakes or wrong_paths:
        raise MappingError(name, [*mistakes, *wrong_paths])
    return CompiledMapping(_executed(source, f"<mapping {name} for {schema_name}>"), source)


def _executed(source: str, file_name: str) -> Run:
    # linecache shows the generated line in a traceback; None as its time keeps the entry.
    linecache.cache[file_name] = len(source), None, source.splitlines(keepends=True), file_name
    names: dict[str, Any] = {
        "Decimal": Decimal,
        "Draft": Draft,
        "Filtered": Filtered,
        "SHADOWED": SHADOWED,
        "converted": conversions.converted,
        "date_text": coercions.date_text,
        "decimal_of": coercions.decimal_of,
        "finite": coercions.finite,
        "header": coercions.header,
        "pixels_of": coercions.pixels_of,
        "scaled": conversions.scaled,
        "spread": coercions.spread,
        "text_of": coercions.text_of,
    }
    exec(compile(source, file_name, "exec"), names)  # noqa: S102 - only checked names and repr of constants are in it
    return cast("Run", names["mapping"])
