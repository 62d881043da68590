"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from capi_stream.cli.json_text import shown_name
from capi_stream.cli.usage import UsageError

YEAR_10000 = 253_402_300_800  # Unix seconds
_AGO = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SUCH_AS = "2026-01-01T12:00:00Z"
_OR_AGO = f"{_SUCH_AS}, or how long ago it was: 90s, 30m, 6h, 2d, 1w"


def unix_time(text: str) -> float:
    """Unix seconds of an ISO time, UTC where it names no zone, or of a number. Raises UsageError."""
    return _read(text, _SUCH_AS)


def unix_time_or_ago(text: str, unix_now: float) -> float:
    """As `unix_time`; or so long before `unix_now`: 90s, 30m, 6h, 2d, 1w. Raises UsageError."""
    number, unit = text[:-1], text[-1:]
    if unit in _AGO and number.isascii() and number.isdigit() and len(number) < 7:
        return unix_now - int(number) * _AGO[unit]
    return _read(text, _OR_AGO)


def _read(text: str, such_as: str) -> float:
    """Raises UsageError, which says to write a time `such_as`."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"'{shown_name(text)}' is no time: write one such as {such_as}.") from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not 0 <= seconds < YEAR_10000:  # NaN is not either
        raise UsageError(f"'{shown_name(text)}' is no time from 1970 to 9999: write seconds since 1970, or {such_as}.")
    return seconds


def written(seconds: float) -> str:
    """Unix `seconds` to the second, UTC, as they are read again; a number that no calendar holds stays one."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
