"""How far a partition is behind, as metrics and the status page have it."""

from __future__ import annotations

from capi_stream.delivery.ledger import PartitionView
from capi_stream.observability.board import Sight


def lag_of(view: PartitionView, sight: Sight) -> int | None:
    """Records between what is committed and the partition's end; None until the end is known.

    Never negative: the end was asked for seconds ago.
    """
    high = sight.high_watermarks.get(view.partition)
    return None if high is None else max(0, high - view.committed)


def age_of(view: PartitionView, sight: Sight) -> float | None:
    """Seconds since the oldest record was written that is not settled; None where all are, or it has no time.

    Never negative: a producer's clock may be ahead of ours.
    """
    written = view.oldest_timestamp_ms
    return None if written is None or written < 0 else max(0.0, sight.snapshot.unix_now - written / 1_000)
