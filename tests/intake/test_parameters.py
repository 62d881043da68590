"""The table of the API's parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.parameters.forms import sender
from capi_stream.intake.parameters.raw_values import LeftOut, hash_of
from capi_stream.intake.parameters.reference import page
from capi_stream.intake.parameters.table import (
    BY_PLACE,
    CUSTOM_DATA,
    PARAMETERS,
    USER_DATA,
    Hashing,
    Kind,
    Parameter,
    Place,
    Source,
)
from capi_stream.intake.parameters.values import EXTINFO
from tests.builders import ROOT
from tests.intake.sales import compiled

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
    assert sender(parameter, 2026)(UUID_WITHOUT_DASHES) == sent


CHOSEN = [parameter for parameter in PARAMETERS if parameter.values]


def constant(parameter: Parameter, value: str) -> str:
    """A mapping of sales in which `parameter` is always `value`, as flow YAML."""
    made: dict[str, Any] = {parameter.name: {"const": [value] if parameter.kind is Kind.TEXTS else value}}
    if parameter.place is Place.CONTENTS:
        return json.dumps({"custom_data": {"contents": {"each": "lines", "item": made}}})
    return json.dumps(made if parameter.place is Place.EVENT else {parameter.place: made})


@pytest.mark.parametrize("parameter", CHOSEN, ids=lambda parameter: parameter.name)
def test_a_constant_of_a_closed_set_is_held_to_it(parameter: Parameter) -> None:
    for value in parameter.values:
        compiled(constant(parameter, value))
    with pytest.raises(MappingError, match=f"{parameter.name} has no value 'no_such'; it knows "):
        compiled(constant(parameter, "no_such"))


@pytest.mark.parametrize(
    "name", [name for name, parameter in BY_PLACE[Place.EVENT].items() if parameter.kind is Kind.OBJECT]
)
def test_an_object_of_parameters_is_no_constant(name: str) -> None:
    """Its keys would go unchecked: one that user_data does not know stopped the service."""
    with pytest.raises(MappingError, match=f"{name} is no constant: write its parameters below it"):
        compiled(json.dumps({name: {"const": {"shoe": "44"}}}))


def test_a_key_of_attribution_setting_is_held_to_the_table() -> None:
    hours = compiled("{attribution_data: {attribution_setting: {inactivity_window_hours: number}}}")
    assert "inactivity_window_hours" in hours.source
    with pytest.raises(MappingError, match="Did you mean 'inactivity_window_hours'"):
        compiled("{attribution_data: {attribution_setting: {inactivity_hours: number}}}")


def test_what_is_sent_is_the_hash_of_the_normal_form() -> None:
    assert sender(USER_DATA["fn"], 2026)(" Mary ") == hash_of("mary")
    assert sender(USER_DATA["client_user_agent"], 2026)("Mozilla/5.0 (X11)") == "Mozilla/5.0 (X11)"
    assert sender(USER_DATA["em"], 2026)("mary") == LeftOut("malformed")


def test_a_birth_date_is_bounded_by_the_year_that_is_handed_in() -> None:
    assert sender(USER_DATA["db"], 2027)("2027-01-01") == hash_of("20270101")
    assert sender(USER_DATA["db"], 2026)("2027-01-01") == LeftOut("out_of_range")


def test_the_page_of_parameters_is_current() -> None:
    """Else: `python -m capi_stream.intake.parameters.reference > docs/parameters.md`."""
    assert page() == (ROOT / "docs/parameters.md").read_text()


def test_the_page_has_every_parameter_with_its_normal_form_and_values() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    for parameter in PARAMETERS:
        found = [row for row in rows if row.startswith(f"| `{parameter.name}` |") and parameter.source in row]
        assert found
        assert any(all(f"`{value}`" in row for value in parameter.values) for row in found)
    assert "|  | customer information" not in page()  # each function that normalises says in its docstring what it does


def test_the_page_links_every_source() -> None:
    for source in Source:
        assert f"| {source.removesuffix(', quoted')} | <https://" in page()


def test_money_is_a_number() -> None:
    assert CUSTOM_DATA["value"].kind is Kind.NUMBER
