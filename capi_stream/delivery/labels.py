"""Names under which events are counted. Records choose their own names and pixels, so both come from closed sets here:
else neither memory nor series would have a bound, and a customer's data could become a label.
"""

from __future__ import annotations

from collections.abc import Collection

from capi_stream.model import PixelId

STANDARD_EVENTS = frozenset(
    {
        "AddPaymentInfo", "AddToCart", "AddToWishlist", "AppendAttribution", "CompleteRegistration", "Contact",
        "CustomizeProduct", "Donate", "FindLocation", "InitiateCheckout", "Lead", "PageView", "Purchase", "Schedule",
        "Search", "StartTrial", "SubmitApplication", "Subscribe", "ViewContent",
    }
)  # fmt: skip


def event_label(name: str | None) -> str:
    """A standard event's name, else `custom`; `none` where the event has none."""
    if name is None:
        return "none"
    return name if name in STANDARD_EVENTS else "custom"


def pixel_label(pixel: PixelId | None, configured: Collection[PixelId]) -> str:
    """The id of a configured pixel; `other` for any other that a record names, `none` where it names none."""
    if pixel is None:
        return "none"
    return pixel if pixel in configured else "other"
