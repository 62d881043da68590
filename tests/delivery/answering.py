"""Answers as Graph words them, and what is read out of one."""

from __future__ import annotations

import json
from typing import Any

from capi_stream.delivery.answers import read_graph
from capi_stream.delivery.outcomes import Accepted, Outcome, Scope, Unavailable

NOON = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
PIXEL, CREDENTIAL, ENDPOINT = Scope.PIXEL, Scope.CREDENTIAL, Scope.ENDPOINT
HTML = b"<html><body>502 Bad Gateway</body></html>"


def envelope(code: object = None, subcode: object = None, **others: Any) -> bytes:
    """Graph's error envelope; None leaves a key out."""
    error = {"message": "Invalid parameter", "type": "OAuthException", "fbtrace_id": "A6U", **others}
    numbers = {"code": code, "error_subcode": subcode}
    return json.dumps(
        {"error": {**error, **{key: value for key, value in numbers.items() if value is not None}}}
    ).encode()


def graph(status: int, body: bytes, **headers: str) -> Outcome:
    return read_graph(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, NOON)


def gist(outcome: Outcome) -> tuple[str, Scope | None]:
    """What an outcome blames, and why; no scope where it blames the data."""
    assert not isinstance(outcome, Accepted)
    return outcome.reason, outcome.scope if isinstance(outcome, Unavailable) else None
