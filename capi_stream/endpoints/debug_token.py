"""What a token is worth, asked of Graph's debug_token. It says nothing of the token's right to a pixel.

Source: "Debug-Token", Graph API reference. The token that is asked about goes into the query string, the only place
that is documented for it; so no URL of this module may reach a log or an error's text. The asker's token, here the
same, goes into the Authorization header as with a post. The API's texts are not shown: they may quote the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from capi_stream.endpoints.questions import Questions
from capi_stream.endpoints.settings import PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens

EXPIRED = 463
TOKEN_CODES = (102, 190)  # the token is no good; with other codes it is the question that was refused
ANSWER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Valid:
    """The token is good, until `expires_at` (Unix seconds) where it ends."""

    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The token is refused: `expired`, or for the API's `code` (190) and subcode."""

    is_expired: bool
    code: str


@dataclass(frozen=True, slots=True)
class Untold:
    """The API answered, and says nothing of this token: `code` is its error's."""

    code: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer that can be read; `why` is safe to show."""

    why: str


Worth = Valid | Invalid | Untold | Unanswered


def read(status: int, body: bytes, unix_now: float) -> Worth:
    """What the API said. Total: any status and any bytes have a meaning."""
    try:
        found = orjson.loads(body)
    except ValueError:
        found = None
    if (refused := refusal(found)) is not None:
        return refused
    data = mapping_in(found, "data")
    if data is None or not isinstance(data.get("is_valid"), bool):
        return Unanswered(f"HTTP {status} without the answer that is documented")
    expires_at = data.get("expires_at") or None
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
        expires_at = None
    if data["is_valid"]:
        return Valid(expires_at)
    why = mapping_in(data, "error") or {}
    is_expired = why.get("subcode") == EXPIRED or (expires_at is not None and expires_at <= unix_now)
    return Invalid(is_expired, code_of(why, "subcode"))


def refusal(found: Any) -> Invalid | Untold | None:
    """Graph's error in an answer, JSON that was read: against the token, or against the question; None without one."""
    error = mapping_in(found, "error")
    if error is None or not isinstance(error.get("code"), int):
        return None
    code = code_of(error, "error_subcode")
    return Invalid(error.get("error_subcode") == EXPIRED, code) if error["code"] in TOKEN_CODES else Untold(code)


def mapping_in(found: Any, key: str) -> Mapping[str, Any] | None:
    """The object that stands under `key`; None where there is none."""
    inner = found.get(key) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else None


def code_of(error: Mapping[str, Any], subcode: str) -> str:
    """An error's code and the subcode that stands under `subcode`, as `190/463`; `none` without either."""
    numbers = [error[key] for key in ("code", subcode) if isinstance(error.get(key), int)]
    return "/".join(map(str, numbers)) or "none"


class DebugToken:
    """Asks about tokens, one question after another. Raises ValueError for a `ca_file` that cannot be used."""

    def __init__(self, settings: PosterSettings, tokens: Tokens, unix_clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._unix_clock = unix_clock
        self._questions = Questions(settings, ANSWER_BYTES)

    def worth(self, target: Target) -> Worth:
        """What the token of `target`, a pixel at Graph, is worth. Ends within the timeouts' `post` seconds."""
        assert target.credential is not None
        token = self._tokens.token(target.credential)
        if token is None:
            return Invalid(is_expired=False, code="unusable")
        answer = self._questions.ask("debug_token", target, token, {"input_token": token})
        return Unanswered(answer) if isinstance(answer, str) else read(*answer, self._unix_clock())

    def close(self) -> None:
        """Close all connections."""
        self._questions.close()
