"""The table of the API's parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from capi_stream.intake.parameters import (
    BY_PLACE,
    CUSTOM_DATA,
    EXTINFO,
    PARAMETERS,
    USER_DATA,
    Hashing,
    Kind,
    Place,
    identifier,
)
from capi_stream.intake.raw_values import LeftOut, hash_of

PAYLOADS: list[dict[str, Any]] = [
    case["payload"]
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "sdk_payloads.json").read_text())
    if "payload" in case
]
UUID_WITHOUT_DASHES = "1298dbde9c88e2c29876e61e8606a68a"


def test_a_parameter_stands_once_in_its_place() -> None:
    rows = [(parameter.place, parameter.name) for parameter in PARAMETERS]
    assert len(set(rows)) == len(rows) == sum(map(len, BY_PLACE.values()))


def test_every_identifier_that_meta_wants_hashed_is_hashed() -> None:
    hashed = {name for name, parameter in USER_DATA.items() if parameter.hashing is not Hashing.NEVER}
    page = {"em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "external_id"}
    sdk = {"f5first", "f5last", "fi", "dobd", "dobm", "doby"}
    assert hashed == page | sdk
    assert {name for name, parameter in USER_DATA.items() if parameter.is_list} == page


def test_extinfo_has_sixteen_slots() -> None:
    assert len(EXTINFO) == 16


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.get("event_id"))
def test_the_table_knows_every_key_that_the_official_sdk_sends(payload: dict[str, Any]) -> None:
    """But custom properties, which are anybody's."""
    objects = {Place.EVENT: payload} | {place: payload.get(place, {}) for place in Place if "." not in place and place}
    for place, members in objects.items():
        if place is not Place.CUSTOM_DATA:
            assert members.keys() <= BY_PLACE[place].keys()
    for item in payload.get("custom_data", {}).get("contents", []):
        assert item.keys() <= BY_PLACE[Place.CONTENTS].keys()


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.get("event_id"))
def test_lists_of_user_data_are_lists_for_the_official_sdk_too(payload: dict[str, Any]) -> None:
    for name, value in payload.get("user_data", {}).items():
        assert isinstance(value, list) == USER_DATA[name].is_list


@pytest.mark.parametrize(
    ("hashing", "sent"),
    [
        (Hashing.BY_SHAPE, UUID_WITHOUT_DASHES),
        (Hashing.ALWAYS, hash_of(UUID_WITHOUT_DASHES)),
        (Hashing.NEVER, UUID_WITHOUT_DASHES),
    ],
)
def test_an_external_id_that_looks_like_a_hash_can_be_hashed(hashing: Hashing, sent: str) -> None:
    parameter = replace(USER_DATA["external_id"], hashing=hashing)
    assert identifier(parameter, UUID_WITHOUT_DASHES, 2026) == sent


def test_what_is_sent_is_the_hash_of_the_normal_form() -> None:
    assert identifier(USER_DATA["fn"], " Mary ", 2026) == hash_of("mary")
    assert identifier(USER_DATA["client_user_agent"], "Mozilla/5.0 (X11)", 2026) == "Mozilla/5.0 (X11)"
    assert identifier(USER_DATA["em"], "mary", 2026) == LeftOut("malformed")


def test_a_birth_date_is_bounded_by_the_year_that_is_handed_in() -> None:
    assert identifier(USER_DATA["db"], "2027-01-01", 2027) == hash_of("20270101")
    assert identifier(USER_DATA["db"], "2027-01-01", 2026) == LeftOut("out_of_range")


def test_money_is_a_number() -> None:
    assert CUSTOM_DATA["value"].kind is Kind.NUMBER
