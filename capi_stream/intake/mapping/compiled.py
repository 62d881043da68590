"""A mapping that is ready: its text and a schema, compiled once to one Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from capi_stream.intake.avro.layout import Layout, laid_out
from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.generated import executed
from capi_stream.intake.mapping.generating import generate
from capi_stream.intake.mapping.runtime import GIVEN, Draft, Filtered
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.mapping.spec_text import read_spec
from capi_stream.model import Dropped, PixelId, Record

Run = Callable[[tuple[Any, ...], Record, Mapping[str, PixelId], list[Dropped]], list[Draft] | Filtered]


class CompiledMapping(NamedTuple):
    """`run_laid_out(values, record, stores, dropped)` makes Drafts or Filtered of what `layout` wants of a record.

    It raises `coercions.UnfitValueError` where the record holds a number that no event can; `source` is its text.
    `is_sure`: each event's keys and JSON types are those that the API takes, whatever the record.
    """

    run_laid_out: Run
    source: str
    layout: Layout
    is_sure: bool

    def run(
        self, decoded: Mapping[str, Any], record: Record, stores: Mapping[str, PixelId], dropped: list[Dropped]
    ) -> list[Draft] | Filtered:
        """The same of a whole decoded record."""
        return self.run_laid_out(laid_out(decoded, self.layout), record, stores, dropped)


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
    return CompiledMapping(run, text, source.fields.layout(), source.is_sure)
