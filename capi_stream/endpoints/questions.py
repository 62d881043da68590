"""A question to Graph about a target: a GET that ends in time, whose answer has a bound. It never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import httpcore
import httpx

from capi_stream.endpoints.client import connections, proof_of
from capi_stream.endpoints.network import Deadline, trusted_authorities
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
        self._deadline = Deadline()
        self._http = connections(settings, self._deadline, trusted_authorities(settings.ca_file))

    def ask(self, path: str, target: Target, token: str, query: Mapping[str, str]) -> Answer | str:
        """GET `path` under the token of `target`, a pixel at Graph; or why there is no answer, which is safe to show.

        Ends within the timeouts' `post` seconds. The token goes into the Authorization header.
        """
        assert target.credential is not None
        secret = self._settings.credentials[target.credential].app_secret
        proof = {} if secret is None else {"appsecret_proof": proof_of(secret, token)}
        url = f"{target.endpoint.url.rstrip('/')}/{target.endpoint.version}/{path}"
        headers = {"Authorization": f"Bearer {token}"}
        self._deadline.start(self._settings.timeouts.post)
        try:
            with self._http.stream("GET", url, params={**query, **proof}, headers=headers) as answer:
                return Answer(answer.status_code, self._body(answer))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.ProxyError) as error:
            return type(error).__name__  # not its text, which might quote the URL

    def _body(self, answer: httpx.Response) -> bytes:
        body = b""
        try:
            for part in answer.iter_bytes():
                body += part
                if len(body) > self._answer_bytes:
                    return b""
        except httpx.DecodingError:
            return b""
        return body

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
