"""HTTP/1.1 on the standard library's server: a request in, an answer out, and every way an answer can go wrong.

One thread a connection, kept alive; an answer is one write. Bound to loopback unless told otherwise.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import parse_qsl

LARGEST_BODY_BYTES = 256 * 1024 * 1024
STOP_SECONDS = 5.0


class Delivery(Enum):
    """How an answer leaves."""

    WHOLE = "in one write"
    DRIPPED = "a byte at a time"
    CUT = "half of it, then the connection is closed"
    LOST = "not a byte of it: the connection is closed"
    RESET = "not a byte of it: the connection is reset"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read. Header names are lower case; `connection` numbers the client's connections."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, how, and after how many seconds. A dripped byte waits `step_seconds`."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    delay_seconds: float = 0.0
    step_seconds: float = 0.1

    def head(self) -> bytes:
        """The status line and the headers, with the body's length."""
        reason = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Unknown"
        lines = [f"HTTP/1.1 {self.status} {reason}", f"Content-Type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "\r\n"]).encode("latin-1")


class Listener:
    """A server of `answer` on threads of its own, from `start` to `stop`, or as a context manager.

    Port 0 takes a free one. Raises OSError when the address cannot be bound.
    """

    def __init__(self, answer: Callable[[Request], Answer], host: str = "127.0.0.1", port: int = 0) -> None:
        try:
            self._server = _Server((host, port), answer)
        except OSError as error:
            raise OSError(error.errno, f"cannot listen at {host}:{port}: {error.strerror}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        host, port = self._server.server_address[:2]
        return f"http://{str(host) if host != '0.0.0.0' else '127.0.0.1'}:{port}"  # noqa: S104

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and let no thread outlive the call. May be called twice."""
        self._server.stopping.set()  # wakes delayed and dripped answers
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up(STOP_SECONDS)
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # the base class asks DNS for the host's name, which can take seconds

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._changed:
            self._open.add(request)
            self.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def hang_up(self, seconds: float) -> None:
        """End the open connections, so that threads that wait for a next request end; wait until they have."""
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster
            self._changed.wait_for(lambda: not self._open, seconds)

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that hangs up is no error of ours
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as above


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.number = self.server.connections

    def do_POST(self) -> None:
        """Read the request, have it answered, send the answer."""
        path, _, query = self.path.partition("?")
        request = Request(
            self.command,
            path,
            dict(parse_qsl(query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self._body(),
            self.number,
        )
        self._send(self.server.answer(request))

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - the base class looks them up by these names

    def log_message(self, *_: object) -> None:
        """Say nothing: the ledger has it all, and a path may hold a token."""

    def _body(self) -> bytes:
        try:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                return self._chunks()
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            raise ConnectionAbortedError("a body without an end that could be found") from None
        if not 0 <= length <= LARGEST_BODY_BYTES:
            raise ConnectionAbortedError("a body that no sender sends")
        return self.rfile.read(length)

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        left = LARGEST_BODY_BYTES
        while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
            left -= size
            if left < 0:
                raise ConnectionAbortedError("a body that no sender sends")
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass  # trailers
        return b"".join(parts)

    def _send(self, answer: Answer) -> None:
        if answer.delay_seconds:
            self.server.stopping.wait(answer.delay_seconds)
        self.close_connection = self.close_connection or answer.delivery is not Delivery.WHOLE
        match answer.delivery:
            case Delivery.WHOLE:
                self.wfile.write(answer.head() + answer.body)
            case Delivery.CUT:
                self.wfile.write(answer.head() + answer.body[: len(answer.body) // 2])
            case Delivery.DRIPPED:
                self._drip(answer)
            case Delivery.RESET:
                self._reset()
            case Delivery.LOST:
                pass

    def _drip(self, answer: Answer) -> None:
        self.wfile.write(answer.head())
        for byte in answer.body:
            if self.server.stopping.wait(answer.step_seconds):
                return
            self.wfile.write(bytes([byte]))

    def _reset(self) -> None:
        # The base class would end the connection politely (FIN). Closing the descriptor itself, with a linger of
        # nothing, makes the kernel send RST; the base class then finds a socket that is already closed.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
