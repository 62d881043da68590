"""The lines of a compiled mapping that read the record: each distinct path once, into a variable of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from capi_stream.intake.avro.schemas import Array, Primitive, Type
from capi_stream.intake.mapping.paths import AS_IT_IS, Coercion, Found, WrongPathError, at, coercion, step, suggestions
from capi_stream.intake.mapping.source import NULL, Atom, Source
from capi_stream.intake.mapping.spec import Path
from capi_stream.intake.mapping.spec_nodes import nearest
from capi_stream.intake.mapping.targets import parameter_at
from capi_stream.intake.mapping.unpacking import Unpacking, through_records
from capi_stream.intake.parameters.table import Kind

SLOTS = "app_data.extinfo"
"""The one list whose items say by their place what they are."""


RECORD, ITEM, HEADER, KAFKA = "$", "$item", "$header", "$kafka"
"""How a path begins that leads elsewhere: from within an item to the record, or to the item where it has no names; to
the record's headers; to Kafka's own fields.
"""

_TEXT = Found((Primitive("string"),), is_nullable=True)
FIELDS: Mapping[str, tuple[str, Found]] = {
    "topic": ("kafka.partition.topic", Found(_TEXT.kinds)),
    "key": ("text_of(kafka.key)", _TEXT),
    "timestamp": (
        "kafka.timestamp_ms if kafka.timestamp_ms >= 0 else None",
        Found((Primitive("long", logical="timestamp-millis"),), is_nullable=True),
    ),
}
"""What Kafka itself says of a record: Python that reads it, and what is found there."""


@dataclass(slots=True)
class Scope:
    """What paths begin at: the record, or an item of an array; with what has been read from it, by path.

    `name` is its variable, `called` what messages say of it; `unpacking` unpacks it where it is laid out as a tuple.
    """

    name: str
    type: Type
    called: str
    unpacking: Unpacking | None
    prefix: str = ""  # of the variables that are read from it
    outer: Scope | None = None  # the record's, for an item's
    decoded: dict[tuple[str, ...], tuple[str, Found]] = field(default_factory=dict)
    values: dict[tuple[tuple[str, ...], str], Atom] = field(default_factory=dict)

    @property
    def record(self) -> Scope:
        """The scope of the whole record."""
        return self.outer or self

    def home(self, path: Path) -> tuple[Scope, tuple[str, ...]]:
        """The scope that `path` is read in, and its parts there."""
        if path.parts[0] == ITEM and self.outer:
            return self, path.parts[1:]
        if path.parts[0] == RECORD and len(path.parts) > 1:
            return self.record, path.parts[1:]
        return (self.record if path.parts[0].startswith(RECORD) else self), path.parts

    def found(self, path: Path) -> Found | None:
        """What the schema has at a path that was read; None where it has no such path."""
        scope, parts = self.home(path)
        read = scope.decoded.get(parts)
        return read[1] if read else None

    @contextmanager
    def branch(self) -> Iterator[None]:
        """What is read meanwhile, in this scope or the record's, is read in a branch: it is not there behind it."""
        kept = [(scope, dict(scope.decoded), dict(scope.values)) for scope in (self, self.record)]
        yield
        for scope, decoded, values in kept:
            scope.decoded, scope.values = decoded, values


def reading(source: Source, scope: Scope, path: Path, use: Callable[[str, Found], Atom]) -> Atom:
    """`use` of the variable that holds what is at `path`. A mistake is noted, and null given."""
    home, parts = scope.home(path)
    try:
        return use(*_decoded(source, home, parts))
    except WrongPathError as error:
        reason = f"which {home.called} does not have.{_meant(home, path)}" if error.is_unknown else str(error)
        source.wrong(path.place, f"reads '{path.text}', {reason}")
        return NULL


def _meant(home: Scope, path: Path) -> str:
    """A question for what an unknown path was probably meant to be: in an item often a path of the record."""
    known = suggestions(home.type)
    if home.outer and path.text not in known and path.text in suggestions(home.outer.type):
        return f" Did you mean '{RECORD}.{path.text}', the record's?"
    return nearest(path.text, known) or nearest(path.parts[-1], known)


def _decoded(source: Source, scope: Scope, parts: tuple[str, ...]) -> tuple[str, Found]:
    if parts and parts[0].startswith(RECORD):
        return _beside(source, scope, parts)
    if not parts:
        return _whole(source, scope)
    if parts not in scope.decoded and not _unpacked(source, scope, parts):
        before, found = _decoded(source, scope, parts[:-1])
        code, after = step(found, parts[-1], before)
        if found.is_nullable:
            code, after = f"None if {before} is None else {code}", Found(after.kinds, is_nullable=True)
        scope.decoded[parts] = source.assign("_".join([scope.prefix, *parts]), code), after
    return scope.decoded[parts]


