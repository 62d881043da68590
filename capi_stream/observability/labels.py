"""What labels can be. Their sets are closed: else series would have no bound, and a customer's data could be one."""

from __future__ import annotations

from collections.abc import Sequence

from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.delivery.labels import STANDARD_EVENTS
from capi_stream.delivery.outcomes import POLICY

Labels = tuple[str, ...]

ENDPOINTS = ("graph", "gateway")
EVENT_NAMES = (*sorted(STANDARD_EVENTS), "custom", "none")
STAGES = ("decode", "map", "validate", "post")
REQUEST_OUTCOMES = ("accepted", "rejected", "too_large", "unavailable")
REQUEST_REASONS = ("none", *POLICY, *sorted(REJECTIONS))


class PixelLabels:
    """The label of each pixel: its id for the first `limit` that are configured, `other` for the rest.

    With thousands of them, each with series of its own, a scrape would take seconds. The first and not the busiest:
    a pixel that went over to `other` and back would make both jump, and a counter that falls counts as a restart.

    Names that are no pixel (`none`, `other`, an endpoint, a topic) stay as they are.
    """

    def __init__(self, configured: Sequence[str], limit: int) -> None:
        self._own = frozenset(configured[:limit])

    def of(self, name: str) -> str:
        """The label for `name`."""
        pixel = name.partition("@")[0]
        return name if pixel in self._own or not pixel.isdigit() else "other"
