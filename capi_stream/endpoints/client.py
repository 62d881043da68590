"""One post: a batch out, an outcome back. Nothing of httpx is seen outside, its exceptions least of all."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from collections.abc import Callable
from urllib.parse import quote

import httpcore
import httpx
import orjson

from capi_stream.delivery import answers
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Outcome
from capi_stream.endpoints.network import Deadline, Transport
from capi_stream.endpoints.settings import PosterSettings, Target
from capi_stream.endpoints.tokens import Tokens

_UNSENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


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
        self._deadline = Deadline()
        self._http = connections(settings, self._deadline, trusted)

    def post(self, batch: Batch) -> Outcome:
        """Post `batch` and read what came back. Ends within the timeouts' `post` seconds, and raises nothing."""
        target = self._settings.targets[batch.destination]
        token = None if target.credential is None else self._tokens.token(target.credential)
        if token is None and target.credential is not None:
            return answers.token_unusable()
        self._deadline.start(self._settings.timeouts.post)
        try:
            return self._exchange(target, token, batch)
        except _UNSENT as error:
            return answers.not_connected(str(error))
        except httpcore.WriteTimeout:
            return answers.timed_out(is_unknown=False)  # the API cannot have accepted what it has only a part of
        except httpcore.TimeoutException:
            return answers.timed_out(is_unknown=True)
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return answers.connection_lost()

    def _exchange(self, target: Target, token: str | None, batch: Batch) -> Outcome:
        body = self._body(target, token, batch)
        sent = _headers(target, token) | {"Content-Length": str(sum(map(len, body)))}  # else it would go in chunks
        try:
            with self._http.stream("POST", url_of(target), content=body, headers=sent) as response:
                status, headers = response.status_code, dict(response.headers)
                answer = b"" if status == 413 else self._read(response)  # 413 says it all, however long its page is
        finally:
            body.clear()  # request and response hold each other: a megabyte would wait for the garbage collector
        if answer is None:
            return answers.answer_too_large(status)
        read = answers.read_graph if target.endpoint.kind == "graph" else answers.read_gateway
        return read(status, headers, _without(token, answer), self._unix_clock())

    def _body(self, target: Target, token: str | None, batch: Batch) -> list[bytes]:
        """The request's JSON object in parts, around the events that were encoded long ago."""
        fields = _fields(target, token, self._secret_of(target))
        beside = b"".join(b",%b:%b" % (orjson.dumps(name), orjson.dumps(value)) for name, value in fields.items())
        return [b'{"data":', batch.body(), beside + b"}"]

    def _secret_of(self, target: Target) -> str | None:
        return None if target.credential is None else self._settings.credentials[target.credential].app_secret

    def _read(self, response: httpx.Response) -> bytes | None:
        """The answer's bytes; None if there are more than `answer_bytes`. One that cannot be decompressed is empty."""
        parts, size = [], 0
        try:
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > self._settings.answer_bytes:
                    return None
        except httpx.DecodingError:
            return b""
        return b"".join(parts)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


def connections(settings: PosterSettings, deadline: Deadline, trusted: ssl.SSLContext) -> httpx.Client:
    """A client of HTTP as the settings ask for, each of whose requests keeps `deadline`."""
    times = settings.timeouts
    return httpx.Client(
        transport=Transport(deadline, trusted, settings.proxy),
        timeout=httpx.Timeout(connect=times.connect, write=times.write, read=times.read, pool=times.post),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "capi-stream"},
        follow_redirects=False,  # a redirect is an outage: our token goes to no host that an answer names
        trust_env=False,  # no proxy, netrc or authorities but those of the settings
    )


def url_of(target: Target) -> str:
    """Where events of `target` are posted. Never with a secret in it: URLs end up in logs."""
    base, pixel = target.endpoint.url.rstrip("/"), quote(target.destination.pixel, safe="")
    if target.endpoint.kind == "gateway":
        return f"{base}/capi/{pixel}/events"
    return f"{base}/{target.endpoint.version}/{pixel}/events"


def _headers(target: Target, token: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if target.endpoint.kind == "graph" and token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return headers


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
