"""Whom the client trusts, and the proxy between it and the API."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.network import trusted_authorities
from tests.shells.one_post import PATIENT_SECONDS, SHORT, Post, answering, drip_the_head, post, reason
from tests.shells.tiny_api import TinyApi

__all__ = ["post"]  # the fixture: posts one batch


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def tls_for(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_an_authority_from_a_file_is_trusted(post: Post, authority: trustme.CA, ca_file: Path) -> None:
    with TinyApi(tls=tls_for(authority, "127.0.0.1")) as api:
        assert isinstance(post(api.url, ca_file=ca_file), Accepted)


def test_an_unknown_authority_gets_nothing(post: Post, authority: trustme.CA) -> None:
    with TinyApi(tls=tls_for(authority, "127.0.0.1")) as api:
        outcome = post(api.url)
    assert reason(outcome) == ("not_connected", False)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.answer.message
    assert not api.requests


def test_a_certificate_of_another_host_gets_nothing(post: Post, authority: trustme.CA, ca_file: Path) -> None:
    with TinyApi(tls=tls_for(authority, "graph.test")) as api:
        assert reason(post(api.url, ca_file=ca_file)) == ("not_connected", False)
    assert not api.requests


@pytest.mark.timeout(PATIENT_SECONDS)
def test_the_deadline_holds_under_tls_too(post: Post, authority: trustme.CA, ca_file: Path) -> None:
    with TinyApi(drip_the_head, tls=tls_for(authority, "127.0.0.1")) as api:
        assert reason(post(api.url, ca_file=ca_file, timeouts=SHORT)) == ("timeout", True)


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=r"ca_file .*ca\.pem cannot be used .* PEM"):
        trusted_authorities(file)


def test_a_proxy_of_the_settings_is_used(post: Post) -> None:
    with TinyApi() as proxy:
        url = proxy.url.replace("//", "//user:pass@")
        assert isinstance(post("http://graph.test", proxy=url), Accepted)
    (request,) = proxy.requests
    assert request.line == "POST http://graph.test/v25.0/100/events HTTP/1.1"
    assert request.headers["proxy-authorization"].startswith("Basic ")


def test_a_proxy_that_refuses_the_tunnel_is_surely_not_sent(post: Post) -> None:
    with answering(407, b"") as proxy:
        assert reason(post("https://graph.test", proxy=proxy.url)) == ("not_connected", False)
    (request,) = proxy.requests
    assert request.line == "CONNECT graph.test:443 HTTP/1.1"
    assert "authorization" not in request.headers  # that is for the API's ears


def test_a_proxy_of_the_environment_is_not_used(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with TinyApi() as api:
        assert isinstance(post(api.url), Accepted)
