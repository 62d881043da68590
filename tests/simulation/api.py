"""A simulated API: it knows the poison, throttles, dies, and loses answers after it has accepted."""

from __future__ import annotations

from collections import Counter
from random import Random

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected, Scope, Unavailable
from capi_stream.model import Destination


class Api:
    """Judges batches; `accepted` counts each event it took, per destination. A calm API has no faults but poison."""

    def __init__(self, random: Random, poison: set[str], fault_share: float) -> None:
        self._random = random
        self._poison = poison
        self.fault_share = fault_share
        self.accepted: Counter[tuple[Destination, str]] = Counter()

    def judge(self, batch: Batch) -> Outcome:
        """The answer to `batch`, true or lost."""
        if self._random.random() < self.fault_share:
            return self._fault(batch)
        return self._verdict(batch)

    def _verdict(self, batch: Batch) -> Outcome:
        guilty = [index for index, entry in enumerate(batch.entries) if entry.event.event_id in self._poison]
        if guilty:
            index = self._random.choice((None, guilty[0], 0, len(batch.entries) + 5))
            return Rejected("invalid_parameter", index)
        for entry in batch.entries:
            self.accepted[batch.destination, entry.event.event_id] += 1
        return Accepted(len(batch.entries))

    def _fault(self, batch: Batch) -> Outcome:
        match self._random.randrange(7):
            case 0:
                return Unavailable("not_connected", Scope.ENDPOINT)
            case 1:
                return Unavailable("throttled", Scope.PIXEL, hold_seconds=self._random.choice((1.0, 60.0, 300.0)))
            case 2:
                return Unavailable("token_invalid", Scope.CREDENTIAL)
            case 3:
                return Unavailable("unknown_error", Scope.PIXEL)
            case 4 if len(batch.entries) > 1:
                return Rejected("too_large")
            case 5:
                return Unavailable("app_limit", Scope.CREDENTIAL, hold_seconds=30.0)
            case _:
                self._verdict(batch)
                return Unavailable("connection_lost", Scope.ENDPOINT, is_unknown=True)
