"""The admin port, on a real socket: health that tells why, metrics, and a page that escapes what it shows."""

from __future__ import annotations

import gzip
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from prometheus_client import CollectorRegistry

from capi_stream.observability.admin import AdminFailure, AdminServer
from capi_stream.observability.board import Board
from capi_stream.observability.labels import PixelLabels
from capi_stream.observability.metrics import Metrics
from capi_stream.observability.settings import AdminSettings
from capi_stream.observability.status import age, page
from tests.observability.sights import PIXEL, sight


class Admin:
    """A started server and a way to ask it."""

    def __init__(self, stalled_after_seconds: float = 60.0) -> None:
        self.board = Board(stalled_after_seconds)
        registry = CollectorRegistry()
        Metrics(registry, self.board, PixelLabels([PIXEL], 100), {"version": "1"})
        self.server = AdminServer(AdminSettings(host="127.0.0.1", port=0), self.board, registry, "1")
        self.server.start()

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


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
        AdminServer(taken, admin.board, CollectorRegistry(), "1")


def test_the_page_shows_what_is_held_why_and_what_to_do() -> None:
    text = page(sight(), "running", "1.2.3")
    for shown in ("token_invalid", "Put a new access token", "1 min", "HTTP 400", "orders", "paused", "1.2.3"):
        assert shown in text


def test_the_page_escapes_everything() -> None:
    now = sight()
    lane = replace(now.snapshot.lanes[0], last_error="<script>alert(1)</script>")
    text = page(replace(now, snapshot=replace(now.snapshot, lanes=(lane,))), "running", "1")
    assert "<script>" not in text


def test_the_page_is_there_before_anything_has_happened(admin: Admin) -> None:
    assert b"Nothing to show yet" in admin.get("/")[1]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (90, "2 min"), (9_000, "2.5 h"), (1e5, "1.2 d")]
)
def test_ages_are_for_people(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.fixture
def loggers() -> Iterator[None]:
    """The process's loggers, as they were before."""
    named = [logging.getLogger(name) for name in ("", "httpx", "httpcore")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in named]
    yield
    structlog.reset_defaults()
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def test_lines_that_differ_in_numbers_alone_pass_once_a_minute() -> None:
    from capi_stream.observability.logs import Seldom

    seldom = Seldom()
    passed = []
    for created, text in ((0.0, "refused, try 1"), (1.0, "refused, try 2"), (2.0, "other"), (61.0, "refused, try 900")):
        record = logging.makeLogRecord({"msg": text, "created": created})
        passed.append(seldom.filter(record))
    assert passed == [True, False, True, True]


@pytest.mark.usefixtures("loggers")
def test_a_log_line_is_json_without_surprises(capsys: pytest.CaptureFixture[str]) -> None:
    from capi_stream.observability.logs import Changes, set_up
    from capi_stream.observability.settings import LogSettings

    set_up(LogSettings(format="json"))
    changes = Changes()
    changes.seen(sight().snapshot)
    changes.seen(sight().snapshot)
    changes.seen(replace(sight().snapshot, gates=(), partitions=()))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["gate_held", "partitions_paused", "gate_opened", "partitions_resumed"]
    assert lines[0] | {"time": ""} == {
        "time": "", "level": "warning", "event": "gate_held", "logger": "capi_stream", "scope": "credential",
        "name": "100", "reason": "token_invalid", "attempt": 2, "hold_seconds": 30.0,
    }  # fmt: skip
