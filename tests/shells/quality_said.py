"""An answer of the Dataset Quality API with everything in it, and a question to a server."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from capi_stream.endpoints.dataset_quality import (
    DatasetQuality,
    DedupeKey,
    Diagnostic,
    EventQuality,
    Identifier,
    Quality,
    Said,
)
from capi_stream.endpoints.settings import PosterSettings, Timeouts
from capi_stream.endpoints.tokens import Tokens
from tests.shells.test_posters import settings_for

ROW: dict[str, Any] = {
    "event_name": "Purchase",
    "event_match_quality": {
        "composite_score": 6.2,
        "match_key_feedback": [
            {
                "identifier": "email",
                "coverage": {"percentage": 50},
                "potential_aly_acr_increase": {"percentage": 150, "description": "More email, more conversions."},
            },
            {"identifier": "ip_address", "coverage": {"percentage": 100}},
        ],
        "diagnostics": [
            {
                "name": "Mismatched IP addresses",
                "description": "They differ.",
                "solution": "Send the customer's.",
                "percentage": 25,
                "affected_event_count": 1,
                "total_event_count": 4,
            }
        ],
    },
    "event_coverage": {"percentage": 25, "goal_percentage": 75, "description": "Covered."},
    "dedupe_key_feedback": [
        {
            "dedupe_key": "event_id",
            "browser_events_with_dedupe_key": {"percentage": 100},
            "server_events_with_dedupe_key": {"percentage": 50},
            "overall_browser_coverage_from_dedupe_key": None,
        }
    ],
    "data_freshness": {"upload_frequency": "real_time", "description": "In seconds."},
}

EVENT = EventQuality(
    event_name="Purchase",
    score=6.2,
    coverage=0.25,
    coverage_goal=0.75,
    freshness="real_time",
    identifiers=(
        Identifier("email", 0.5, 1.5, "More email, more conversions."),
        Identifier("ip_address", 1.0, None, ""),
    ),
    dedupe_keys=(DedupeKey("event_id", 1.0, 0.5, None),),
    diagnostics=(Diagnostic("Mismatched IP addresses", "They differ.", "Send the customer's.", 0.25, 1, 4),),
)

NOTHING = EventQuality("", None, None, None, "", (), (), ())


def body(*rows: object) -> bytes:
    """An answer with these rows."""
    return json.dumps({"web": rows}).encode()


def error(code: object, subcode: int | None = None) -> bytes:
    """A refusal."""
    return json.dumps({"error": {"message": "No t0ken", "code": code, "error_subcode": subcode}}).encode()


def posters_for(url: str, token: str = "sandbox-100", **credential: object) -> PosterSettings:
    """One pixel, 100, at `url`; nothing takes longer than a second."""
    settings = settings_for(url)
    changed = replace(settings.credentials["main"], token=token, **credential)  # type: ignore[arg-type]
    return replace(settings, credentials={"main": changed}, timeouts=Timeouts(0.5, 0.5, 0.5, 1.0))


def asked(url: str, token: str = "sandbox-100", **credential: object) -> Said:
    """What the server at `url` says of pixel 100."""
    settings = posters_for(url, token, **credential)
    asking = DatasetQuality(settings, Tokens(settings.credentials))
    try:
        (target,) = settings.targets.values()
        return asking.of(target)
    finally:
        asking.close()


def quality(said: Said) -> Quality:
    """`said`, if it is an answer."""
    assert isinstance(said, Quality), said
    return said
