"""A spec and a schema -> the source of one straight-line Python function, and what is wrong between the two.

`when` and `first` become conditional expressions, `each` a loop, an event with a condition of its own a branch. Only
names that were checked and `repr` of constants enter the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, assert_never

from capi_stream.intake.avro.resolution import shown
from capi_stream.intake.avro.schemas import Array, Map, Type
from capi_stream.intake.mapping import fitting
from capi_stream.intake.mapping.conditions import test_of
from capi_stream.intake.mapping.expressions import constants_of, line_of
from capi_stream.intake.mapping.paths import Found, WrongPathError, at, coercion
from capi_stream.intake.mapping.reading import SLOTS, Scope, reading, takes_texts, value
from capi_stream.intake.mapping.repeating import repeated
from capi_stream.intake.mapping.source import NULL, Atom, Source
from capi_stream.intake.mapping.spec import (
    Constant,
    Each,
    Expression,
    First,
    Listed,
    Members,
    Mistake,
    Path,
    Place,
    Spec,
    Store,
    Table,
    Template,
    When,
)
from capi_stream.intake.mapping.targets import name_of, parameter_at
from capi_stream.intake.parameters.table import Kind


def generate(spec: Spec, schema: Type, schema_name: str) -> tuple[str, list[Mistake]]:
    """The text of `mapping(record, kafka, stores, dropped)`, which gives Drafts or Filtered, and every mistake."""
    source = Source(schema_name)
    generator = _Generator(source)
    record = Scope("record", schema, f"schema {schema_name}")
    for each in spec.filters:
        with source.under(f"if {test_of(source, each.condition, record)}:"):
            source.line(f"return Filtered({each.reason!r})")
    pixels = generator.pixels(spec.pixel, record)
    match spec.templates:
        case (Template(condition=None, each=None) as only,):
            source.line(f"return [{generator.draft(only, record, pixels)}]")
        case templates:
            drafts = source.assign("drafts", "[]")
            for template in templates:
                source.mistakes.extend(repeated(template))
                generator.drafts(template, record, pixels, drafts)
            source.line(f"return {drafts}")
    return source.text(spec.name), source.mistakes


class _Generator:
    """Writes expressions to `source`; each method gives the atom that holds the outcome."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def drafts(self, template: Template, record: Scope, pixels: str, drafts: str) -> None:
        """Lines that add to the list `drafts` what `template` makes of a record: nothing, one, or one an item."""
        if template.each is None:
            self._added(template, record, pixels, drafts)
            return
        each = template.each

        def looped(code: str, found: Found) -> Atom:
            with self._each_item(code, found, record, each) as item:
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
        return f"Draft({own}, {self.members(template.event, scope).code})"

    def pixels(self, made: Expression | None, scope: Scope) -> str:
        """A tuple or list of pixel ids, which are texts even where the record has numbers."""
        if made is None:
            return "()"
        atom = self._expression(made, scope, "pixel")
        if wrong := atom.kinds - {"text", "integer", "list"}:
            line = made.place.line if isinstance(made, Path) else 1
            self._source.wrong(
                Place(line, "pixel"), f"takes text, integer or a list of them, and is made from {' or '.join(wrong)}"
            )
        if "list" in atom.kinds:
            return self._source.assign("pixels", f"pixels_of({atom.code})")
        atom = self._as_text(atom, "pixel")
        return f"({atom.code},) if {atom.is_there} else ()" if atom.is_there else f"({atom.code},)"

    def _as_text(self, atom: Atom, wish: str) -> Atom:
        if "integer" not in atom.kinds:
            return atom
        code = f"str({atom.code}) if {atom.is_there} else None" if atom.is_there else f"str({atom.code})"
        name = self._source.assign(wish, code)
        return Atom(name, atom.within(name, is_sure=True), frozenset({"text"}))

    def members(self, made: Members, scope: Scope) -> Atom:
        """A dict with every member that is there."""
        within = made.place.makes
        atoms = {
            key: self._member(name_of(key, within), key, each, scope, made.place) for key, each in made.members.items()
        }
        certain = ", ".join(f"{key!r}: {atom.code}" for key, atom in atoms.items() if not atom.is_there)
        wish = within.removeprefix("custom_data.").replace("[]", "_item")
        name = self._source.assign(wish, f"{{{certain}}}")
        for key, atom in atoms.items():
            if atom.is_there and atom is not NULL:
                with self._source.under(f"if {atom.is_there}:"):
                    self._source.line(f"{name}[{key!r}] = {atom.code}")
        if made.spread:
            self._spread(made.spread, name, scope)
        return Atom(name, "" if certain else name, frozenset({"object"}))

    def _member(self, makes: str, key: str, made: Expression | Members, scope: Scope, within: Place) -> Atom:
        atom = self._any(made, scope, key)
        parameter = parameter_at(makes)
        if parameter is None:
            return atom
        place = Place(line_of(made) or within.line, makes)
        if wrong := fitting.misfit(parameter, atom.kinds):
            self._source.wrong(place, wrong)
        for wrong in fitting.wrong_values(parameter, constants_of(made)):
            self._source.wrong(place, wrong)
        return self._as_text(atom, key) if parameter.kind is Kind.TEXT else atom

    def _spread(self, path: Path, name: str, scope: Scope) -> None:
        def added(code: str, found: Found) -> Atom:
            if not isinstance(found.only, Map):
                raise WrongPathError(f"which is {found}: '*' adds the entries of a map")
            entry = coercion(at(found.only.values)).code.format("each")
            entries = f"{{key: {entry} for key, each in {code}.items() if each is not None}}"
            spread = f"spread({name}, {code if entry == 'each' else entries})"
            with self._source.under(
                f"if {code} is not None and not {spread}:" if found.is_nullable else f"if not {spread}:"
            ):
                self._source.line("dropped.append(SHADOWED)")
            return NULL

        reading(self._source, scope, path, added)

    def _any(self, made: Expression | Members, scope: Scope, wish: str) -> Atom:
        return self.members(made, scope) if isinstance(made, Members) else self._expression(made, scope, wish)

    def _expression(self, made: Expression, scope: Scope, wish: str) -> Atom:
        match made:
            case Path():
                return value(self._source, scope, made)
            case Constant(constant):
                return NULL if constant is None else Atom(repr(constant), "", fitting.kind_of(constant))
            case First(options):
                return self._first([self._expression(each, scope, wish) for each in options], wish)
            case Table():
                return self._table(made, scope, wish)
            case Each():
                return self._each(made, scope, wish)
            case Listed():
                return self._listed(made, scope, wish)
            case Store():
                store = self._as_text(self._expression(made.source, scope, "store"), "store")
                name = self._source.assign(wish, f"stores.get({store.code})")
                return Atom(name, f"{name} is not None", frozenset({"text"}))
            case When():
                return self._when(made, scope, wish)
            case _:
                assert_never(made)

    def _first(self, options: list[Atom], wish: str) -> Atom:
        made = options[-1] if options else NULL
        for option in reversed(options[:-1]):
            there = option.code if option.kinds == {"list"} else option.is_there  # an empty list is nothing to go by
            if not there:
                made = option
            elif option is not NULL:
                name = self._source.assign(wish, f"{option.code} if {there} else {made.code}")
                made = Atom(name, made.within(name, is_sure=True), option.kinds | made.kinds)
        return made

    def _when(self, made: When, scope: Scope, wish: str) -> Atom:
        atom = self._any(made.value, scope, wish)
        name = self._source.assign(wish, f"{atom.code} if {test_of(self._source, made.condition, scope)} else None")
        return Atom(name, atom.within(name), atom.kinds)

    def _table(self, made: Table, scope: Scope, wish: str) -> Atom:
        atom = self._expression(made.source, scope, wish)
        entries: dict[Any, Any] = dict(made.entries)
        if isinstance(made.source, Path) and (found := scope.found(made.source)):
            entries, wrong = fitting.table_entries(made, found)
            for text in wrong:
                self._source.wrong(made.place, text)
        table = self._source.table(f"{wish}_of", entries)
        otherwise = "" if made.otherwise is None else f", {made.otherwise!r}"
        looked_up = f"{table}.get({atom.code}{otherwise})"
        name = self._source.assign(wish, f"{looked_up} if {atom.is_there} else None" if atom.is_there else looked_up)
        outcomes = [*entries.values(), made.otherwise]
        return Atom(name, f"{name} is not None", frozenset(kind for each in outcomes for kind in fitting.kind_of(each)))

    def _each(self, made: Each, scope: Scope, wish: str) -> Atom:
        def looped(code: str, found: Found) -> Atom:
            name = self._source.assign(wish, "[]")
            with self._each_item(code, found, scope, made.path) as item:
                self._append(name, self._item(made.item, made.path.place.makes, item, wish))
            return Atom(name, name, frozenset({"list"}))

        return reading(self._source, scope, made.path, looped)

    def _listed(self, made: Listed, scope: Scope, wish: str) -> Atom:
        atoms = [self._item(each, made.place.makes, scope, wish) for each in made.items]
        if made.place.makes == SLOTS:
            slots = [f"{each.code} if {each.is_there} else ''" if each.is_there else each.code for each in atoms]
            there = " or ".join(f"({each.is_there})" for each in atoms) if all(each.is_there for each in atoms) else ""
            name = self._source.assign(wish, f"[{', '.join(slots)}]" + (f" if {there} else None" if there else ""))
            return Atom(name, f"{name} is not None" if there else "", frozenset({"list"}))
        name = self._source.assign(wish, "[]")
        for atom in atoms:
            self._append(name, atom)
        return Atom(name, name, frozenset({"list"}))

    def _item(self, made: Expression | Members, makes: str, scope: Scope, wish: str) -> Atom:
        """An item of the list `makes`; a text where the parameter is a list of them."""
        atom = self._any(made, scope, f"{wish}_item")
        return self._as_text(atom, f"{wish}_item") if takes_texts(makes) else atom

    def _append(self, name: str, atom: Atom) -> None:
        if atom.is_there:
            self._source.line(f"if {atom.is_there}:")
        self._source.line(f"{'    ' if atom.is_there else ''}{name}.append({atom.code})")

    @contextmanager
    def _each_item(self, code: str, found: Found, scope: Scope, path: Path) -> Iterator[Scope]:
        """A loop over the array in `code`, which is at `path`; what is written meanwhile stands in it."""
        if not isinstance(found.only, Array):
            raise WrongPathError(f"which is {found}: each goes over an array")
        item = self._source.name("item")
        with self._source.under(f"for {item} in {code}{' or ()' if found.is_nullable else ''}:"), scope.branch():
            items = found.only.items
            yield Scope(item, items, f"an item of '{path.text}' ({shown(items)})", item, outer=scope.record)
