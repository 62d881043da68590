"""The settings in effect, as YAML that can be loaded again; secrets are masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import SecretStr

from capi_stream.config.keys import MASK, KeyPath
from capi_stream.config.loading import Configuration
from capi_stream.config.properties import is_secret
from capi_stream.config.references import Reference

_URL_WITH_SECRET = re.compile(r"://\S*[@?#]")  # user:password@ or ?client_secret=


def shown(configuration: Configuration) -> str:
    """The settings that were read, defaults included."""
    values = _shown(configuration.tree.model_dump(), (), configuration.references.found)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _shown(value: Any, path: KeyPath, references: Mapping[KeyPath, Reference]) -> Any:
    """What stands in a file or a variable is shown by its place: that is no secret, and loads again."""
    if value is None or value == () or value == {}:
        return value if value is None else type(value)() if isinstance(value, dict) else []
    if path in references:
        kind, name = references[path]
        return {kind: name}
    if isinstance(value, SecretStr) or (isinstance(value, str) and _is_secret(path, value)):
        return MASK
    if isinstance(value, Mapping):
        return {key: _shown(inner, (*path, key), references) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner, (*path, str(at)), references) for at, inner in enumerate(value)]
    return value


def _is_secret(path: KeyPath, value: str) -> bool:
    return is_secret(path[-1]) or _URL_WITH_SECRET.search(value) is not None
