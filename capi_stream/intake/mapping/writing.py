"""Expressions and objects of a mapping become lines of Python; each gives the atom that holds the outcome.

Of what stands here only names that were checked and `repr` of constants enter the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

from capi_stream.intake.avro.resolution import shown
from capi_stream.intake.avro.schemas import Array, Map
from capi_stream.intake.mapping import fitting
from capi_stream.intake.mapping.conditions import test_of
from capi_stream.intake.mapping.expressions import constants_of, line_of
from capi_stream.intake.mapping.meaning import takes, understood
from capi_stream.intake.mapping.paths import Found, WrongPathError, at, coercion
from capi_stream.intake.mapping.reading import SLOTS, Scope, reading, takes_texts, value
from capi_stream.intake.mapping.source import NULL, Atom, Source
from capi_stream.intake.mapping.spec import (
    Constant,
    Converted,
    Each,
    Expression,
    First,
    Format,
    Listed,
    Members,
    Path,
    Place,
    Scaled,
    Store,
    Table,
    When,
)
from capi_stream.intake.mapping.targets import name_of, parameter_at
from capi_stream.intake.parameters.table import Kind


class Writer:
    """Writes to `source`."""

    def __init__(self, source: Source) -> None:
        self._source = source

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
        self._source.is_sure &= fitting.is_sure(parameter, atom.kinds, made)
        return self.as_text(atom, key) if parameter.kind is Kind.TEXT else atom

    def _spread(self, path: Path, name: str, scope: Scope) -> None:
        def added(code: str, found: Found) -> Atom:
            if not isinstance(found.only, Map):
                raise WrongPathError(f"which is {found}: '*' adds the entries of a map")
            entry = coercion(at(found.only.values)).code.format("each")
            entries = f"{{key: {entry} for key, each in {code}.items() if each is not None}}"
            spread = f"spread({name}, {code if entry == 'each' else entries})"
            with self._source.under(f"if {code} and not {spread}:"):
                self._source.line("dropped.append(SHADOWED)")
            return NULL

        reading(self._source, scope, path, added)

    def _any(self, made: Expression | Members, scope: Scope, wish: str) -> Atom:
        return self.members(made, scope) if isinstance(made, Members) else self.expression(made, scope, wish)

    def expression(self, made: Expression, scope: Scope, wish: str) -> Atom:
        """What `made` comes to; `wish` names the variable."""
        match made:
            case Path():
                return value(self._source, scope, made)
            case Constant(constant):
                return NULL if constant is None else Atom(repr(constant), "", fitting.kind_of(constant))
            case First(options):
                return self._first([self.expression(each, scope, wish) for each in options], wish)
            case Table():
                return self._table(made, scope, wish)
            case Converted() | Scaled() | Format():
                return self._understood(made, scope, wish)
            case Each() | Listed():
                return self._list(made, scope, wish)
            case Store():
                store = self.as_text(self.expression(made.source, scope, "store"), "store")
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
        atom = self.expression(made.source, scope, wish)
        found = scope.found(made.source) if isinstance(made.source, Path) else None
        entries, wrong = fitting.table_entries(made, found) if found else fitting.entries_of(made, atom.kinds)
        for text in wrong:
            self._source.wrong(made.place, text)
        table = self._source.table(f"{wish}_of", entries)
        otherwise = "" if made.otherwise is None else f", {made.otherwise!r}"
        looked_up = f"{table}.get({atom.code}{otherwise})"
        name = self._source.assign_if(wish, looked_up, atom.is_there)
        outcomes = [*entries.values(), made.otherwise]
        return Atom(name, f"{name} is not None", frozenset(kind for each in outcomes for kind in fitting.kind_of(each)))

    def _understood(self, made: Converted | Scaled | Format, scope: Scope, wish: str) -> Atom:
        if isinstance(made, Format):
            return self._format(made, scope, wish)
        atom = self.expression(made.source, scope, wish)
        found = scope.found(made.source) if isinstance(made.source, Path) else None
        return understood(self._source, made, atom, found, wish)

    def _format(self, made: Format, scope: Scope, wish: str) -> Atom:
        pieces, tests = [], []
        for part in made.parts:
            if isinstance(part, str):
                pieces.append(repr(part))
                continue
            atom = value(self._source, scope, part)
            takes(self._source, made.place, f"format, of {part.text},", atom, frozenset({"text", "integer"}))
            pieces.append(f"str({atom.code})" if "integer" in atom.kinds else atom.code)
            tests += [atom.is_there] if atom.is_there else []
        there = " and ".join(dict.fromkeys(tests))
        name = self._source.assign_if(wish, " + ".join(pieces), there)
        return Atom(name, f"{name} is not None" if there else "", frozenset({"text"}))

    def _list(self, made: Each | Listed, scope: Scope, wish: str) -> Atom:
        return self._each(made, scope, wish) if isinstance(made, Each) else self._listed(made, scope, wish)

    def _each(self, made: Each, scope: Scope, wish: str) -> Atom:
        def looped(code: str, found: Found) -> Atom:
            name = self._source.assign(wish, "[]")
            with self.each_item(code, found, scope, made.path) as item:
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
        return self.as_text(atom, f"{wish}_item") if takes_texts(makes) else atom

    def _append(self, name: str, atom: Atom) -> None:
        if atom.is_there:
            self._source.line(f"if {atom.is_there}:")
        self._source.line(f"{'    ' if atom.is_there else ''}{name}.append({atom.code})")

    def as_text(self, atom: Atom, wish: str) -> Atom:
        """A whole number as its digits, anything else as it is."""
        if "integer" not in atom.kinds:
            return atom
        name = self._source.assign_if(wish, f"str({atom.code})", atom.is_there)
        return Atom(name, atom.within(name, is_sure=True), frozenset({"text"}))

    @contextmanager
    def each_item(self, code: str, found: Found, scope: Scope, path: Path) -> Iterator[Scope]:
        """A loop over the array in `code`, which is at `path`; what is written meanwhile stands in it."""
        if not isinstance(found.only, Array):
            raise WrongPathError(f"which is {found}: each goes over an array")
        item = self._source.name("item")
        home, parts = scope.home(path)
        with self._source.under(f"for {item} in {code}{' or ()' if found.is_nullable else ''}:"), scope.branch():
            items = found.only.items
            if at(items).is_nullable:
                with self._source.under(f"if {item} is None:"):
                    self._source.line("continue")
            called = f"an item of '{path.text}' ({shown(items)})"
            fields = home.unpacking and home.unpacking.fields.items(parts)
            unpacking = self._source.unpack(fields, item) if fields else None
            yield Scope(item, items, called, unpacking, item, outer=scope.record)