def _unpacked(source: Source, scope: Scope, parts: tuple[str, ...]) -> bool:
    """Take what is at `parts` from the tuple, if it is in one."""
    if scope.unpacking is None or (found := through_records(at(scope.type), parts)) is None:
        return False
    scope.unpacking.fields.add(parts, found)
    if parts not in scope.unpacking.variables:  # it may have been read before in a branch
        scope.unpacking.variables[parts] = source.name("_".join([scope.prefix, *parts]))
    scope.decoded[parts] = scope.unpacking.variables[parts], found
    return True


def _whole(source: Source, scope: Scope) -> tuple[str, Found]:
    """The record itself, or the item. An empty text counts as null."""
    found = at(scope.type)
    if scope.unpacking is not None:
        scope.unpacking.fields.add((), found)
        scope.unpacking.variables[()] = scope.name
    if not found.texts:
        return scope.name, found
    if () not in scope.decoded:
        after = Found(found.kinds, is_nullable=True)
        scope.decoded[()] = source.assign(f"{scope.name}_text", f"None if {scope.name} == '' else {scope.name}"), after
    return scope.decoded[()]


def takes_texts(makes: str) -> bool:
    """Whether whole numbers in the list `makes` become texts: the parameter takes these, and no place has a meaning."""
    parameter = parameter_at(makes)
    return parameter is not None and parameter.kind is Kind.TEXTS and makes != SLOTS


def _beside(source: Source, scope: Scope, parts: tuple[str, ...]) -> tuple[str, Found]:
    """What stands beside the record's value: a header, whose name may have dots, or a field of Kafka's own."""
    if parts not in scope.decoded:
        match parts:
            case (begin, *names) if begin == HEADER and names:
                code, found = f"header(kafka, {'.'.join(names)!r})", _TEXT
            case (begin, name) if begin == KAFKA and name in FIELDS:
                code, found = FIELDS[name]
            case _:
                known = ", ".join(f"{KAFKA}.{name}" for name in FIELDS)
                raise WrongPathError(
                    f"but behind {RECORD} there are: {RECORD}.PATH, {HEADER}.NAME, {known}, and {ITEM} within each"
                )
        scope.decoded[parts] = source.assign("_".join(parts), code), found
    return scope.decoded[parts]


def value(source: Source, scope: Scope, path: Path) -> Atom:
    """What is at `path` as it stands in an event: a single value, or a list of them."""
    home, parts = scope.home(path)
    key = parts, path.place.makes if path.place.makes == SLOTS or takes_texts(path.place.makes) else ""
    if key not in home.values:
        atom = reading(source, scope, path, lambda code, found: _coerced(source, code, found, path))
        if atom is NULL:  # a mistake, which is told at every place that makes it
            return NULL
        home.values[key] = atom
    return home.values[key]


def _coerced(source: Source, code: str, found: Found, path: Path) -> Atom:
    array = found.only
    made = _of_items(at(array.items), path) if isinstance(array, Array) else coercion(found)
    if made.code != AS_IT_IS:
        written = made.code.format(code)
        code = source.assign(path.parts[-1], f"None if {code} is None else {written}" if found.is_nullable else written)
    return Atom(code, f"{code} is not None" if found.is_nullable else "", made.kinds)


def _of_items(items: Found, path: Path) -> Coercion:
    """The coercion of a list: item by item, without nulls and empty texts, but in SLOTS, where both are empty texts."""
    if isinstance(items.only, Array):
        raise WrongPathError(f"which is an array of arrays: write each, and {ITEM} for what each is")
    made = coercion(Found(items.kinds))
    written = made.code.removeprefix("None if {0} == '' else ").format("each")
    if "integer" in made.kinds and takes_texts(path.place.makes):
        written = f"str({written})"
    if path.place.makes == SLOTS:
        test, written = "", f"'' if each is None else {written}" if items.is_nullable else written
    else:
        test = _item_test(items)
    code = AS_IT_IS if written == "each" and not test else f"[{written} for each in {{0}}{test}]"
    return Coercion(code, frozenset({"list"}))


def _item_test(items: Found) -> str:
    """What keeps nulls and empty texts out of a list."""
    if items.texts:
        return " if each" if items.texts == len(items.kinds) else " if each not in (None, '')"
    return " if each is not None" if items.is_nullable else ""
