"""How far a partition is behind."""

from __future__ import annotations

from capi_stream.delivery.ledger import PartitionView
from capi_stream.observability.board import Sight


def lag_of(view: PartitionView, sight: Sight) -> int | None:
    """Records that are not committed yet; None where its end is not known. The end was asked for seconds ago."""
    high = sight.high_watermarks.get(view.partition)
    return None if high is None else max(0, high - view.committed)


def oldest_of(view: PartitionView, sight: Sight) -> float | None:
    """Seconds since the record was written that holds the commit back; None where there is none, or it has no time."""
    written = view.oldest_timestamp_ms
    return None if written is None or written < 0 else sight.snapshot.unix_now - written / 1_000
