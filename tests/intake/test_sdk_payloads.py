"""Every event of the official SDK, made from the same input on our own path: record, mapping, hashing, JSON.

Where ours differs from the SDK's, on purpose, the tables below say so; they are exact in both directions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.intake import Intake
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.spec import MappingError
from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.table import PARAMETERS
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Dropped, Mapped
from capi_stream.sandbox.rules import violation
from tests.builders import PIXEL, ROOT, avro_bytes, intake_settings, record, topic_settings

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/sdk_payloads.json").read_text())
UNIX_NOW = 1_767_228_000.0  # minutes after the last of them

# The arguments of the SDK's constructors, as an Avro schema.

TEXT, FLAG, WHOLE, NUMBER = ["null", "string"], ["null", "boolean"], ["null", "long"], ["null", "double"]
TEXTS = ["null", {"type": "array", "items": "string"}]


def fields(kinds: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind} for names, kind in kinds.items() for name in names.split()]


def part(name: str, **kinds: Any) -> list[Any]:
    return ["null", {"type": "record", "name": name, "fields": fields(kinds)}]


USER_DATA = {
    "email phone first_name last_name gender date_of_birth city state zip_code country_code external_id": TEXT,
    "emails phones first_names last_names genders dates_of_birth cities states zip_codes": TEXTS,
    "country_codes external_ids": TEXTS,
    "client_ip_address client_user_agent fbc fbp subscription_id fb_login_id lead_id anon_id madid": TEXT,
    "page_id page_scoped_user_id ctwa_clid ig_account_id ig_sid f5first f5last fi dobd dobm doby": TEXT,
}
CONTENT = {
    "product_id title description brand category delivery_category": TEXT,
    "quantity": WHOLE,
    "item_price": NUMBER,
}
CUSTOM_DATA = {
    "value predicted_ltv net_revenue": NUMBER,
    "currency content_type content_name content_category delivery_category order_id search_string": TEXT,
    "status item_number": TEXT,
    "content_ids tags": TEXTS,
    "num_items": WHOLE,
    "contents": ["null", {"type": "array", "items": part("Content", **CONTENT)[1]}],
    "custom_properties": ["null", {"type": "map", "values": ["string", "long"]}],
}
APP_DATA = {
    "advertiser_tracking_enabled application_tracking_enabled": FLAG,
    "consider_views include_dwell_data include_video_data": FLAG,
    "campaign_ids install_referrer installer_package url_schemes vendor_id": TEXT,
    "windows_attribution_id receipt_data": TEXT,
    "extinfo": ["null", {"type": "array", "items": ["null", "string", "long"]}],
}
ATTRIBUTION_DATA = {
    "scope ad_id adset_id campaign_id attribution_model attribution_source touchpoint_type": TEXT,
    "attribution_method decline_reason auditing_token linkage_key touchpoint_id partner_client_id": TEXT,
    "visit_time attr_window touchpoint_ts": WHOLE,
    "attribution_share attribution_value total_credit": NUMBER,
    "attribution_setting": part("Setting", **{"inactivity_window_hours reattribution_window_hours": WHOLE}),
}
EVENT = {
    "event_name event_id action_source event_source_url referrer_url messaging_channel": TEXT,
    "advanced_measurement_table": TEXT,
    "event_time": "long",
    "opt_out": FLAG,
    "data_processing_options": TEXTS,
    "data_processing_options_country data_processing_options_state": WHOLE,
    "user_data": part("UserData", **USER_DATA),
    "custom_data": part("CustomData", **CUSTOM_DATA),
    "app_data": part("AppData", **APP_DATA),
    "original_event_data": part("Original", **{"event_name order_id event_id": TEXT, "event_time": WHOLE}),
    "attribution_data": part("Attribution", **ATTRIBUTION_DATA),
}
SCHEMA = json.dumps({"type": "record", "name": "Event", "fields": fields(EVENT)})
MAPPING = (ROOT / "tests/schemas/sdk_event.yaml").read_text()
SLOTS = (
    *("ext_info_version", "app_package_name", "short_version", "long_version", "os_version", "device_model_name"),
    *("locale", "timezone_abbreviation", "carrier", "screen_width", "screen_height", "screen_density"),
    *("cpu_core_count", "total_disk_space_gb", "free_disk_space_gb", "device_time_zone"),
)
"""The SDK's names of the slots of extinfo, in its order."""


@pytest.fixture(scope="module")
def intake() -> Intake:
    topic = topic_settings(schema=SCHEMA, mapping=MAPPING, framing="bare", schema_name="sdk", mapping_name="sdk.yaml")
    routing = Routing(destinations={PIXEL: (Destination(PIXEL),)}, default_pixel=PIXEL)
    return Intake(intake_settings(topic, routing=routing))


def read(intake: Intake, raw: dict[str, Any]) -> Mapped:
    reading = intake(record(avro_bytes(published(raw), SCHEMA)), UNIX_NOW)
    assert isinstance(reading, Mapped)
    return reading


def published(raw: dict[str, Any]) -> dict[str, Any]:
    """The record that holds the arguments `raw`: extinfo as a list, a list among custom properties by its name."""
    made = json.loads(json.dumps(raw))
    if "extinfo" in made.get("app_data", {}):
        made["app_data"]["extinfo"] = [made["app_data"]["extinfo"].get(slot) for slot in SLOTS]
    own = made.get("custom_data", {}).get("custom_properties", {})
    made.get("custom_data", {}).update({name: own.pop(name) for name in list(own) if isinstance(own[name], list)})
    return dict(made)


# What we do otherwise.

ABSENT = "absent"
"""Stands for what is not there."""

Differences = dict[str, dict[str, Any]]

