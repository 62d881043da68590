"""What watches the service, in one piece: the board, the metrics, the log of changes, the admin port."""

from __future__ import annotations

from importlib.metadata import version as installed

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome
from capi_stream.delivery.settings import Limits
from capi_stream.observability.admin import AdminServer
from capi_stream.observability.board import Board, Sight
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.logs import Changes
from capi_stream.observability.metrics import Metrics
from capi_stream.observability.settings import AdminSettings
from capi_stream.observability.watchdog import Watchdog


class Watch:
    """Made once; the loop tells it, others read it. Raises AdminFailure where the port is taken."""

    def __init__(self, settings: AdminSettings, limits: Limits, version: str, api_version: str) -> None:
        self.board = Board(settings.stalled_after_seconds)
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        build = {"version": version, "graph_api_version": api_version, "librdkafka": installed("confluent-kafka")}
        pixels = list(dict.fromkeys(destination.pixel for destination in limits.routes))
        self._metrics = Metrics(registry, self.board, PixelLabels(pixels, settings.pixels), build)
        self._changes = Changes()
        self._watchdog = Watchdog(self.board)
        self._admin = AdminServer(settings, self.board, registry, version)

    def start(self) -> int:
        """Begin to answer; the admin port."""
        self._watchdog.start()
        self._admin.start()
        return self._admin.port

    def answered(self, batch: Batch, outcome: Outcome, seconds: float, unix_now: float) -> None:
        """A post of `batch` had this `outcome` after `seconds`."""
        self._metrics.answered(batch, outcome, seconds, unix_now)

    def show(self, sight: Sight) -> None:
        """Replace what is shown, and log what has changed."""
        self.board.show(sight)
        self._changes.seen(sight.snapshot)

    def close(self) -> None:
        """Answer no more."""
        self._watchdog.close()
        self._admin.close()
