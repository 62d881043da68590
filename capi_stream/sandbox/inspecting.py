"""`GET /{version}/debug_token`: what a token is worth, by the sandbox's own table of tokens.

Source: "Debug-Token", Graph API reference, and "Debugging and Error Handling", Facebook Login. As there, the asker
shows a token of its own; the sandbox takes any of its good ones, so that a token may ask about itself.
"""

from __future__ import annotations

import json
from typing import Any

from capi_stream.sandbox.answers import error_answer
from capi_stream.sandbox.errors import ERRORS
from capi_stream.sandbox.tokens import Standing, Tokens
from capi_stream.sandbox.wire import Answer, Request

SCOPES = ("ads_management", "business_management")


def token_in(request: Request) -> tuple[str | None, str | None]:
    """The asker's own token, and where it came: in the header, or in the query string, which the API takes too."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip(), "header"
    return (request.query["access_token"], "query") if "access_token" in request.query else (None, None)


def debug_token(request: Request, tokens: Tokens, fbtrace_id: str) -> Answer:
    """What the API answers about the token `input_token`. Nothing is entered into the books."""
    asker, _ = token_in(request)
    standing = Standing.UNKNOWN if asker is None else tokens.anywhere(asker)
    if standing is not Standing.GOOD:
        name = "token_expired" if standing is Standing.EXPIRED else "token_invalid"
        return error_answer(name, "graph", fbtrace_id)
    if not (asked := request.query.get("input_token")):
        return error_answer("invalid", "graph", fbtrace_id)
    return Answer(200, json.dumps({"data": _data(asked, tokens)}).encode())


def _data(asked: str, tokens: Tokens) -> dict[str, Any]:
    standing = tokens.anywhere(asked)
    if standing is Standing.UNKNOWN:
        return {"error": _error("token_invalid"), "is_valid": False, "scopes": []}
    data: dict[str, Any] = {
        "app_id": "100000000000001",
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "data_access_expires_at": 0,
        "expires_at": int(tokens.expires_at(asked) or 0),  # 0: never
        "is_valid": standing is Standing.GOOD,
        "scopes": list(SCOPES),
        "user_id": "100000000000002",
    }
    return data if standing is Standing.GOOD else {"error": _error("token_expired"), **data}


def _error(name: str) -> dict[str, Any]:
    error = ERRORS[name]
    found: dict[str, Any] = {"code": error.code, "message": error.message}
    return found if error.subcode is None else {**found, "subcode": error.subcode}
