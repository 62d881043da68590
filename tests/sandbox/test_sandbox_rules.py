"""The API's rules as the sandbox holds them: each a row of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from capi_stream.intake.parameters import values
from capi_stream.intake.parameters.request_parameters import REQUEST
from capi_stream.intake.parameters.table import BY_PLACE, Place
from capi_stream.intake.parameters.words import CURRENCIES as OURS
from capi_stream.sandbox import attribution, customer, rules
from capi_stream.sandbox import purchase as purchase_rules
from capi_stream.sandbox.judging import TEXTS
from capi_stream.sandbox.purchase import CURRENCIES
from capi_stream.sandbox.rules import violation, warnings

NOW = 1_760_000_000
DAY = 86_400
HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
EXTINFO = ["a2", "com.shop", "1.0", "1.0.1", "14", *[""] * 11]
APP = {"advertiser_tracking_enabled": 1, "extinfo": EXTINFO}
ATTRIBUTED = {"ad_id": "1", "touchpoint_ts": NOW - DAY, "attribution_share": 0.5, "attribution_value": 2.5}


def event(**changes: Any) -> dict[str, Any]:
    """A valid Lead; None takes a key out."""
    base = {
        "event_name": "Lead",
        "event_time": NOW - 60,
        "event_id": "1",
        "action_source": "email",
        "user_data": {"em": HASH},
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def purchase(**custom_data: Any) -> dict[str, Any]:
    values = {"value": 1, "currency": "EUR"} | custom_data
    return event(event_name="Purchase", custom_data={key: value for key, value in values.items() if value is not None})


def user(**user_data: Any) -> dict[str, Any]:
    return event(user_data=user_data)


REFUSED = [
    # required parameters and their types
    ("schema", event(event_name=None)),
    ("schema", event(event_name=" ")),
    ("schema", event(event_time=None)),
    ("schema", event(event_time=str(NOW))),
    ("schema", event(event_time=True)),
    ("schema", event(event_time=NOW + 0.5)),
    ("schema", event(user_data=None)),
    ("schema", event(user_data=[HASH])),
    ("schema", event(action_source=None)),
    ("schema", event(action_source="web")),
    ("schema", event(event_id=7)),
    ("schema", event(opt_out="no")),
    ("schema", event(opt_out=2)),
    ("schema", event(surprise=1)),
    ("schema", event(advertiser_tracking_enabled=1)),
    ("schema", "not an object"),
    # time
    ("too_old", event(event_time=NOW - 7 * DAY - 1)),
    ("too_old", event(event_time=NOW - 62 * DAY - 1, action_source="physical_store")),
    ("in_future", event(event_time=NOW + 61)),
    ("in_future", event(event_time=NOW * 1000)),
    # user_data
    ("not_hashed", user(em="mary@example.com")),
    ("not_hashed", user(em=[HASH, "mary"])),
    ("not_hashed", user(em="")),
    ("not_hashed", user(ph=HASH.upper())),
    ("not_hashed", user(ct=HASH + "\n")),
    ("schema", user(em=[])),
    ("schema", user(em=[7])),
    ("schema", user(em=None)),
    ("schema", user(external_id=7)),
    ("schema", user(external_id=[""])),
    ("schema", user(client_user_agent="")),
    ("schema", user(lead_id="x1", em=HASH)),
    ("click_id", user(fbc="IwAR2F4")),
    ("click_id", user(fbc="fb.1.155.4.Iw.AR.x")),
    ("invalid", user(client_ip_address="1.2.3")),
    ("invalid", user(client_ip_address=" 1.2.3.4")),
    # too broad
    ("too_broad", user()),
    ("too_broad", user(client_user_agent="x")),
    ("too_broad", user(ct=HASH, country=HASH, st=HASH, zp=HASH, ge=HASH, client_user_agent="x")),
    ("too_broad", user(db=HASH, client_user_agent="x")),
    ("too_broad", user(fn=HASH, ge=HASH)),
    ("too_broad", user(ln=HASH)),
    # custom_data
    ("missing_value", event(event_name="Purchase")),
    ("missing_value", purchase(value=None)),
    ("schema", purchase(currency=None)),
    ("schema", purchase(value="12.5")),
    ("schema", purchase(value=True)),
    ("invalid", purchase(currency="EURO")),
    ("invalid", purchase(currency="XQZ")),
    ("schema", purchase(contents='[{"id": "tea"}]')),
    ("schema", purchase(contents=["tea"])),
    ("schema", purchase(contents=[{"id": "tea", "name": "Tea"}])),
    ("schema", purchase(contents=[{"id": "tea", "quantity": 1.5}])),
    ("schema", purchase(status=7)),
    ("schema", purchase(status=["shipped"])),
    ("schema", purchase(content_type=7)),
    ("schema", purchase(num_items="3")),
    ("schema", purchase(own={"nested": 1})),
    # app_data
    ("schema", event(action_source="app")),
    ("schema", event(action_source="app", app_data={"advertiser_tracking_enabled": 1})),
    ("schema", event(action_source="app", app_data={"extinfo": EXTINFO})),
    ("schema", event(action_source="app", app_data=APP | {"advertiser_tracking_enabled": 2})),
    ("schema", event(action_source="app", app_data=APP | {"extinfo": EXTINFO[:15]})),
    ("schema", event(action_source="app", app_data=APP | {"extinfo": [*EXTINFO[:15], None]})),
    ("schema", event(action_source="app", app_data=APP | {"extinfo": [*EXTINFO[:15], True]})),
    ("schema", event(action_source="app", app_data=APP | {"extinfo": ["x1", *EXTINFO[1:]]})),
    ("schema", event(action_source="app", app_data=APP | {"extinfo": ["a2", *[""] * 15]})),
    ("schema", event(action_source="app", app_data=APP | {"application_tracking_enabled": 2})),
    ("schema", event(action_source="app", app_data=APP | {"url_schemes": 7})),
    ("schema", event(app_data=[APP])),
    ("schema", event(app_data={"extinfo": "a2"})),
    # LDU
    ("schema", event(data_processing_options=["CCPA"])),
    ("schema", event(data_processing_options=["LDU"])),
    ("schema", event(data_processing_options=["LDU"], data_processing_options_country=2)),
    ("schema", event(data_processing_options=["LDU"], data_processing_options_country=1)),
    # the rest
    ("schema", event(action_source="business_messaging")),
    ("schema", event(action_source="business_messaging", messaging_channel="")),
    ("schema", event(event_name="AppendAttribution")),
    ("schema", event(original_event_data={"event_time": "yesterday"})),
    ("schema", event(original_event_data={"order_id": 7})),
    ("schema", event(attribution_data={"attribution_setting": "24h"})),
    ("schema", event(attribution_data={"attribution_setting": {"inactivity_window_hours": "24"}})),
    ("schema", event(attribution_data={"attribution_share": "0.5"})),
    ("schema", event(attribution_data={"attr_window": "7"})),
    ("schema", event(attribution_data={"touchpoint_ts": 1.5})),
    ("schema", event(app_data={"consider_views": "yes"})),
]


@pytest.mark.parametrize(("error", "refused"), REFUSED)
def test_an_event_that_breaks_a_rule_is_refused_with_the_documented_error(error: str, refused: Any) -> None:
    found = violation(refused, NOW)

    assert found is not None
    assert found.error == error


TAKEN = [
    event(),
    event(event_time=NOW - 7 * DAY),
    event(event_time=NOW - 62 * DAY, action_source="physical_store"),
    event(event_time=NOW + 60),
    event(data_processing_options=[]),
    event(data_processing_options=["LDU"], data_processing_options_country=1, data_processing_options_state=1000),
    event(
        data_processing_options=["LDU"],
        data_processing_options_country=0,
        user_data={"em": HASH, "client_ip_address": "8.8.8.8"},
    ),
    event(action_source="app", app_data=APP),
    event(action_source="app", app_data=APP | {"extinfo": [*EXTINFO[:9], 1080, 2400, 2.75, 8, 128, 41, ""]}),
    event(action_source="app", app_data=APP | {"url_schemes": "shop"}),
    event(action_source="app", app_data=APP | {"url_schemes": ["shop", "store"]}),
    event(app_data={}),
    event(app_data={"vendor_id": "v", "advertiser_tracking_enabled": 2, "extinfo": []}),  # documented for apps alone
    event(opt_out=True),
    event(opt_out=0),
    event(attribution_data={"attribution_setting": {"inactivity_window_hours": 24}}),
    event(event_name="AppendAttribution", attribution_data=ATTRIBUTED),
    event(original_event_data={"event_name": "Lead", "event_time": NOW - 70 * DAY, "order_id": "7", "event_id": "0"}),
    event(customer_segmentation="new_customer_to_medium"),
    event(action_source="business_messaging", messaging_channel="whatsapp", user_data={"ctwa_clid": "c"}),
    event(event_name="Something of ours", custom_data={"own": [1, 2], "other": True}),
    user(em=[HASH, HASH + ".AQQCAQMC"]),
    user(external_id="17"),
    user(external_id=["17", "18"]),
    user(fbc="fb.1.1554763741205.AbCdEf"),
    user(fbc="fb.1.1554763741205.AbCdEf.AQQCAQMC"),
    user(fbp="fb.1.1558571054389.1098115397"),
    user(client_ip_address="2001:db8::1"),
    user(client_ip_address="8.8.8.8.AQQCAQMC"),
    user(lead_id=7),
    user(lead_id="7"),
    user(fn=HASH, ln=HASH),
    user(db=HASH, ge=HASH),
    user(fn=HASH, zp=HASH),
    user(fn=HASH, client_user_agent="x"),
    purchase(),
    purchase(currency="usd", value=-1),
    purchase(currency="XAU"),
    purchase(status="shipped"),
    purchase(status=True),
    purchase(contents=[{"id": "tea", "quantity": 2, "item_price": 3, "delivery_category": "curbside"}]),
]


@pytest.mark.parametrize("taken", TAKEN)
def test_an_event_that_keeps_the_rules_is_taken(taken: dict[str, Any]) -> None:
    assert violation(taken, NOW) is None


DEGRADED = [
    ("website_without_user_agent", event(action_source="website", event_source_url="https://x.example")),
    ("website_without_url", event(action_source="website", user_data={"em": HASH, "client_user_agent": "x"})),
    ("no_event_id", event(event_id=None)),
    ("event_id_in_custom_data", event(event_id=None, custom_data={"event_id": "1"})),
    ("fbp_format", user(em=HASH, fbp="1098115397")),
    ("unknown_user_data_key", user(em=HASH, shoe_size="44")),
    ("content_without_id", purchase(contents=[{"quantity": 1}])),
    ("unknown_content_type", purchase(content_type="thing")),
    ("unknown_delivery_category", purchase(delivery_category="drone")),
    ("unknown_delivery_category", purchase(contents=[{"id": "tea", "delivery_category": "drone"}])),
    ("unknown_messaging_channel", event(action_source="business_messaging", messaging_channel="pigeon")),
    ("unknown_app_data_key", event(app_data={"surprise": 1})),
    ("messaging_ids_missing", event(action_source="business_messaging", messaging_channel="messenger")),
    ("unknown_customer_segmentation", event(customer_segmentation="regular")),
    ("unknown_original_event_key", event(original_event_data={"surprise": 1})),
    ("unknown_attribution_key", event(attribution_data={"surprise": 1})),
    ("unknown_attribution_key", event(attribution_data={"attribution_setting": {"surprise": 1}})),
    ("unknown_attribution_word", event(attribution_data={"attribution_model": "guess"})),
    ("unknown_attribution_word", event(attribution_data={"attribution_method": "guess"})),
    ("unknown_attribution_word", event(attribution_data={"decline_reason": "guess"})),
    ("attribution_share_out_of_range", event(attribution_data={"attribution_share": 50})),
    ("attribution_incomplete", event(event_name="AppendAttribution", attribution_data={"ad_id": "1"})),
    ("time_in_milliseconds", event(attribution_data={"touchpoint_ts": NOW * 1000})),
    ("time_in_milliseconds", event(original_event_data={"event_time": NOW * 1000})),
    ("browser_id_in_seconds", user(fbc="fb.1.1554763741.AbCdEf")),
    ("browser_id_in_seconds", user(em=HASH, fbp="fb.1.1554763741.1098115397")),
    (
        "unknown_ldu_country",
        event(data_processing_options=["LDU"], data_processing_options_country=2, data_processing_options_state=0),
    ),
    (
        "unknown_ldu_state",
        event(data_processing_options=["LDU"], data_processing_options_country=1, data_processing_options_state=5),
    ),
]


@pytest.mark.parametrize(("slug", "degraded"), DEGRADED)
def test_an_event_that_is_taken_at_a_loss_is_warned_of(slug: str, degraded: dict[str, Any]) -> None:
    assert violation(degraded, NOW) is None
    assert list(warnings(degraded)) == [slug]


UNDEGRADED = [
    event(event_name="AppendAttribution", attribution_data=ATTRIBUTED | {"attribution_model": "last_click"}),
    event(attribution_data=ATTRIBUTED | {"attribution_share": 1, "visit_time": NOW}),
    event(original_event_data={"event_name": "Lead", "event_time": NOW - 70 * DAY, "order_id": "7", "event_id": "0"}),
    event(customer_segmentation="new_customer_to_medium"),
    user(em=HASH, fbc="fb.1.1554763741205.AbCdEf", fbp="fb.1.1558571054389.1098115397"),
]


@pytest.mark.parametrize("documented", UNDEGRADED)
def test_what_is_documented_is_not_warned_of(documented: dict[str, Any]) -> None:
    assert list(warnings(documented)) == []


WITH_IDS = [
    ("whatsapp", {"ctwa_clid": "c", "whatsapp_business_account_id": "1"}),
    ("messenger", {"page_id": "1", "page_scoped_user_id": "2"}),
    ("instagram", {"ig_account_id": "1", "ig_sid": "2"}),
]


@pytest.mark.parametrize(("channel", "ids"), WITH_IDS)
def test_a_message_with_its_channels_ids_is_not_warned_of(channel: str, ids: dict[str, str]) -> None:
    message = event(action_source="business_messaging", messaging_channel=channel, user_data=ids)
    assert violation(message, NOW) is None
    assert list(warnings(message)) == []


KEYS = [
    (Place.EVENT, rules.EVENT),
    (Place.USER_DATA, customer.KNOWN),
    (Place.CUSTOM_DATA, purchase_rules.CUSTOM_DATA),
    (Place.CONTENTS, purchase_rules.CONTENT),
    (Place.APP_DATA, rules.APP_DATA),
    (Place.ORIGINAL_EVENT_DATA, attribution.ORIGINAL_EVENT),
    (Place.ATTRIBUTION_DATA, attribution.ATTRIBUTION),
    (Place.ATTRIBUTION_SETTING, attribution.SETTING),
]


@pytest.mark.parametrize(("place", "known"), KEYS)
def test_both_opinions_know_the_same_parameters(place: Place, known: Iterable[str]) -> None:
    assert BY_PLACE[place].keys() == set(known)


def test_both_opinions_know_the_same_objects() -> None:
    assert {place for place, _ in KEYS} == set(Place)
    assert {each.name for each in REQUEST} == set(TEXTS)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (values.ACTION_SOURCES, rules.ACTION_SOURCES),
        (values.MESSAGING_CHANNELS, rules.MESSAGING_IDS),
        (values.CUSTOMER_SEGMENTATIONS, rules.SEGMENTATIONS),
        (values.CONTENT_TYPES, purchase_rules.CONTENT_TYPES),
        (values.DELIVERY_CATEGORIES, purchase_rules.DELIVERY_CATEGORIES),
        (values.ATTRIBUTION_MODELS, attribution.WORDS["attribution_model"]),
        (values.ATTRIBUTION_METHODS, attribution.WORDS["attribution_method"]),
        (values.DECLINE_REASONS, attribution.WORDS["decline_reason"]),
        (values.LDU_COUNTRIES, rules.LDU_COUNTRIES),
        (values.LDU_STATES, rules.LDU_STATES),
    ],
)
def test_both_opinions_know_the_same_values(ours: Iterable[object], theirs: Iterable[object]) -> None:
    assert set(ours) == set(theirs)


def test_no_currency_that_the_service_sends_is_refused() -> None:
    assert {code.upper() for code in OURS} <= CURRENCIES


@pytest.mark.parametrize("retired", ["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"])
def test_a_currency_that_was_withdrawn_lately_is_taken(retired: str) -> None:
    assert violation(purchase(currency=retired), NOW) is None


SDK = json.loads((Path(__file__).parents[1] / "vectors" / "sdk_payloads.json").read_text())
AT_FAULT = {
    "app, iOS, most device slots unset: the SDK emits null": "schema",
    "empty and white-space strings: the SDK sends null and the hash of nothing": "schema",
}
"""What the official SDK sends against the page: nulls."""


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in SDK if "payload" in case])
def test_what_the_official_sdk_sends_is_taken(case: dict[str, Any]) -> None:
    found = violation(case["payload"], case["payload"]["event_time"])

    assert (found.error if found else None) == AT_FAULT.get(case["case"])
