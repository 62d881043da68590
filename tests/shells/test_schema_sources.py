"""Who asks a registry, and how it shows who we are: by plain HTTP where that is enough, else by Confluent's client."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import trustme

from capi_stream.kafka.client_source import ClientSource, registry_client
from capi_stream.kafka.plain_source import PlainSource, _trust
from capi_stream.kafka.schema_sources import Source, source_of
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.stored_schemas import Refused, Stored
from capi_stream.sandbox.registry import StandInRegistry
from capi_stream.sandbox.wire import Answer, Listener, Request
from tests.real.broker import free_port
from tests.shells.tiny_api import Connection, TinyApi

TEXT = '{"type": "string"}'
WHOLE = json.dumps({"schema": TEXT}).encode()
BEARER = {
    "bearer.auth.credentials.source": "STATIC_TOKEN",
    "bearer.auth.token": "secret",
    "bearer.auth.logical.cluster": "lsrc-1",
}


def source(url: str, **properties: str) -> Source:
    """Of a registry at `url`; underscores in names stand for dots."""
    dotted = {name.replace("_", "."): value for name, value in properties.items()}
    return source_of(RegistrySettings({"url": url, **dotted}, answer_seconds=2.0))


def answering(*answers: Answer) -> Callable[[Request], Answer]:
    """A registry that gives each of `answers` in turn, the last for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


# Who asks.


@pytest.mark.parametrize(
    "properties",
    [{}, {"basic.auth.user.info": "u:p"}, {"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"}],
)
def test_what_plain_http_can_do_it_does(properties: Mapping[str, str]) -> None:
    found = source_of(RegistrySettings({"url": "http://registry", **properties}))
    assert isinstance(found, PlainSource)


@pytest.mark.parametrize("properties", [BEARER, {"proxy": "http://proxy:3128"}])
def test_what_it_cannot_is_left_to_confluents_client(properties: Mapping[str, str]) -> None:
    assert isinstance(source_of(RegistrySettings({"url": "http://registry", **properties})), ClientSource)


def test_a_user_within_the_address_is_left_to_it_too() -> None:
    assert isinstance(source("http://user:word@registry"), ClientSource)


# Both say the same.


@pytest.fixture(params=["plain", "client"])
def asking(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Source]]:
    """Makes who asks an address, of each kind in turn."""
    with ExitStack() as made:

        def of(url: str) -> Source:
            if request.param == "plain":
                return PlainSource({"url": url}, 2.0)
            return ClientSource(made.enter_context(closing(registry_client(RegistrySettings({"url": url, **BEARER})))))

        yield of


def test_both_give_text_and_references_by_id_by_guid_and_by_version(asking: Callable[[str], Source]) -> None:
    with StandInRegistry() as registry:
        registry.register("some/money", TEXT)
        number = registry.register("orders", TEXT, [{"name": "Money", "subject": "some/money", "version": 1}])
        (guid,) = [version.schema.guid for version in registry.schemas.versions("orders")]
        asks = asking(registry.url)
        assert asks.by_key(number) == Stored(TEXT, (("some/money", 1),))
        assert asks.by_key(guid) == Stored(TEXT, (("some/money", 1),))
        assert asks.by_version("some/money", 1) == Stored(TEXT, ())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(404, b'{"error_code": 40403, "message": "none"}'), (404, 40403)),
        (Answer(401, b"<html>Who are you?</html>"), (401, -1)),
        (Answer(503, b"[]"), (503, -1)),
    ],
)
def test_both_tell_a_refusal_by_its_codes(
    asking: Callable[[str], Source], answer: Answer, said: tuple[int, int]
) -> None:
    with Listener(answering(answer)) as registry, pytest.raises(Refused) as seen:
        asking(registry.url).by_key(7)
    assert (seen.value.status, seen.value.code) == said


