"""Why there is nothing to show of a pixel, and what to do about it."""

from __future__ import annotations

from typing import assert_never

from capi_stream.endpoints.dataset_quality import NoRight
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold


def sentence(refusal: NoRight | Invalid | Untold | Unanswered, url: str) -> str:
    """What `refusal` means; the API is at `url`."""
    match refusal:
        case NoRight(code):
            return (
                f"its token may not ask the Dataset Quality API (code {code}); posting needs less, and goes on. What "
                "to do: in Meta's Business Manager give the token's user at least 'Use events dataset' on the pixel, "
                "and the app ads_read with ads_management or business_management."
            )
        case Invalid(is_expired, code):
            state = "has expired" if is_expired else f"is refused (code {code})"
            return f"its token {state}. What to do: make a new token in the Events Manager, and put it into its place."
        case Untold(code):
            return f"the API refused the question (code {code}). What to do: ask again later; look at api.version."
        case Unanswered(why):
            return f"{url} does not answer ({why}). What to do: check api.url, api.proxy and the network."
        case _:
            assert_never(refusal)
