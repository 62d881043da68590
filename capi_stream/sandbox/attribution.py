"""What points at something before the event: a delayed event's original, and an attribution made elsewhere.

Source: the reference, section 5. Meta's page of both is known from quotations, so what it does not clearly require is
warned of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from capi_stream.sandbox.shapes import (
    INTEGER,
    NUMBER,
    OBJECT,
    SCALAR_OR_LIST,
    TEXT,
    Types,
    Violation,
    departure,
    missing,
)

ORIGINAL_EVENT: Types = {"event_name": TEXT, "event_time": INTEGER, "order_id": TEXT, "event_id": TEXT}
ATTRIBUTION: Types = {
    "ad_id": TEXT,
    "touchpoint_ts": INTEGER,
    "attribution_share": NUMBER,
    "attribution_value": NUMBER,
    **dict.fromkeys(("scope", "adset_id", "campaign_id", "attribution_source", "touchpoint_type"), TEXT),
    **dict.fromkeys(("attribution_model", "attribution_method", "decline_reason"), TEXT),
    **dict.fromkeys(("auditing_token", "linkage_key", "touchpoint_id", "partner_client_id"), TEXT),
    "visit_time": INTEGER,
    "attr_window": INTEGER,
    "attribution_setting": OBJECT,
    "total_credit": NUMBER,
}
SETTING: Types = {"inactivity_window_hours": INTEGER, "reattribution_window_hours": INTEGER}
ADVISED = ("ad_id", "touchpoint_ts", "attribution_share", "attribution_value")
WORDS = {
    "attribution_model": frozenset(
        (
            *("customized_multi_touch", "first_touch", "last_click", "last_touch", "linear"),
            *("position_based", "time_decay", "unknown"),
        )
    ),
    "attribution_method": frozenset(("ard", "deeplink", "gpir", "invalid_response", "mir", "srn")),
    "decline_reason": frozenset(
        (
            *("attribute_to_other_source", "out_of_lookback_window", "view_through_disabled", "within_inactive_window"),
            *("inactive", "fraud_detected", "unknown", "reinstall_attribution_disabled", "lookback", "not_pmod_match"),
            *("validation_rule_detected", "preload_install", "min_time_between_re_engagements", "duplicated"),
            "pmod_disabled",
        )
    ),
}
FIRST_MILLISECONDS = 10**11

_PATH = "['attribution_data']"


def reference_violation(event: Mapping[str, object]) -> Violation | None:
    """The first departure from the types; and AppendAttribution needs its `attribution_data`."""
    original, attribution = event.get("original_event_data"), event.get("attribution_data")
    if original is not None:
        found = departure(original, ORIGINAL_EVENT, "['original_event_data']", SCALAR_OR_LIST)
        if found is not None:
            return found
    if attribution is None:
        return missing("", "attribution_data") if event["event_name"] == "AppendAttribution" else None
    found = departure(attribution, ATTRIBUTION, _PATH, SCALAR_OR_LIST)
    if found is not None:
        return found
    assert isinstance(attribution, dict)
    setting = attribution.get("attribution_setting", {})
    return departure(setting, SETTING, f"{_PATH}['attribution_setting']", SCALAR_OR_LIST)


def reference_warnings(event: Mapping[str, Any]) -> Iterator[str]:
    """What is not known to be refused: other keys and words, times in milliseconds, a share beyond 0 to 1."""
    original, attribution = event.get("original_event_data", {}), event.get("attribution_data", {})
    if not original.keys() <= ORIGINAL_EVENT.keys():
        yield "unknown_original_event_key"
    if (
        not attribution.keys() <= ATTRIBUTION.keys()
        or not attribution.get("attribution_setting", {}).keys() <= SETTING.keys()
    ):
        yield "unknown_attribution_key"
    if any(attribution.get(key, next(iter(words))) not in words for key, words in WORDS.items()):
        yield "unknown_attribution_word"
    if not 0 <= attribution.get("attribution_share", 0) <= 1:
        yield "attribution_share_out_of_range"
    times = original.get("event_time", 0), attribution.get("touchpoint_ts", 0), attribution.get("visit_time", 0)
    if max(times) >= FIRST_MILLISECONDS:
        yield "time_in_milliseconds"
    if event["event_name"] == "AppendAttribution" and not attribution.keys() >= {*ADVISED}:
        yield "attribution_incomplete"
