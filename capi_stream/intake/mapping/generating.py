"""A spec and a schema -> the source of one straight-line Python function, and what is wrong between the two.

`when` and `first` become conditional expressions, `each` a loop, an event with a condition of its own a branch. Only
names that were checked and `repr` of constants enter the source.
"""

from __future__ import annotations

from capi_stream.intake.avro.schemas import Type
from capi_stream.intake.mapping.conditions import test_of
from capi_stream.intake.mapping.expressions import line_of
from capi_stream.intake.mapping.paths import Found
from capi_stream.intake.mapping.reading import Scope, reading
from capi_stream.intake.mapping.repeating import repeated
from capi_stream.intake.mapping.source import NULL, Atom, Source
from capi_stream.intake.mapping.spec import Expression, Place, Spec, Template
from capi_stream.intake.mapping.writing import Writer


def generate(spec: Spec, schema: Type, schema_name: str) -> Source:
    """The text of `mapping(record, kafka, stores, dropped)`, which gives Drafts or Filtered, with every mistake."""
    source = Source(schema_name)
    generator = _Generator(source)
    record = Scope("record", schema, f"schema {schema_name}", source.unpack(source.fields, "record"))
    for each in spec.filters:
        with source.under(f"if {test_of(source, each.condition, record)}:"):
            source.line(f"return Filtered({each.reason!r})")
    pixels = generator.pixels(spec.pixel, record)
    for template in spec.templates:
        source.mistakes.extend(repeated(template))
    match spec.templates:
        case (Template(condition=None, each=None) as only,):
            source.line(f"return [{generator.draft(only, record, pixels)}]")
        case templates:
            drafts = source.assign("drafts", "[]")
            for template in templates:
                generator.drafts(template, record, pixels, drafts)
            source.line(f"return {drafts}")
    return source


class _Generator:
    """Writes the events of a record to `source`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._writer = Writer(source)

    def drafts(self, template: Template, record: Scope, pixels: str, drafts: str) -> None:
        """Lines that add to the list `drafts` what `template` makes of a record: nothing, one, or one an item."""
        if template.each is None:
            self._added(template, record, pixels, drafts)
            return
        each = template.each

        def looped(code: str, found: Found) -> Atom:
            with self._writer.each_item(code, found, record, each) as item:
                self._added(template, item, pixels, drafts)
            return NULL

        reading(self._source, record, each, looped)

    def _added(self, template: Template, scope: Scope, pixels: str, drafts: str) -> None:
        if template.condition is None:
            self._source.line(f"{drafts}.append({self.draft(template, scope, pixels)})")
            return
        test = test_of(self._source, template.condition, scope)
        with self._source.under(f"if {test}:"), scope.branch():
            self._source.line(f"{drafts}.append({self.draft(template, scope, pixels)})")

    def draft(self, template: Template, scope: Scope, pixels: str) -> str:
        """One event, for its own pixels or for `pixels`."""
        own = pixels if template.pixel is None else self.pixels(template.pixel, scope)
        return f"Draft({own}, {self._writer.members(template.event, scope).code})"

    def pixels(self, made: Expression | None, scope: Scope) -> str:
        """A tuple or list of pixel ids, which are texts even where the record has numbers."""
        if made is None:
            return "()"
        atom = self._writer.expression(made, scope, "pixel")
        if wrong := atom.kinds - {"text", "integer", "list"}:
            self._source.wrong(
                Place(line_of(made) or 1, "pixel"),
                f"takes text, integer or a list of them, and is made from {' or '.join(wrong)}",
            )
        if "list" in atom.kinds:
            return self._source.assign("pixels", f"pixels_of({atom.code})")
        atom = self._writer.as_text(atom, "pixel")
        return f"({atom.code},) if {atom.is_there} else ()" if atom.is_there else f"({atom.code},)"
