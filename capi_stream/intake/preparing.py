"""What a mapping made of a record is brought into the form that is sent: identity, time, customer, currency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from capi_stream.intake.encoding import derived_event_id
from capi_stream.intake.parameters import rules
from capi_stream.intake.parameters.identifiers import Identifiers
from capi_stream.intake.parameters.table import CUSTOM_DATA
from capi_stream.intake.settings import IntakeSettings
from capi_stream.model import Dropped, Mapped, Noted, Record

CLAMPED = Noted("event_time", "clamped")

_CURRENCY = CUSTOM_DATA["currency"]


class Preparing:
    """Prepares events as the settings say."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._rules = settings.rules
        self._identifiers = Identifiers(settings.identifiers)
        self._unix_now = 0.0  # that the year was asked of last
        self._year = 1970

    def prepare(self, event: dict[str, Any], index: int, record: Record, unix_now: float, mapped: Mapped) -> None:
        """Bring the event number `index` of `record` into the form that is sent; `mapped` is told what that took."""
        if not event.get("event_id", "").strip():
            event["event_id"] = derived_event_id(record, index)
        if rules.clamped(event, unix_now, self._rules):
            mapped.noted.append(CLAMPED)
        event["user_data"] = self._identifiers.identified(event, self._year_of(unix_now), mapped)
        custom_data = event.get("custom_data")
        if custom_data is not None and "currency" in custom_data:
            _with_normal_currency(custom_data, event.get("event_name"), mapped)

    def _year_of(self, unix_now: float) -> int:
        """The year in UTC; all records of a poll have one time."""
        if unix_now != self._unix_now:
            self._unix_now, self._year = unix_now, datetime.fromtimestamp(unix_now, UTC).year
        return self._year


def _with_normal_currency(custom_data: dict[str, Any], event_name: str | None, mapped: Mapped) -> None:
    normal = _CURRENCY.normal(custom_data["currency"])
    if isinstance(normal, str):
        custom_data["currency"] = normal
    elif event_name != "Purchase":  # one that needs it is left for the rules to refuse
        del custom_data["currency"]
        mapped.dropped.append(Dropped("currency", normal.reason))
