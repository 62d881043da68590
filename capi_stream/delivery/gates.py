"""Who may pass: one row for each pixel, credential, endpoint, letter topic, and all.

A gate is backoff, rate limit, circuit breaker and fuse in one; they differ only in who names `until`: the formula, the
API, or a person. What wants out passes all of its gates. After `until` one probe goes, and its answer decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from capi_stream.delivery.ledger import GateView
from capi_stream.delivery.outcomes import POLICY, Outcome, Policy, Scope, Unavailable, Usage, backoff
from capi_stream.model import Destination

PACE_FROM_RATIO = 0.8  # reference, section 7: "Pace down from about 80 %"
PACE_CAP_SECONDS = 30.0


class Gate(NamedTuple):
    """The name of one gate."""

    scope: Scope
    name: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """A gate that lets nothing through until `until`, and then one `probe` at a time. Times are monotonic."""

    since: float
    until: float
    attempt: int
    reason: str
    probe: object | None = None


_WIDE_TO_NARROW = (Scope.ALL, Scope.ENDPOINT, Scope.CREDENTIAL, Scope.PIXEL)


class Gates:
    """All gates of the process. A gate without a row is passing."""

    def __init__(self) -> None:
        self._holding: dict[Gate, Holding] = {}
        self._struck: dict[Gate, set[Gate]] = {}  # endpoint -> pixels that it failed since it last judged anything

    def passes(self, gates: Iterable[Gate], now: float) -> bool:
        """Whether something that must pass all of `gates` may go now, if only as their probe."""
        if not self._holding:
            return True
        rows = (self._holding.get(gate) for gate in gates)
        return all(row is None or (row.probe is None and now >= row.until) for row in rows)

    def took(self, gates: Iterable[Gate], probe: object) -> None:
        """Make `probe` the one that each holding gate among `gates` waits for."""
        for gate, row in self.rows(gates):
            self._holding[gate] = replace(row, probe=probe)

    def answered(self, gates: tuple[Gate, ...], probe: object, outcome: Outcome, now: float, jitter: float) -> None:
        """Learn from the answer to `probe`, which passed `gates`.

        An answer that judges the events opens what it probed. One that blames a gate holds it, and opens what it
        probed of wider scope: an endpoint that says "this token is dead" is itself alive. An answer to what was posted
        before a hold began changes nothing in that hold.
        """
        if isinstance(outcome, Unavailable):
            self._blamed(gates, probe, outcome, now, jitter)
        else:
            if self._struck:
                self._struck.pop(_of_scope(gates, Scope.ENDPOINT), None)
            self._open_probed(gates, probe)
        if outcome.usage is not None:
            self._pace(gates, outcome.usage, now)

    def _blamed(self, gates: tuple[Gate, ...], probe: object, outcome: Unavailable, now: float, jitter: float) -> None:
        scope = self._scope(gates, outcome)
        blamed = _of_scope(gates, scope)
        width = _WIDE_TO_NARROW.index(scope)
        self._open_probed([gate for gate in gates if _WIDE_TO_NARROW.index(gate.scope) < width], probe)
        for gate in gates:
            if gate is not blamed and (row := self._holding.get(gate)) and row.probe is probe:
                self.hold(gate, row.reason, now, jitter, attempt=row.attempt, since=row.since)
        row = self._holding.get(blamed)
        if row is None:
            self.hold(blamed, outcome.reason, now, jitter, seconds=outcome.hold_seconds)
        elif row.probe is probe:
            self.hold(
                blamed, outcome.reason, now, jitter,
                attempt=row.attempt + 1, since=row.since, seconds=outcome.hold_seconds,
            )  # fmt: skip

    def _scope(self, gates: tuple[Gate, ...], outcome: Unavailable) -> Scope:
        """What `outcome` holds. An endpoint that answers badly may do so for one pixel alone, whose events may even be
        the cause: it is held itself only once it has failed a second pixel and judged nothing in between."""
        if outcome.scope is not Scope.ENDPOINT or outcome.reason == "not_connected":
            return outcome.scope
        endpoint = _of_scope(gates, Scope.ENDPOINT)
        struck = self._struck.setdefault(endpoint, set())
        struck.add(_of_scope(gates, Scope.PIXEL))
        return Scope.ENDPOINT if len(struck) > 1 or endpoint in self._holding else Scope.PIXEL

    def hold(
        self,
        gate: Gate,
        reason: str,
        now: float,
        jitter: float,
        *,
        attempt: int = 1,
        since: float | None = None,
        seconds: float | None = None,
    ) -> None:
        """Let nothing through `gate` for `seconds`, or for what the reason's policy gives at this `attempt`."""
        policy = POLICY.get(reason, Policy())
        wait = backoff(attempt, jitter, policy.base_seconds, policy.cap_seconds) if seconds is None else seconds
        self._holding[gate] = Holding(now if since is None else since, now + wait, attempt, reason)

    def failed_again(self, gate: Gate, reason: str, probe: object, now: float, jitter: float) -> None:
        """Hold `gate` because `probe` failed at it; a hold that `probe` was not sent to test stays as it is."""
        row = self._holding.get(gate)
        if row is None:
            self.hold(gate, reason, now, jitter)
        elif row.probe is probe:
            self.hold(gate, reason, now, jitter, attempt=row.attempt + 1, since=row.since)

    def open(self, gate: Gate) -> None:
        """Let everything through `gate`."""
        self._holding.pop(gate, None)

    def probe_now(self, gate: Gate, now: float) -> None:
        """Let one probe through `gate` at once: what it waited for has changed."""
        if (row := self._holding.get(gate)) and row.until > now:
            self._holding[gate] = replace(row, until=now)

    def _open_probed(self, gates: Iterable[Gate], probe: object) -> None:
        for gate, row in self.rows(gates):
            if row.probe is probe:
                del self._holding[gate]

    def opened_by(self, gate: Gate, probe: object) -> None:
        """Open `gate` if `probe` was its probe."""
        self._open_probed((gate,), probe)

    def _pace(self, gates: tuple[Gate, ...], usage: Usage, now: float) -> None:
        credential = _of_scope(gates, Scope.CREDENTIAL)
        seconds = pace(usage)
        if seconds and credential not in self._holding:
            self.hold(credential, "usage_limit", now, 1.0, seconds=seconds)

    @property
    def are_holding(self) -> bool:
        """Whether any gate holds."""
        return bool(self._holding)

    def rows(self, gates: Iterable[Gate]) -> list[tuple[Gate, Holding]]:
        """Those of `gates` that hold, each with why and until when."""
        if not self._holding:  # as mostly; each post asks several times
            return []
        return [(gate, row) for gate in gates if (row := self._holding.get(gate))]

    def held_until(self, gates: Iterable[Gate]) -> float:
        """The moment before which nothing passes all of `gates`; 0.0 where they all pass. Probes do not count."""
        return max((row.until for gate in gates if (row := self._holding.get(gate))), default=0.0)

    def holding(self) -> Iterator[GateView]:
        """What is held, for people to see."""
        for gate, row in self._holding.items():
            yield GateView(gate.scope.value, gate.name, row.reason, row.since, row.until, row.attempt)


def _of_scope(gates: Iterable[Gate], scope: Scope) -> Gate:
    return next(gate for gate in gates if gate.scope is scope)


def gate_name(destination: Destination) -> str:
    """The name of a destination's own gate: the pixel's id, and the endpoint where that is not Graph."""
    pixel, endpoint = destination
    return str(pixel) if endpoint == "graph" else f"{pixel}@{endpoint}"


def pace(usage: Usage) -> float:
    """Seconds to leave between posts at this `usage` of the rate limit; 0.0 below 80 %.

    Limits count calls, not events: events that wait a little travel in fewer, fuller batches.
    """
    if usage.ratio >= 1.0:
        return usage.regain_seconds if usage.regain_seconds is not None else 60.0
    if usage.ratio < PACE_FROM_RATIO:
        return 0.0
    return PACE_CAP_SECONDS * (usage.ratio - PACE_FROM_RATIO) / (1.0 - PACE_FROM_RATIO)
