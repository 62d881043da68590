"""The pixels' tokens, by Graph's debug_token. A pixel's id is shown, never a part of its token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import assert_never

from capi_stream.cli.check.verdicts import Verdict, failed, ok, skipped, warning
from capi_stream.config.settings import Settings
from capi_stream.endpoints.debug_token import DebugToken, Invalid, Unanswered, Untold, Valid, Worth
from capi_stream.endpoints.tokens import Tokens

SOON_SECONDS = 7 * 86_400.0


def of_tokens(settings: Settings) -> Iterator[Verdict]:
    """For each pixel at Graph. A Gateway's key shows its worth only with a post, so nobody asks."""
    asking = DebugToken(settings.posters, Tokens(settings.posters.credentials))
    try:
        for destination, target in settings.posters.targets.items():
            if target.endpoint.kind == "graph":
                yield verdict(destination.pixel, asking.worth(target), target.endpoint.url, time.time())
            else:
                yield skipped("gateway", f"pixel {destination.pixel}: whether its key is good only a post would show")
    finally:
        asking.close()


def verdict(pixel: str, worth: Worth, url: str, unix_now: float) -> Verdict:
    """What `worth` means for `pixel`, whose API is at `url`."""
    match worth:
        case Valid(expires_at) if expires_at is not None and expires_at - unix_now < SOON_SECONDS:
            text = f"pixel {pixel}: valid, and ends at {_date(expires_at)}. What to do: put a new one into its place."
            return warning("token", text)
        case Valid(expires_at):
            until = "does not expire" if expires_at is None else f"ends at {_date(expires_at)}"
            return ok("token", f"pixel {pixel}: valid, {until}; its right to the pixel only a post would show")
        case Invalid(is_expired, code):
            state = "has expired" if is_expired else f"is refused (code {code})"
            advice = "What to do: make a new token in the Events Manager, and put it into its place."
            return failed("token", f"pixel {pixel}: its token {state}. {advice}")
        case Untold(code):
            text = f"pixel {pixel}: the API says nothing of this token (code {code}). What to do: look at it in Meta's "
            return warning("token", f"{text}Access Token Debugger.")
        case Unanswered(why):
            text = (
                f"pixel {pixel}: {url} does not answer ({why}). What to do: check api.url, api.proxy and the network."
            )
            return failed("token", text)
        case _:
            assert_never(worth)


def _date(unix: float) -> str:
    try:
        return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"Unix second {unix:.0f}"
