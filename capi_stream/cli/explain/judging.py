"""Every rule that an event breaks. The service stops at the first; here that is mended and judged again."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.settings import Rules
from capi_stream.intake.parameters.values import EXTINFO

Event = dict[str, Any]
MOST = 100  # mends of one event: one each of its keys may be needed
A_HASH = "0" * 64


def broken(event: Mapping[str, Any], unix_now: float, settings: Rules) -> tuple[dict[str, list[str]], bool]:
    """Reason -> details of every rule that `event`, as it would be sent, breaks; and whether all rules were judged."""
    judged = copy.deepcopy(dict(event))
    found: dict[str, list[str]] = {}
    for _ in range(MOST):
        violation = rules.check(judged, unix_now, settings)
        if violation is None:
            return found, True
        mend = MENDS.get(violation.reason)
        found.setdefault(violation.reason, []).append(violation.detail)
        if mend is None:
            break
        mend(judged, violation.detail, int(unix_now))
    return found, False


def _known(event: Event) -> Event:
    """Customer information that no rule finds too little."""
    if not isinstance(event.get("user_data"), dict):
        event["user_data"] = {}
    user_data: Event = event["user_data"]
    user_data["em"] = [A_HASH]
    return user_data


def _in_custom_data(event: Event, **members: Any) -> None:
    event["custom_data"] = {**(event.get("custom_data") or {}), **members}


def _without_key(event: Event, detail: str, _: int) -> None:
    """Take away what a detail such as `custom_data.contents[0].id is 3; ...` names."""
    *before, last = re.findall(r"[^.\[\]]+", detail.partition(" is ")[0])
    within: Any = event
    for name in before:
        within = within[int(name) if isinstance(within, list) else name]
    del within[last]


def _without_customer(name: str) -> Callable[[Event, str, int], None]:
    def mend(event: Event, detail: str, _: int) -> None:
        event["user_data"].pop(name or detail, None)
        _known(event)

    return mend


def _timed(event: Event, _: str, now: int) -> None:
    event["event_time"] = now


def _with(**members: Any) -> Callable[[Event, str, int], None]:
    return lambda event, _, __: event.update(copy.deepcopy(members))


def _with_custom(**members: Any) -> Callable[[Event, str, int], None]:
    return lambda event, _, __: _in_custom_data(event, **members)


def _of_the_web(event: Event, _: str, __: int) -> None:
    event["event_source_url"] = "https://example.com"
    event["user_data"]["client_user_agent"] = "any"


_DEVICE = {"advertiser_tracking_enabled": True, "extinfo": ["a2", *("1" for _ in EXTINFO[1:])]}

MENDS: Mapping[str, Callable[[Event, str, int], None]] = {
    "wrong_type": _without_key,
    "unexpected_key": _without_key,
    "event_name_missing": _with(event_name="Unknown"),
    "event_time_missing": _timed,
    "event_time_in_milliseconds": _timed,
    "event_time_too_old": _timed,
    "event_time_in_future": _timed,
    "action_source_missing": _with(action_source="other"),
    "action_source_unknown": _with(action_source="other"),
    "user_data_missing": lambda event, _, __: event.update(user_data=_known(event)),
    "user_data_too_broad": lambda event, _, __: event.update(user_data=_known(event)),
    "user_data_not_hashed": _without_customer(""),
    "fbc_malformed": _without_customer("fbc"),
    "purchase_without_value": _with_custom(value=1),
    "purchase_without_currency": _with_custom(currency="usd"),
    "currency_unknown": _with_custom(currency="usd"),
    "website_incomplete": _of_the_web,
    "app_data_incomplete": _with(app_data=_DEVICE),
    "messaging_channel_missing": _with(messaging_channel="whatsapp"),
    "attribution_data_missing": _with(attribution_data={"scope": "any"}),
    "ldu_incomplete": _with(data_processing_options_country=1, data_processing_options_state=1000),
    "ldu_unknown": _with(data_processing_options=["LDU"]),
}
"""What makes each rule content, so that those behind it are asked too."""
