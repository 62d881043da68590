"""A server of one's own on a real socket: each test says what it does with a connection, however rude."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.model import Destination, Event, Partition, PixelId, Record

SUCCESS = b'{"events_received":1,"fbtrace_id":"A1"}'


@dataclass
class Request:
    """What a client sent."""

    line: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body's object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


@dataclass
class Connection:
    """One accepted connection. `stopped` is set when the test ends: whatever goes on for ever looks at it."""

    socket: socket.socket
    stopped: threading.Event
    unread: bytes = field(default=b"")

    def request(self) -> Request | None:
        """The next request, read whole; None if the client has gone."""
        while b"\r\n\r\n" not in self.unread:
            if not self._more():
                return None
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        line, *rows = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
        length = int(headers.get("content-length", 0))
        while len(self.unread) < length:
            if not self._more():
                return None
        body, self.unread = self.unread[:length], self.unread[length:]
        return Request(line, headers, body)

    def _more(self) -> bool:
        part = self.socket.recv(65_536)
        self.unread += part
        return bool(part)

    def send(self, part: bytes) -> None:
        """Send `part`."""
        self.socket.sendall(part)

    def answer(self, status: int = 200, body: bytes = SUCCESS, **headers: str) -> None:
        """Send a whole answer."""
        self.send(head(status, len(body), **headers) + body)

    def wait(self) -> None:
        """Do nothing until the test ends."""
        self.stopped.wait()

    def drip(self, part: bytes) -> None:
        """Send the bytes of `part` one at a time, over and over, until the test ends."""
        while True:
            for byte in part:
                if self.stopped.wait(0.01):
                    return
                self.send(bytes([byte]))

    def reset(self) -> None:
        """End the connection so that the client sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def head(status: int, length: int, **headers: str) -> bytes:
    """An answer's head, up to its blank line; underscores in names stand for dashes."""
    rows = {"Content-Length": str(length), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in rows.items()), "", ""]).encode()


class TinyApi:
    """Accepts connections and gives each to `behave` in a thread of its own. `requests` are those `serve` has read."""

    def __init__(self, behave: Callable[[Connection], None] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._behave = behave or self.serve
        self._tls = tls
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def serve(self, connection: Connection) -> None:
        """Accept every batch, over one connection if the client keeps it."""
        while request := self.read(connection):
            connection.answer(202 if "/capi/" in request.line else 200)

    def read(self, connection: Connection) -> Request | None:
        """The next request, kept in `requests`."""
        request = connection.request()
        if request is not None:
            self.requests.append(request)
        return request

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                accepted = self._listener.accept()[0]
                self.connections += 1
                self._sockets.append(accepted)
                self._threads.append(threading.Thread(target=self._run, args=(accepted,), daemon=True))
                self._threads[-1].start()

    def _run(self, accepted: socket.socket) -> None:
        with suppress(OSError):  # the client, or the test, has gone
            if self._tls is not None:
                accepted = self._tls.wrap_socket(accepted, server_side=True)
                self._sockets.append(accepted)
            with accepted:
                self._behave(Connection(accepted, self._stopped))

    def __enter__(self) -> TinyApi:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5.0)


def a_batch(pixel: str = "100", endpoint: str = "graph", bodies: tuple[bytes, ...] = (b'{"event_id":"e"}',)) -> Batch:
    """A batch for a destination, of events with these bodies."""
    partition = Partition("orders", 0)
    ticket = Ticket(OffsetTracker(partition, 0, RecordCounts()), Record(partition, 0, -1, None, b""))
    destination = Destination(PixelId(pixel), endpoint)
    events = [Event(destination.pixel, (destination,), "Purchase", "e", 0, 0, body) for body in bodies]
    return Batch(destination, [Entry(event, ticket, 0.0) for event in events], sum(map(len, bodies)))
