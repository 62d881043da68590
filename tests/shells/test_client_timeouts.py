"""A server that is silent or drips: one deadline ends the whole post, and the outcome says what was surely not sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from tests.shells.one_post import PATIENT_SECONDS, SHORT, Post, drip_the_head, post, reason
from tests.shells.tiny_api import Connection, TinyApi, a_batch, head

__all__ = ["post"]  # the fixture: posts one batch


def hang(connection: Connection) -> None:
    connection.request()
    connection.wait()


def hang_in_the_body(connection: Connection) -> None:
    connection.request()
    connection.send(head(200, 100) + b"{")
    connection.wait()


def drip_the_body(connection: Connection) -> None:
    connection.request()
    connection.send(head(200, 10**9))
    connection.drip(b" ")


def drip_interim_answers(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 102 Processing\r\n\r\n")


@pytest.mark.parametrize("behave", [hang, hang_in_the_body, drip_the_head, drip_the_body, drip_interim_answers])
@pytest.mark.timeout(PATIENT_SECONDS)
def test_one_deadline_bounds_the_whole_post(post: Post, behave: Callable[[Connection], None]) -> None:
    with TinyApi(behave) as api:
        assert reason(post(api.url, timeouts=SHORT)) == ("timeout", True)


@pytest.mark.timeout(PATIENT_SECONDS)
def test_a_server_that_does_not_read_has_not_accepted(post: Post) -> None:
    large = a_batch(bodies=(b'"%b"' % (b"x" * 20_000_000),))
    with TinyApi(Connection.wait) as api:
        assert reason(post(api.url, large, timeouts=SHORT)) == ("timeout", False)


@pytest.mark.timeout(PATIENT_SECONDS)
def test_a_name_that_is_not_looked_up_in_time_is_not_connected(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait() and [])
    assert reason(post("http://localhost:1", timeouts=SHORT)) == ("not_connected", False)
    answered.set()


@pytest.mark.timeout(PATIENT_SECONDS)
def test_a_handshake_that_hangs_is_cut_off_by_the_deadline(post: Post) -> None:
    with TinyApi(Connection.wait) as api:
        url = api.url.replace("http:", "https:")
        assert reason(post(url, timeouts=SHORT)) == ("not_connected", False)