HASHED: Differences = {
    "all nine common fields, three items": {"user_data.external_id": [hash_of("cust-0112")]},
    "every list": {"user_data.external_id": [hash_of("a1"), hash_of("b2")]},
}
"""external_id is hashed: the page recommends it, and the parameter builder does it. The SDK sends it in the clear."""

NORMALISED: Differences = {
    "dirty names: the SDK keeps inner spaces and punctuation": {
        "user_data.fn": [hash_of("maryann")],
        "user_data.ln": [hash_of("oneil")],
        "user_data.ct": [hash_of("stjohns")],
        "user_data.st": [hash_of("ca")],
    },
}
"""The page wants names without punctuation and spaces, and two letters for a state. The SDK only trims them."""

LEFT_OUT: Differences = {
    "empty and white-space strings: the SDK sends null and the hash of nothing": {
        "user_data.fn": ABSENT,
        "user_data.ln": ABSENT,
    },
}
"""A text with nothing in it is no identifier. The SDK sends null, or the hash of an empty text."""

FILLED: Differences = {
    "app, iOS, most device slots unset: the SDK emits null": {
        f"app_data.extinfo[{slot}]": "" for slot in range(16) if slot not in (0, 4)
    },
}
"""The page wants `""` for what is missing in extinfo. The SDK sends null."""

DIFFERENCES: Differences = {**HASHED, **NORMALISED, **LEFT_OUT, **FILLED}

MENDED: dict[str, dict[str, Any]] = {
    # The parameter stays what it is and the property is left out: one bad property costs no Purchase.
    "error: custom property shadows a standard key": {
        "user_data": {"em": [hash_of("ivy@example.com")]},
        "custom_data": {"value": 1, "currency": "usd"},
    },
}
"""What we send where the SDK raises, beside what the case has."""

REFUSED = {
    # The name becomes `de`; but a country alone fits too many people.
    "error: country name": "user_data_too_broad",
    "error: currency of two letters": "currency_unknown",
    # Dots are as good as hyphens, so the phone is one; but the case's Purchase has no value.
    "error: phone with dots": "purchase_without_value",
}
"""Why we refuse where the SDK raises."""

AT_START = {"error: value as text": "custom_data.value takes integer or number, and is made from text"}
"""What we say before any record is read, since the schema has another type, where the SDK raises."""


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each path at which `ours` is not `theirs`, and what is there. Lists of user_data have no order in the SDK."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key, ABSENT), theirs.get(key, ABSENT), f"{path}.{key}".removeprefix("."))
    elif path.startswith("user_data.") and isinstance(ours, list) and isinstance(theirs, list):
        if sorted(ours) != sorted(theirs, key=str):
            yield path, ours
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(our, their, f"{path}[{index}]")
    elif ours != theirs or isinstance(ours, bool) is not isinstance(theirs, bool):
        yield path, ours


@pytest.mark.parametrize("case", [pytest.param(each, id=each["case"]) for each in CASES if "payload" in each])
def test_an_event_is_the_official_sdks_but_for_what_is_listed(intake: Intake, case: dict[str, Any]) -> None:
    (event,) = read(intake, case["raw"]).events
    ours = json.loads(event.body)
    assert dict(differences(ours, case["payload"])) == DIFFERENCES.get(case["case"], {})


@pytest.mark.parametrize("case", [pytest.param(each, id=each["case"]) for each in CASES if "payload" in each])
def test_what_we_make_of_it_keeps_the_sandboxs_rules(intake: Intake, case: dict[str, Any]) -> None:
    """Not all of the SDK's own payloads do: see tests/sandbox/test_sandbox_rules.py."""
    (event,) = read(intake, case["raw"]).events
    assert violation(json.loads(event.body), UNIX_NOW) is None


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=each["case"]) for each in CASES if "error" in each and each["case"] not in AT_START]
)
def test_what_the_official_sdk_raises_for_is_mended_or_refused_as_listed(intake: Intake, case: dict[str, Any]) -> None:
    reading = read(intake, case["raw"])
    outcome = [json.loads(event.body) for event in reading.events] or [each.reason for each in reading.rejections]
    mended = MENDED.get(case["case"])
    assert outcome == [{**case["raw"], **mended} if mended else REFUSED[case["case"]]]


@pytest.mark.parametrize(("case", "said"), AT_START.items())
def test_a_type_that_the_official_sdk_raises_for_is_refused_at_start(case: str, said: str) -> None:
    (raw,) = [each["raw"] for each in CASES if each["case"] == case]
    assert isinstance(raw["custom_data"]["value"], str)
    schema = {"type": "record", "name": "Event", "fields": fields({"value": TEXT})}
    with pytest.raises(MappingError, match=said):
        compile_mapping("event: {custom_data: {value: value}}", "m", read_schema(json.dumps(schema)), "Event")


def test_a_property_that_shadows_a_parameter_is_counted(intake: Intake) -> None:
    (case,) = [each for each in CASES if each["case"] == "error: custom property shadows a standard key"]
    assert read(intake, case["raw"]).dropped == [Dropped("custom_data", "shadows_parameter")]


def test_the_mapping_makes_every_parameter_that_the_official_sdk_has() -> None:
    """All but those that no argument of the SDK makes."""
    unmade = {parameter.name for parameter in PARAMETERS} - set(re.findall(r"^ *(\w+):", MAPPING, re.MULTILINE))
    assert unmade == {"customer_segmentation", "whatsapp_business_account_id"}


def test_the_lists_hold_every_case_that_raises_and_no_other() -> None:
    errors = {each["case"] for each in CASES if "error" in each}
    assert sorted([*MENDED, *REFUSED, *AT_START]) == sorted(errors)
    assert DIFFERENCES.keys() <= {each["case"] for each in CASES} - errors
