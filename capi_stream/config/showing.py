"""The settings in effect, as YAML that can be loaded again; secrets are masked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from capi_stream.config.document import KeyPath
from capi_stream.config.loading import read
from capi_stream.config.properties import is_secret
from capi_stream.config.references import Reference

MASK = "********"


def shown(path: Path, environ: Mapping[str, str]) -> str:
    """The settings in the file at `path` with `environ` over them, defaults included. Raises ConfigError."""
    tree, _, references = read(path, environ)
    return yaml.safe_dump(_shown(tree.model_dump(), (), references.found), sort_keys=False, allow_unicode=True)


def _shown(value: Any, path: KeyPath, references: Mapping[KeyPath, Reference]) -> Any:
    """What stands in a file or a variable is shown by its place: that is no secret, and loads again."""
    if value is None or value == () or value == {}:
        return value if value is None else type(value)() if isinstance(value, dict) else []
    if path in references:
        kind, name = references[path]
        return {kind: name}
    if isinstance(value, SecretStr) or (path and is_secret(path[-1]) and isinstance(value, str)):
        return MASK
    if isinstance(value, Mapping):
        return {key: _shown(inner, (*path, key), references) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner, (*path, str(at)), references) for at, inner in enumerate(value)]
    return value
