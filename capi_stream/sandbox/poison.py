"""Poison: events that keep every rule and are refused all the same, by the server alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from capi_stream.sandbox.errors import ERRORS
from capi_stream.sandbox.faults import Naming


@dataclass(frozen=True, slots=True)
class Poison:
    """Which events are poison: by the start of their event_id, by the whole of it, or by a key in custom_data.

    `error` is a row of `errors.ERRORS`, `unknown` (code 1) among them, which data can cause too. `naming` is the index
    that the error names; None: as the sandbox is set. Raises ValueError.
    """

    prefix: str | None = None
    event_ids: frozenset[str] = frozenset()
    marker: str | None = None
    pixel: str | None = None
    error: str = "schema"
    naming: Naming | None = None

    def __post_init__(self) -> None:
        if self.error not in ERRORS:
            raise ValueError(f"{self.error!r} is no error of the API. Known are: {', '.join(ERRORS)}.")
        if not (self.prefix or self.event_ids or self.marker):
            raise ValueError("poison needs a prefix, event_ids or a marker: nothing is poison without")

    def is_in(self, event: Mapping[str, object], pixel: str) -> bool:
        """Whether `event`, posted to `pixel`, is poison."""
        if self.pixel not in (None, pixel):
            return False
        event_id, custom_data = event.get("event_id"), event.get("custom_data")
        if isinstance(event_id, str) and (
            event_id in self.event_ids or (self.prefix is not None and event_id.startswith(self.prefix))
        ):
            return True
        return self.marker is not None and isinstance(custom_data, dict) and self.marker in custom_data


def poison_from(values: Mapping[str, object]) -> Poison:
    """Poison from plain values, as they come in JSON. Raises ValueError or TypeError saying what is wrong."""
    known = [field.name for field in fields(Poison)]
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no setting of poison. Known are: {', '.join(known)}.")
    event_ids = values.get("event_ids") or ()
    if not isinstance(event_ids, list | tuple | frozenset):
        raise TypeError("event_ids must be an array of strings")
    if not all(isinstance(value, str | None) for key, value in values.items() if key != "event_ids"):
        raise TypeError("poison is described by strings, and event_ids by an array of them")
    return Poison(**{**values, "event_ids": frozenset(map(str, event_ids))})  # type: ignore[arg-type]  # names checked
