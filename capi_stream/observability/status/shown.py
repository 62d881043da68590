"""What a page is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capi_stream.observability.board import Sight


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while the process runs: its versions, and the settings that matter, as plain texts.

    `pixels` is how many are configured; `started_at` is in Unix seconds; `meanings` are those of the letters' reasons,
    and `shows_dead_letters` whether they have a page. Never a secret: the page is for all who reach the admin port.
    """

    version: str
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    pixels: int = 0
    started_at: float | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)
    shows_dead_letters: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One moment. `state` is the member's: starting, joining, running or stopping; `stalled` says that the loop is."""

    about: About
    state: str
    sight: Sight | None = None
    stalled: str | None = None
