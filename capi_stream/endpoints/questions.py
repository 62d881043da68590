"""A question to Graph about a target: a GET that ends in time, whose answer has a bound. It never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from capi_stream.endpoints.client import proof_of
from capi_stream.endpoints.connections import FAILURES, Connections
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import PosterSettings, Target


class Answer(NamedTuple):
    """What Graph said. `body` is empty where it was too long, or could not be decompressed."""

    status: int
    body: bytes


class Questions:
    """Asks one question after another; belongs to one thread. Raises ValueError for a `ca_file` that cannot be used."""

    def __init__(self, settings: PosterSettings, answer_bytes: int) -> None:
        self._settings = settings
        self._answer_bytes = answer_bytes
        self._connections = Connections(settings, trusted_authorities(settings.ca_file))

    def ask(self, path: str, target: Target, token: str, query: Mapping[str, str]) -> Answer | str:
        """GET `path` under the token of `target`, a pixel at Graph; or why there is no answer, which is safe to show.

        Ends within the timeouts' `post` seconds. The token goes into the Authorization header.
        """
        assert target.credential is not None
        secret = self._settings.credentials[target.credential].app_secret
        proof = {} if secret is None else {"appsecret_proof": proof_of(secret, token)}
        asked = f"/{target.endpoint.version}/{path}?{urlencode({**query, **proof})}"
        headers = (("Authorization", f"Bearer {token}"),)
        try:
            request = self._connections.request("GET", target.endpoint.url, asked, headers)
            status, _, body = self._connections.send(target.endpoint.url, request).answer(self._answer_bytes)
        except FAILURES as error:
            return type(error).__name__  # not its text, which might quote the URL
        return Answer(status, body or b"")

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
