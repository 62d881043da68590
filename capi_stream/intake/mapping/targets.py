"""What a mapping can make: each place in an event, by the name that messages give it, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping

from capi_stream.intake.parameters.table import BY_PLACE, Parameter, Place

OBJECTS: Mapping[str, Place] = {
    "event": Place.EVENT,
    "user_data": Place.USER_DATA,
    "custom_data": Place.CUSTOM_DATA,
    "custom_data.contents[]": Place.CONTENTS,
    "app_data": Place.APP_DATA,
    "original_event_data": Place.ORIGINAL_EVENT_DATA,
    "attribution_data": Place.ATTRIBUTION_DATA,
    "attribution_data.attribution_setting": Place.ATTRIBUTION_SETTING,
}
OPEN = "custom_data"
"""The one object that takes keys of one's own: custom properties."""


def name_of(member: str, within: str) -> str:
    """How messages name `member` of the object `within`, such as `user_data.em`; the event's own stand alone."""
    return member if within == "event" else f"{within}.{member}"


def parameters_in(makes: str) -> Mapping[str, Parameter] | None:
    """The parameters of the object `makes`; None for an object of a custom property."""
    place = OBJECTS.get(makes)
    return None if place is None else BY_PLACE[place]


def parameter_at(makes: str) -> Parameter | None:
    """The parameter `makes`; None for a custom property, or where it is an item of a list."""
    within, dot, member = makes.rpartition(".")
    parameters = parameters_in(within if dot else "event")
    return None if parameters is None else parameters.get(member)


SPOKEN = {
    "email": "em",
    "phone": "ph",
    "first_name": "fn",
    "last_name": "ln",
    "gender": "ge",
    "date_of_birth": "db",
    "city": "ct",
    "state": "st",
    "zip": "zp",
    "postal_code": "zp",
    "ip_address": "client_ip_address",
    "user_agent": "client_user_agent",
}
"""What people call parameters whose names say little."""


def elsewhere(member: str) -> str:
    """A sentence that leads from the wrong name `member` to the right one; empty where none is known."""
    if member in SPOKEN:
        return f" Did you mean '{SPOKEN[member]}'?"
    found = [makes for makes in OBJECTS if member in BY_PLACE[OBJECTS[makes]]]
    return f" It stands in {found[0]}." if found else ""


def counted_as(makes: str) -> str:
    """The field under which a value of `makes` that is left out is counted: a parameter's name, never one's own."""
    parameter = parameter_at(makes.removesuffix("[]"))
    return parameter.name if parameter else makes.partition(".")[0]
