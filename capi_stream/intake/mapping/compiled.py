"""A mapping that is ready: its text and a schema, compiled once to one Python function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.avro.straight_source import Wanted
from capi_stream.intake.generated import executed
from capi_stream.intake.mapping.generating import generate
from capi_stream.intake.mapping.runtime import GIVEN, Draft, Filtered
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.model import Dropped, PixelId, Record

Run = Callable[[dict[str, Any], Record, Mapping[str, PixelId], list[Dropped]], list[Draft] | Filtered]


class CompiledMapping(NamedTuple):
    """`run(decoded, record, stores, dropped)` makes Drafts or Filtered of a decoded record; `source` is its text.

    `run` raises `coercions.UnfitValueError` where the record holds a number that no event can. Of the decoded record it
    reads `wanted`. `is_sure`: each event's keys and JSON types are those that the API takes, whatever the record.
    """

    run: Run
    source: str
    wanted: Wanted
    is_sure: bool


def compile_mapping(text: str, name: str, schema: Type, schema_name: str) -> CompiledMapping:
    """The mapping in `text` (YAML, called `name` in messages) for records of `schema`.

    Raises MappingError with all that is wrong in the text and between it and the schema.
    """
    spec, mistakes = read_spec(text, name)
    source = generate(spec, schema, schema_name)
    if mistakes or source.mistakes:
        raise MappingError(name, [*mistakes, *source.mistakes])
    text = source.text(spec.name)
    run = cast("Run", executed(text, f"mapping {name} for {schema_name}", GIVEN)["mapping"])
    return CompiledMapping(run, text, _tree(source.reads), source.is_sure)


def _tree(paths: Iterable[tuple[str, ...]]) -> Wanted:
    """Paths as a tree: what is read of a record, and of that in turn."""
    tree: dict[str, Any] = {}
    for path in paths:
        within = tree
        for name in path:
            within = within.setdefault(name, {})
    return tree
