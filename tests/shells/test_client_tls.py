"""Whom the client trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.network import trusted_authorities
from tests.shells.one_post import PATIENT_SECONDS, SHORT, Post, drip_the_head, post, reason
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
