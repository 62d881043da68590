"""Label values from closed sets: what is not in the set becomes one value, so that series cannot grow without bound."""

from __future__ import annotations

from collections.abc import Sequence

Labels = tuple[str, ...]

STANDARD_EVENTS = frozenset(
    {
        "AddPaymentInfo", "AddToCart", "AddToWishlist", "AppendAttribution", "CompleteRegistration", "Contact",
        "CustomizeProduct", "Donate", "FindLocation", "InitiateCheckout", "Lead", "PageView", "Purchase", "Schedule",
        "Search", "StartTrial", "SubmitApplication", "Subscribe", "ViewContent", "none",
    }
)  # fmt: skip


def event_label(name: str) -> str:
    """A standard event's name, else `custom`."""
    return name if name in STANDARD_EVENTS else "custom"


class PixelLabels:
    """The label of each pixel: its id for the first `limit` that are configured, `other` for the rest.

    Names that are no configured pixel (`none`, an endpoint, a topic) stay as they are, but for ids that only a record
    names: those become `other`, or a sender could make series without end.
    """

    def __init__(self, configured: Sequence[str], limit: int) -> None:
        self._own = frozenset(configured[:limit])

    def of(self, name: str) -> str:
        """The label for `name`."""
        pixel = name.partition("@")[0]
        return name if pixel in self._own or not pixel.isdigit() else "other"
