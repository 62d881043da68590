"""Reads what came back from a post, or that nothing did. Total: any status, headers and bytes give an outcome.

Numbers decide (`error_table`), never the HTTP status alone: limits come as 400, and a 200 can hold an error page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from capi_stream.delivery.error_table import (
    GATEWAY_STATUSES,
    SERVER_ERROR,
    THROTTLED,
    TOO_LARGE,
    TRANSIENT,
    UNCLASSIFIED,
    UNREADABLE,
    Verdict,
    verdict_of,
)
from capi_stream.delivery.outcomes import Accepted, Answer, Outcome, Rejected, Scope, Unavailable, Usage
from capi_stream.delivery.waits import read_usage, retry_after
from capi_stream.delivery.words import without_quotes

MESSAGE_CHARACTERS = 2_048

_LIMITS = frozenset(("throttled", "app_limit", "user_limit", "account_limit", "business_limit", "blocked"))
_UNKNOWN_IF_5XX = frozenset((
    "server_error", "unreadable_answer", "service_down", "transient", "unknown_error", "unclassified",
))  # fmt: skip
_TRACE_ID = re.compile(r"[A-Za-z0-9_+/=.-]{1,128}")
_NAMED_EVENT = re.compile(r"\$\['data'\]\[([0-9]{1,9})\]")


@dataclass(frozen=True, slots=True)
class _Reply:
    """One answer: its status, its headers by lowercase name, its body and what the body parses to (None: no JSON)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    parsed: Any
    unix_now: float

    @property
    def usage(self) -> Usage | None:
        return read_usage(self.headers)


def read_graph(status: int, headers: Mapping[str, str], body: bytes, unix_now: float) -> Outcome:
    """What Graph's answer means. `unix_now` is for a `Retry-After` that names a date."""
    if status == 413:  # before the body: proxies say it in HTML
        return _outcome(_reply(status, headers, b"", unix_now), TOO_LARGE)
    reply = _reply(status, headers, body, unix_now)
    if not isinstance(reply.parsed, dict):
        return _without_success(reply)
    error = reply.parsed.get("error")
    if error is not None:
        return _outcome(reply, _graph_verdict(status, error))
    received = reply.parsed.get("events_received")
    if 200 <= status < 300 and _is_count(received):
        return Accepted(received, _answer(reply), reply.usage)
    return _without_success(reply)


def read_gateway(status: int, headers: Mapping[str, str], body: bytes, unix_now: float) -> Outcome:
    """What a Gateway's answer means: 202 is success and no other; it has not counted the events by then."""
    if status == 413:
        return _outcome(_reply(status, headers, b"", unix_now), TOO_LARGE)
    reply = _reply(status, headers, body, unix_now)
    if status == 202:
        return Accepted(None, _answer(reply), reply.usage)
    if status >= 500 or status == 429 or body.lstrip().startswith(b"<"):  # a page in HTML is not the Gateway speaking
        return _without_success(reply)
    return _outcome(reply, GATEWAY_STATUSES.get(status, Verdict(TRANSIENT.reason, Scope.ENDPOINT)))


def not_connected(detail: str) -> Unavailable:
    """Nothing was sent. `detail` is the system's own word: no such name, refused, certificate not trusted."""
    return Unavailable("not_connected", Scope.ENDPOINT, answer=Answer(message=detail[:MESSAGE_CHARACTERS]))


def connection_lost() -> Unavailable:
    """The connection ended after the batch was sent and before the answer was there: it may have been accepted."""
    return Unavailable("connection_lost", Scope.ENDPOINT, is_unknown=True)


def timed_out(*, is_unknown: bool) -> Unavailable:
    """Time was up. `is_unknown` unless a part of the batch was still to be sent."""
    return Unavailable("timeout", Scope.ENDPOINT, is_unknown=is_unknown)


def answer_too_large(status: int) -> Outcome:
    """The answer has more bytes than are read; only its `status` is known."""
    return Unavailable("answer_too_large", Scope.ENDPOINT, is_unknown=_may_be_accepted(status), answer=Answer(status))


def token_unusable() -> Unavailable:
    """There is no token to post with, or one that no header can carry. Nothing was sent."""
    return Unavailable("token_invalid", Scope.CREDENTIAL, answer=Answer(message="the token is empty or malformed"))


