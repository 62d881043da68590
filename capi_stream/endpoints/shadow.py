"""Posters that post nothing: for a run that only shows what would be sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome


class ShadowPosters:
    """Stands where `Posters` does, and accepts every batch at once. It knows no address and no token."""

    def __init__(self) -> None:
        self._accepted: deque[Batch] = deque()

    def submit(self, batch: Batch) -> None:
        """Take `batch`; its outcome comes back once, by `answers`."""
        self._accepted.append(batch)

    def answers(self, wait_seconds: float = 0.0) -> Iterator[tuple[Batch, Outcome]]:
        """What was submitted since the last call, all of it accepted. It never waits."""
        while self._accepted:
            batch = self._accepted.popleft()
            yield batch, Accepted(len(batch.entries))

    def close(self, deadline: float) -> bool:
        """Forget what was not asked for; nothing is ever out."""
        self._accepted.clear()
        return True
