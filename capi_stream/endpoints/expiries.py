"""When tokens end: asked of debug_token now and then, in a thread of its own. Delivery neither waits for it nor knows.

A question that fails leaves what is known as it is, and is put again an hour later: nothing but a metric hangs on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from capi_stream.endpoints.debug_token import DebugToken, Valid, Worth
from capi_stream.endpoints.settings import PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens
from capi_stream.model import PixelId

log = structlog.get_logger("capi_stream")

ASK_EVERY_SECONDS = 3600.0  # a token's end does not move; that it was made invalid shows at the next post
LOOK_EVERY_SECONDS = 5.0  # for tokens that are new


class _Asked(NamedTuple):
    """What was learnt of one token, None where it is unusable. `expires_at` is in Unix seconds, None where it does not
    end, or nobody says."""

    token: str | None
    expires_at: float | None
    at: float


class Expiries:
    """When the token of each pixel at Graph ends."""

    def __init__(self, settings: PosterSettings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        at_graph = [each for each in settings.targets.values() if each.endpoint.kind == "graph" and each.credential]
        self._credentials = {each.destination.pixel: str(each.credential) for each in at_graph}
        self._targets: dict[str, Target] = {str(each.credential): each for each in at_graph}  # one for each credential
        self._asked: dict[str, _Asked] = {}

    def known(self) -> Mapping[PixelId, float]:
        """Pixel -> when its token ends, in Unix seconds; without those that do not end, or of which nobody says it.

        May be called from any thread. What was said of a token that is not in use any more does not count.
        """
        found = ((pixel, self._asked.get(name), self._tokens.token(name)) for pixel, name in self._credentials.items())
        return {
            pixel: asked.expires_at
            for pixel, asked, token in found
            if asked is not None and asked.token == token and asked.expires_at is not None
        }

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, name="expiries", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.look(time.monotonic())
                wait_seconds = LOOK_EVERY_SECONDS
            except Exception as bug:  # noqa: BLE001  top of a thread that must not touch delivery
                advice = "This is a bug: please report this line"  # not its own words, which may quote the URL
                log.error("expiries_unknown", error=type(bug).__name__, effect="none on delivery", advice=advice)  # noqa: TRY400
                wait_seconds = ASK_EVERY_SECONDS
            time.sleep(wait_seconds)

    def look(self, now: float) -> None:
        """Ask about the tokens that are new, and those that were asked about an hour ago.

        Raises ValueError for a `ca_file` that cannot be used; posting has told of that before.
        """
        in_use = {name: self._tokens.token(name) for name in self._targets}
        due = {name: token for name, token in in_use.items() if self._is_due(name, token, now)}
        if not due:
            return
        asking = DebugToken(self._settings, self._tokens)
        try:
            for name, token in due.items():
                self._asked[name] = _Asked(token, self._expiry(name, token, asking.worth(self._targets[name])), now)
        finally:
            asking.close()

    def _is_due(self, name: str, token: str | None, now: float) -> bool:
        before = self._asked.get(name)
        return before is None or before.token != token or now - before.at >= ASK_EVERY_SECONDS

    def _expiry(self, name: str, token: str | None, worth: Worth) -> float | None:
        """When `token` ends, as the API says; where it does not say, as it was known before."""
        if isinstance(worth, Valid):
            return worth.expires_at
        before = self._asked.get(name)
        return before.expires_at if before is not None and before.token == token else None
