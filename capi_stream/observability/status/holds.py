"""Which gate keeps a pixel from posting, and when it is tried next."""

from __future__ import annotations

import math
from collections.abc import Mapping

from capi_stream.delivery.ledger import GateView, Snapshot
from capi_stream.model import Destination
from capi_stream.observability.status.humane import age


def holds_of(snapshot: Snapshot) -> Mapping[Destination, GateView]:
    """Of each destination that is held the gate that holds it longest."""
    gates = {(view.scope, view.name): view for view in snapshot.gates}
    own = ((lane.destination, [gates[key] for key in lane.gates if key in gates]) for lane in snapshot.lanes)
    return {destination: max(views, key=lambda view: view.until) for destination, views in own if views}


def held_pixels(snapshot: Snapshot) -> set[str]:
    """The pixels that some gate keeps from posting, at any of their endpoints."""
    return {destination.pixel for destination in holds_of(snapshot)}


def next_try(view: GateView, now: float) -> str:
    """When the next probe goes: `in 12 s`, `now`, or when a person says so."""
    if math.isinf(view.until):
        return "when a person opens it"
    return f"in {age(view.until - now)}" if view.until > now else "now"


def what(view: GateView) -> str:
    """The gate's name for a person."""
    return f"{view.scope} {view.name}".strip() if view.scope != "all" else "every pixel"
