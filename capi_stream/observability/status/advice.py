"""What a person can do about a gate that holds."""

from __future__ import annotations

from types import MappingProxyType

from capi_stream.delivery.ledger import GateView

ADVICE = MappingProxyType(
    {
        "token_invalid": "Put a new access token into the pixel's file: it is read within seconds.",
        "permission_missing": "Give the token's user access to this pixel in Meta's Events Manager.",
        "unknown_pixel": "Check the pixel's id, and that its token may see it.",
        "blocked": "Look for a notice in Meta's Events Manager.",
        "unclassified": "Look up the code of the last error: no page of Meta's that we know has it.",
        "fuse": "Too many events were invalid, and their letters wait too. See why under Rejected events below and "
        "with capi-stream preview, mend the cause, then: capi-stream fuse reset",
        "not_connected": "Nothing while it is short; if it lasts, look at the network's way out.",
    }
)
NOTHING_TO_DO = "Nothing: it is tried again by itself."
TOPIC_ADVICE = "Check that the topic exists, its rights and its max.message.bytes. Offsets wait meanwhile."

BY_A_PERSON = frozenset(("token_invalid", "permission_missing", "unknown_pixel", "blocked", "unclassified", "fuse"))
"""The reasons that wait for a person: those of the alerts PixelHeld and FuseTripped."""


def advice(view: GateView) -> str:
    """One sentence."""
    return TOPIC_ADVICE if view.scope == "topic" else ADVICE.get(view.reason, NOTHING_TO_DO)


def needs_a_person(view: GateView) -> bool:
    """Whether waiting alone will not open it."""
    return view.scope == "topic" or view.reason in BY_A_PERSON
