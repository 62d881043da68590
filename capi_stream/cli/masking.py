"""What of an event a person may see without seeing people: one policy, for `preview` and for `explain`.

Shown is what a parameter's meaning keeps free of people: an event's name, a currency, a product. Customer information,
custom properties, what shoppers type, and whatever a later API adds, is hidden. It is better to hide too much: whoever
must see more says so (`--raw`). How a hidden value looks is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from capi_stream.intake.parameters.table import CONTENTS, CUSTOM_DATA, EVENT, Kind, Parameter

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
        "customer_segmentation",
    }
)
"""The keys of an event that say nothing of a person."""

TYPED_BY_PEOPLE = frozenset({"search_string"})
"""The parameters of custom_data that may hold anything at all."""

SHOWN_IN_CUSTOM_DATA = {name: each for name, each in CUSTOM_DATA.items() if name not in TYPED_BY_PEOPLE}
NEVER_TEXT = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.FLAG, Kind.OBJECT})
ADDRESSES = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.\w+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\+\d[\d ()/.-]{6,}\d")

Hide = Callable[[Any], Any]
"""What stands in the place of a value that is not shown; of a text, a number, or true and false."""

_is_hash = re.compile(r"[0-9a-f]{64}").fullmatch


def masked(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event`, a whole one as it is posted, with a mask in place of every value that is raw and may be personal."""
    return shown(event, lambda _: MASK, _hashed)


def shown(event: Mapping[str, Any], hide: Hide, customer: Callable[[Any], Any]) -> dict[str, Any]:
    """`event` with `hide` of what may be personal; `user_data` is `customer`'s."""
    return {
        key: customer(value) if key == "user_data" and isinstance(value, dict) else _of_event(key, value, hide)
        for key, value in event.items()
    }


def is_shown(makes: str) -> bool:
    """Whether a value may be seen that a mapping makes `makes` from, such as `custom_data.contents[].id`."""
    within, _, name = makes.removesuffix("[]").rpartition(".")
    match within:
        case "":
            return name in PLAIN or name == "pixel"
        case "custom_data":
            return name in SHOWN_IN_CUSTOM_DATA
        case "custom_data.contents[]":
            return name in CONTENTS
    return False


def host(url: str, hide: Hide) -> Any:
    """A URL's path and what follows may name a person; its host does not."""
    try:
        parts = urlsplit(url)
        name = parts.hostname
    except ValueError:
        return hide(url)
    if not parts.scheme or not name:
        return hide(url)
    begin = f"{parts.scheme}://{name}"
    return begin if url == begin else f"{begin}/{hide('')}"


def hidden(value: Any, hide: Hide) -> Any:
    """`value` with `hide` of each text and number in it."""
    match value:
        case dict():
            return {key: hidden(inner, hide) for key, inner in value.items()}
        case list():
            return [hidden(inner, hide) for inner in value]
        case bool() | None:
            return value
    return hide(value)


def without_addresses(text: str, hide: Hide) -> str:
    """`text` with `hide` of the mail addresses, IP addresses and phone numbers in it."""
    return ADDRESSES.sub(lambda found: str(hide(found[0])), text)


def _of_event(key: str, value: Any, hide: Hide) -> Any:
    if key in PLAIN:
        return _plain(value, EVENT[key], hide)
    if key == "custom_data" and isinstance(value, dict):
        return _members(value, SHOWN_IN_CUSTOM_DATA, hide)
    if key.endswith("_url") and isinstance(value, str):
        return host(value, hide)
    return hidden(value, hide)


def _members(value: Mapping[str, Any], known: Mapping[str, Parameter], hide: Hide) -> dict[str, Any]:
    return {
        name: _plain(inner, known[name], hide) if name in known else _property(inner, hide)
        for name, inner in value.items()
    }


def _property(value: Any, hide: Hide) -> Any:
    """A custom property: nobody knows what true says of a person in it."""
    return hide(value) if isinstance(value, bool) else hidden(value, hide)


def _plain(value: Any, parameter: Parameter, hide: Hide) -> Any:
    """The value of a parameter that may be shown, so far as it is of the parameter's type."""
    match value:
        case list() if parameter.kind is Kind.OBJECTS:
            return [_members(each, CONTENTS, hide) if isinstance(each, dict) else hidden(each, hide) for each in value]
        case list():
            return [_plain(each, parameter, hide) for each in value]
        case dict():
            return hidden(value, hide)
        case str() if parameter.kind in NEVER_TEXT:
            return hide(value)
        case str():
            return without_addresses(value, hide)
    return value


def _hashed(value: Any) -> Any:
    match value:
        case dict():
            return {name: _hashed(each) for name, each in value.items()}
        case list():
            return [_hashed(each) for each in value]
    return value if isinstance(value, str) and _is_hash(value) else MASK
