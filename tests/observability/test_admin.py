"""The admin port, on a real socket: health that tells why, metrics, and the headers that go with a page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from capi_stream.observability.admin import AdminFailure, AdminServer, Answer
from capi_stream.observability.board import Board
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import Metrics
from capi_stream.observability.settings import AdminSettings
from capi_stream.observability.status import About
from tests.observability.sights import PIXEL, sight


class Admin:
    """A started server and a way to ask it."""

    def __init__(self, stalled_after_seconds: float = 60.0, *, shows_dead_letters: bool = False) -> None:
        self.board = Board(stalled_after_seconds)
        registry = CollectorRegistry()
        Metrics(registry, self.board, PixelLabels([PIXEL], 100), {"version": "1"})
        about = About("1", shows_dead_letters=shows_dead_letters)
        self.server = AdminServer(AdminSettings(host="127.0.0.1", port=0), self.board, registry, about)
        self.server.start()

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def headers(self, path: str) -> dict[str, str]:
        """Those of an answer, without what every answer has of its own."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}{path}", timeout=10) as answer:
            return {name: value for name, value in answer.headers.items() if name not in ("Date", "Content-Length")}


@pytest.fixture
def admin() -> Iterator[Admin]:
    made = Admin()
    yield made
    made.server.close()


def test_a_member_is_ready_once_it_was_assigned_and_until_it_stops(admin: Admin) -> None:
    assert admin.get("/readyz") == (503, b"not connected to Kafka yet\n")
    admin.board.became("joining")
    assert admin.get("/readyz")[0] == 503
    admin.board.became("running")
    assert admin.get("/readyz") == (200, b"ok\n")
    admin.board.became("stopping")
    assert admin.get("/readyz")[0] == 503


def test_a_member_is_alive_while_its_loop_turns() -> None:
    stalled = Admin(stalled_after_seconds=0.0)
    status, why = stalled.get("/healthz")
    stalled.server.close()
    assert status == 503
    assert b"the loop has not turned" in why


def test_bad_data_and_held_pixels_leave_a_member_ready(admin: Admin) -> None:
    admin.board.became("running")
    admin.board.show(sight())
    assert admin.get("/readyz")[0] == 200
    assert admin.get("/healthz")[0] == 200


def test_metrics_come_plain_or_packed(admin: Admin) -> None:
    admin.board.show(sight())
    _, plain = admin.get("/metrics")
    _, packed = admin.get("/metrics", **{"Accept-Encoding": "gzip"})
    assert b"capi_stream_records_total" in plain
    assert gzip.decompress(packed) == plain


def test_a_wrong_path_names_the_right_ones(admin: Admin) -> None:
    status, text = admin.get("/metric")
    assert (status, text) == (404, b"There are: /, /metrics, /healthz, /readyz\n")


def test_head_answers_without_a_body(admin: Admin) -> None:
    assert admin.get("/healthz", "HEAD") == (200, b"")


def test_a_taken_port_is_named_with_what_to_do(admin: Admin) -> None:
    taken = AdminSettings(host="127.0.0.1", port=admin.server.port)
    with pytest.raises(AdminFailure, match=rf"127\.0\.0\.1:{admin.server.port} cannot be opened.*admin\.port"):
        AdminServer(taken, admin.board, CollectorRegistry(), About("1"))


def test_the_page_is_there_before_anything_has_happened(admin: Admin) -> None:
    status, text = admin.get("/")
    assert status == 200
    assert b"Nothing to show yet" in text


def test_nothing_but_the_pages_own_style_and_script_may_run(admin: Admin) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{admin.server.port}/", timeout=10) as answer:
        policy = answer.headers["Content-Security-Policy"]
        body = answer.read().decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        content = body.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        assert rules[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def test_dead_letters_have_a_page_only_where_it_is_asked_for(admin: Admin) -> None:
    assert admin.get("/dead-letters")[0] == 404
    asked_for = Admin(shows_dead_letters=True)
    asked_for.board.show(sight())
    status, text = asked_for.get("/dead-letters")
    assert (status, b"<code>undecodable</code>" in text) == (200, True)
    assert b"There are: /, /metrics, /healthz, /readyz, /dead-letters" in asked_for.get("/unknown")[1]
    assert asked_for.headers("/dead-letters") == asked_for.headers("/")
    asked_for.server.close()


def test_a_page_that_cannot_be_made_is_told_by_its_type_and_place_alone(admin: Admin) -> None:
    def broken() -> Answer:
        raise ValueError("jane@example.com")

    admin.server.paths["/broken"] = broken
    with capture_logs() as lines, pytest.raises(http.client.RemoteDisconnected):
        admin.get("/broken")
    (line,) = lines
    assert (line["event"], line["error"]) == ("admin_request_failed", "ValueError")
    assert "jane" not in str(line)


def test_who_goes_away_without_waiting_leaves_no_line(admin: Admin, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(20):
        caller = socket.create_connection(("127.0.0.1", admin.server.port), 5)
        caller.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.close()
    assert admin.get("/healthz")[0] == 200
    assert "Traceback" not in capfd.readouterr().err
