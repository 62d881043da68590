"""How long the API asks us to wait: `Retry-After` and the usage headers. Total: what cannot be read says nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from capi_stream.delivery.outcomes import Usage

MAX_WAIT_SECONDS = 3600.0  # a probe an hour costs nothing; a mistyped header could otherwise cost a week of events
MIN_WAIT_SECONDS = 1.0

_USAGE_HEADERS = ("x-business-use-case-usage", "x-ad-account-usage", "x-app-usage")
_PERCENTAGES = ("call_count", "total_time", "total_cputime", "acc_id_util_pct")


def retry_after(value: str | None, unix_now: float) -> float | None:
    """Seconds that a `Retry-After` asks for, in seconds or as an HTTP date (RFC 9110, 10.2.3); None where it asks none.

    Between 1 second, so that a server that says 0 is not hammered, and an hour.
    """
    if value is None:
        return None
    seconds = _seconds(value.strip())
    if seconds is None:
        seconds = _seconds_until(value, unix_now)
    if seconds is None or seconds <= 0:
        return None
    return min(max(seconds, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None


def _seconds_until(text: str, unix_now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:  # "-0000"
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp() - unix_now
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def read_usage(headers: Mapping[str, str]) -> Usage | None:
    """The highest share of a limit that `headers` (names in lowercase) report, and the wait they name; None if none.

    Meta: "X-App-Usage" and "X-Business-Use-Case-Usage" count in percent and wait in minutes; "X-Ad-Account-Usage"
    waits in seconds.
    """
    rows = [row for name in _USAGE_HEADERS for row in _rows(_parsed(headers.get(name)))]
    shares = [number / 100.0 for row in rows for key in _PERCENTAGES if (number := _number(row.get(key))) is not None]
    regain = max((_regain_seconds(row) for row in rows), default=0.0)
    if not shares and not regain:
        return None
    return Usage(max(shares, default=1.0), min(max(regain, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS) if regain else None)


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else orjson.loads(text)
    except ValueError:  # orjson.JSONDecodeError, and a lone surrogate, which no JSON text holds
        return None


def _rows(parsed: Any) -> Iterator[dict[str, Any]]:
    """The objects in which numbers stand: the object itself, or those in the lists under its accounts."""
    if not isinstance(parsed, dict):
        return
    yield parsed
    for account in parsed.values():
        if isinstance(account, list):
            yield from (row for row in account if isinstance(row, dict))


def _regain_seconds(row: Mapping[str, Any]) -> float:
    minutes = _number(row.get("estimated_time_to_regain_access")) or 0.0
    used_up = (_number(row.get("acc_id_util_pct")) or 0.0) >= 100.0
    seconds = (_number(row.get("reset_time_duration")) or 0.0) if used_up else 0.0  # until the count starts anew
    return max(minutes * 60.0, seconds)


def _number(value: Any) -> float | None:
    """`value` as a finite number that is not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
