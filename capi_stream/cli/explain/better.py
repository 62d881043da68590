"""What an event lacks that would help Meta to match it with a person, and what each parameter is good for.

From Meta's page of customer information parameters and its Dataset Quality API, which scores these identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WEB = "website"


@dataclass(frozen=True, slots=True)
class Advice:
    """A parameter that is missing. `place` is the object it stands in."""

    place: str
    name: str
    good_for: str


CUSTOMER: Mapping[str, str] = {
    "em": "the strongest identifier: most people can be matched by it alone",
    "ph": "nearly as strong; always with the country's code",
    "external_id": "your own id of the customer, the same on every channel: joins events, browser and server",
    "fbp": "the browser's id (cookie _fbp): joins it with the same browser's pixel events, helps to deduplicate",
    "fbc": "the ad click's id (cookie _fbc, or fbclid of the landing URL): ties the event to the ad that was clicked",
    "client_ip_address": "the client's own address, IPv6 if there is one: matches beside the user agent; never hashed",
    "client_user_agent": "asked of every website event; matches beside the IP address; never hashed",
    "fn": "first name: sharpens a match, with the last name even without an address",
    "ln": "last name: sharpens a match, with the first name even without an address",
    "ct": "city: sharpens a match by name",
    "zp": "postal code: sharpens a match by name",
    "country": "should always be sent: without it a name or a city means little",
    "db": "date of birth: tells people of the same name apart",
    "madid": "the device's advertising id, for events of apps",
    "anon_id": "the installation's id, for events of apps",
}
"""Strongest first."""

OF_THE_WEB = frozenset({"fbp", "fbc", "client_ip_address", "client_user_agent"})
OF_APPS = frozenset({"madid", "anon_id"})

EVENT: Mapping[str, str] = {
    "event_source_url": "asked of every website event; it must be of a domain that you have verified",
}


def advice(event: Mapping[str, Any], brings_id: bool) -> list[Advice]:
    """What `event`, as it is sent, lacks. `brings_id`: its event_id is the record's own."""
    source, user_data = event.get("action_source"), event.get("user_data") or {}
    beside_the_point = (frozenset() if source == WEB else OF_THE_WEB) | (frozenset() if source == "app" else OF_APPS)
    found = [
        Advice("user_data", name, good_for)
        for name, good_for in CUSTOMER.items()
        if not user_data.get(name) and name not in beside_the_point
    ]
    if source == WEB:
        found += [Advice("event", name, good_for) for name, good_for in EVENT.items() if not event.get(name)]
    if not brings_id:
        found.append(
            Advice(
                "event",
                "event_id",
                "the id that the browser's pixel sent: without it both are counted; ours was made up",
            )
        )
    return found
