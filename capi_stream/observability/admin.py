"""The admin port: metrics, health, the status page. It changes nothing and shows no secrets or personal data."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from capi_stream.observability.board import Board
from capi_stream.observability.settings import AdminSettings
from capi_stream.observability.status import SECURITY_HEADERS, About, Shown, dead_letters_page, page
from capi_stream.places import places

log = structlog.get_logger("capi_stream")

TEXT = "text/plain; charset=utf-8"
IDLE_SECONDS = 30.0  # a connection that says nothing is closed


class AdminFailure(Exception):  # noqa: N818  it is what ends the service
    """The admin port cannot be opened. The message says what, where and what to do."""


class Answer(NamedTuple):
    """Status, type and bytes, and headers beyond those of every answer."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class AdminServer:
    """Serves in threads of its own, from what the board shows. Raises AdminFailure where the port is taken."""

    def __init__(self, settings: AdminSettings, board: Board, registry: CollectorRegistry, about: About) -> None:
        self._board = board
        self._registry = registry
        self._about = about
        self.paths: dict[str, Callable[[], Answer]] = {
            "/": self._status,
            "/metrics": self._metrics,
            "/healthz": lambda: _health(board.not_alive()),
            "/readyz": lambda: _health(board.not_ready()),
        }
        if about.shows_dead_letters:
            self.paths["/dead-letters"] = self._dead_letters
        try:
            self._server = _Listener((settings.host, settings.port), _handler(self))
        except OSError as error:
            raise AdminFailure(
                f"the admin port {settings.host}:{settings.port} cannot be opened: {error.strerror}. What to do: set "
                "admin.port to a free one, or end the process that has it; check admin.host."
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="admin", daemon=True)

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def _metrics(self) -> Answer:
        return Answer(200, CONTENT_TYPE_LATEST, generate_latest(self._registry))

    def _status(self) -> Answer:
        return _page(page(self._shown()))

    def _dead_letters(self) -> Answer:
        return _page(dead_letters_page(self._shown()))

    def _shown(self) -> Shown:
        board = self._board
        return Shown(self._about, board.state, board.sight, board.not_alive())


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A line in place of a traceback. Who asked and went away is nobody's concern."""
        kind, error, trace = sys.exc_info()
        if kind is not None and not isinstance(error, OSError):
            log.error("admin_request_failed", error=kind.__name__, at=places(trace))


def _page(text: str) -> Answer:
    return Answer(200, "text/html; charset=utf-8", text.encode(), SECURITY_HEADERS)


def _health(problem: str | None) -> Answer:
    return Answer(200, TEXT, b"ok\n") if problem is None else Answer(503, TEXT, f"{problem}\n".encode())


def _handler(server: AdminServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "capi-stream"
        sys_version = ""
        timeout = IDLE_SECONDS

        def do_GET(self) -> None:
            answer = server.paths.get(self.path.partition("?")[0], self._unknown)()
            body = answer.body
            headers = {"Content-Type": answer.content_type, "Cache-Control": "no-store", **answer.headers}
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body, headers["Content-Encoding"] = gzip.compress(body, 3), "gzip"
            self.send_response(answer.status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  http.server's name

        def _unknown(self) -> Answer:
            return Answer(404, TEXT, f"There are: {', '.join(server.paths)}\n".encode())

        def log_message(self, *_: object) -> None:
            """Say nothing: probes come every few seconds."""

    return Handler
