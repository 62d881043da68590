"""Changes of state, logged once each: the start and the end of every wait, read off what the loop shows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from capi_stream.delivery.ledger import GateView, PartitionView, Snapshot
from capi_stream.observability.sampling import Ration

log = structlog.get_logger("capi_stream")

GateKey = tuple[str, str]

TOLD_EACH = 20  # holds of one reason in one second: of a thousand pixels behind one limit the others are one line


class Changes:
    """Compares what the loop shows with what it showed before. `seen` is called about once a second."""

    def __init__(self) -> None:
        self._gates = GateChanges()
        self._paused: frozenset[str] = frozenset()
        self._waiting_for_schema = 0
        self._metadata_ignored: Mapping[str, int] = {}

    def seen(self, snapshot: Snapshot) -> None:
        """Log what differs from the last snapshot."""
        self._gates.seen(snapshot)
        self._partitions(snapshot)
        self._schemas(snapshot.waiting_for_schema)
        self._metadata(snapshot.ledger.metadata_ignored)

    def _partitions(self, snapshot: Snapshot) -> None:
        paused = frozenset(_name(view) for view in snapshot.partitions if view.is_paused)
        if paused and not self._paused:
            log.info("partitions_paused", partitions=sorted(paused), buffered_bytes=snapshot.buffered_bytes)
        elif self._paused and not paused:
            log.info("partitions_resumed", partitions=sorted(self._paused), buffered_bytes=snapshot.buffered_bytes)
        self._paused = paused

    def _schemas(self, waiting: int) -> None:
        if waiting and not self._waiting_for_schema:
            log.warning("schemas_awaited", schema_count=waiting, reason="the registry has not answered yet")
        elif self._waiting_for_schema and not waiting:
            log.info("schemas_arrived")
        self._waiting_for_schema = waiting

    def _metadata(self, ignored: Mapping[str, int]) -> None:
        for reason, number in ignored.items():
            if number != self._metadata_ignored.get(reason, 0):
                log.warning("commit_metadata_ignored", reason=reason, partition_count=number,
                            effect="more is sent twice")  # fmt: skip
        self._metadata_ignored = dict(ignored)


class GateChanges:
    """Tells of gates that hold and open.

    A gate that flickers is told of once a minute, with how often it held meanwhile; a hold that lasts is told of in any
    case, if a minute late. Only a hold that was told of has an end that is.
    """

    def __init__(self) -> None:
        self._told: dict[GateKey, GateView] = {}
        self._summed: set[GateKey] = set()  # of those that were told of, in a line of many
        self._held: frozenset[GateKey] = frozenset()  # at the last look
        self._ration = Ration()

    def seen(self, snapshot: Snapshot) -> None:
        """Log what differs from the last snapshot."""
        gates = {(view.scope, view.name): view for view in snapshot.gates}
        self._tell_opened(self._told.keys() - gates.keys(), snapshot.now)
        by_reason: defaultdict[str, list[GateKey]] = defaultdict(list)
        for key, view in gates.items():
            if self._should_tell(key, view, snapshot.now):
                self._told[key] = view
                by_reason[view.reason].append(key)
        for reason, keys in by_reason.items():
            self._tell_held(reason, keys, snapshot.now)
        self._held = frozenset(gates)

    def _should_tell(self, key: GateKey, view: GateView, now: float) -> bool:
        told = self._told.get(key)
        if told is not None:
            return told.reason != view.reason  # a new reason asks something else of a person
        if key in self._held:  # the same hold was kept back a second ago, and is counted once
            return self._ration.is_over(key, now) and self._ration.passes(key, now)
        return self._ration.passes(key, now)

    def _tell_held(self, reason: str, keys: Sequence[GateKey], now: float) -> None:
        for key in keys[:TOLD_EACH]:
            view = self._told[key]
            log.warning("gate_held", **_gate(view), hold_seconds=_hold_seconds(view, now),
                        repeats=self._ration.repeats(key))  # fmt: skip
        if more := keys[TOLD_EACH:]:
            self._summed.update(more)
            log.warning("more_gates_held", reason=reason, gate_count=len(more))

    def _tell_opened(self, keys: Iterable[GateKey], now: float) -> None:
        for key in keys:
            view = self._told.pop(key)
            if key in self._summed:
                self._summed.remove(key)
            else:
                log.info("gate_opened", **_gate(view), held_seconds=round(now - view.since, 1))


def _hold_seconds(view: GateView, now: float) -> float | None:
    """None where only a person ends it: JSON has no infinity."""
    return None if math.isinf(view.until) else round(max(0.0, view.until - now), 1)


def _gate(view: GateView) -> dict[str, Any]:
    return {"scope": view.scope, "name": view.name, "reason": view.reason, "attempt": view.attempt}


def _name(view: PartitionView) -> str:
    topic, number = view.partition
    return f"{topic}/{number}"
