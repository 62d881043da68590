"""Connections on which a whole post keeps one deadline.

The timeouts of httpx are per read and per write, so an answer that is dripped a byte at a time outlasts them all (seen:
16 s under a timeout of 1 s). httpcore, the engine under httpx, takes a network of one's own: this one gives each wait
no more than what is left of the post.
"""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

IDLE_SECONDS = 30.0  # less than the minute after which servers drop an idle connection, perhaps under our hands
SLICE_BYTES = 16 * 1024  # of a body, between two looks at the deadline

_LEFT_OUT = (b"location", b"set-cookie")


class Deadline:
    """The moment by which one post must be over; started anew for each."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = math.inf

    def start(self, seconds: float) -> None:
        """Let the post that begins now end in `seconds`."""
        self._until = self._clock() + seconds

    def bounded(self, timeout: float | None, too_late: type[Exception]) -> float:
        """The part of `timeout` (None: no bound of its own) that is left. Raises `too_late` if nothing is."""
        left = self._until - self._clock()
        if left <= 0:
            raise too_late("the post's deadline has passed")
        return left if timeout is None else min(timeout, left)


class Network(httpcore.NetworkBackend):
    """Opens connections that keep `deadline`."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the addresses of `host` in turn, each for `timeout` seconds. Raises as httpcore's own network does."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            left = self._deadline.bounded(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        """Look `host` up in a thread of its own: the system's resolver takes no timeout, and can take half a minute."""
        found: SimpleQueue[list[str] | httpcore.ConnectError] = SimpleQueue()
        threading.Thread(target=_look_up, args=(host, port, found), name="look-up", daemon=True).start()
        try:
            addresses = found.get(timeout=self._deadline.bounded(None, httpcore.ConnectTimeout))
        except Empty:
            raise httpcore.ConnectTimeout(f"the name {host} was not looked up in time") from None
        if isinstance(addresses, httpcore.ConnectError):
            raise addresses
        return addresses


def _look_up(host: str, port: int, found: SimpleQueue[list[str] | httpcore.ConnectError]) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        found.put(httpcore.ConnectError(f"{host}: {error}"))
    else:
        found.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))


class BoundedStream(httpcore.NetworkStream):
    """`stream`, whose waits end with the deadline at the latest."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes` bytes, as soon as there are any."""
        return self._stream.read(max_bytes, self._deadline.bounded(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of `buffer`, in slices: httpcore allows the whole timeout to each part that the system takes."""
        view = memoryview(buffer)
        for start in range(0, len(view), SLICE_BYTES):
            left = self._deadline.bounded(timeout, httpcore.WriteTimeout)
            self._stream.write(bytes(view[start : start + SLICE_BYTES]), left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection under TLS."""
        left = self._deadline.bounded(timeout, httpcore.ConnectTimeout)
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """What `stream` knows of itself; httpcore asks whether an idle one is still open."""
        return self._stream.get_extra_info(info)


class Transport(httpx.BaseTransport):
    """httpx's way into httpcore, with our network.

    Exceptions are httpcore's own: they tell in which phase they rose. Two headers of an answer are left out: httpx
    would parse a `Location` even where it must not follow it, and raise; and it would keep cookies for the next post.
    """

    def __init__(self, deadline: Deadline, trusted: ssl.SSLContext, proxy: str | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            proxy=None if proxy is None else _proxy(proxy, trusted),
            keepalive_expiry=IDLE_SECONDS,
            network_backend=Network(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; the answer's body is read by the caller."""
        url = request.url
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        headers = [(name, value) for name, value in answer.headers if name.lower() not in _LEFT_OUT]
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """An answer's body, read as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _proxy(url: str, trusted: ssl.SSLContext) -> httpcore.Proxy:
    proxy = httpx.Proxy(url)  # takes user and password out of the URL
    return httpcore.Proxy(
        str(proxy.url), auth=proxy.raw_auth, ssl_context=trusted if proxy.url.scheme == "https" else None
    )


def trusted_authorities(ca_file: Path | None) -> ssl.SSLContext:
    """Whom we believe: the public authorities, and those of `ca_file` (PEM).

    The environment's SSL_CERT_FILE is not looked at. Raises ValueError where the file cannot be used.
    """
    trusted = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            trusted.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one
            why = error.strerror or error
            raise ValueError(f"ca_file {ca_file} cannot be used ({why}); it must be certificates in PEM") from None
    return trusted
