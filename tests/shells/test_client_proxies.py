"""A proxy between the client and the API: it passes requests on, or makes a tunnel for what is under TLS."""

from __future__ import annotations

import select
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.connections import site_of
from tests.shells.one_post import PATIENT_SECONDS, SHORT, Post, answering, post, reason
from tests.shells.test_client_tls import authority, ca_file, tls_for
from tests.shells.tiny_api import Connection, TinyApi

__all__ = ["authority", "ca_file", "post"]  # the fixtures


def tunnelling(seen: list[dict[str, str]], to_port: int) -> Callable[[Connection], None]:
    """A proxy that passes on what comes after a CONNECT, whose headers are `seen`."""

    def behave(connection: Connection) -> None:
        request = connection.request()
        assert request is not None
        assert request.line == f"CONNECT 127.0.0.1:{to_port} HTTP/1.1"
        seen.append(request.headers)
        with socket.create_connection(("127.0.0.1", to_port)) as far:
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with suppress(OSError, ValueError):  # the test is over: its server has closed what we look at
                while pass_on(connection.socket, far):
                    pass

    return behave


def pass_on(near: socket.socket, far: socket.socket) -> bool:
    """Pass on what there is; False at the end of either."""
    is_waiting = isinstance(near, ssl.SSLSocket) and near.pending() > 0
    for ready in [near] if is_waiting else select.select([near, far], [], [])[0]:
        part = ready.recv(65_536)
        if not part:
            return False
        (far if ready is near else near).sendall(part)
    return True


@pytest.mark.parametrize("is_proxy_under_tls", [False, True])
def test_posts_under_tls_share_a_tunnel(
    post: Post, authority: trustme.CA, ca_file: Path, is_proxy_under_tls: bool
) -> None:
    tls = tls_for(authority, "127.0.0.1")
    seen: list[dict[str, str]] = []
    with TinyApi(tls=tls) as api, TinyApi(tunnelling(seen, api.port), tls if is_proxy_under_tls else None) as proxy:
        url = proxy.url.replace("//", "//user:p%40ss@")
        assert isinstance(post(api.url, ca_file=ca_file, proxy=url, times=3), Accepted)
    assert (len(api.requests), api.connections, proxy.connections) == (3, 1, 1)
    assert all("proxy-authorization" not in request.headers for request in api.requests)
    (headers,) = seen
    assert headers["proxy-authorization"] == f"Basic {b64encode(b'user:p@ss').decode()}"
    assert "authorization" not in headers  # that is for the API's ears


def test_a_tunnel_to_someone_else_gets_nothing(post: Post, authority: trustme.CA) -> None:
    with TinyApi(tls=tls_for(authority, "127.0.0.1")) as api, TinyApi(tunnelling([], api.port)) as proxy:
        assert reason(post(api.url, proxy=proxy.url)) == ("not_connected", False)
    assert not api.requests


def test_a_proxy_that_refuses_the_tunnel_is_surely_not_sent(post: Post) -> None:
    with answering(407, b"") as proxy:
        outcome = post("https://graph.test", proxy=proxy.url)
    assert reason(outcome) == ("not_connected", False)
    assert outcome.answer.message == "407 Whatever"
    (request,) = proxy.requests
    assert request.line == "CONNECT graph.test:443 HTTP/1.1"
    assert "authorization" not in request.headers


def hanging_up(connection: Connection) -> None:
    connection.request()


def no_http(connection: Connection) -> None:
    connection.send(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.mark.parametrize("behave", [Connection.wait, hanging_up, no_http])
@pytest.mark.timeout(PATIENT_SECONDS)
def test_a_proxy_that_makes_no_tunnel_is_surely_not_sent(post: Post, behave: Callable[[Connection], None]) -> None:
    with TinyApi(behave) as proxy:
        assert reason(post("https://graph.test", proxy=proxy.url, timeouts=SHORT)) == ("not_connected", False)


def test_a_proxy_is_asked_for_the_whole_url_of_what_is_not_under_tls(post: Post) -> None:
    with TinyApi() as proxy:
        url = proxy.url.replace("//", "//user:pass@")
        assert isinstance(post("http://graph.test", proxy=url), Accepted)
    (request,) = proxy.requests
    assert request.line == "POST http://graph.test/v25.0/100/events HTTP/1.1"
    assert request.headers["host"] == "graph.test"
    assert request.headers["proxy-authorization"].startswith("Basic ")


def test_a_proxy_of_the_environment_is_not_used(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with TinyApi() as api:
        assert isinstance(post(api.url), Accepted)


@pytest.mark.parametrize(
    ("url", "host", "authority", "name", "prefix"),
    [
        ("https://graph.facebook.com", "graph.facebook.com", "graph.facebook.com:443", "graph.facebook.com", ""),
        ("https://gw.example:8443/a/b/", "gw.example", "gw.example:8443", "gw.example:8443", "/a/b"),
        ("http://gw.example:443", "gw.example", "gw.example:443", "gw.example:443", ""),
        ("http://[::1]:80/x", "::1", "[::1]:80", "[::1]", "/x"),
        ("https://[2001:db8::80]", "2001:db8::80", "[2001:db8::80]:443", "[2001:db8::80]", ""),
    ],
)
def test_a_server_is_named_as_http_wants_it(url: str, host: str, authority: str, name: str, prefix: str) -> None:
    site = site_of(url)
    assert (site.host, site.authority, site.name, site.prefix) == (host, authority, name, prefix)
