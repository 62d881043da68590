"""Gates, looked at from the outside: what the answers that an engine heard oblige it to wait for.

Which gate an answer holds is the engine's to choose; that it holds one, for long enough, until its probe is answered,
is what is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from capi_stream.delivery.fuse import FUSE
from capi_stream.delivery.gates import Gate
from capi_stream.delivery.ledger import GateView
from capi_stream.delivery.outcomes import POLICY, Policy, Scope

_ROUNDING = 1e-6


@dataclass(slots=True, eq=False)
class Hold:
    """One gate that holds: nothing goes before `until`, and then one `probe` at a time."""

    reason: str
    until: float
    attempt: int
    probe: object | None = None


class Holds:
    """The gates of one engine that hold."""

    def __init__(self) -> None:
        self._rows: dict[Gate, Hold] = {}

    def goes(self, gates: Iterable[Gate], probe: object, now: float) -> None:
        """Something passes `gates`: it may, and becomes the probe of those that hold."""
        for gate in gates:
            if hold := self._rows.get(gate):
                left = hold.until - now
                assert left <= 0, f"never hammered: {gate} is to be left alone for {left:.1f} s more ({hold.reason})"
                assert hold.probe is None, f"never hammered: {gate} has two probes out ({hold.reason})"
                hold.probe = probe

    def passes(self, gates: Iterable[Gate], now: float) -> bool:
        """Whether something may pass all of `gates`."""
        return all(hold.probe is None and now >= hold.until for hold in self._of(gates))

    def is_held(self, gates: Iterable[Gate], now: float) -> bool:
        """Whether one of `gates` has time left to wait."""
        return any(hold.until > now for hold in self._of(gates))

    def is_blown(self, gates: Iterable[Gate]) -> bool:
        """Whether a fuse holds one of `gates`."""
        return any(hold.reason == FUSE for hold in self._of(gates))

    def _of(self, gates: Iterable[Gate]) -> list[Hold]:
        return [hold for gate in gates if (hold := self._rows.get(gate))] if self._rows else []

    def learn(self, views: Iterable[GateView]) -> None:
        """Something else than an answer has changed the gates: a person, a new token, a fuse."""
        after = _by_gate(views)
        for gate in list(self._rows.keys() - after.keys()):
            del self._rows[gate]
        for gate, view in after.items():
            hold = self._rows.get(gate)
            self._rows[gate] = Hold(view.reason, view.until, view.attempt, hold.probe if hold else None)

    def answered(
        self, views: Iterable[GateView], probe: object, now: float, fault: str = "", seconds: float | None = None
    ) -> None:
        """`probe` was answered: with a `fault`, or with a verdict. An answer to no probe changes no hold."""
        after = _by_gate(views)
        for gate in list(self._rows.keys() - after.keys()):
            assert self._rows[gate].probe is probe, f"never hammered: {gate} was opened by what was not its probe"
            del self._rows[gate]
        for gate, view in after.items():
            hold = self._rows.get(gate)
            if hold is None or view.until != hold.until or view.reason != hold.reason:
                self._hold(gate, hold, view, probe)
                self._check_wait(gate, view, now, seconds if view.reason == fault else None)

    def _hold(self, gate: Gate, hold: Hold | None, view: GateView, probe: object) -> None:
        is_its_probe = hold is None or hold.probe is probe or view.reason == FUSE
        assert is_its_probe, f"never hammered: {gate} was held anew by what was not its probe"
        self._rows[gate] = Hold(view.reason, view.until, view.attempt)

    @staticmethod
    def _check_wait(gate: Gate, view: GateView, now: float, seconds: float | None) -> None:
        policy = POLICY.get(view.reason, Policy())
        least = min(policy.cap_seconds, policy.base_seconds * 2.0 ** (view.attempt - 1)) / 2.0
        if seconds is not None:
            least = min(least, seconds)
        wait = view.until - now
        assert wait >= least - _ROUNDING, f"never hammered: {gate} waits {wait:.1f} s, not {least:.1f} ({view.reason})"

    def check_held(self, gates: Iterable[Gate], reason: str) -> None:
        """A fault for `reason`, of what had passed `gates`, holds one of them, if none was held since it went."""
        assert self._of(gates), f"never hammered: after {reason} nothing holds {gates}"


def _by_gate(views: Iterable[GateView]) -> dict[Gate, GateView]:
    return {Gate(Scope(view.scope), view.name): view for view in views}
