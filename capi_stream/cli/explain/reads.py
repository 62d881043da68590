"""Where a mapping reads a record, and what it makes of what is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from capi_stream.intake.mapping.reading import RECORD
from capi_stream.intake.mapping.spec import Condition, Each, Members, Path, Spec, Template

Parts = tuple[str, ...]


def reads(spec: Spec) -> Mapping[Parts, frozenset[str]]:
    """The paths that a mapping reads, from the record on and through its lists, and what each makes: `user_data.em`.

    A condition makes only what is customer information: that there is a constant tells of the person too.
    """
    found: defaultdict[Parts, set[str]] = defaultdict(set)
    for parts, makes in _found(spec, ()):
        found[parts].add(makes)
    return {parts: frozenset(makes) for parts, makes in found.items()}


def _found(node: Any, base: Parts) -> Iterator[tuple[Parts, str]]:
    """What is read in `node`, whose paths begin at `base`."""
    match node:
        case Path(parts=(begin, *after), place=place):
            yield (tuple(after) if begin == RECORD else (*base, *node.parts)), place.makes
        case Template(each=Path(parts=parts)):
            for each in (node.event, node.pixel, node.condition):
                yield from _found(each, parts)
        case Each(path=Path() as path, item=item):
            yield from _found(path, base)
            yield from _found(item, _from_record(path, base))
        case Members(members=members, spread=spread):
            yield from _found((*members.values(), spread), base)
        case _ if isinstance(node, Condition):
            yield from (each for each in _within(node, base) if each[1].startswith("user_data"))
        case _:
            yield from _within(node, base)


def _from_record(path: Path, base: Parts) -> Parts:
    return path.parts[1:] if path.parts[0] == RECORD else (*base, *path.parts)


def _within(node: Any, base: Parts) -> Iterator[tuple[Parts, str]]:
    """What is read in the parts of `node`."""
    inner: Any = ()
    if isinstance(node, Mapping):
        inner = node.values()
    elif isinstance(node, tuple):
        inner = node
    elif is_dataclass(node) and not isinstance(node, Path):
        inner = [getattr(node, each.name) for each in fields(node)]
    for each in inner:
        yield from _found(each, base)
