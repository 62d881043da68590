"""What the API is known to refuse, found before an event joins a batch.

The API takes a batch whole or not at all, so one event that breaks a rule would cost its neighbours a round of posts.
Refused here is only what Meta documents, or what users report that it refuses; what is merely unwise is sent. Rules are
one small function each, in the order of `check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from capi_stream.intake.parameters import words
from capi_stream.intake.parameters.normalize import is_browser_id
from capi_stream.intake.parameters.raw_values import is_hash
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.shape import check_shape, quoted
from capi_stream.intake.parameters.table import USER_DATA, Hashing
from capi_stream.intake.parameters.values import ACTION_SOURCES, EXTINFO
from capi_stream.intake.parameters.violations import Violation

DAY_SECONDS = 86_400
MAX_AGE_SECONDS = 7 * DAY_SECONDS
MAX_AGE_PHYSICAL_STORE_SECONDS = 62 * DAY_SECONDS
FIRST_MILLISECONDS = 10**11  # as seconds this is the year 5138


def check(event: Mapping[str, Any], unix_now: float, rules: Rules | None = None) -> Violation | None:
    """The first rule that `event`, a JSON object as it would be sent, breaks at Unix second `unix_now`.

    A key with the value None counts as absent.
    """
    if violation := check_shape(event):
        return violation
    user_data = event.get("user_data") or {}
    there = {key: value for key, value in user_data.items() if value not in (None, "", [])}
    return check_made({**event, "user_data": there}, unix_now, rules or _DEFAULTS) or _customer_form(there)


def check_made(event: Mapping[str, Any], unix_now: float, rules: Rules) -> Violation | None:
    """As `check`, for an event whose form is certain: a mapping made it, and its identifiers are ready."""
    return (
        _name(event)
        or _source(event)
        or _time(event, unix_now, rules)
        or _customer(event["user_data"])
        or _purchase(event)
        or _source_needs(event, rules)
        or _attribution(event)
        or _limited_data_use(event)
    )


def not_after(event: Mapping[str, Any]) -> int:
    """The last Unix second at which the API takes `event`, which has passed `check`.

    "Upload Time versus Event Transaction Time" (Using the API): 7 days, 62 for physical stores.
    """
    in_store = event["action_source"] == "physical_store"
    return int(event["event_time"]) + (MAX_AGE_PHYSICAL_STORE_SECONDS if in_store else MAX_AGE_SECONDS)


def clamped(event: dict[str, Any], unix_now: float, rules: Rules) -> bool:
    """Bring an event time that is ahead of the clock, but not too far, back to it, if `rules` say so; whether it was.

    Clocks of clients run ahead (users see such events refused); the API documents no bound.
    """
    time = event.get("event_time")
    if rules.future != "clamp" or not isinstance(time, int) or not unix_now < time <= unix_now + rules.future_seconds:
        return False
    event["event_time"] = int(unix_now)
    return True


def wanting(event: Mapping[str, Any]) -> list[str]:
    """What an event that has passed `check` lacks of what Meta's pages ask of a website event; empty for others.

    Without them events were reported as degraded, not surely refused: `strict_website` refuses them.
    """
    if event["action_source"] != "website":
        return []
    missing = []
    if not event["user_data"].get("client_user_agent"):
        missing.append("client_user_agent")
    if not event.get("event_source_url"):
        missing.append("event_source_url")
    return missing


_DEFAULTS = Rules()


def _name(event: Mapping[str, Any]) -> Violation | None:
    name = event.get("event_name")
    return None if isinstance(name, str) and name.strip() else Violation("event_name_missing")


def _source(event: Mapping[str, Any]) -> Violation | None:
    source = event.get("action_source")
    if not source:
        return Violation("action_source_missing")
    is_known = isinstance(source, str) and source in ACTION_SOURCES
    return None if is_known else Violation("action_source_unknown", quoted(source))


def _time(event: Mapping[str, Any], unix_now: float, rules: Rules) -> Violation | None:
    """Age at sending (100/2804003, 100/2804004). The API documents no bound ahead; `rules` has ours."""
    time = event.get("event_time")
    if time is None:
        return Violation("event_time_missing")
    if time > FIRST_MILLISECONDS:
        return Violation("event_time_in_milliseconds", str(time))
    if unix_now > (latest := not_after(event)):
        return Violation("event_time_too_old", f"event_time {time}; the API took it until {latest}")
    if time > unix_now + rules.future_seconds:
        return Violation("event_time_in_future", f"event_time {time} is {time - unix_now:.0f} s ahead of the clock")
    return None


# "Best Practices": an event with only these keys, or fewer, is refused since v13 (100/2804050).
_TOO_BROAD = (
    frozenset({"ct", "country", "st", "zp", "ge", "client_user_agent"}),
    frozenset({"db", "client_user_agent"}),
    frozenset({"fn", "ge"}),
    frozenset({"ln", "ge"}),
)

# external_id may travel in the clear (customer information parameters: hashing is recommended).
_MUST_BE_HASHED = tuple(
    name for name, parameter in USER_DATA.items() if parameter.hashing is not Hashing.NEVER and name != "external_id"
)


_MOST_BROAD = max(map(len, _TOO_BROAD))


def _customer(user_data: Mapping[str, Any]) -> Violation | None:
    """Customer information: some, and not too broad."""
    if not user_data:
        return Violation("user_data_missing")
    if len(user_data) <= _MOST_BROAD and any(user_data.keys() <= broad for broad in _TOO_BROAD):
        return Violation("user_data_too_broad", f"only {', '.join(sorted(user_data))}")
    return None


def _customer_form(user_data: Mapping[str, Any]) -> Violation | None:
    """Customer information: hashed where it must be (100/2804016), fbc well formed (100/2804001)."""
    for key in _MUST_BE_HASHED:
        if key in user_data and not all(map(is_hash, _listed(user_data[key]))):
            return Violation("user_data_not_hashed", key)
    if "fbc" in user_data and not is_browser_id(user_data["fbc"]):
        return Violation("fbc_malformed", quoted(user_data["fbc"]))
    return None


def _listed(value: Any) -> list[Any]:
    """A parameter that takes one value or several, as a list."""
    return value if isinstance(value, list) else [value]


def _purchase(event: Mapping[str, Any]) -> Violation | None:
    """Purchase without value (100/2804009) or currency; and a currency that is none, on any event."""
    custom_data = event.get("custom_data") or {}
    currency = custom_data.get("currency")
    if event["event_name"] == "Purchase":
        if custom_data.get("value") is None:
            return Violation("purchase_without_value")
        if currency in (None, ""):
            return Violation("purchase_without_currency")
    if currency is not None and not (isinstance(currency, str) and currency.lower() in words.CURRENCIES):
        return Violation("currency_unknown", quoted(currency))
    return None


def _source_needs(event: Mapping[str, Any], rules: Rules) -> Violation | None:
    """What each action_source asks for ("Server event parameters")."""
    match event["action_source"]:
        case "website" if rules.strict_website:
            missing = wanting(event)
            return Violation("website_incomplete", f"{' and '.join(missing)} missing") if missing else None
        case "app":
            return _app(event)
        case "business_messaging" if not event.get("messaging_channel"):
            return Violation("messaging_channel_missing")
    return None


def _app(event: Mapping[str, Any]) -> Violation | None:
    """App data: the tracking flag, and 16 device values of which version and OS version are never empty.

    Only for app events: what app_data must hold elsewhere is not documented.
    """
    app_data = event.get("app_data") or {}
    if app_data.get("advertiser_tracking_enabled") is None:
        return Violation("app_data_incomplete", "advertiser_tracking_enabled is missing")
    extinfo = app_data.get("extinfo")
    if not isinstance(extinfo, list) or len(extinfo) != len(EXTINFO) or None in extinfo:  # the official SDK has numbers
        return Violation("app_data_incomplete", f"extinfo must have {len(EXTINFO)} values, '' where one is missing")
    if extinfo[0] not in ("a2", "i2") or not extinfo[EXTINFO.index("os_version")]:
        return Violation("app_data_incomplete", "extinfo must begin with a2 or i2 and name the OS version in slot 4")
    return None


def _attribution(event: Mapping[str, Any]) -> Violation | None:
    if event["event_name"] == "AppendAttribution" and not event.get("attribution_data"):
        return Violation("attribution_data_missing")
    return None


def _limited_data_use(event: Mapping[str, Any]) -> Violation | None:
    """LDU is the one option; with it the country is required, and the state where Meta cannot geolocate.

    Country 0 asks Meta to geolocate, for which it needs the client's IP address.
    """
    options = event.get("data_processing_options")
    if not options:
        return None
    if any(option != "LDU" for option in options):  # as nothing is known of others, nobody's choice may depend on one
        return Violation("ldu_unknown", f"data_processing_options is {quoted(options)}")
    country = event.get("data_processing_options_country")
    if country is None:
        return Violation("ldu_incomplete", "data_processing_options_country is missing")
    is_located_by_meta = country == 0 and event["user_data"].get("client_ip_address")
    if event.get("data_processing_options_state") is None and not is_located_by_meta:
        return Violation("ldu_incomplete", "data_processing_options_state is missing")
    return None
