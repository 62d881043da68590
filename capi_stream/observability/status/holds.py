"""Which gate keeps a pixel from posting, and when it is tried next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from capi_stream.delivery.ledger import GateView, LaneView, Snapshot
from capi_stream.model import Destination, PixelId
from capi_stream.observability.status.humane import age

FOR_ALL = ("all", "")  # scope and name of the gate that every event passes
NO_PIXELS = frozenset(("none", "other"))  # under which events are counted whose pixel is none of the settings


def lanes_of(snapshot: Snapshot) -> tuple[LaneView, ...]:
    """The lanes, and an empty one for each pixel of which every event so far was rejected.

    Such a pixel has no lane yet, and its fuse holds it all the same. Its endpoint is empty: nothing was on its way to
    one.
    """
    seen = NO_PIXELS | {lane.destination.pixel for lane in snapshot.lanes}
    unseen = sorted({pixel for pixel, _, _ in snapshot.ledger.rejected} - seen)
    return (*snapshot.lanes, *(_empty(PixelId(pixel), snapshot.gates) for pixel in unseen))


def _empty(pixel: PixelId, gates: Iterable[GateView]) -> LaneView:
    own = [(view.scope, view.name) for view in gates if view.scope == "pixel" and view.name.partition("@")[0] == pixel]
    return LaneView(Destination(pixel, ""), 0, 0, None, None, gates=(FOR_ALL, *own))


def holds_of(snapshot: Snapshot) -> Mapping[Destination, GateView]:
    """Of each destination that is held the gate that holds it longest."""
    gates = {(view.scope, view.name): view for view in snapshot.gates}
    own = ((lane.destination, [gates[key] for key in lane.gates if key in gates]) for lane in lanes_of(snapshot))
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
