"""What Meta said of the events that arrived, as far as it is shown. Who asks fits these shapes without knowing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class HeardIdentifier(Protocol):
    """Which share of an event's occurrences carries an identifier; None where Meta does not say."""

    @property
    def name(self) -> str: ...

    @property
    def coverage(self) -> float | None: ...


class HeardEvent(Protocol):
    """What is said of all events of one name: a score of 0 to 10, the share of browser events with a server's twin."""

    @property
    def event_name(self) -> str: ...

    @property
    def score(self) -> float | None: ...

    @property
    def coverage(self) -> float | None: ...

    @property
    def identifiers(self) -> Sequence[HeardIdentifier]: ...


class Heard(Protocol):
    """How many polls of each (pixel, outcome) there were, and what is said of each pixel's events now."""

    @property
    def polls(self) -> Mapping[tuple[str, str], int]: ...

    @property
    def events(self) -> Mapping[str, Sequence[HeardEvent]]: ...
