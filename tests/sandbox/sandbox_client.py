"""A plain client for the sandbox's tests: nothing of the service's own, and sockets where HTTP is not the point."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

EMAIL_HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def values(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """Graph's error."""
        return self.values["error"]


def purchase(event_id: str | None = "order-1", **changes: Any) -> dict[str, Any]:
    """An event that keeps every rule; `changes` replace keys, None takes one out."""
    event = {
        "event_name": "Purchase",
        "event_time": int(time.time()) - 60,
        "event_id": event_id,
        "event_source_url": "https://shop.example/thanks",
        "action_source": "website",
        "user_data": {"em": [EMAIL_HASH], "client_user_agent": "a browser"},
        "custom_data": {"value": 12.5, "currency": "EUR", "contents": [{"id": "tea", "quantity": 2}]},
    } | changes
    return {key: value for key, value in event.items() if value is not None}


def call(url: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """One request on a connection of its own. Raises what http.client and sockets raise."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def post(url: str, events: Any, pixel: str = "12", token: str | None = None, **parameters: Any) -> Reply:
    """Post `events` as JSON with the token in the header, the sandbox's own for `pixel` by default."""
    body = json.dumps({"data": events, **parameters}).encode()
    authorization = f"Bearer {token or f'sandbox-{pixel}'}"
    return call(
        url, "POST", f"/v25.0/{pixel}/events", body, Authorization=authorization, Content_Type="application/json"
    )
