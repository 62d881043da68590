"""`GET /{version}/dataset_quality`: what the sandbox makes of the web events that it took and still holds.

Source: "Dataset Quality API", Conversions API. Coverages are counted; the score, and what more of an identifier might
bring, are made up from them, since nobody but Meta knows. It has no browser events: each event with an id is taken to
have a twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

GOAL_PERCENT = 75
REAL_TIME_SECONDS = 3_600.0
HOURLY_SECONDS = 86_400.0

Event = Mapping[str, Any]


class Key(NamedTuple):
    """An identifier: Meta's name for it, and the points of the score that it brings if all events carry it."""

    name: str
    points: float


KEYS = {
    "em": Key("email", 3.0),
    "ph": Key("phone", 2.0),
    "external_id": Key("external_id", 1.5),
    "fbc": Key("fbc", 1.5),
    "fbp": Key("fbp", 1.0),
    "client_ip_address": Key("ip_address", 0.5),
    "client_user_agent": Key("user_agent", 0.5),
    "fn": Key("first_name", 0.25),
    "ln": Key("last_name", 0.25),
    "db": Key("date_of_birth", 0.25),
    "ge": Key("gender", 0.05),
    "ct": Key("city", 0.05),
    "st": Key("state", 0.05),
    "zp": Key("zip_code", 0.05),
    "country": Key("country", 0.05),
}
"""By its name in `user_data`. All of them together are a score of 10 and a bit: one may lack."""

PERCENT_A_POINT = 5.0
LEAST_KNOWN = ("em", "ph", "external_id", "fbc", "fbp")


def quality_rows(events: Sequence[Event], unix_now: float) -> list[dict[str, Any]]:
    """A row for each name of the web events among `events`, in the order in which the names came."""
    named: dict[str, list[Event]] = {}
    for event in events:
        if event.get("action_source") == "website" and isinstance(event.get("event_name"), str):
            named.setdefault(event["event_name"], []).append(event)
    return [_row(name, of_name, unix_now) for name, of_name in named.items()]


def _row(name: str, events: Sequence[Event], unix_now: float) -> dict[str, Any]:
    shares = {key: _percent([_has(event, key) for event in events]) for key in KEYS}
    with_id = _percent([bool(event.get("event_id")) for event in events])
    return {
        "event_name": name,
        "event_match_quality": {
            "composite_score": round(
                min(10.0, sum(KEYS[key].points * share / 100 for key, share in shares.items())), 1
            ),
            "match_key_feedback": [_feedback(name, key, share) for key, share in shares.items() if share],
            "diagnostics": _diagnostics(events),
        },
        "event_coverage": {
            "percentage": with_id,
            "goal_percentage": GOAL_PERCENT,
            "description": "Browser events with a twin from the server, if the browser had sent each of these too.",
        },
        "dedupe_key_feedback": [
            _dedupe_key("event_id", with_id),
            *(_dedupe_key(key, shares[key]) for key in ("external_id", "fbp")),
        ],
        "data_freshness": {"upload_frequency": _freshness(events, unix_now), "description": "By the newest event."},
    }


def _feedback(name: str, key: str, share: float) -> dict[str, Any]:
    found: dict[str, Any] = {"identifier": KEYS[key].name, "coverage": {"percentage": share}}
    if share == 100:
        return found  # nothing more to be had
    more = round(KEYS[key].points * PERCENT_A_POINT * (1 - share / 100), 2)
    text = f"More {KEYS[key].name} with {name} might bring {more}% more conversions reported (made up by the sandbox)."
    return found | {"potential_aly_acr_increase": {"percentage": more, "description": text}}


def _dedupe_key(name: str, share: float) -> dict[str, Any]:
    """The server's side of it; of the browser's the sandbox knows nothing."""
    return {
        "dedupe_key": name,
        "browser_events_with_dedupe_key": None,
        "server_events_with_dedupe_key": {"percentage": share},
        "overall_browser_coverage_from_dedupe_key": None,
    }


def _diagnostics(events: Sequence[Event]) -> list[dict[str, Any]]:
    affected = sum(not any(_has(event, key) for key in LEAST_KNOWN) for event in events)
    if not affected:
        return []
    return [
        {
            "name": "Server sending few identifiers",
            "description": "These events carry no email, phone, external id, click id or browser id.",
            "solution": "Send at least one of them with each event.",
            "percentage": round(100 * affected / len(events), 1),
            "affected_event_count": affected,
            "total_event_count": len(events),
        }
    ]


def _freshness(events: Sequence[Event], unix_now: float) -> str:
    times = [event["event_time"] for event in events if isinstance(event.get("event_time"), int)]
    age = unix_now - max(times, default=0)
    return "real_time" if age < REAL_TIME_SECONDS else "hourly" if age < HOURLY_SECONDS else "daily"


def _percent(has: Sequence[bool]) -> float:
    return round(100 * sum(has) / len(has), 1)


def _has(event: Event, key: str) -> bool:
    values = event.get("user_data")
    return isinstance(values, dict) and bool(values.get(key))