def _reply(status: int, headers: Mapping[str, str], body: bytes, unix_now: float) -> _Reply:
    lowered = {name.lower(): value for name, value in headers.items()}
    return _Reply(status, lowered, body, _parsed(body), unix_now)


def _parsed(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:  # orjson.JSONDecodeError, and a lone surrogate, which no JSON text holds
        return None


def _without_success(reply: _Reply) -> Outcome:
    """An answer that holds neither success nor an error of the API: somebody before it spoke, or it is half alive."""
    if reply.status == 429:
        return _outcome(reply, THROTTLED)
    return _outcome(reply, SERVER_ERROR if reply.status >= 500 else UNREADABLE)


def _graph_verdict(status: int, error: Any) -> Verdict:
    """The verdict on the `error` of an envelope, which has been a plain string too."""
    code, subcode, is_transient = 0, None, False
    if isinstance(error, dict):
        code = _number(error.get("code")) or 0
        subcode = _number(error.get("error_subcode"))
        is_transient = error.get("is_transient") is True
    found = verdict_of(code, subcode, _message(error), is_transient=is_transient)
    if found is not None:
        return found
    if status == 429:
        return THROTTLED
    return Verdict(SERVER_ERROR.reason, Scope.PIXEL) if status >= 500 else UNCLASSIFIED


def _outcome(reply: _Reply, verdict: Verdict) -> Outcome:
    usage = reply.usage
    if verdict.scope is None:
        index = None if verdict is TOO_LARGE else _named_index(reply.parsed)
        return Rejected(verdict.reason, index, _answer(reply), usage)
    hold = retry_after(reply.headers.get("retry-after"), reply.unix_now)
    if verdict.reason in _LIMITS and usage is not None and usage.regain_seconds is not None:
        hold = max(hold or 0.0, usage.regain_seconds)
    return Unavailable(verdict.reason, verdict.scope, hold, _is_unknown(reply, verdict), _answer(reply), usage)


def _is_unknown(reply: _Reply, verdict: Verdict) -> bool:
    """Whether the batch may have been accepted all the same: a 5xx, or a success that nobody can read."""
    if verdict.reason not in _UNKNOWN_IF_5XX:
        return False
    says_error = isinstance(reply.parsed, dict) and reply.parsed.get("error") is not None
    return reply.status >= 500 if says_error else _may_be_accepted(reply.status)


def _may_be_accepted(status: int) -> bool:
    return 200 <= status < 300 or status >= 500


def _answer(reply: _Reply) -> Answer:
    """What is kept of an answer. A body that is no JSON is kept as its own first characters."""
    parsed = reply.parsed if isinstance(reply.parsed, dict) else {}
    error = parsed.get("error")
    envelope = error if isinstance(error, dict) else {}
    if error is not None:
        message = _message(error)
        titles = [_text(envelope.get(key)) for key in ("error_user_title", "error_user_msg")]
        text = ": ".join(filter(None, [message, *titles]))
    elif reply.parsed is None:
        text = reply.body[: 4 * MESSAGE_CHARACTERS].decode("utf-8", "replace")
    else:
        text = ""
    code, subcode = _number(envelope.get("code")), _number(envelope.get("error_subcode"))
    return Answer(
        status=reply.status,
        code=code,
        subcode=subcode,
        message=without_quotes(text[:MESSAGE_CHARACTERS], (code, subcode)),
        fbtrace_id=_trace_id(envelope.get("fbtrace_id"), parsed.get("fbtrace_id"), reply.headers.get("x-fb-trace-id")),
    )


def _trace_id(*candidates: Any) -> str | None:
    """The first that looks like one. Operators see it, so nothing else passes for it."""
    return next((each for each in candidates if isinstance(each, str) and _TRACE_ID.fullmatch(each)), None)


def _named_index(parsed: Any) -> int | None:
    """The event that an error names, by its place in `data`: in a JSON path of its texts, or as `event_index`."""
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict):
        return None
    for key in ("error_user_msg", "message"):
        if found := _NAMED_EVENT.search(_text(error.get(key))):
            return int(found[1])
    details = error.get("error_data")
    if isinstance(details, str):  # on record as an object and as its JSON text
        details = _parsed(details)
    index = details.get("event_index") if isinstance(details, dict) else None
    return index if _is_count(index) else None


def _message(error: Any) -> str:
    return _text(error.get("message")) if isinstance(error, dict) else _text(error)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> int | None:
    """A code: an integer, or its digits as text, which proxies and old clients make of it."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