def test_both_ask_the_next_address_where_the_first_is_gone_or_unwell(asking: Callable[[str], Source]) -> None:
    with Listener(answering(Answer(503, b""))) as unwell, Listener(answering(Answer(200, WHOLE))) as well:
        urls = f"http://127.0.0.1:{free_port()}, {unwell.url}/,{well.url}"
        assert asking(urls).by_key(7) == Stored(TEXT, ())


def test_neither_follows_a_redirect(asking: Callable[[str], Source]) -> None:
    """It would carry the password to another host."""
    with Listener(answering(Answer(200, WHOLE))) as other:
        there = Answer(307, b"", headers={"Location": other.url + "/schemas/ids/7"})
        with Listener(answering(there)) as registry, pytest.raises(Refused, match="HTTP 307"):
            asking(registry.url).by_key(7)


# Who we are, and whom we trust.


def test_the_user_and_the_password_are_shown() -> None:
    seen: list[str] = []

    def answer(request: Request) -> Answer:
        seen.append(request.headers.get("authorization", ""))
        return Answer(200, WHOLE)

    with Listener(answer) as registry:
        source(registry.url, basic_auth_user_info="käte:a:b").by_key(1)
        source(registry.url).by_key(1)
    assert seen == ["Basic " + b64encode("käte:a:b".encode()).decode(), ""]


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """One whose certificate is in ca.pem, and a client's in me.pem."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made.issue_cert("me@example.org").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "me.pem"))
    return made


def secure(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's side, which wants to see a certificate of `authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def gives_a_schema(connection: Connection) -> None:
    """Answer one request."""
    assert connection.request() is not None
    connection.answer(200, WHOLE)


def test_certificates_are_shown_and_looked_at(authority: trustme.CA, tmp_path: Path) -> None:
    files = {"ssl_ca_location": str(tmp_path / "ca.pem"), "ssl_certificate_location": str(tmp_path / "me.pem")}
    with TinyApi(gives_a_schema, tls=secure(authority)) as registry:
        assert source(registry.url, **files).by_key(1) == Stored(TEXT, ())
        with pytest.raises((ssl.SSLError, OSError)):  # with TLS 1.3 it may learn only from a closed connection
            source(registry.url, ssl_ca_location=files["ssl_ca_location"]).by_key(1)
        with pytest.raises(ssl.SSLCertVerificationError):
            source(registry.url).by_key(1)


def test_a_certificate_of_another_host_is_not_taken(authority: trustme.CA, tmp_path: Path) -> None:
    files = {"ssl_ca_location": str(tmp_path / "ca.pem"), "ssl_certificate_location": str(tmp_path / "me.pem")}
    tls = secure(authority, "registry.test")
    with TinyApi(gives_a_schema, tls=tls) as registry, pytest.raises(ssl.SSLCertVerificationError):
        source(registry.url, **files).by_key(1)


@pytest.mark.parametrize(("variable", "name", "count"), [("SSL_CERT_FILE", "ca.pem", 1), ("SSL_CERT_DIR", "", 0)])
def test_the_environment_says_whom_to_trust(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str, count: int
) -> None:
    """A folder is looked into only when there is a certificate to judge."""
    for each in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(variable, str(tmp_path / name))
    context = _trust({"url": "https://registry"})
    assert context is not None
    assert context.cert_store_stats()["x509_ca"] == count


def test_a_reference_that_names_no_version_is_passed_over(asking: Callable[[str], Source]) -> None:
    odd = json.dumps({"schema": TEXT, "references": [{"name": "Money", "subject": "money"}, {"name": "Money"}]})
    with Listener(answering(Answer(200, odd.encode()))) as registry:
        assert asking(registry.url).by_key(7) == Stored(TEXT, ())


def test_an_answer_without_an_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capi_stream.kafka.plain_source.MOST_BYTES", 1_000)
    endless = json.dumps({"schema": "x" * 1_000}).encode()
    with Listener(answering(Answer(200, endless))) as registry, pytest.raises(json.JSONDecodeError):
        source(registry.url).by_key(1)
