"""What the rules and the identifiers are told when the service starts. Built by config, read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Future = Literal["send", "clamp"]
"""What becomes of an event whose time is ahead of the clock, but not too far: sent as it is, or at the clock's."""

ExternalIdHashing = Literal["by_shape", "always", "never"]
"""Whether external_id leaves hashed; `by_shape` passes what looks hashed already."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which of the API's softer demands are refused instead of sent."""

    strict_website: bool = False  # website events without client_user_agent or event_source_url
    future_seconds: int = 60  # how far ahead of the clock an event's time may be
    future: Future = "send"


@dataclass(frozen=True, slots=True)
class IdentifierSettings:
    """How customer information is made ready, beyond what Meta's page asks for."""

    external_id_hashing: ExternalIdHashing = "by_shape"
    phone_code_from_country: bool = False
    fbc_from_url: bool = False
