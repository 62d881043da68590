"""A mapping that is ready: its text and a schema, compiled once to one Python function."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.mapping.generating import generate
from capi_stream.intake.mapping.runtime import GIVEN, Draft, Filtered
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.model import Dropped, PixelId, Record

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
    names = dict(GIVEN)
    exec(compile(source, file_name, "exec"), names)  # noqa: S102 - only checked names and repr of constants are in it
    return cast("Run", names["mapping"])
