"""The JSON Schema of the mapping language: what a mapping can say it lets through, and what it cannot it refuses."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
import yaml
from jsonschema import Draft202012Validator

from capi_stream.intake.mapping.language import schema
from capi_stream.intake.parameters.table import PARAMETERS
from tests.builders import MAPPING_TEXT
from tests.intake.test_mapping import EVERYTHING, EXAMPLES, SEVERAL

SHIPPED = json.loads(files("capi_stream").joinpath("mappings/mapping.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SHIPPED)


def test_the_file_that_is_shipped_is_made_from_the_tables() -> None:
    Draft202012Validator.check_schema(SHIPPED)
    assert schema() == SHIPPED, "make it anew: python -m capi_stream.intake.mapping.language"


@pytest.mark.parametrize("text", [MAPPING_TEXT, EVERYTHING, SEVERAL, *(mapping for mapping, _, _ in EXAMPLES)])
def test_what_the_service_takes_it_takes(text: str) -> None:
    assert [error.message for error in VALID.iter_errors(yaml.safe_load(text))] == []


def test_every_parameter_can_be_written() -> None:
    for parameter in PARAMETERS:
        within = parameter.place.value.split(".")[-1].removesuffix("[]") or "event"
        assert parameter.name in SHIPPED["$defs"][within]["properties"], parameter


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "event: {}\nevents: [{event: {}}]",
        "event: {event_nam: a}",
        "event: {user_data: {email: a}}",
        "event: {event_name: a..b}",
        "event: {event_name: {from: a, const: b}}",
        "event: {event_name: {from: a, defalt: b}}",
        "event: {event_name: {from: a, otherwise: b}}",
        "event: {custom_data: {contents: {each: lines}}}",
        "event: {custom_data: {contents: {each: lines, item: {idd: ean}}}}",
        "event: {}\nfilters: [{reason: No Good, when: {a: b}}]",
        "event: {}\nfilters: [{reason: a}]",
        "event: {}\nfilters: [{reason: a, when: {b: {presnt: true}}}]",
        "events: []",
        "events: [{when: {a: b}}]",
    ],
)
def test_what_the_service_refuses_for_its_form_it_refuses(text: str) -> None:
    assert list(VALID.iter_errors(yaml.safe_load(text)))
