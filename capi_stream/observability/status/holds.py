"""Which gate keeps a pixel from posting, and when it is tried next."""

from __future__ import annotations

import math
from collections.abc import Iterable

from capi_stream.delivery.ledger import GateView, LaneView, Snapshot
from capi_stream.observability.status.humane import age

LANE_SCOPES = ("pixel", "credential", "endpoint", "all")


def hold_of(lane: LaneView, gates: Iterable[GateView]) -> GateView | None:
    """The gate that holds `lane` longest; None where all pass."""
    own = [view for view in gates if (view.scope, view.name) in lane.gates]
    return max(own, key=lambda view: view.until, default=None)


def held_pixels(snapshot: Snapshot) -> set[str]:
    """The pixels that some gate keeps from posting, at any of their endpoints."""
    return {lane.destination.pixel for lane in snapshot.lanes if hold_of(lane, snapshot.gates) is not None}


def next_try(view: GateView, now: float) -> str:
    """When the next probe goes: `in 12 s`, `now`, or when a person says so."""
    if math.isinf(view.until):
        return "when a person opens it"
    return f"in {age(view.until - now)}" if view.until > now else "now"


def what(view: GateView) -> str:
    """The gate's name for a person."""
    return f"{view.scope} {view.name}".strip() if view.scope != "all" else "every pixel"
