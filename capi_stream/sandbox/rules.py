"""What the API refuses in an event, and what it takes but likes less.

Source: the reference, sections 1 to 5, and "Using the API". Written apart from the service's own rules on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from capi_stream.sandbox.attribution import reference_violation, reference_warnings
from capi_stream.sandbox.customer import user_data_violation, user_data_warnings
from capi_stream.sandbox.purchase import custom_data_violation, custom_data_warnings, purchase_violation
from capi_stream.sandbox.shapes import (
    FLAG_OR_BIT,
    INTEGER,
    LIST,
    OBJECT,
    SCALAR_OR_LIST,
    TEXT,
    TEXT_OR_LIST,
    Types,
    Violation,
    departure,
    missing,
    must_be,
)

DAY_SECONDS = 86_400
OLDEST_SECONDS = 7 * DAY_SECONDS
OLDEST_IN_STORE_SECONDS = 62 * DAY_SECONDS
FUTURE_SECONDS = 60  # no bound is documented; one production sender allows a minute

EVENT: Types = {
    "event_name": TEXT,
    "event_time": INTEGER,
    "event_id": TEXT,
    "event_source_url": TEXT,
    "referrer_url": TEXT,
    "action_source": TEXT,
    "user_data": OBJECT,
    "custom_data": OBJECT,
    "app_data": OBJECT,
    "opt_out": FLAG_OR_BIT,
    "data_processing_options": LIST,
    "data_processing_options_country": INTEGER,
    "data_processing_options_state": INTEGER,
    "original_event_data": OBJECT,
    "attribution_data": OBJECT,
    "messaging_channel": TEXT,
    "customer_segmentation": TEXT,
    "advanced_measurement_table": TEXT,
}
REQUIRED = ("event_name", "event_time", "user_data", "action_source")
APP_DATA: Types = {
    "advertiser_tracking_enabled": FLAG_OR_BIT,
    "application_tracking_enabled": FLAG_OR_BIT,
    "extinfo": LIST,
    "url_schemes": TEXT_OR_LIST,
    **dict.fromkeys(("campaign_ids", "install_referrer", "installer_package", "vendor_id"), SCALAR_OR_LIST),
    **dict.fromkeys(("receipt_data", "windows_attribution_id"), SCALAR_OR_LIST),
    **dict.fromkeys(("consider_views", "include_dwell_data", "include_video_data"), FLAG_OR_BIT),
}

ACTION_SOURCES = frozenset(
    (
        *("website", "app", "physical_store", "email", "phone_call", "chat"),
        *("system_generated", "business_messaging", "other"),
    )
)
MESSAGING_IDS = {
    "whatsapp": {"ctwa_clid", "whatsapp_business_account_id"},
    "messenger": {"page_id", "page_scoped_user_id"},
    "instagram": {"ig_account_id", "ig_sid"},
}
"""The channels, and what names a person on each (second hand)."""

SEGMENTATIONS = frozenset(
    (
        *("new_customer_to_business", "new_customer_to_business_line", "new_customer_to_product_area"),
        *("new_customer_to_medium", "existing_customer_to_business", "existing_customer_to_business_line"),
        *("existing_customer_to_product_area", "existing_customer_to_medium", "customer_in_loyalty_program"),
    )
)
EXTINFO_VALUES = 16
LDU_COUNTRIES = frozenset((0, 1))
LDU_STATES = frozenset((0, *range(1000, 1014)))


def violation(event: object, unix_now: float) -> Violation | None:
    """The first rule that `event` breaks when it is posted at `unix_now`; None if it keeps them all."""
    found = departure(event, EVENT, "")
    if found is not None:
        return found
    assert isinstance(event, dict)
    for rule in RULES:
        found = rule(event)
        if found is not None:
            return found
    return time_violation(event, unix_now)


def not_an_object(event: object) -> Violation | None:
    """What even a sandbox without rules refuses: it could not enter `event` in its books."""
    return None if type(event) is dict else must_be("", "an object")


def required_violation(event: Mapping[str, object]) -> Violation | None:
    """Every event has a name, a time, a customer and a source of its action."""
    for key in REQUIRED:
        if key not in event:
            return missing("", key)
    name = event["event_name"]
    if isinstance(name, str) and not name.strip():
        return missing("", "event_name")
    if event["action_source"] not in ACTION_SOURCES:
        return must_be("['action_source']", f"one of {', '.join(sorted(ACTION_SOURCES))}")
    return None


def customer_violation(event: Mapping[str, object]) -> Violation | None:
    """`user_data` keeps the rules of customer.py."""
    return user_data_violation(event["user_data"])


def commerce_violation(event: Mapping[str, object]) -> Violation | None:
    """`custom_data` keeps the rules of purchase.py, and a Purchase has what it needs."""
    custom_data = event.get("custom_data", {})
    found = custom_data_violation(custom_data) if custom_data else None
    if found is None and event["event_name"] == "Purchase":
        assert isinstance(custom_data, dict)
        return purchase_violation(custom_data)
    return found


def time_violation(event: Mapping[str, object], unix_now: float) -> Violation | None:
    """At most 7 days old, 62 from a physical store; not from the future; seconds, not milliseconds."""
    time = event["event_time"]
    assert isinstance(time, int)
    in_store = event["action_source"] == "physical_store"
    # Compared, not subtracted: an integer of JSON can be too long for a float.
    if time < unix_now - (OLDEST_IN_STORE_SECONDS if in_store else OLDEST_SECONDS):
        return Violation("too_old", "['event_time']", "An event_time is too far in the past.")
    if time > unix_now + FUTURE_SECONDS:
        return Violation("in_future", "['event_time']", "An event_time is in the future.")
    return None


def opt_out_violation(event: Mapping[str, object]) -> Violation | None:
    """`opt_out` is a boolean, or 0 or 1 in its place."""
    return _bit_violation(event, "opt_out", "")


def _bit_violation(values: Mapping[str, object], key: str, path: str) -> Violation | None:
    return None if values.get(key, 0) in (0, 1) else must_be(f"{path}['{key}']", "0 or 1")


def app_violation(event: Mapping[str, object]) -> Violation | None:
    """An app event has `app_data`, with consent to tracking and all 16 values of `extinfo`, "" for those missing.

    What `app_data` must hold on other events is not documented: there only its types are judged.
    """
    path, values, is_app = "['app_data']", event.get("app_data"), event["action_source"] == "app"
    if values is None:
        return missing("", "app_data") if is_app else None
    found = departure(values, APP_DATA, path, SCALAR_OR_LIST)
    if found is not None or not is_app:
        return found
    assert isinstance(values, dict)
    for key in ("advertiser_tracking_enabled", "extinfo"):
        if key not in values:
            return missing(path, key)
    return (
        _bit_violation(values, "advertiser_tracking_enabled", path)
        or _bit_violation(values, "application_tracking_enabled", path)
        or _extinfo_violation(values["extinfo"], f"{path}['extinfo']")
    )


def _extinfo_violation(values: list[object], path: str) -> Violation | None:
    if len(values) != EXTINFO_VALUES or not all(type(value) in (str, int, float) for value in values):
        return must_be(path, f"an array of {EXTINFO_VALUES} strings or numbers")
    if values[0] not in ("a2", "i2"):
        return must_be(f"{path}[0]", "a2 or i2")
    return must_be(f"{path}[4]", "the version of the operating system") if values[4] == "" else None


def messaging_violation(event: Mapping[str, object]) -> Violation | None:
    """An event of business messaging names its channel."""
    is_missing = event["action_source"] == "business_messaging" and not event.get("messaging_channel")
    return missing("", "messaging_channel") if is_missing else None


def limited_use_violation(event: Mapping[str, object]) -> Violation | None:
    """With LDU a country is needed, and a state unless the country is 0 and there is an IP address to locate."""
    options = event.get("data_processing_options")
    if not options:
        return None
    if options != ["LDU"]:
        return must_be("['data_processing_options']", '[] or ["LDU"]')
    country = event.get("data_processing_options_country")
    if country is None:
        return missing("", "data_processing_options_country")
    user_data = event["user_data"]
    assert isinstance(user_data, dict)
    needs_state = country != 0 or "client_ip_address" not in user_data
    if needs_state and "data_processing_options_state" not in event:
        return missing("", "data_processing_options_state")
    return None


RULES = (
    required_violation,
    customer_violation,
    commerce_violation,
    opt_out_violation,
    app_violation,
    messaging_violation,
    limited_use_violation,
    reference_violation,
)


def warnings(event: Mapping[str, object]) -> Iterator[str]:
    """What the API takes, as far as anybody knows, at a loss: slugs. A strict sandbox refuses it.

    Takes an event without a `violation`.
    """
    user_data, custom_data, app_data = event["user_data"], event.get("custom_data", {}), event.get("app_data", {})
    assert isinstance(user_data, dict)
    assert isinstance(custom_data, dict)
    assert isinstance(app_data, dict)
    yield from user_data_warnings(user_data)
    if event["action_source"] == "website":
        if "client_user_agent" not in user_data:
            yield "website_without_user_agent"
        if not event.get("event_source_url"):
            yield "website_without_url"
    if not event.get("event_id"):
        yield "event_id_in_custom_data" if "event_id" in custom_data else "no_event_id"
    if event.get("data_processing_options_country", 0) not in LDU_COUNTRIES:
        yield "unknown_ldu_country"
    if event.get("data_processing_options_state", 0) not in LDU_STATES:
        yield "unknown_ldu_state"
    yield from _messaging_warnings(event, user_data)
    if event.get("customer_segmentation", "customer_in_loyalty_program") not in SEGMENTATIONS:
        yield "unknown_customer_segmentation"
    if not app_data.keys() <= APP_DATA.keys():
        yield "unknown_app_data_key"
    yield from reference_warnings(event)
    yield from custom_data_warnings(custom_data)


def _messaging_warnings(event: Mapping[str, object], user_data: Mapping[str, object]) -> Iterator[str]:
    channel = event.get("messaging_channel", "")
    if channel and channel not in MESSAGING_IDS:
        yield "unknown_messaging_channel"
    elif (
        channel
        and event["action_source"] == "business_messaging"
        and not MESSAGING_IDS[str(channel)] <= user_data.keys()
    ):
        yield "messaging_ids_missing"
