"""Questions to the tree of keys: what may stand at a path."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from capi_stream.config.keys import KeyPath
from capi_stream.config.tree import Tree


def keys_at(path: KeyPath) -> list[str]:
    """The keys that may stand in the mapping at `path`."""
    return list(getattr(_part_at(path), "model_fields", {}))


def field_at(path: KeyPath) -> FieldInfo | None:
    """What is declared of the key at `path`; None for an entry of a map or a list."""
    fields: dict[str, FieldInfo] = getattr(_part_at(path[:-1]), "model_fields", {})
    return fields.get(path[-1]) if path else None


def part_of(annotation: Any) -> Any:
    """The Part inside an annotation such as `Part | None` or `Mapping[str, Part]`, None where there is none."""
    if hasattr(annotation, "model_fields"):
        return annotation
    inner = [each for each in get_args(annotation) if each is not SecretStr]
    return next((found for each in inner if (found := part_of(each)) is not None), None)


def is_map(annotation: Any) -> bool:
    """Whether an annotation is of a mapping whose keys are the user's."""
    origin = get_origin(annotation)
    return bool(origin is not None and hasattr(origin, "keys")) or any(map(is_map, get_args(annotation)[:1]))


def _part_at(path: KeyPath) -> Any:
    part: Any = Tree
    names_follow = False
    for key in path:
        if names_follow:
            names_follow = False
            continue
        field = getattr(part, "model_fields", {}).get(key)
        part = part_of(field.annotation) if field is not None else None
        names_follow = field is not None and is_map(field.annotation)
    return None if names_follow else part
