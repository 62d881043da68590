"""Environment variables as settings: CAPI_STREAM__API__VERSION is `api.version`, and stands over the file.

Two underscores part the keys. A key that the file has is recognised however it is written there, with `_` for all that
a variable's name cannot hold (CAPI_STREAM__TOPICS__COMMERCE_EVENTS__FRAMING); in a map of properties `_` is a dot: no
property of librdkafka has an underscore (CAPI_STREAM__KAFKA__COMMON__BOOTSTRAP_SERVERS).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from capi_stream.config.document import Document, KeyPath, parse_value
from capi_stream.config.mistakes import Mistake, WrongValueError

PREFIX = "CAPI_STREAM__"

PROPERTY_MAPS = ("common", "consumer", "producer", "properties")
"""The keys of mappings whose own keys are dotted properties."""


def apply_environment(document: Document, environ: Mapping[str, str]) -> None:
    """Write what `environ` says into `document`, places included."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        where = f"environment variable {variable}"
        try:
            value = _value(environ[variable])
            path = _placed(document.values, variable.removeprefix(PREFIX).split("__"), value)
        except WrongValueError as error:
            document.mistakes.append(Mistake(where, "", error.what, error.write_instead))
        else:
            document.places = {known: at for known, at in document.places.items() if known[: len(path)] != path}
            document.places[path] = where


def _value(text: str) -> Any:
    """Lists and mappings are written as in YAML, in brackets; all else is taken as it is. Raises WrongValueError."""
    return parse_value(text) if text.startswith(("[", "{")) else text


def _placed(values: dict[str, Any], segments: list[str], value: Any) -> KeyPath:
    """Put `value` to where `segments` lead; return the path. Raises WrongValueError if a text or list is in the way."""
    path: KeyPath = ()
    for number, segment in enumerate(segments, start=1):
        key = _key(values, segment, path)
        path = (*path, key)
        if number == len(segments):
            values[key] = value
        else:
            if values.get(key) is None:
                values[key] = {}
            if not isinstance(values[key], dict):
                raise WrongValueError(f"{'.'.join(path)} holds no further keys", "Set the whole value, in brackets")
            values = values[key]
    return path


def _key(values: Mapping[str, Any], segment: str, path: KeyPath) -> str:
    """The key that `segment` of a variable's name stands for, in the mapping `values` at `path`."""
    for known in values:
        if re.sub(r"[^A-Z0-9]", "_", known.upper()) == segment.upper():
            return known
    return segment.lower().replace("_", ".") if path[-1:] in {(name,) for name in PROPERTY_MAPS} else segment.lower()
