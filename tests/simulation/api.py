"""A simulated API: it knows the poison, throttles, has outages and dead tokens, and loses answers it has given.

It takes no post over `largest` bytes (413).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from capi_stream.delivery.batches import Entry
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected, Scope, Unavailable, Usage
from capi_stream.model import Destination
from tests.simulation.shape import CREDENTIALS


class Api:
    """Judges posts. `faults` is the share of answers that are bad whatever was posted; none once it is well."""

    def __init__(
        self, random: Random, poison: Collection[str], cursed: Collection[str], faults: float, largest: float
    ) -> None:
        self._random = random
        self._poison = poison
        self._cursed = cursed
        self._names = random.choice(("none", "right", "first", "wrong", "any"))  # the index in a rejection
        self.faults = faults
        self.largest = largest
        self.dead: set[str] = set()  # credentials
        self._windows: dict[str, tuple[float, Unavailable]] = {}  # of a pixel or an endpoint: until when, what it says

    def recover(self) -> None:
        """Answer well from now on; only poison and what is too large are refused."""
        self.faults = 0.0
        self._cursed = ()
        self.dead.clear()
        self._windows.clear()

    def weather(self, now: float) -> None:
        """A window opens: an endpoint is down, a pixel is throttled for long, or a token dies."""
        random = self._random
        until = now + random.choice((1.0, 30.0, 400.0))
        match random.randrange(4):
            case 0:
                reason = random.choice(("not_connected", "timeout", "server_error"))
                self._windows[random.choice(("graph", "gateway"))] = until, Unavailable(reason, Scope.ENDPOINT)
            case 1:
                hold = random.choice((None, until - now))
                self._windows[random.choice(tuple(CREDENTIALS))] = until, Unavailable("throttled", Scope.PIXEL, hold)
            case 2:
                self.dead.add(random.choice(tuple(CREDENTIALS.values())))
            case _:
                refused = Unavailable(random.choice(("permission_missing", "unknown_pixel")), Scope.PIXEL)
                self._windows[random.choice(tuple(CREDENTIALS))] = until, refused

    def judge(self, destination: Destination, entries: Sequence[Entry], now: float) -> Outcome:
        """The answer to a post, true or lost."""
        for name in (destination.endpoint, destination.pixel):
            until, outcome = self._windows.get(name, (0.0, None))
            if outcome is not None and now < until:
                return outcome
        if CREDENTIALS[destination.pixel] in self.dead:
            return Unavailable("token_invalid", Scope.CREDENTIAL)
        if sum(len(entry.event.body) + 1 for entry in entries) > self.largest:
            return Rejected("too_large")
        if self._random.random() < self.faults:
            return self._fault(entries)
        if any(entry.event.event_id in self._cursed for entry in entries):
            return Unavailable("unknown_error", Scope.PIXEL)
        return self._verdict(entries)

    def _verdict(self, entries: Sequence[Entry]) -> Outcome:
        guilty = [index for index, entry in enumerate(entries) if entry.event.event_id in self._poison]
        if guilty:
            return Rejected("invalid_parameter", self._index(guilty, len(entries)))
        usage = Usage(0.9) if self._random.random() < self.faults / 8 else None
        return Accepted(len(entries), usage=usage)

    def _index(self, guilty: list[int], size: int) -> int | None:
        random = self._random
        match self._names:
            case "right":
                return random.choice(guilty)
            case "first":
                return 0
            case "wrong":
                return random.choice([index for index in range(size) if index not in guilty] or [size])
            case "any":
                return random.choice((None, guilty[-1], 0, size + 5))
            case _:
                return None

    def _fault(self, entries: Sequence[Entry]) -> Outcome:
        random = self._random
        match random.randrange(8):
            case 0:
                return Unavailable("not_connected", Scope.ENDPOINT)
            case 1:
                return Unavailable("throttled", Scope.PIXEL, hold_seconds=random.choice((1.0, 60.0, 300.0)))
            case 2:
                return Unavailable("token_invalid", Scope.CREDENTIAL)
            case 3:
                return Unavailable("unknown_error", Scope.PIXEL)
            case 4 if len(entries) > 1:
                return Rejected("too_large")
            case 5:
                return Unavailable("app_limit", Scope.CREDENTIAL, hold_seconds=30.0)
            case 6:
                return Unavailable("unclassified", Scope.PIXEL)
            case _:  # it may have taken them; nobody is told
                return Unavailable("connection_lost", Scope.ENDPOINT, is_unknown=True)
