"""A dotted path against a schema: the Python that takes each step, and what is found there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from capi_stream.intake.avro.resolution import shown
from capi_stream.intake.avro.schemas import Array, Enum, Map, Primitive, RecordType, Type, Union

MOST_SUGGESTIONS = 2_000  # paths that are searched for the nearest: shared names can make a small schema vast


class WrongPathError(Exception):
    """A path that cannot be used; the message says what is there instead. `is_unknown` where nothing is there."""

    def __init__(self, message: str = "", *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a path: the types that a value there can have, null noted apart."""

    kinds: tuple[Type, ...]
    is_nullable: bool = False

    @property
    def only(self) -> Type | None:
        """The one type there; None for a union of several."""
        return self.kinds[0] if len(self.kinds) == 1 else None

    @property
    def texts(self) -> int:
        """How many of the types are texts: an empty one counts as null."""
        return sum(isinstance(kind, Primitive) and kind.kind == "string" for kind in self.kinds)

    def __str__(self) -> str:
        return " or ".join(shown(kind) for kind in self.kinds) or "null"


def at(kind: Type) -> Found:
    """A place that holds `kind`; unions are opened."""
    if not isinstance(kind, Union):
        is_null = isinstance(kind, Primitive) and kind.kind == "null"
        return Found((), is_nullable=True) if is_null else Found((kind,))
    opened = [at(branch) for branch in kind.branches]
    return Found(tuple(inner for each in opened for inner in each.kinds), any(each.is_nullable for each in opened))


def step(found: Found, name: str, before: str) -> tuple[str, Found]:
    """One name further: Python that takes it from `before` (no null: the caller has tested), and what is there.

    An empty text counts as null. Raises WrongPathError where no type in `found` has such a member.
    """
    records = [kind.field(name) for kind in found.kinds if isinstance(kind, RecordType)]
    types = [field.type for field in records if field is not None]
    types += [kind.values for kind in found.kinds if isinstance(kind, Map)]
    if not types:
        if any(isinstance(kind, Array) for kind in found.kinds):
            raise WrongPathError(f"but what stands before '{name}' is {found}: go over it with each and item")
        raise WrongPathError(is_unknown=True)
    after = at(Union(tuple(types)))
    code = f"{before}[{name!r}]"
    if len(types) < len(found.kinds) or not all(isinstance(kind, RecordType) for kind in found.kinds):
        code, after = f"{before}.get({name!r})", Found(after.kinds, is_nullable=True)
    if not all(isinstance(kind, RecordType | Map) for kind in found.kinds):
        code = f"({code} if type({before}) is dict else None)"
    if after.texts:
        after = Found(after.kinds, is_nullable=True)
        code = f"{code} or None" if after.texts == len(after.kinds) else code
    return code, after


def suggestions(root: Type) -> list[str]:
    """The dotted paths below `root`, to find the nearest among."""
    return list(islice(_paths(root, ""), MOST_SUGGESTIONS))


def _paths(kind: Type, before: str) -> Iterator[str]:
    for inner in at(kind).kinds:
        if isinstance(inner, RecordType):
            for field in inner.fields:
                yield f"{before}{field.name}"
                yield from _paths(field.type, f"{before}{field.name}.")


class Coercion(NamedTuple):
    """How a decoded value (no null) is written in an event: Python with `{0}` for it, and its JSON types."""

    code: str
    kinds: frozenset[str]


AS_IT_IS = "{0}"


def coercion(found: Found) -> Coercion:
    """The coercion of whatever can be at a place. Raises WrongPathError where no event can hold it."""
    each = [_coercion_of(kind) for kind in found.kinds]
    code = _by_python_type(found, [one.code for one in each])
    if 0 < found.texts < len(found.kinds):  # beside a text only: 0 and false are values
        code = f"None if {{0}} == '' else {code}"
    return Coercion(code, frozenset(kind for one in each for kind in one.kinds))


def _by_python_type(found: Found, codes: list[str]) -> str:
    """One code for values of several types, told apart as they are decoded."""
    by_type: dict[str, str] = {}
    for kind, code in zip(found.kinds, codes, strict=True):
        name = PYTHON[kind.kind] if isinstance(kind, Primitive) else "str"  # what is not single has raised
        if by_type.setdefault(name, code) != code:
            raise WrongPathError(f"which is {found}: both are {name} when they are decoded, and mean different things")
    *others, last = by_type.items() or [("", AS_IT_IS)]
    made = last[1]
    for name, code in reversed(others):
        made = made if code == made else f"{code} if type({{0}}) is {name} else {made}"
    return made


PYTHON = {
    "boolean": "bool",
    "int": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "fixed": "bytes",
}
"""The Python type of a decoded value, by its Avro type."""


_TEXT = frozenset({"text"})
_INTEGER = frozenset({"integer"})
_NUMBER = frozenset({"number"})


def _coercion_of(kind: Type) -> Coercion:
    match kind:
        case Enum() | Primitive(kind="string"):
            return Coercion(AS_IT_IS, _TEXT)
        case Primitive(kind="boolean"):
            return Coercion(AS_IT_IS, frozenset({"flag"}))
        case Primitive(logical="decimal", kind="bytes" | "fixed"):
            return Coercion(f"decimal_of({{0}}, {kind.scale})", _NUMBER)
        case Primitive(kind="float" | "double"):
            return Coercion("finite({0})", _NUMBER)
        case Primitive(kind="int" | "long"):
            return _coercion_of_integer(kind)
        case RecordType() | Map():
            raise WrongPathError(f"which is {shown(kind)}, no single value: name one of its members")
        case _:
            raise WrongPathError(f"which is {shown(kind)}: an event cannot hold that")


def _coercion_of_integer(kind: Primitive) -> Coercion:
    match kind.logical:
        case "timestamp-millis":
            return Coercion("{0} // 1000", _INTEGER)
        case "timestamp-micros":
            return Coercion("{0} // 1000000", _INTEGER)
        case "timestamp-nanos":
            return Coercion("{0} // 1000000000", _INTEGER)
        case "date":
            return Coercion("date_text({0})", _TEXT)
        case "local-timestamp-millis" | "local-timestamp-micros" | "local-timestamp-nanos":
            raise WrongPathError(f"which is {kind.logical}, a time without a zone: publish it as timestamp-millis")
        case _:
            return Coercion(AS_IT_IS, _INTEGER)
