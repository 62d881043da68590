"""A sight with something of everything in it."""

from __future__ import annotations

from dataclasses import replace

from capi_stream.delivery.ledger import GateView, LaneView, LastError, Ledger, PartitionView, RecordCounts, Snapshot
from capi_stream.model import Destination, Partition, PixelId
from capi_stream.observability.board import Sight

ORDERS = Partition("orders", 0)
PIXEL = PixelId("100")


def ledger() -> Ledger:
    """Counts of everything that has a label."""
    made = Ledger(retries=3)
    made.topics["orders"] = RecordCounts(consumed=10, settled=8)
    made.events.update({("100", "Purchase", "accepted"): 7, ("100", "custom", "accepted"): 1})
    made.events.update({("999", "Purchase", "accepted"): 2, ("none", "none", "dead_lettered"): 1})
    made.requests["100", "graph", "accepted", "none"] = 4
    made.request_errors.update({("190", "463"): 1, ("31337", "none"): 2})
    made.rejected.update({("none", "decode", "undecodable"): 1, ("100", "map", "wrong_type"): 3})
    made.rejected["100", "post", "wrong_type"] = 2
    made.dead_letters.update({"undecodable": 1, "wrong_type": 2})
    made.oldest_parked.update({"100": 1_699_990_000, "998": 1_699_500_000, "999": 1_699_000_000})
    return made


def sight(**changes: object) -> Sight:
    """One partition, one lane, one gate."""
    snapshot = Snapshot(
        now=1_000.0,
        unix_now=1_700_000_100.0,
        ledger=ledger(),
        partitions=(PartitionView(ORDERS, 5, 6, 9, 4, is_paused=True, oldest_timestamp_ms=1_700_000_040_000),),
        gates=(GateView("credential", "100", "token_invalid", 940.0, 1_030.0, 2),),
        lanes=(
            LaneView(
                Destination(PIXEL), 3, 1, 1_700_000_000, LastError("token_invalid, HTTP 400, code 190", "", 990.0)
            ),
        ),
        usage={"100": 0.4},
        buffered_events=3,
        buffered_bytes=1_000,
        buffer_limit_bytes=4_000,
        posts_in_flight=1,
        letters_in_flight=0,
        waiting_for_schema=0,
        last_commit_unix=1_700_000_099.0,
    )
    expiries = {PIXEL: 1_800_000_000.0, PixelId("998"): 1_750_000_000.0, PixelId("999"): 1_790_000_000.0}
    shown = Sight(snapshot, {ORDERS: 12}, {"assigned": 1}, token_expiries=expiries)
    return replace(shown, **changes)  # type: ignore[arg-type]
