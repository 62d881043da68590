"""The stand-in over real sockets: encodings of a body, bodies that are none, connections and their end."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

import pytest

from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


BOUNDARY = "xYz"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{json.dumps([purchase("a")])}\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="access_token"\r\n\r\nsandbox-12\r\n--{BOUNDARY}--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps({"data": [json.dumps(purchase("a"))], "access_token": "sandbox-12"})),
        (
            "application/x-www-form-urlencoded",
            f"access_token=sandbox-12&data={quote(json.dumps([json.dumps(purchase('a'))]))}",
        ),
        (f"multipart/form-data; boundary={BOUNDARY}", MULTIPART),
    ],
)
def test_the_other_documented_encodings_are_read(sandbox: Sandbox, content_type: str, body: str) -> None:
    answer = call(sandbox.url, "POST", "/v25.0/12/events", body.encode(), Content_Type=content_type)

    assert answer.status == 200, answer.body
    assert sandbox.accepted("12") == {"a": 1}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"data": [NaN]}', b"[" * 100_000, b'{"data": "[{"}', b'{"data": ["{"]}']
)
def test_an_unreadable_body_is_an_invalid_parameter(sandbox: Sandbox, body: bytes) -> None:
    answer = call(sandbox.url, "POST", "/v25.0/12/events", body, Authorization="Bearer sandbox-12")

    assert answer.error["code"] == 100


def test_a_compressed_body_is_refused_since_none_is_documented(sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer sandbox-12", "Content_Encoding": "gzip"}

    assert call(sandbox.url, "POST", "/v25.0/12/events", b"x", **headers).error["code"] == 100


def test_a_body_over_the_limit_gets_413_in_html() -> None:
    with Sandbox(conduct=Conduct(max_body_bytes=200)) as sandbox:
        answer = post(sandbox.url, [purchase()])

    assert answer.status == 413
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), [("GET", "/v25.0/12/events", 400, 100), ("POST", "/12/events", 400, 2500)]
)
def test_other_requests_get_graphs_own_errors(sandbox: Sandbox, method: str, path: str, status: int, code: int) -> None:
    answer = call(sandbox.url, method, path)

    assert (answer.status, answer.error["code"]) == (status, code)


def test_a_connection_is_kept_alive(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()]}).encode()
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    for _ in range(3):
        connection.request("POST", "/v25.0/12/events", body, {"Authorization": "Bearer sandbox-12"})
        assert connection.getresponse().read()
    connection.close()

    assert len({posted.connection for posted in sandbox.requests}) == 1


def test_a_chunked_request_is_read(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase("a")]}).encode()
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.request("POST", "/v25.0/12/events", iter([body[:50], body[50:]]), {"Authorization": "Bearer sandbox-12"})

    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: many",
        "Content-Length: -1",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF",
    ],
)
def test_a_body_without_an_end_costs_only_its_connection(
    sandbox: Sandbox, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection((urlsplit(sandbox.url).hostname or "", urlsplit(sandbox.url).port or 0)) as raw:
        raw.sendall(f"POST /v25.0/12/events HTTP/1.1\r\n{head}\r\n\r\nxyz\r\n".encode())
        with suppress(ConnectionResetError):
            assert raw.recv(100) == b""

    assert post(sandbox.url, [purchase()]).status == 200
    assert capsys.readouterr().err == ""


def test_it_stops_while_a_client_is_connected_and_another_waits() -> None:
    sandbox = Sandbox()
    sandbox.start()
    idle = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    idle.connect()
    started = time.monotonic()

    sandbox.stop()

    assert time.monotonic() - started < 2
    idle.close()
