"""The label of a pixel: with thousands of them, each with series of its own, a scrape would take seconds."""

from __future__ import annotations

from collections.abc import Sequence

Labels = tuple[str, ...]


class PixelLabels:
    """The label of each pixel: its id for the first `limit` that are configured, `other` for the rest.

    Names that are no pixel (`none`, `other`, an endpoint, a topic) stay as they are.
    """

    def __init__(self, configured: Sequence[str], limit: int) -> None:
        self._own = frozenset(configured[:limit])

    def of(self, name: str) -> str:
        """The label for `name`."""
        pixel = name.partition("@")[0]
        return name if pixel in self._own or not pixel.isdigit() else "other"
