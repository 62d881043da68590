"""One post over a real socket: what is sent, and what is made of answers, silence and rudeness."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected, Unavailable
from capi_stream.endpoints.client import Client
from capi_stream.endpoints.network import trusted_authorities
from capi_stream.endpoints.settings import Credential, Endpoint, PosterSettings, Target, Timeouts
from capi_stream.endpoints.tokens import Tokens
from tests.shells.tiny_api import SUCCESS, Connection, TinyApi, a_batch, head

TOKEN = "EAAB-secret"
SHORT = Timeouts(connect=60.0, write=60.0, read=60.0, post=0.3)
PATIENT_SECONDS = 20.0  # under SHORT only the deadline of the whole post ends a wait before this

Post = Callable[..., Outcome]


@pytest.fixture
def post() -> Iterator[Post]:
    """Post one batch to `url` with a client of these settings."""
    with ExitStack() as stack:

        def run(url: str, batch: Batch | None = None, times: int = 1, **changes: Any) -> Outcome:
            settings = settings_for(url, **changes)
            client = Client(settings, Tokens(settings.credentials), trusted_authorities(settings.ca_file))
            stack.callback(client.close)
            outcome: Outcome | None = None
            for _ in range(times):
                outcome = client.post(batch or a_batch())
            assert outcome is not None
            return outcome

        yield run


def settings_for(
    url: str, token: str = TOKEN, app_secret: str | None = None, target: dict[str, Any] | None = None, **changes: Any
) -> PosterSettings:
    graph = a_batch().destination
    gateway = a_batch(endpoint="gateway").destination
    targets = {
        graph: Target(graph, Endpoint("graph", "graph", url, "v25.0"), **{"credential": "main", **(target or {})}),
        gateway: Target(gateway, Endpoint("shop", "gateway", url), **{"credential": "main", **(target or {})}),
    }
    return PosterSettings({"main": Credential("main", token, app_secret=app_secret)}, targets, **changes)


def answering(status: int, body: bytes, **headers: str) -> TinyApi:
    """A server that gives one answer to everything."""

    def behave(connection: Connection) -> None:
        while api.read(connection):
            connection.answer(status, body, **headers)

    api = TinyApi(behave)
    return api


def reason(outcome: Outcome) -> tuple[str, bool]:
    assert isinstance(outcome, Unavailable)
    return outcome.reason, outcome.is_unknown


# What is sent.


def test_graph_gets_the_events_as_encoded_and_the_token_in_a_header_alone(post: Post) -> None:
    with TinyApi() as api:
        outcome = post(api.url + "/", a_batch(bodies=(b'{"a":1}', b'{"b":"\xc3\xa9"}')))
    assert outcome == Accepted(1, outcome.answer)
    (request,) = api.requests
    assert request.line == "POST /v25.0/100/events HTTP/1.1"
    assert request.body == b'{"data":[{"a":1},{"b":"\xc3\xa9"}]}'
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json; charset=utf-8"


BESIDE = {
    "test_event_code": 'TEST"1',
    "partner_agent": "shop",
    "namespace_id": "12",
    "upload_id": "34",
    "upload_tag": "tills é",
    "upload_source": "pos",
}


def test_graph_gets_the_settings_of_the_request_beside_the_events(post: Post) -> None:
    with TinyApi() as api:
        post(api.url, app_secret="s3cret", target=BESIDE)
    proof = hmac.new(b"s3cret", TOKEN.encode(), hashlib.sha256).hexdigest()
    assert api.requests[0].json() == {"data": [{"event_id": "e"}], **BESIDE, "appsecret_proof": proof}


@pytest.mark.parametrize("name", BESIDE)
def test_each_setting_of_the_request_stands_alone(post: Post, name: str) -> None:
    with TinyApi() as api:
        post(api.url, target={name: BESIDE[name]})
    assert api.requests[0].json() == {"data": [{"event_id": "e"}], name: BESIDE[name]}


def test_the_proof_is_what_openssl_makes_of_token_and_secret(post: Post) -> None:
    """`printf EAAB-secret | openssl dgst -sha256 -hmac s3cret`."""
    with TinyApi() as api:
        post(api.url, app_secret="s3cret")
    assert (
        api.requests[0].json()["appsecret_proof"] == "6ef922b5c0602ae08aa0a6eebabbbdb50d8a59869540bf7ea1a7705760580158"
    )


def test_a_gateway_gets_its_key_in_the_body_and_nothing_that_it_would_not_forward(post: Post) -> None:
    with TinyApi() as api:
        outcome = post(api.url + "/", a_batch(endpoint="gateway"), app_secret="s", target=BESIDE)
    assert isinstance(outcome, Accepted)
    (request,) = api.requests
    assert request.line == "POST /capi/100/events HTTP/1.1"
    assert request.json() == {"data": [{"event_id": "e"}], "accessKey": TOKEN}
    assert "authorization" not in request.headers


def test_a_gateway_without_a_key_gets_the_events_alone(post: Post) -> None:
    with TinyApi() as api:
        post(api.url, a_batch(endpoint="gateway"), target={"credential": None})
    assert api.requests[0].json() == {"data": [{"event_id": "e"}]}


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


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve"])
def test_a_token_that_no_header_can_carry_is_never_sent(post: Post, token: str) -> None:
    with TinyApi() as api:
        assert reason(post(api.url, token=token)) == ("token_invalid", False)
    assert api.connections == 0


def test_cookies_are_not_kept(post: Post) -> None:
    with answering(200, SUCCESS, Set_Cookie="datr=1; Path=/") as api:
        post(api.url, times=2)
    assert "cookie" not in api.requests[1].headers


# Answers.


@pytest.mark.parametrize("location", ["/elsewhere", "http://127.0.0.2:1/", "http://[broken", "//", "http://\x7f/"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_outage_and_is_not_followed(post: Post, status: int, location: str) -> None:
    with answering(status, b"", Location=location) as api:
        assert reason(post(api.url)) == ("unreadable_answer", False)
    assert len(api.requests) == 1


def test_a_retry_after_and_the_usage_reach_the_outcome(post: Post) -> None:
    with answering(429, b"", Retry_After="30", X_App_Usage='{"call_count":90}') as api:
        outcome = post(api.url)
    assert isinstance(outcome, Unavailable)
    assert outcome.hold_seconds == 30.0
    assert outcome.usage is not None
    assert outcome.usage.ratio == 0.9


def test_an_answer_that_was_compressed_unasked_is_read(post: Post) -> None:
    with answering(200, gzip.compress(SUCCESS), Content_Encoding="gzip") as api:
        assert isinstance(post(api.url), Accepted)
    assert api.requests[0].headers["accept-encoding"] == "identity"


def test_an_answer_that_says_it_is_compressed_and_is_not_is_an_outage(post: Post) -> None:
    with answering(200, SUCCESS, Content_Encoding="gzip") as api:
        assert reason(post(api.url)) == ("unreadable_answer", True)


def test_an_answer_that_quotes_our_token_is_kept_without_it(post: Post) -> None:
    with answering(502, f"<pre>Authorization: Bearer {TOKEN}</pre>".encode()) as api:
        outcome = post(api.url)
    assert outcome.answer.message == "<pre>Authorization: Bearer [token]</pre>"


def test_an_answer_without_end_is_cut_off_at_its_cap(post: Post) -> None:
    def behave(connection: Connection) -> None:
        connection.request()
        connection.send(head(200, 10**12))
        while not connection.stopped.is_set():
            connection.send(b" " * 65_536)

    with TinyApi(behave) as api:
        assert reason(post(api.url, answer_bytes=1_000)) == ("answer_too_large", True)


def test_a_413_is_believed_before_its_page_is_read(post: Post) -> None:
    def behave(connection: Connection) -> None:
        connection.request()
        connection.send(head(413, 10**12))
        connection.wait()

    with TinyApi(behave) as api:
        outcome = post(api.url)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "too_large"


# Silence and rudeness.


def hang(connection: Connection) -> None:
    connection.request()
    connection.wait()


def hang_in_the_body(connection: Connection) -> None:
    connection.request()
    connection.send(head(200, 100) + b"{")
    connection.wait()


def drip_the_head(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 10_000)


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


# TLS and proxies.


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
def test_a_handshake_that_hangs_is_cut_off_by_the_deadline(post: Post) -> None:
    with TinyApi(Connection.wait) as api:
        url = api.url.replace("http:", "https:")
        assert reason(post(url, timeouts=SHORT)) == ("not_connected", False)


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


def test_the_token_is_in_no_log_line_and_no_repr(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with answering(400, b'{"error":{"code":190}}') as api:
        outcome = post(api.url, app_secret="s3cret")
    shown = caplog.text + repr(settings_for(api.url, app_secret="s3cret")) + repr(outcome)
    assert "httpx" in caplog.text
    assert TOKEN not in shown
    assert "s3cret" not in shown
