"""Environment variables as settings: CAPI_STREAM__API__VERSION is `api.version`, and stands over the file.

Two underscores part the keys. A key that the file has is recognised however it is written there, with `_` for all that
a variable's name cannot hold (CAPI_STREAM__TOPICS__COMMERCE_EVENTS__FRAMING); in a map of properties `_` is a dot: no
property of librdkafka has an underscore (CAPI_STREAM__KAFKA__COMMON__BOOTSTRAP_SERVERS).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from capi_stream.config.document import Document
from capi_stream.config.keys import KeyPath, dotted, shown_key
from capi_stream.config.mistakes import Mistake, Place, WrongValueError
from capi_stream.config.parsing import parse_value

PREFIX = "CAPI_STREAM__"

_ONE_UNDERSCORE = re.compile(r"CAPI_STREAM_(?!_)")
_SERVICE_LINK = re.compile(
    r"\w+_SERVICE_(HOST|PORT(_\w+)?)=.*|\w+_PORT=(tcp|udp|sctp)://.*|\w+_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?=.*"
)
"""What Kubernetes sets for each Service of a namespace: one named capi-stream makes CAPI_STREAM_PORT_9090_TCP."""

PROPERTY_MAPS = ("common", "consumer", "producer", "properties")
"""The keys of mappings whose own keys are dotted properties."""


def apply_environment(document: Document, environ: Mapping[str, str]) -> None:
    """Write what `environ` says into `document`, places included."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        segments = variable.removeprefix(PREFIX).split("__")
        where = Place(f"environment variable {_shown(segments)}")
        try:
            value = _value(environ[variable])
            path = _placed(document, segments, value, where)
        except WrongValueError as error:
            document.mistakes.append(Mistake(where, "", error.what, error.write_instead))
        else:
            document.places = {known: at for known, at in document.places.items() if known[: len(path)] != path}
            document.places[path] = where


def refuse_one_underscore(document: Document, environ: Mapping[str, str], known: Container[str]) -> None:
    """Tell of variables that were meant for us and would not be read, but for those that are `known` to be read."""
    for name in sorted(environ):
        is_link = _SERVICE_LINK.fullmatch(f"{name}={environ[name]}")
        if _ONE_UNDERSCORE.match(name) and name not in known and not is_link:
            what = "this is not read: two underscores part the keys"
            where = Place(f"environment variable {name}")
            document.mistakes.append(Mistake(where, "", what, "Write it such as CAPI_STREAM__API__VERSION"))


def _shown(segments: list[str]) -> str:
    """The variable's name, less what may be a secret."""
    above = tuple(segment.lower() for segment in segments[:1])
    second = [shown_key(above, segment) for segment in segments[1:2]] if above == ("pixels",) else segments[1:2]
    return PREFIX + "__".join([*segments[:1], *second, *segments[2:]])


def _value(text: str) -> Any:
    """Lists and mappings are written as in YAML, in brackets; all else is taken as it is. Raises WrongValueError."""
    return parse_value(text) if text.startswith(("[", "{")) else text


def _placed(document: Document, segments: list[str], value: Any, where: Place) -> KeyPath:
    """Put `value` to where `segments` lead; return the path. Raises WrongValueError if a text or list is in the way.

    What must be made on the way there stands at `where`.
    """
    path: KeyPath = ()
    for segment in segments[:-1]:
        path = (*path, _key(document.at(path), segment, path))
        if document.at(path) is None:
            document.put(path, {})
            document.places.setdefault(path, where)
        if not isinstance(document.at(path), dict):
            raise WrongValueError(f"{dotted(path)} holds no further keys", "Set the whole value, in brackets")
    path = (*path, _key(document.at(path), segments[-1], path))
    document.put(path, value)
    return path


def _key(values: Mapping[str, Any], segment: str, path: KeyPath) -> str:
    """The key that `segment` of a variable's name stands for, in the mapping `values` at `path`."""
    for known in values:
        if re.sub(r"[^A-Z0-9]", "_", known.upper()) == segment.upper():
            return known
    return segment.lower().replace("_", ".") if path[-1:] in {(name,) for name in PROPERTY_MAPS} else segment.lower()
