"""What the reasons mean that delivery gives to letters, in words for people. Those of the rules are intake's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REJECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "invalid_parameter": "the API calls the event invalid, and says no more",
        "malformed_parameter": "a parameter has a form that the API does not take (100/2804019)",
        "too_large": "the event alone is too large for the API",
        "too_many_parameters": "the event has more parameters than the API takes (105)",
    }
)
"""Why an event is refused that only the API finds."""

HOLDS: Mapping[str, str] = MappingProxyType(
    {
        "not_connected": "there was no connection to the API",
        "connection_lost": "connections ended before the answer was there",
        "timeout": "the API did not answer in time",
        "server_error": "the API answered with a server error",
        "unreadable_answer": "the API's answers could not be read",
        "answer_too_large": "the API's answers were larger than is read",
        "service_down": "the API said that it is down",
        "transient": "the API called its own error transient",
        "not_ready": "the API was not ready for the event",
        "unknown_error": "the API knew no reason for its error",
        "unclassified": "the API's error is on no page of Meta's that we know",
        "throttled": "the API's answers were 429: too many requests",
        "app_limit": "the app's rate limit was reached",
        "user_limit": "the rate limit of the token's user was reached",
        "account_limit": "the ad account's rate limit was reached",
        "business_limit": "the rate limit of the business use case was reached",
        "usage_limit": "the rate limit was nearly used up",
        "blocked": "Meta blocked the pixel or its token for a while",
        "token_invalid": "the access token was refused",
        "permission_missing": "the token has no right to send for the pixel",
        "unknown_pixel": "the pixel does not exist, or the token may not see it",
        "fuse": "so many events were invalid that the fuse held all of them",
    }
)
"""Why a good record was parked: what held its pixel, or kept it alone from being judged."""
