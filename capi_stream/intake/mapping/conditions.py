"""A mapping's condition becomes a Python test; the values that it reads are assigned on lines before it."""

from __future__ import annotations

from typing import assert_never

from capi_stream.intake.avro.schemas import Array
from capi_stream.intake.mapping import fitting
from capi_stream.intake.mapping.paths import Found
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
    code = value(source, scope, test.path).code
    if found := scope.found(test.path):
        for text in fitting.wrong_tests(test, found):
            source.wrong(test.path.place, text)
    match test.values:
        case (bool(only),):
            return f"{code} is {only}"
        case (only,):
            return f"{code} == {only!r}"
    return f"{code} in {test.values!r}"


def _present(source: Source, path: Path, scope: Scope) -> str:
    """Records, maps and arrays can be asked for too."""

    def tested(code: str, found: Found) -> Atom:
        if isinstance(found.only, Array):
            return Atom(code, f"bool({code})", frozenset())
        test = f"{code} not in (None, '')" if found.texts else f"{code} is not None"
        return Atom(code, test if found.is_nullable else "True", frozenset())

    return reading(source, scope, path, tested).is_there
