"""What the parameters with a closed set of values may be, and what the numbers among them mean."""

from __future__ import annotations

from collections.abc import Mapping

ACTION_SOURCES = frozenset(
    {
        "website",
        "app",
        "physical_store",
        "email",
        "phone_call",
        "chat",
        "system_generated",
        "business_messaging",
        "other",
    }
)
MESSAGING_CHANNELS = frozenset({"whatsapp", "messenger", "instagram"})
CUSTOMER_SEGMENTATIONS = frozenset(
    f"{who}_customer_to_{what}"
    for who in ("new", "existing")
    for what in ("business", "business_line", "product_area", "medium")
) | {"customer_in_loyalty_program"}
DELIVERY_CATEGORIES = frozenset({"in_store", "curbside", "home_delivery"})
CONTENT_TYPES = frozenset({"product", "product_group"})
ATTRIBUTION_MODELS = frozenset(
    {
        "customized_multi_touch",
        "first_touch",
        "last_click",
        "last_touch",
        "linear",
        "position_based",
        "time_decay",
        "unknown",
    }
)
ATTRIBUTION_METHODS = frozenset({"ard", "deeplink", "gpir", "invalid_response", "mir", "srn"})
DECLINE_REASONS = frozenset(
    {
        "attribute_to_other_source",
        "duplicated",
        "fraud_detected",
        "inactive",
        "lookback",
        "min_time_between_re_engagements",
        "not_pmod_match",
        "out_of_lookback_window",
        "pmod_disabled",
        "preload_install",
        "reinstall_attribution_disabled",
        "unknown",
        "validation_rule_detected",
        "view_through_disabled",
        "within_inactive_window",
    }
)
LIMITED_DATA_USE = frozenset({"LDU"})
LDU_COUNTRIES: Mapping[int, str] = {0: "Meta locates the person by client_ip_address", 1: "United States"}
LDU_STATES: Mapping[int, str] = {
    0: "Meta locates the person by client_ip_address",
    1000: "California",
    1001: "Colorado",
    1002: "Connecticut",
    1003: "Florida",
    1004: "Oregon",
    1005: "Texas",
    1006: "Montana",
    1007: "Delaware",
    1008: "Nebraska",
    1009: "New Hampshire",
    1010: "New Jersey",
    1011: "Minnesota",
    1012: "Maryland",
    1013: "Rhode Island",
}
"""What data_processing_options_state may be, as the page of data processing options is quoted. Others are sent too."""

EXTINFO = (
    "version",
    "package",
    "short_version",
    "long_version",
    "os_version",
    "model",
    "locale",
    "timezone_abbreviation",
    "carrier",
    "screen_width",
    "screen_height",
    "screen_density",
    "cpu_cores",
    "disk_gigabytes",
    "free_disk_gigabytes",
    "device_timezone",
)
"""The slots of app_data.extinfo, in Meta's order: all 16 are sent, `""` where a value is missing (app data page)."""
