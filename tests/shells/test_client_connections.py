"""Connections: shared, closed while idle, refused, and those that break after something was sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.client import Client
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.tokens import Tokens
from tests.shells.one_post import Post, post, reason, settings_for
from tests.shells.tiny_api import SUCCESS, Connection, TinyApi, a_batch, head

__all__ = ["post"]  # the fixture: posts one batch


def test_posts_share_a_connection(post: Post) -> None:
    with TinyApi() as api:
        post(api.url, times=3)
    assert (len(api.requests), api.connections) == (3, 1)


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again(post: Post) -> None:
    closed = threading.Event()

    def behave(connection: Connection) -> None:
        api.read(connection)
        connection.answer()
        connection.socket.close()
        closed.set()

    with TinyApi(behave) as api:
        settings = settings_for(api.url)
        client = Client(settings, Tokens(settings.credentials), trusted_authorities(None))
        for _ in range(3):
            assert isinstance(client.post(a_batch()), Accepted)
            assert closed.wait(5.0)
            closed.clear()
        client.close()


def test_the_next_address_is_tried_when_one_refuses(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    with TinyApi() as api:
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, api.port)) for ip in ("127.0.0.77", "127.0.0.1")]
        actual = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *args, **kw: rows if host == "graph.test" else actual(host, *args, **kw)
        )
        assert isinstance(post(f"http://graph.test:{api.port}"), Accepted)


def closing(connection: Connection) -> None:
    connection.request()


def resetting(connection: Connection) -> None:
    connection.request()
    connection.reset()


def half_an_answer(connection: Connection) -> None:
    connection.request()
    connection.send(head(200, len(SUCCESS)) + SUCCESS[:10])


def no_http(connection: Connection) -> None:
    connection.request()
    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n")


def a_head_without_end(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 20_000)
    connection.wait()


@pytest.mark.parametrize("behave", [closing, resetting, half_an_answer, no_http, a_head_without_end])
def test_a_connection_that_breaks_after_sending_leaves_the_outcome_unknown(
    post: Post, behave: Callable[[Connection], None]
) -> None:
    with TinyApi(behave) as api:
        assert reason(post(api.url)) == ("connection_lost", True)


def test_a_refused_connection_is_surely_not_sent(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}")
    assert reason(outcome) == ("not_connected", False)
    assert "refused" in outcome.answer.message


def test_a_client_goes_on_after_every_failure(post: Post) -> None:
    turns = iter([closing, resetting, half_an_answer, no_http])

    def behave(connection: Connection) -> None:
        next(turns, api.serve)(connection)

    with TinyApi(behave) as api:
        assert isinstance(post(api.url, times=5), Accepted)
