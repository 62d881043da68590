"""What a letter's headers say of an event, as a person may see it who has not asked for personal data.

A record chooses its pixel, its event's name and its id, and a faulty one has put a customer's address there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from capi_stream.cli.masking import MASK, without_addresses
from capi_stream.delivery.labels import STANDARD_EVENTS

_is_pixel = re.compile(r"[0-9]{1,20}").fullmatch
_is_plain = re.compile(r"[\w .:-]{1,60}").fullmatch
_PHONE = re.compile(r"\d(?:[ .-]?\d){6,}")  # without its plus, which no plain name has
_IPV6 = re.compile(r"(?:[0-9a-f]{0,4}:){3,}|::", re.IGNORECASE)


def shown(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is `said`, by the names of the headers, as it may be seen."""
    ways = {"pixel": shown_pixel, "event_name": shown_name, "event_id": shown_id}
    return {key: ways[key](value) if key in ways and isinstance(value, str) else value for key, value in said.items()}


def shown_pixel(text: str) -> str:
    """A pixel's id; a mask in place of what is none."""
    return text if _is_pixel(text) else MASK


def shown_name(text: str) -> str:
    """An event's name; a mask in place of what no name looks like, or holds an address or a phone number."""
    if text in STANDARD_EVENTS:
        return text
    holds_address = without_addresses(text, _mask) != text or _IPV6.search(text) or _PHONE.search(text)
    return text if _is_plain(text) and not holds_address else MASK


def shown_id(text: str) -> str:
    """An event's id, which is what people look for, with a mask over the addresses and phone numbers in it."""
    return without_addresses(text, _mask)


def _mask(_: str) -> str:
    return MASK
