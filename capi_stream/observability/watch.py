"""What watches the service, in one piece: the board, the metrics, the log of changes, the admin port."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome
from capi_stream.delivery.settings import Limits
from capi_stream.observability.admin import AdminServer
from capi_stream.observability.board import Board, Sight
from capi_stream.observability.changes import Changes
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import Metrics
from capi_stream.observability.settings import AdminSettings
from capi_stream.observability.status import About
from capi_stream.observability.watchdog import Watchdog


class Versions(NamedTuple):
    """Of what runs here, as people ask for it in a report."""

    service: str
    graph_api: str
    librdkafka: str


class Watch:
    """Made once; the loop tells it, others read it. Raises AdminFailure where the port is taken.

    `facts` are the settings that the status page shows, `meanings` what the reasons of letters mean.
    """

    def __init__(
        self,
        settings: AdminSettings,
        limits: Limits,
        versions: Versions,
        facts: Mapping[str, str],
        meanings: Mapping[str, str],
    ) -> None:
        self.board = Board(settings.stalled_after_seconds)
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        build = dict(zip(("version", "graph_api_version", "librdkafka"), versions, strict=True))
        pixels = list(dict.fromkeys(destination.pixel for destination in limits.routes))
        self._metrics = Metrics(registry, self.board, PixelLabels(pixels, settings.pixels), build)
        self._changes = Changes()
        self._watchdog = Watchdog(self.board)
        about = About(
            versions.service, _shown(versions), facts, len(pixels), time.time(), meanings, settings.dead_letters
        )
        self._admin = AdminServer(settings, self.board, registry, about)

    def start(self) -> int:
        """Begin to answer; the admin port."""
        self._watchdog.start()
        self._admin.start()
        return self._admin.port

    def answered(self, batch: Batch, outcome: Outcome, seconds: float, unix_now: float) -> None:
        """A post of `batch` had this `outcome` after `seconds`."""
        self._metrics.answered(batch, outcome, seconds, unix_now)

    def rebalanced(self, event: str, seconds: float) -> None:
        """Partitions were assigned, revoked or lost, which took `seconds`."""
        self._metrics.rebalanced(event, seconds)

    def show(self, sight: Sight) -> None:
        """Replace what is shown, and log what has changed."""
        self.board.show(sight)
        self._changes.seen(sight.snapshot)

    def close(self) -> None:
        """Answer no more."""
        self._watchdog.close()
        self._admin.close()


def _shown(versions: Versions) -> dict[str, str]:
    return {
        "capi-stream": versions.service,
        "Graph API": versions.graph_api,
        "librdkafka": versions.librdkafka,
        "Python": platform.python_version(),
    }
