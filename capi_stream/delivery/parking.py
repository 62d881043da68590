"""Which records leave a held lane for the parked topic, so that offsets move and the other pixels are read.

A lane is parked when its own fault has lasted as long as its reason's policy allows, or when it keeps a partition at
its share; and what comes for it during the same hold follows at once. But only while another destination of the same
topic is not held: in an outage of the API parking would pour Kafka into Kafka, and partitions pause instead.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from capi_stream.delivery.fuse import FUSE
from capi_stream.delivery.gates import Gate, Gates, Holding
from capi_stream.delivery.lanes import Lane, Lanes
from capi_stream.delivery.letters import Letterbox
from capi_stream.delivery.outcomes import POLICY, Scope
from capi_stream.delivery.settings import Limits
from capi_stream.model import Partition

LOOK_EVERY_SECONDS = 0.2
_OWN_FAULTS = (Scope.PIXEL, Scope.CREDENTIAL)


class Parking:
    """Looks at held lanes now and then, and makes letters of what has waited long enough."""

    def __init__(self, limits: Limits, gates: Gates, lanes: Lanes, letterbox: Letterbox) -> None:
        self._park_after_seconds = limits.park_after_seconds
        self._in_the_way_seconds = limits.park_in_the_way_seconds
        self._gates = gates
        self._lanes = lanes
        self._letterbox = letterbox
        self._look_at = 0.0

    def look(self, now: float, full: Collection[Partition]) -> None:
        """Park what is due. `full` are the partitions at their share."""
        if not self._gates.are_holding or now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_SECONDS
        passing = {topic for lane in self._lanes if not self._is_held(lane, now) for topic in lane.topics}
        if not passing:
            return
        for lane in self._lanes:
            if not passing.isdisjoint(lane.topics):
                self._park(lane, passing, now, full)

    def _is_held(self, lane: Lane, now: float) -> bool:
        """Whether a gate lets nothing of `lane` through. One that has run out holds only while something waits."""
        return any(row.until > now or lane.is_busy for _, row in self._gates.rows(lane.gates))

    def _park(self, lane: Lane, topics: Collection[str], now: float, full: Collection[Partition]) -> None:
        rows = self._gates.rows(lane.gates)
        row = next((row for gate, row in rows if self._is_due(lane, gate, row, now, full)), None)
        if row is None:
            return
        lane.parked_hold = row.since
        if row.reason == FUSE:
            self._letterbox.park_held(lane.destination.pixel, topics)
        for entry, batch in lane.withdraw(lambda entry: entry.ticket.record.partition.topic in topics):
            self._letterbox.park(entry, row.reason, lane.destination, batch, now)

    def _is_due(self, lane: Lane, gate: Gate, row: Holding, now: float, full: Collection[Partition]) -> bool:
        if row.until <= now:  # the next that goes is the probe: it may pass
            return False
        held_seconds = now - row.since
        return (
            lane.parked_hold == row.since
            or (gate.scope in _OWN_FAULTS and held_seconds >= self._park_after(row.reason))
            or (held_seconds >= self._in_the_way_seconds and lane.has_of(full))
        )

    def _park_after(self, reason: str) -> float:
        """Seconds of a hold for `reason` after which a pixel's records are parked; infinite where they never are."""
        policy = POLICY[reason].park_after_seconds
        if policy is None:
            return math.inf
        return policy if self._park_after_seconds is None else self._park_after_seconds
