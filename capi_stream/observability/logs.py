"""Log lines: an event's name and fields, JSON for machines and plain lines for a terminal, on stderr.

Nothing here may hold personal data or a token: rooms log reasons from closed sets, names, numbers.
"""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

from capi_stream.delivery.ledger import GateView, Snapshot
from capi_stream.observability.settings import LogSettings

log = structlog.get_logger("capi_stream")

SAME_LINE_SECONDS = 60.0

_QUIET = ("httpx", "httpcore", "httpx2", "httpcore2")  # they log a line for each request


def set_up(settings: LogSettings) -> None:
    """Send every logger's lines to stderr, ours and those of libraries, in the shape that `settings` ask for."""
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    stamp: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    shape: list[Any] = (
        [_rename_event, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=stamp,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shape],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    logging.getLogger("librdkafka").filters[:] = [Seldom()]
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *stamp,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _rename_event(_: object, __: str, line: dict[str, Any]) -> dict[str, Any]:
    """The event's name first, so that a line is read from the left."""
    return {"time": line.pop("timestamp", None), "level": line.pop("level", None), "event": line.pop("event"), **line}


class Seldom(logging.Filter):
    """Lets a line through once a minute. Lines are the same that differ in numbers alone.

    librdkafka writes one for every try to connect: a thousand in a minute without Kafka (seen). What matters of an
    outage, its start and its end, is logged by the kafka room.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is new, or has not been seen for a minute."""
        kind = re.sub(r"[0-9]+", "0", record.getMessage())
        if record.created < self._passed_at.get(kind, -math.inf) + SAME_LINE_SECONDS:
            return False
        self._passed_at[kind] = record.created
        return True


class Changes:
    """Logs changes of state once each, by comparing what the loop shows with what it showed before."""

    def __init__(self) -> None:
        self._gates: Mapping[tuple[str, str], GateView] = {}
        self._paused = 0
        self._waiting_for_schema = 0
        self._metadata_ignored: Mapping[str, int] = {}

    def seen(self, snapshot: Snapshot) -> None:
        """Log what differs from the last snapshot: the start and the end of every wait."""
        gates = {(view.scope, view.name): view for view in snapshot.gates}
        for key, view in gates.items():
            before = self._gates.get(key)
            if before is None or before.reason != view.reason:
                log.warning("gate_held", **_gate(view), hold_seconds=_hold_seconds(view, snapshot.now))
        for key, view in self._gates.items():
            if key not in gates:
                log.info("gate_opened", **_gate(view), held_seconds=round(snapshot.now - view.since, 1))
        self._gates = gates
        self._partitions(snapshot)
        self._schemas(snapshot)
        self._metadata(snapshot.ledger.metadata_ignored)

    def _partitions(self, snapshot: Snapshot) -> None:
        paused = sum(view.is_paused for view in snapshot.partitions)
        if bool(paused) != bool(self._paused):
            event = "partitions_paused" if paused else "partitions_resumed"
            log.info(event, partitions=paused or self._paused, buffered_bytes=snapshot.buffered_bytes)
        self._paused = paused

    def _schemas(self, snapshot: Snapshot) -> None:
        waiting = snapshot.waiting_for_schema
        if waiting and not self._waiting_for_schema:
            log.warning("schemas_awaited", schemas=waiting, reason="the registry has not answered yet")
        elif self._waiting_for_schema and not waiting:
            log.info("schemas_arrived")
        self._waiting_for_schema = waiting

    def _metadata(self, ignored: Mapping[str, int]) -> None:
        for reason, number in ignored.items():
            if number != self._metadata_ignored.get(reason, 0):
                log.warning("commit_metadata_ignored", reason=reason, partitions=number, effect="more is sent twice")
        self._metadata_ignored = dict(ignored)


def _hold_seconds(view: GateView, now: float) -> float | None:
    """None where only a person ends it: JSON has no infinity."""
    return None if math.isinf(view.until) else round(max(0.0, view.until - now), 1)


def _gate(view: GateView) -> dict[str, Any]:
    return {"scope": view.scope, "name": view.name, "reason": view.reason, "attempt": view.attempt}
