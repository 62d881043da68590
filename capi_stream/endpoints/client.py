"""One post: a batch out, an outcome back. Nothing of HTTP is seen outside, its libraries' exceptions least of all."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

import h11
import httpcore
import orjson

from capi_stream.delivery import answers
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.connections import Connections, Headers
from capi_stream.endpoints.settings import PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens

_UNSENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)


class Client:
    """Posts batches one after another, over connections that it keeps. Belongs to one thread."""

    def __init__(
        self,
        settings: PosterSettings,
        tokens: Tokens,
        trusted: ssl.SSLContext,
        unix_clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._unix_clock = unix_clock
        self._connections = Connections(settings, trusted)

    def post(self, batch: Batch) -> Outcome:
        """Post `batch` and read what came back. Ends within the timeouts' `post` seconds, and raises nothing."""
        target = self._settings.targets[batch.destination]
        token = None if target.credential is None else self._tokens.token(target.credential)
        if token is None and target.credential is not None:
            return answers.token_unusable()
        try:
            return self._exchange(target, token, batch)
        except _UNSENT as error:
            return answers.not_connected(str(error))
        except httpcore.WriteTimeout:
            return answers.timed_out(is_unknown=False)  # the API cannot have accepted what it has only a part of
        except httpcore.TimeoutException:
            return answers.timed_out(is_unknown=True)
        except (httpcore.NetworkError, h11.ProtocolError):
            return answers.connection_lost()

    def _exchange(self, target: Target, token: str | None, batch: Batch) -> Outcome:
        connection = self._connections.send(target.endpoint.url, self._request(target, token, batch))
        status, headers, answer = connection.answer(self._settings.answer_bytes)
        if answer is None:
            return answers.answer_too_large(status)
        read = answers.read_graph if target.endpoint.kind == "graph" else answers.read_gateway
        return read(status, headers, _without(token, answer), self._unix_clock())

    def _request(self, target: Target, token: str | None, batch: Batch) -> Iterator[bytes]:
        body = self._body(target, token, batch)
        return self._connections.request("POST", target.endpoint.url, _path_of(target), _headers(target, token), body)

    def _body(self, target: Target, token: str | None, batch: Batch) -> Sequence[bytes]:
        """The request's JSON object in parts: the events as they were encoded long ago, and what stands around them."""
        fields = _fields(target, token, self._secret_of(target))
        beside = b"".join(b",%b:%b" % (orjson.dumps(name), orjson.dumps(value)) for name, value in fields.items())
        parts = [b","] * (2 * len(batch.entries) + 1)
        parts[0], parts[-1] = b'{"data":[', b"]%b}" % beside
        parts[1::2] = [entry.event.body for entry in batch.entries]
        return parts

    def _secret_of(self, target: Target) -> str | None:
        return None if target.credential is None else self._settings.credentials[target.credential].app_secret

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()


def url_of(target: Target) -> str:
    """Where events of `target` are posted. Never with a secret in it: URLs end up in logs."""
    return target.endpoint.url.rstrip("/") + _path_of(target)


def _path_of(target: Target) -> str:
    pixel = quote(target.destination.pixel, safe="")
    below = "capi" if target.endpoint.kind == "gateway" else target.endpoint.version
    return f"/{below}/{pixel}/events"


def _headers(target: Target, token: str | None) -> Headers:
    of_body = ("Content-Type", "application/json; charset=utf-8")
    if target.endpoint.kind == "gateway" or token is None:
        return (of_body,)
    return (of_body, ("Authorization", f"Bearer {token}"))


def _fields(target: Target, token: str | None, app_secret: str | None) -> dict[str, str]:
    """What stands beside `data`: a Gateway's key, or Graph's own parameters."""
    if target.endpoint.kind == "gateway":
        return {} if token is None else {"accessKey": token}
    fields = {
        "test_event_code": target.test_event_code,
        "partner_agent": target.partner_agent,
        "namespace_id": target.namespace_id,
        "upload_id": target.upload_id,
        "upload_tag": target.upload_tag,
        "upload_source": target.upload_source,
    }
    if app_secret is not None and token is not None:
        fields["appsecret_proof"] = proof_of(app_secret, token)
    return {name: value for name, value in fields.items() if value is not None}


def proof_of(app_secret: str, token: str) -> str:
    """What shows that whoever sends `token` knows the app's secret too ("Securing Graph API Requests")."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _without(token: str | None, answer: bytes) -> bytes:
    """`answer` without our token, which a proxy's error page may quote: answers are kept with dead letters."""
    return answer if token is None else answer.replace(token.encode(), b"[token]")
