"""Where a mapping reads a record, and what for: found in its spec, without a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from capi_stream.intake.mapping.reading import ITEM, RECORD
from capi_stream.intake.mapping.spec import Condition, Each, Path, Template

Parts = tuple[str, ...]
ITEMS = "[]"
"""Ends the name of an array whose items are gone over."""


class How(StrEnum):
    """What becomes of what is read."""

    MADE = "made"  # a part of an event, or its pixel
    TESTED = "tested"  # by a condition
    GONE_OVER = "gone over"  # an array, item by item


class Read(NamedTuple):
    """One path that is read.

    `parts` lead there from the record, through `name[]` into the items of an array; what stands beside the record is
    as it is written.
    """

    path: Path
    parts: Parts
    how: How

    @property
    def makes(self) -> str:
        """What it has a part in, such as `user_data.em`."""
        return self.path.place.makes

    @property
    def names(self) -> Parts:
        """`parts` as they are named in the schema."""
        return tuple(part.removesuffix(ITEMS) for part in self.parts)


def reads(node: Any, within: Parts = (), how: How = How.MADE) -> Iterator[Read]:
    """Every path in a spec or a part of one. `within` is where its paths begin."""
    match node:
        case Path():
            yield Read(node, _from_record(node, within), how)
        case Each(path=path, item=item):
            yield from reads(path, within, How.GONE_OVER)
            yield from reads(item, _items(path, within), how)
        case Template(each=Path() as path):
            yield from reads(path, within, How.GONE_OVER)
            yield from reads((node.condition, node.pixel, node.event), _items(path, within), how)
        case _:
            inner_how = How.TESTED if isinstance(node, Condition) else how
            for part in _parts(node):
                yield from reads(part, within, inner_how)


def _parts(node: Any) -> Iterable[Any]:
    """What stands within a spec's list, object, expression or condition."""
    if isinstance(node, Mapping):
        return node.values()
    if isinstance(node, tuple):
        return node
    return [getattr(node, field.name) for field in fields(node)] if is_dataclass(node) else ()


def _from_record(path: Path, within: Parts) -> Parts:
    begin, *after = path.parts
    if begin == RECORD:
        return tuple(after)
    if begin == ITEM:
        return (*within, *after)
    return path.parts if begin.startswith(RECORD) else (*within, *path.parts)


def _items(path: Path, within: Parts) -> Parts:
    *before, last = _from_record(path, within)
    return (*before, f"{last}{ITEMS}")
