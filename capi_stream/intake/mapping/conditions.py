"""A mapping's condition becomes a Python test; the values that it reads are assigned on lines before it."""

from __future__ import annotations

from typing import Any, assert_never

from capi_stream.intake.avro.schemas import Array, Primitive
from capi_stream.intake.mapping.comparing import compared
from capi_stream.intake.mapping.paths import Found, at, coercion
from capi_stream.intake.mapping.reading import Scope, reading, value
from capi_stream.intake.mapping.source import Atom, Source
from capi_stream.intake.mapping.spec import Condition, Equals, Every, Not, Path, Present, Some


def test_of(source: Source, condition: Condition, scope: Scope) -> str:
    """A Python test."""
    match condition:
        case Equals():
            return _equals(source, condition, scope)
        case Present(path):
            return _present(source, path, scope)
        case Every(conditions):
            return " and ".join(f"({test_of(source, each, scope)})" for each in conditions) or "True"
        case Some(conditions):
            return " or ".join(f"({test_of(source, each, scope)})" for each in conditions) or "False"
        case Not(inner):
            return f"not ({test_of(source, inner, scope)})"
        case _:
            assert_never(condition)


def _equals(source: Source, test: Equals, scope: Scope) -> str:
    """Of a list one item must be equal."""

    def tested(code: str, found: Found) -> Atom:
        values, wrong = compared(test, found)
        for text in wrong:
            source.wrong(test.path.place, text)
        if isinstance(found.only, Array):
            items = at(found.only.items)
            is_equal = _is(coercion(items).code.format("each"), values, items)
            without_nulls = " if each is not None" if items.is_nullable else ""
            listed = f"{code} or ()" if found.is_nullable else code
            return Atom(code, f"any({is_equal} for each in {listed}{without_nulls})", frozenset())
        atom = value(source, scope, test.path)
        return atom._replace(is_there=_is(atom.code, values, found))

    return reading(source, scope, test.path, tested).is_there


def _is(code: str, values: tuple[Any, ...], found: Found) -> str:
    """Python's true is 1: where both can be, each is looked for by itself."""
    if any(isinstance(kind, Primitive) and kind.kind == "boolean" for kind in found.kinds):
        flags = [f"{code} is {each}" for each in values if isinstance(each, bool) or each is None]
        others = tuple(each for each in values if not isinstance(each, bool) and each is not None)
        return " or ".join([*flags, *([f"(type({code}) is not bool and {code} in {others!r})"] if others else [])])
    return f"{code} == {values[0]!r}" if len(values) == 1 else f"{code} in {values!r}"


def _present(source: Source, path: Path, scope: Scope) -> str:
    """Records, maps and arrays can be asked for too."""

    def tested(code: str, found: Found) -> Atom:
        if isinstance(found.only, Array):
            there = "each is not None and each != ''" if at(found.only.items).is_nullable else "each != ''"
            listed = f"{code} or ()" if found.is_nullable else code
            return Atom(code, f"any({there} for each in {listed})", frozenset())
        test = f"{code} not in (None, '')" if found.texts else f"{code} is not None"
        return Atom(code, test if found.is_nullable else "True", frozenset())

    return reading(source, scope, path, tested).is_there
