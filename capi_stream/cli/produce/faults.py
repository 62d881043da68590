"""What can be wrong with a record, on purpose. Each is named as the reason with which the service refuses it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from capi_stream.cli.produce.shop import Event
from capi_stream.cli.produce.visits import DAY_MS


class SpoiltEvent(NamedTuple):
    """A fault in an event: `changes(event, unix_ms)` are laid over it. It strikes events of `kind`, if one is named."""

    told: str
    changes: Callable[[Event, int], Mapping[str, Any]]
    kind: str | None = None


class SpoiltBytes(NamedTuple):
    """A fault in a record's bytes: `value(whole, chance)` is what is published in place of `whole`."""

    told: str
    value: Callable[[bytes, random.Random], bytes | None]


def _order(**changes: Any) -> Callable[[Event, int], Mapping[str, Any]]:
    return lambda event, _: {"order": {**event["order"], **changes}}


def _customer(**changes: Any) -> Callable[[Event, int], Mapping[str, Any]]:
    return lambda event, _: {"customer": {**event["customer"], **changes}}


def _only(**customer: Any) -> Callable[[Event, int], Mapping[str, Any]]:
    return lambda _, __: {"customer": customer}


_NO_IDENTIFIER: Mapping[str, Any] = MappingProxyType(
    {"emails": ["ana.silva@", "keine Angabe"], "phones": ["n/a", "12"], "ip_address": "10.0.0.7", "fbc": "IwAR0"}
)
_KNOWN: Mapping[str, Any] = MappingProxyType({"external_ids": ["customer-7"]})  # enough to identify somebody
_ON_THE_WEB: Mapping[str, Any] = MappingProxyType({"channel": "WEBSITE", "app": None})

EVENT_FAULTS: Mapping[str, SpoiltEvent] = MappingProxyType(
    {
        "purchase_without_value": SpoiltEvent("a purchase has no value", _order(value=None), "purchase"),
        "purchase_without_currency": SpoiltEvent("a purchase has no currency", _order(currency=None), "purchase"),
        "currency_unknown": SpoiltEvent("a purchase has a currency that is none", _order(currency="EURO"), "purchase"),
        "event_time_too_old": SpoiltEvent(
            "it happened 70 days ago", lambda _, unix_ms: {"occurred_at": unix_ms - 70 * DAY_MS}
        ),
        "event_time_in_future": SpoiltEvent(
            "it happens tomorrow", lambda _, unix_ms: {"occurred_at": unix_ms + DAY_MS}
        ),
        "event_time_in_milliseconds": SpoiltEvent(
            "its time is a thousand times what it should be", lambda _, unix_ms: {"occurred_at": unix_ms * 1_000}
        ),
        "pixel_not_configured": SpoiltEvent("it names a pixel that is not there", lambda *_: {"pixel_id": "999999999"}),
        "user_data_missing": SpoiltEvent("no identifier in it is one", _only(**_NO_IDENTIFIER)),
        "user_data_too_broad": SpoiltEvent("only place and gender are known", _only(city="Köln", gender="f")),
        "malformed_identifiers": SpoiltEvent(
            "some identifiers are none: it is sent without them", _customer(**_NO_IDENTIFIER, **_KNOWN)
        ),
        "website_incomplete": SpoiltEvent(
            "a website event has no page and no user agent: refused only where rules.strict_website is set",
            lambda event, _: {**_ON_THE_WEB, "page": None, **_customer(user_agent=None, **_KNOWN)(event, 0)},
        ),
    }
)

BYTE_FAULTS: Mapping[str, SpoiltBytes] = MappingProxyType(
    {
        "undecodable": SpoiltBytes("it is cut short", lambda whole, chance: whole[: -chance.randrange(1, 20)]),
        "leftover_bytes": SpoiltBytes("bytes follow after its end", lambda whole, _: whole + b"\x00\x00"),
        "not_framed": SpoiltBytes("it is JSON, not Avro", lambda *_: b'{"event_id": "order-1", "value": 19.99}'),
        "tombstone": SpoiltBytes("it has no value: skipped", lambda *_: None),
    }
)

UNKNOWN_SCHEMA = "schema_unknown"
AGAIN = "duplicate"
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        **{name: fault.told for name, fault in EVENT_FAULTS.items()},
        **{name: fault.told for name, fault in BYTE_FAULTS.items()},
        UNKNOWN_SCHEMA: "its schema is in no registry",
        AGAIN: "a record of a moment ago, once more: sent twice, counted once by Meta",
    }
)
"""Every fault, in words."""


def spoilt(event: Event, fault: SpoiltEvent, unix_ms: int) -> Event:
    """`event` with `fault`, and with consent: it would else be filtered before anybody sees what is wrong."""
    return {**event, "consent": None, **fault.changes(event, unix_ms)}
