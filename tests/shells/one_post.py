"""One post to a server of one's own, with a client of the settings that the test gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome, Unavailable
from capi_stream.endpoints.client import Client
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target, Timeouts
from capi_stream.endpoints.tokens import Tokens
from tests.shells.tiny_api import Connection, TinyApi, a_batch

TOKEN = "EAAB-secret"
SHORT = Timeouts(connect=60.0, write=60.0, read=60.0, post=0.3)
PATIENT_SECONDS = 20.0  # under SHORT only the deadline of the whole post ends a wait before this
Post = Callable[..., Outcome]


@pytest.fixture
def post() -> Iterator[Post]:
    """Post one batch to `url` with a client of these settings."""
    with ExitStack() as stack:

        def run(url: str, batch: Batch | None = None, times: int = 1, **changes: Any) -> Outcome:
            settings = settings_for(url, **changes)
            client = Client(settings, Tokens(settings.credentials), trusted_authorities(settings.ca_file))
            stack.callback(client.close)
            outcome: Outcome | None = None
            for _ in range(times):
                outcome = client.post(batch or a_batch())
            assert outcome is not None
            return outcome

        yield run


def settings_for(
    url: str, token: str = TOKEN, app_secret: str | None = None, target: dict[str, Any] | None = None, **changes: Any
) -> PosterSettings:
    graph = a_batch().destination
    gateway = a_batch(endpoint="gateway").destination
    targets = {
        graph: Target(graph, Endpoint("graph", "graph", url, "v25.0"), **{"credential": "main", **(target or {})}),
        gateway: Target(gateway, Endpoint("shop", "gateway", url), **{"credential": "main", **(target or {})}),
    }
    return PosterSettings({"main": Credential("main", token, app_secret=app_secret)}, targets, **changes)


def answering(status: int, body: bytes, **headers: str) -> TinyApi:
    """A server that gives one answer to everything."""

    def behave(connection: Connection) -> None:
        while api.read(connection):
            connection.answer(status, body, **headers)

    api = TinyApi(behave)
    return api


def reason(outcome: Outcome) -> tuple[str, bool]:
    assert isinstance(outcome, Unavailable)
    return outcome.reason, outcome.is_unknown


def drip_the_head(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 10_000)
