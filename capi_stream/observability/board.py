"""What the loop last said of itself. The loop writes, the admin port's threads read: one reference, replaced whole."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from capi_stream.delivery.ledger import Snapshot
from capi_stream.model import Partition, PixelId
from capi_stream.observability.heard import Heard


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is shown, at one moment. What the engine does not know stands beside its snapshot.

    `loop_seconds` is how long each phase of the loop took since start; `outages` are sentences on what cannot be
    reached now; `token_expiries` are Unix seconds, by pixel; `quality` is what Meta says, where it is asked.
    """

    snapshot: Snapshot
    high_watermarks: Mapping[Partition, int] = field(default_factory=dict)
    rebalances: Mapping[str, int] = field(default_factory=dict)
    loop_seconds: Mapping[str, float] = field(default_factory=dict)
    schema_fetches: Mapping[str, int] = field(default_factory=dict)
    outages: tuple[str, ...] = ()
    token_expiries: Mapping[PixelId, float] = field(default_factory=dict)
    quality: Heard | None = None


class Board:
    """Where the loop hangs up what others may see."""

    def __init__(self, stalled_after_seconds: float) -> None:
        self.sight: Sight | None = None
        self.stalled_after_seconds = stalled_after_seconds
        self._turned_at = time.monotonic()
        self._state = "starting"

    def turned(self) -> None:
        """The loop has turned once more."""
        self._turned_at = time.monotonic()

    def show(self, sight: Sight) -> None:
        """Replace what is shown."""
        self.sight = sight

    def became(self, state: str) -> None:
        """`state` is starting, joining, running or stopping."""
        self._state = state

    @property
    def state(self) -> str:
        """starting, joining, running or stopping."""
        return self._state

    def not_alive(self) -> str | None:
        """Why the process should be restarted; None while the loop turns."""
        since = time.monotonic() - self._turned_at
        return None if since < self.stalled_after_seconds else f"the loop has not turned for {since:.0f} s"

    def not_ready(self) -> str | None:
        """Why this member does not count yet; None once it is connected and was assigned partitions, if only none."""
        reasons = {
            "starting": "not connected to Kafka yet",
            "joining": "connected, waiting for the group to assign partitions",
            "stopping": "stopping",
        }
        return reasons.get(self._state)
