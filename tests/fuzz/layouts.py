"""A layout of all that a record has."""

from __future__ import annotations

from collections.abc import Iterator

from capi_stream.intake.avro.layout import Layout, Place
from capi_stream.intake.avro.schemas import Array, Primitive, RecordType, Type, branches

DEEPEST = 3  # records can hold themselves


def everything(kind: Type, depth: int = 0) -> Layout:
    """All values of a record, and of each record within it whether it is there."""
    assert isinstance(kind, RecordType)
    return tuple(_places(kind, (), depth))


def _places(kind: RecordType, at: tuple[str, ...], depth: int) -> Iterator[Place]:
    for field in kind.fields:
        path, only = (*at, field.name), _only(field.type)
        item = _only(only.items) if isinstance(only, Array) else None
        if depth == DEEPEST:
            yield Place(path)
        elif isinstance(only, RecordType):
            yield Place(path, is_record=True)
            yield from _places(only, path, depth + 1)
        elif isinstance(item, RecordType):
            yield Place(path, items=everything(item, depth + 1))
        else:
            yield Place(path)


def _only(kind: Type) -> Type | None:
    """The one type beside null."""
    others = [each for each in branches(kind) if not (isinstance(each, Primitive) and each.kind == "null")]
    return others[0] if len(others) == 1 else None
