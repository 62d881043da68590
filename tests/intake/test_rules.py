"""The rules as tables: what is refused, with which reason, and what is not."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.parameters.raw_values import hash_of
from capi_stream.intake.parameters.rules import check, clamped, not_after
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.table import EVENT, PARAMETERS, USER_DATA, Hashing
from capi_stream.intake.parameters.values import ACTION_SOURCES
from capi_stream.intake.parameters.violations import REASONS, Violation

NOW = 1_790_000_000
DAY = 86_400
HASH = hash_of("someone")
GONE = object()  # in a change: take the key out
EXTINFO = ["a2", "shop", "1", "1.0", "14", "Pixel", "de_DE", "CET", "", "1080", "1920", "2", "8", "64", "12", "Berlin"]
APP = {"advertiser_tracking_enabled": 1, "application_tracking_enabled": 0, "extinfo": EXTINFO}


def event(**changes: Any) -> dict[str, Any]:
    """A Purchase that the API takes, with some members changed; `custom_data__value` reaches into custom_data."""
    made: dict[str, Any] = {
        "event_name": "Purchase",
        "event_time": NOW - 60,
        "event_id": "order-1",
        "action_source": "website",
        "event_source_url": "https://shop.example/thanks",
        "user_data": {"em": [HASH], "client_user_agent": "Mozilla/5.0"},
        "custom_data": {"value": 19.99, "currency": "EUR", "contents": [{"id": "sku-1", "quantity": 1}]},
    }
    for path, value in changes.items():
        *within, key = path.split("__")
        place = made
        for name in within:
            place = place[name]
        if value is GONE:
            place.pop(key, None)
        else:
            place[key] = value
    return made


def reason(changed: dict[str, Any], rules: Rules | None = None, unix_now: float = NOW) -> str | None:
    violation = check(changed, unix_now, rules)
    return violation.reason if violation else None


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("event_name_missing", {"event_name": GONE}),
    ("event_name_missing", {"event_name": "  "}),
    ("event_name_missing", {"event_name": 7}),
    ("event_time_missing", {"event_time": GONE}),
    ("wrong_type", {"event_time": "1790000000"}),
    ("wrong_type", {"event_time": True}),
    ("wrong_type", {"event_time": 1.5}),
    ("event_time_in_milliseconds", {"event_time": NOW * 1000}),
    ("event_time_too_old", {"event_time": NOW - 7 * DAY - 1}),
    ("event_time_too_old", {"event_time": 0}),
    ("event_time_too_old", {"event_time": NOW - 62 * DAY, "action_source": "other"}),
    ("event_time_too_old", {"event_time": NOW - 62 * DAY - 1, "action_source": "physical_store"}),
    ("event_time_in_future", {"event_time": NOW + 61}),
    ("action_source_missing", {"action_source": GONE}),
    ("action_source_missing", {"action_source": ""}),
    ("action_source_unknown", {"action_source": "web"}),
    ("action_source_unknown", {"action_source": ["website"]}),
    ("user_data_missing", {"user_data": GONE}),
    ("user_data_missing", {"user_data": {}}),
    ("user_data_missing", {"user_data": {"em": [], "fbp": "", "ph": None}}),
    ("wrong_type", {"user_data": [HASH]}),
    ("user_data_not_hashed", {"user_data__em": ["mary@example.com"]}),
    ("user_data_not_hashed", {"user_data__em": [HASH, ""]}),
    ("user_data_not_hashed", {"user_data__ph": HASH.upper()}),
    ("user_data_not_hashed", {"user_data__ct": HASH[:-1]}),
    ("user_data_not_hashed", {"user_data__ct": 7}),
    ("fbc_malformed", {"user_data__fbc": "AbCdEf"}),
    ("fbc_malformed", {"user_data__fbc": "fb.1.1554763741205."}),
    ("purchase_without_value", {"custom_data": GONE}),
    ("purchase_without_value", {"custom_data__value": GONE}),
    ("purchase_without_value", {"custom_data__value": None}),
    ("wrong_type", {"custom_data__value": "19.99"}),
    ("wrong_type", {"custom_data__value": True}),
    ("wrong_type", {"custom_data__value": float("nan")}),
    ("wrong_type", {"custom_data__value": Decimal("NaN")}),
    ("wrong_type", {"custom_data__predicted_ltv": float("inf")}),
    ("purchase_without_currency", {"custom_data__currency": GONE}),
    ("purchase_without_currency", {"custom_data__currency": ""}),
    ("currency_unknown", {"custom_data__currency": "EURO"}),
    ("currency_unknown", {"custom_data__currency": "abc"}),
    ("currency_unknown", {"custom_data__currency": 978}),
    ("currency_unknown", {"event_name": "AddToCart", "custom_data__currency": "US$"}),
    ("wrong_type", {"custom_data": []}),
    ("wrong_type", {"custom_data__contents": '[{"id": "sku-1"}]'}),
    ("wrong_type", {"custom_data__contents": ["sku-1"]}),
    ("wrong_type", {"custom_data__contents": {"id": "sku-1"}}),
    ("wrong_type", {"custom_data__content_ids": "sku-1"}),
    ("wrong_type", {"custom_data__num_items": 1.5}),
    ("wrong_type", {"custom_data__contents": [{"id": "sku-1", "quantity": "two"}]}),
    ("wrong_type", {"custom_data__contents": [{"id": "sku-1", "item_price": "9.99"}]}),
    ("unexpected_key", {"custom_data__contents": [{"id": "sku-1", "name": "Mug"}]}),
    ("unexpected_key", {"advertiser_tracking_enabled": 1}),
    ("app_data_incomplete", {"action_source": "app"}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {"extinfo": EXTINFO}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "advertiser_tracking_enabled": None}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "extinfo": []}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "extinfo": EXTINFO[:15]}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "extinfo": ["x", *EXTINFO[1:]]}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "extinfo": ["a2", *[""] * 15]}}),
    ("app_data_incomplete", {"action_source": "app", "app_data": {**APP, "extinfo": [*EXTINFO[:15], None]}}),
    ("wrong_type", {"action_source": "app", "app_data": {**APP, "advertiser_tracking_enabled": "yes"}}),
    ("wrong_type", {"action_source": "app", "app_data": {**APP, "application_tracking_enabled": 2}}),
    ("wrong_type", {"app_data": {"extinfo": "a2"}}),
    ("wrong_type", {"opt_out": 2}),
    ("wrong_type", {"opt_out": "no"}),
    ("wrong_type", {"original_event_data": {"event_time": "yesterday"}}),
    ("wrong_type", {"attribution_data": {"touchpoint_ts": 1.5}}),
    ("wrong_type", {"attribution_data": {"attribution_share": "0.5"}}),
    ("wrong_type", {"attribution_data": {"attribution_setting": "24h"}}),
    ("wrong_type", {"attribution_data": {"attribution_setting": {"inactivity_window_hours": "24"}}}),
    ("messaging_channel_missing", {"action_source": "business_messaging"}),
    ("attribution_data_missing", {"event_name": "AppendAttribution"}),
    ("ldu_incomplete", {"data_processing_options": ["LDU"]}),
    ("ldu_incomplete", {"data_processing_options": ["LDU"], "data_processing_options_country": 1}),
    ("ldu_incomplete", {"data_processing_options": ["LDU"], "data_processing_options_country": 0}),
    (
        "ldu_incomplete",
        {
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "user_data__client_ip_address": "192.0.2.1",
        },
    ),
    ("ldu_unknown", {"data_processing_options": ["ldu"], "data_processing_options_country": 0}),
    ("ldu_unknown", {"data_processing_options": ["LDU", None], "data_processing_options_country": 0}),
    ("wrong_type", {"data_processing_options": "LDU"}),
    ("wrong_type", {"data_processing_options": ["LDU"], "data_processing_options_country": "1"}),
]

TAKEN: list[dict[str, Any]] = [
    {},
    {"event_time": NOW - 7 * DAY},
    {"event_time": NOW - 62 * DAY, "action_source": "physical_store"},
    {"event_time": NOW + 60},
    {"event_name": "Buchung"},
    {"event_name": "PageView", "custom_data": GONE},
    {"event_name": "PageView", "custom_data": None},
    {"custom_data__value": 0},
    {"custom_data__value": -3.25},
    {"custom_data__value": Decimal("19.9900")},
    {"custom_data__currency": "usd"},
    {"custom_data__loyalty": {"tier": "gold"}},
    {"custom_data__contents": []},
    {"custom_data__delivery_category": "drone"},  # Meta's words for it are documented, a refusal of others is not
    {"custom_data__contents": [{"id": "sku-1", "delivery_category": "drone"}]},
    {"user_data__em": HASH},
    {"user_data__em": [f"{HASH}.AQQCAQMC", "1298dbde9c88e2c29876e61e8606a68a"]},
    {"user_data__external_id": ["customer-7"]},
    {"user_data__fbc": "fb.1.1554763741205.AbCdEf.AQ"},
    {"user_data__fbp": "1098115397"},
    {"user_data__some_new_key": "1"},
    {"user_data__client_user_agent": GONE, "event_source_url": GONE},
    {"action_source": "app", "app_data": APP},
    {"action_source": "app", "app_data": {**APP, "advertiser_tracking_enabled": False}},
    {"action_source": "app", "app_data": {**APP, "extinfo": [*EXTINFO[:9], 1080, 1920, "2", 8, 64, 12, "Berlin"]}},
    {"app_data": {"advertiser_tracking_enabled": True, "extinfo": []}},  # what app_data needs is documented for apps
    {"action_source": "app", "app_data": {**APP, "extinfo": ["i2", "", "", "", "17.5", *[""] * 11]}},
    {
        "action_source": "business_messaging",
        "messaging_channel": "whatsapp",
        "user_data": {"ctwa_clid": "c", "page_id": "1"},
    },
    {"event_name": "AppendAttribution", "attribution_data": {"ad_id": "1"}},
    {"event_name": "AppendAttribution", "attribution_data": {"ad_id": "1", "attribution_setting": None, "new_key": 1}},
    {"attribution_data": {"attribution_share": Decimal("0.5"), "attribution_model": "some_new_model"}},
    {"original_event_data": {"event_time": NOW - 70 * DAY, "new_key": "1"}},
    {"app_data": {"new_key": 1, "url_schemes": "shop"}},
    {"customer_segmentation": "some_new_segment"},
    {"opt_out": True},
    {"opt_out": 0},
    {"data_processing_options": []},
    {"data_processing_options": ["LDU"], "data_processing_options_country": 0, "data_processing_options_state": 0},
    {"data_processing_options": ["LDU"], "data_processing_options_country": 1, "data_processing_options_state": 2000},
    {
        "data_processing_options": ["LDU"],
        "data_processing_options_country": 0,
        "user_data__client_ip_address": "192.0.2.1",
    },
]


@pytest.mark.parametrize(("expected", "changes"), REFUSED)
def test_refused(expected: str, changes: dict[str, Any]) -> None:
    assert reason(event(**changes)) == expected


@pytest.mark.parametrize("changes", TAKEN)
def test_taken(changes: dict[str, Any]) -> None:
    assert check(event(**changes), NOW) is None


@pytest.mark.parametrize(
    ("keys", "is_too_broad"),
    [
        ("client_user_agent", True),
        ("ct country", True),
        ("ct country st zp ge client_user_agent", True),
        ("country client_user_agent", True),
        ("ge", True),
        ("db", True),
        ("db client_user_agent", True),
        ("fn", True),
        ("fn ge", True),
        ("ln ge", True),
        ("fn ln", False),
        ("db ge", False),
        ("fn client_user_agent", False),
        ("fn zp", False),
        ("em", False),
        ("external_id", False),
        ("fbp", False),
        ("client_ip_address", False),
        ("client_ip_address client_user_agent", False),
        ("madid", False),
        ("lead_id", False),
    ],
)
def test_customer_information_may_not_fit_too_many_people(keys: str, is_too_broad: bool) -> None:
    """ "Best Practices": these combinations, or fewer keys, are refused."""
    user_data = {key: "1" if USER_DATA[key].hashing is Hashing.NEVER else [HASH] for key in keys.split()}
    assert reason(event(user_data={**user_data, "ph": []})) == ("user_data_too_broad" if is_too_broad else None)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ({"event_source_url": GONE}, "website_incomplete"),
        ({"user_data__client_user_agent": GONE}, "website_incomplete"),
        ({"event_source_url": GONE, "action_source": "email"}, None),
        ({}, None),
    ],
)
def test_a_strict_website_event_needs_its_url_and_user_agent(missing: dict[str, Any], expected: str | None) -> None:
    assert reason(event(**missing), Rules(strict_website=True)) == expected


def test_how_far_ahead_an_event_may_be_is_a_setting() -> None:
    assert reason(event(event_time=NOW + 61), Rules(future_seconds=61)) is None
    assert reason(event(event_time=NOW + 1), Rules(future_seconds=0)) == "event_time_in_future"


@pytest.mark.parametrize("source", sorted(ACTION_SOURCES))
def test_an_event_is_taken_until_not_after_and_no_second_longer(source: str) -> None:
    changed = event(action_source=source, app_data=APP, messaging_channel="whatsapp")
    latest = not_after(changed)
    assert latest == changed["event_time"] + (62 if source == "physical_store" else 7) * DAY
    assert reason(changed, unix_now=latest) is None
    assert reason(changed, unix_now=latest + 0.001) == "event_time_too_old"


def test_every_reason_is_given_for_some_event() -> None:
    given_reasons = {expected for expected, _ in REFUSED} | {"user_data_too_broad", "website_incomplete"}
    assert given_reasons == set(REASONS)


def test_a_violation_names_the_place() -> None:
    violation = check(event(custom_data__contents=[{"id": "a"}, {"id": "b", "name": "Mug"}]), NOW)
    assert violation == Violation("unexpected_key", "custom_data.contents[1].name")


KEYS = sorted({parameter.name for parameter in PARAMETERS})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=4,
)
PATHS = [
    *EVENT,
    "user_data__em",
    "user_data__fbc",
    "custom_data__value",
    "custom_data__currency",
    "custom_data__contents",
]


@given(st.dictionaries(st.sampled_from(PATHS), JSON, max_size=4), st.booleans())
def test_any_event_is_taken_or_refused_for_a_known_reason(changes: dict[str, Any], is_strict: bool) -> None:
    ordered = dict(sorted(changes.items(), key=lambda change: "__" not in change[0]))  # members first, then the whole
    violation = check(copy.deepcopy(event(**ordered)), NOW, Rules(strict_website=is_strict))
    assert violation is None or violation.reason in REASONS


@pytest.mark.parametrize(
    ("ahead", "time"),
    [(-1, -1), (0, 0), (1, 0), (60, 0), (61, 61), (NOW * 1000, NOW * 1000)],
)
def test_a_time_a_little_ahead_is_brought_back_to_the_clock(ahead: int, time: int) -> None:
    changed = event(event_time=NOW + ahead)

    assert clamped(changed, NOW + 0.5, Rules(future="clamp")) is (changed["event_time"] != NOW + ahead)
    assert changed["event_time"] == NOW + time


@pytest.mark.parametrize("time", [None, "1790000001", 1.5, True])
def test_what_is_no_time_is_left_for_the_rules_to_refuse(time: Any) -> None:
    changed = event(event_time=time)

    assert not clamped(changed, NOW, Rules(future="clamp"))
    assert changed["event_time"] is time
    assert not clamped({}, NOW, Rules(future="clamp"))


def test_a_time_ahead_is_sent_as_it_is_by_default() -> None:
    changed = event(event_time=NOW + 30)

    assert not clamped(changed, NOW, Rules())
    assert changed["event_time"] == NOW + 30
