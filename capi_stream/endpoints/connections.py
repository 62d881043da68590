"""The connections of one thread: one to each server, opened when it is needed and kept, directly or by a proxy."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import h11
import httpcore

from capi_stream.endpoints.exchange import Connection
from capi_stream.endpoints.network import Deadline, Network
from capi_stream.endpoints.settings import PosterSettings

Headers = Sequence[tuple[str, str]]

_ALWAYS = "Accept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: capi-stream\r\n"
PIECE_PARTS = 256  # of a body that are joined: some 150 kB, and as few calls of the system as do not matter
_PORTS = {"http": 80, "https": 443}
FAILURES = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProxyError, h11.ProtocolError)
"""Why there is no answer: all that an exchange raises."""


class Site(NamedTuple):
    """A server, and the path below which it is asked."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> str:
        """Host and port, as a CONNECT names them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def name(self) -> str:
        """Host and, where it is not the scheme's own, port: as a Host header names them."""
        return self.authority.removesuffix(f":{_PORTS[self.scheme]}")


@cache
def site_of(url: str) -> Site:
    """The site at `url`, which config has found to be a whole one."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    return Site(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], parts.path.rstrip("/"))


class Connections:
    """Asks servers, one after another; belongs to one thread. All of an exchange ends by one deadline.

    Nothing is remembered of an answer: no redirect is followed, since our token goes to no host that an answer names,
    and no cookie is kept. Nothing is taken from the environment.
    """

    def __init__(self, settings: PosterSettings, trusted: ssl.SSLContext) -> None:
        self._timeouts = settings.timeouts
        self._trusted = trusted
        self._proxy = None if settings.proxy is None else site_of(settings.proxy)
        self._proxy_headers = () if settings.proxy is None else _authorization(settings.proxy)
        self._deadline = Deadline()
        self._network = Network(self._deadline)
        self._kept: dict[Site, Connection] = {}

    def request(
        self, method: str, url: str, path: str, headers: Headers, body: Sequence[bytes] = ()
    ) -> Iterator[bytes]:
        """A request for `path` below `url` in pieces, each joined when it is asked for: it is never whole in memory.

        What is in `headers` was found to be what they can carry.
        """
        site = site_of(url)
        target = f"{site.prefix}{path}"
        if self._proxy is not None and site.scheme == "http":  # which reads our requests, and passes them on
            target = f"http://{site.name}{target}"
            headers = (*headers, *self._proxy_headers)
        length = f"Content-Length: {sum(map(len, body))}\r\n" if body else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: {site.name}\r\n{_ALWAYS}{_rows(headers)}{length}\r\n"
        yield b"".join((head.encode("ascii"), *body[:PIECE_PARTS]))
        for first in range(PIECE_PARTS, len(body), PIECE_PARTS):
            yield b"".join(body[first : first + PIECE_PARTS])

    def send(self, url: str, request: Iterable[bytes]) -> Connection:
        """Send `request` to the server at `url`, over the connection that is returned: ask that for its answer next.

        Both end within the timeouts' `post` seconds. Raise FAILURES: httpcore's ConnectError, ConnectTimeout or
        ProxyError where nothing was sent, its WriteTimeout where a part was, another after that.
        """
        self._deadline.start(self._timeouts.post)
        connection = self._connection(site_of(url))
        connection.send(request)
        return connection

    def _connection(self, site: Site) -> Connection:
        for known, connection in list(self._kept.items()):
            if not connection.is_usable():
                connection.close()
                del self._kept[known]
        if site not in self._kept:
            self._kept[site] = Connection(self._opened(site), self._timeouts)
        return self._kept[site]

    def _opened(self, site: Site) -> httpcore.NetworkStream:
        dialled = self._proxy or site
        stream: httpcore.NetworkStream = self._network.connect_tcp(dialled.host, dialled.port, self._timeouts.connect)
        try:
            if dialled.scheme == "https":
                stream = stream.start_tls(self._trusted, dialled.host, self._timeouts.connect)
            if self._proxy is not None and site.scheme == "https":
                self._ask_for_tunnel(stream, site)
                stream = stream.start_tls(self._trusted, site.host, self._timeouts.connect)
        except BaseException:
            stream.close()
            raise
        return stream

    def _ask_for_tunnel(self, stream: httpcore.NetworkStream, site: Site) -> None:
        """Raises ProxyError if there is none: whatever went wrong, nothing was sent to `site`."""
        rows = _rows((("Host", site.authority), *self._proxy_headers))
        request = f"CONNECT {site.authority} HTTP/1.1\r\n{rows}\r\n"
        try:
            answer = Connection(stream, self._timeouts).tunnel(request.encode("ascii"))
        except FAILURES as error:
            raise httpcore.ProxyError(f"{type(error).__name__}: {error}") from None
        if answer.status_code // 100 != 2:
            raise httpcore.ProxyError(f"{answer.status_code} {answer.reason.decode('ascii', 'replace')}")

    def close(self) -> None:
        """Close all connections."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()


def _rows(headers: Headers) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def _authorization(proxy: str) -> Headers:
    """How we show a proxy who we are, if its URL holds a user or a password."""
    parts = urlsplit(proxy)
    if parts.username is None and parts.password is None:
        return ()
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return (("Proxy-Authorization", f"Basic {b64encode(user.encode()).decode()}"),)
