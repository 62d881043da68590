"""A network on which a whole post keeps one deadline.

The timeouts of httpcore are per read and per write, so an answer that is dripped a byte at a time outlasts them all
(seen: 16 s under a timeout of 1 s). It takes a network of one's own: this one gives each wait no more than what is left
of the post. Its errors tell in which phase they rose, and its streams know TLS within TLS.
"""

from __future__ import annotations

import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import certifi
import httpcore

SLICE_BYTES = 16 * 1024  # of a body, between two looks at the deadline


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
            self._stream.write(view[start : start + SLICE_BYTES], left)  # type: ignore[arg-type]  # no copy

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
        """What `stream` knows of itself, such as whether an idle one can be read: then its server has closed it."""
        return self._stream.get_extra_info(info)


def trusted_authorities(ca_file: Path | None) -> ssl.SSLContext:
    """Whom we believe: the public authorities, and those of `ca_file` (PEM).

    The environment's SSL_CERT_FILE is not looked at. Raises ValueError where the file cannot be used.
    """
    trusted = ssl.create_default_context(cafile=certifi.where())
    trusted.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            trusted.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one
            why = error.strerror or error
            raise ValueError(f"ca_file {ca_file} cannot be used ({why}); it must be certificates in PEM") from None
    return trusted
