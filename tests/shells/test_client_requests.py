"""What the client sends: the events as they were encoded, what stands beside them, and the token nowhere else."""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import logging
import sys
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from capi_stream.delivery.outcomes import Accepted
from capi_stream.endpoints.connections import Connections
from capi_stream.endpoints.exchange import Connection as Exchange
from tests.shells.one_post import TOKEN, Post, answering, post, reason, settings_for
from tests.shells.tiny_api import SUCCESS, Connection, TinyApi, a_batch

__all__ = ["post"]  # the fixture: posts one batch


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


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve"])
def test_a_token_that_no_header_can_carry_is_never_sent(post: Post, token: str) -> None:
    with TinyApi() as api:
        assert reason(post(api.url, token=token)) == ("token_invalid", False)
    assert api.connections == 0


def test_cookies_are_not_kept(post: Post) -> None:
    with answering(200, SUCCESS, Set_Cookie="datr=1; Path=/") as api:
        post(api.url, times=2)
    assert "cookie" not in api.requests[1].headers


def test_the_token_is_in_no_log_line_and_no_repr(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(400, b'{"error":{"code":190}}') as api:
        outcome = post(api.url, app_secret="s3cret")
    shown = caplog.text + repr(settings_for(api.url, app_secret="s3cret")) + repr(outcome)
    assert TOKEN not in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("status", [200, 413, 500])
def test_the_body_is_let_go_with_the_answer(post: Post, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without that a megabyte a post would wait for the garbage collector."""
    pieces: list[bytes] = []
    made = Connections.request

    def kept(*arguments: Any) -> Iterator[bytes]:
        for piece in made(*arguments):
            pieces.append(piece)
            yield piece

    monkeypatch.setattr(Connections, "request", kept)
    gc.disable()
    try:
        with answering(status, SUCCESS) as api:
            post(api.url)
        held_by = sys.getrefcount(pieces[0])
    finally:
        gc.enable()
    assert held_by == 2  # `pieces`, and the question itself
    assert api.requests[0].json()["data"] == [{"event_id": "e"}]


def test_a_request_is_made_piece_by_piece(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight posts at a time would else be eight megabytes."""
    sizes: list[int] = []
    send = Exchange.send

    def weighed(connection: Exchange, request: Iterable[bytes]) -> None:
        pieces = list(request)
        sizes.extend(map(len, pieces))
        send(connection, pieces)

    monkeypatch.setattr(Exchange, "send", weighed)
    with answering(200, SUCCESS) as api:
        post(api.url, a_batch(bodies=tuple(b'{"event_id":"%0*d"}' % (1_000, number) for number in range(1_000))))
    sent = json.loads(api.requests[0].body)["data"]
    assert [int(event["event_id"]) for event in sent] == list(range(1_000))
    assert max(sizes) < sum(sizes) / 5


def test_the_body_is_let_go_before_the_answer(post: Post) -> None:
    """The real API takes 0.6 s to answer, and several posts wait at a time: nothing as large as a body is kept."""
    batch = a_batch(bodies=(b'{"event_id":"%b"}' % (b"e" * 1_000_000),) * 2)
    held: list[int] = []

    def weigh(connection: Connection) -> None:
        connection.request()
        until = time.monotonic() + 2.0  # the last part is here before the client knows that it is sent
        while tracemalloc.get_traced_memory()[0] > 1_000_000 and time.monotonic() < until:
            connection.stopped.wait(0.01)
        held.append(tracemalloc.get_traced_memory()[0])
        connection.answer()

    gc.disable()
    tracemalloc.start()
    try:
        with TinyApi(weigh) as api:
            assert isinstance(post(api.url, batch), Accepted)
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held[0] < 1_000_000


def test_a_body_of_several_parts_goes_as_one_with_its_length(post: Post) -> None:
    large = b'{"event_id":"%b"}' % (b"e" * 300_000)
    with TinyApi() as api:
        post(api.url, a_batch(bodies=(large, large)))
    assert "transfer-encoding" not in api.requests[0].headers
    data: Any = api.requests[0].json()["data"]
    assert [len(each["event_id"]) for each in data] == [300_000, 300_000]
