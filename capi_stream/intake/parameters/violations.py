"""Why the API would refuse an event: the closed set of reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REASONS: Mapping[str, str] = {
    "wrong_type": "a parameter has another JSON type than the API's",
    "unexpected_key": "the event, or an item of its contents, has a key that the API does not know",
    "event_name_missing": "event_name is missing or blank",
    "event_time_missing": "event_time is missing",
    "event_time_in_milliseconds": "event_time is in milliseconds; the API counts seconds",
    "event_time_too_old": "the event is older than 7 days (62 for action_source physical_store)",
    "event_time_in_future": "event_time is ahead of the clock",
    "action_source_missing": "action_source is missing",
    "action_source_unknown": "action_source is none of the API's",
    "user_data_missing": "no customer information is left",
    "user_data_too_broad": "the customer information fits too many people",
    "user_data_not_hashed": "a customer identifier is not hashed",
    "fbc_malformed": "fbc is not of the form fb.1.<milliseconds>.<click id>",
    "purchase_without_value": "a Purchase needs custom_data.value",
    "purchase_without_currency": "a Purchase needs custom_data.currency",
    "currency_unknown": "currency is no ISO 4217 code",
    "website_incomplete": "a website event needs client_user_agent and event_source_url (strict_website)",
    "app_data_incomplete": "an app event needs app_data with advertiser_tracking_enabled and 16 values of extinfo",
    "messaging_channel_missing": "a business_messaging event needs messaging_channel",
    "attribution_data_missing": "AppendAttribution needs attribution_data",
    "ldu_incomplete": "LDU needs data_processing_options_country and _state (country 0: _state or an IP address)",
    "ldu_unknown": "data_processing_options has something else than LDU",
}
"""Every reason that `check` gives, and what it means. Closed: metrics and dead letters name them."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Why the API would refuse an event. `reason` is a key of `REASONS`; `detail` may quote the event's data."""

    reason: str
    detail: str = ""
