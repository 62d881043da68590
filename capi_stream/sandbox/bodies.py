"""The three encodings in which a post may come, read into its parameters.

JSON; a form (urlencoded or multipart) whose `data` is a JSON array as text; either with each event as JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.parser import BytesParser
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from capi_stream.sandbox.wire import Request


class Unreadable(ValueError):  # noqa: N818 - a state of the body, said as one
    """A body that is none of the three; the text says why."""


def parameters(request: Request) -> dict[str, Any]:
    """The body's parameters, `data` decoded as far as it goes. Raises Unreadable."""
    if "content-encoding" in request.headers:
        raise Unreadable("Compressed request bodies are not documented, so they are refused here.")
    content_type = request.headers.get("content-type", "application/json")
    try:
        if content_type.startswith("multipart/form-data"):
            return _form(_parts(content_type, request.body))
        if content_type.startswith("application/x-www-form-urlencoded"):
            return _form(dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
        values = _json(request.body)
    except (ValueError, RecursionError):
        raise Unreadable("The body could not be read as what its Content-Type says it is.") from None
    if not isinstance(values, dict):
        raise Unreadable("The body must be a JSON object.")
    return values


def events(data: object) -> list[Any] | None:
    """The elements of `data`, those that are JSON text decoded; None if it is no array or one cannot be read."""
    if not isinstance(data, list):
        return None
    try:
        return [_json(item) if isinstance(item, str) else item for item in data]
    except (ValueError, RecursionError):
        return None


def _form(fields: Mapping[str, str]) -> dict[str, Any]:
    return {**fields, **({"data": _json(fields["data"])} if "data" in fields else {})}


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
    found: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode()
    return found


def _json(text: str | bytes) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
