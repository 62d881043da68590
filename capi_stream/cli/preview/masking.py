"""An event that may be shown: what is hashed stays, what may tell of a person does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from capi_stream.intake.parameters.table import CUSTOM_DATA

MASK = "[masked]"

PLAIN = frozenset(
    {
        "event_name",
        "event_time",
        "event_id",
        "action_source",
        "opt_out",
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
        "messaging_channel",
    }
)
"""The keys of an event that say nothing of a person."""

TYPED_BY_PEOPLE = frozenset({"search_string"})
"""The parameters of custom_data that may hold anything at all."""

_is_hash = re.compile(r"[0-9a-f]{64}").fullmatch


def masked(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event`, a whole one as it is posted, with a mask in place of every value that is raw and may be personal."""
    return {key: _of_event(key, value) for key, value in event.items()}


def _of_event(key: str, value: Any) -> Any:
    if key in PLAIN:
        return value
    if key == "user_data" and isinstance(value, dict):
        return {name: _hashed(inner) for name, inner in value.items()}
    if key == "custom_data" and isinstance(value, dict):
        known = CUSTOM_DATA.keys() - TYPED_BY_PEOPLE
        return {name: inner if name in known else MASK for name, inner in value.items()}
    if key.endswith("_url") and isinstance(value, str):
        return _host(value)
    return _texts(value)


def _hashed(value: Any) -> Any:
    if isinstance(value, list):
        return [_hashed(each) for each in value]
    return value if isinstance(value, str) and _is_hash(value) else MASK


def _host(url: str) -> str:
    """A URL's path and what follows may name a person; its host does not."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return MASK
    return f"{parts.scheme}://{host}/{MASK}" if parts.scheme and host else MASK


def _texts(value: Any) -> Any:
    match value:
        case dict():
            return {key: _texts(inner) for key, inner in value.items()}
        case list():
            return [_texts(inner) for inner in value]
        case bool() | None:
            return value
        case _:
            return MASK
