"""What debug_token's answers mean, whatever comes; and that the token is in no text of ours."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.endpoints.debug_token import DebugToken, Invalid, Unanswered, Untold, Valid, Worth, read
from capi_stream.endpoints.settings import Timeouts
from capi_stream.endpoints.tokens import Tokens
from capi_stream.sandbox.server import Sandbox
from tests.shells.test_posters import settings_for
from tests.shells.tiny_api import Connection, TinyApi

NOW = 1_767_225_700
NO_DATA = Unanswered("HTTP 200 without the answer that is documented")


def data(**fields: object) -> bytes:
    return json.dumps({"data": fields}).encode()


def error(code: object, subcode: int | None = None) -> bytes:
    return json.dumps(
        {"error": {"message": "Malformed access token t0ken", "code": code, "error_subcode": subcode}}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, data(is_valid=True, expires_at=0), Valid()),
        (200, data(is_valid=True), Valid()),
        (200, data(is_valid=True, expires_at=NOW + 60), Valid(NOW + 60)),
        (200, data(is_valid=True, expires_at="soon"), Valid()),
        (200, data(is_valid=True, expires_at=True), Valid()),
        (200, data(is_valid=False, error={"code": 190, "subcode": 463}), Invalid(True, "190/463")),
        (200, data(is_valid=False, expires_at=NOW - 60), Invalid(True, "none")),
        (200, data(is_valid=False, error={"code": 190, "subcode": 460}), Invalid(False, "190/460")),
        (200, data(is_valid=False, error="x"), Invalid(False, "none")),
        (400, error(190), Invalid(False, "190")),
        (400, error(190, 463), Invalid(True, "190/463")),
        (400, error(102), Invalid(False, "102")),
        (400, error(100), Untold("100")),
        (500, error(2), Untold("2")),
        (400, error("190"), replace(NO_DATA, why="HTTP 400 without the answer that is documented")),
        (200, data(is_valid="yes"), NO_DATA),
        (200, b'{"data": []}', NO_DATA),
        (200, b"[]", NO_DATA),
        (200, b"", NO_DATA),
        (502, b"<html>", Unanswered("HTTP 502 without the answer that is documented")),
    ],
)
def test_an_answer_is_read_by_what_is_documented(status: int, body: bytes, expected: Worth) -> None:
    assert read(status, body, NOW) == expected


KEYS = st.sampled_from(["data", "error", "code", "is_valid", "expires_at"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


@given(st.integers(100, 599), JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_any_answer_has_a_meaning(status: int, body: bytes) -> None:
    assert isinstance(read(status, body, NOW), Valid | Invalid | Untold | Unanswered)


def asked(url: str, token: str = "sandbox-100", **changes: object) -> Worth:
    settings = settings_for(url)
    credential = replace(settings.credentials["main"], token=token, **changes)  # type: ignore[arg-type]
    settings = replace(settings, credentials={"main": credential}, timeouts=Timeouts(0.5, 0.5, 0.5, 1.0))
    asking = DebugToken(settings, Tokens(settings.credentials))
    try:
        (target,) = settings.targets.values()
        return asking.worth(target)
    finally:
        asking.close()


def test_the_sandbox_is_asked_as_the_api_documents_it() -> None:
    with Sandbox(pixels=["100"]) as sandbox:
        assert asked(sandbox.url) == Valid()
        sandbox.expire_token("100")
        assert asked(sandbox.url) == Invalid(True, "190/463")
        assert asked(sandbox.url, "EAAB-unknown") == Invalid(False, "190")


def test_the_request_is_a_get_with_the_asker_in_a_header() -> None:
    with TinyApi() as api:
        asked(api.url, "t+/=&?", app_secret="s")
    (request,) = api.requests
    assert request.line.startswith("GET /v25.0/debug_token?input_token=t%2B%2F%3D%26%3F&appsecret_proof=")
    assert request.headers["authorization"] == "Bearer t+/=&?"
    assert "access_token" not in request.line


def test_the_token_is_in_no_log_and_in_no_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "capi_stream")
    for behave in (lambda connection: connection.wait(), Connection.reset):
        with TinyApi(behave) as api:
            worth = asked(api.url, "s3cret-t0ken")
        assert isinstance(worth, Unanswered)
        assert "s3cret" not in repr(worth)
    assert "s3cret" not in caplog.text


def test_nobody_there_is_no_answer() -> None:
    assert asked("http://127.0.0.1:1") == Unanswered("ConnectError")


def test_a_token_that_no_header_carries_is_not_sent() -> None:
    with TinyApi() as api:
        assert asked(api.url, "two words") == Invalid(False, "unusable")
    assert api.requests == []


def test_a_redirect_gets_no_token() -> None:
    def redirect(connection: Connection) -> None:
        if api.read(connection):
            connection.answer(302, b"", Location=f"{api.url}/elsewhere")

    with TinyApi(redirect) as api:
        assert asked(api.url) == Unanswered("HTTP 302 without the answer that is documented")
    assert len(api.requests) == 1
