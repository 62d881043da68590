"""What the Dataset Quality API's answers mean, whatever comes; and how it is asked."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

import pytest

from capi_stream.endpoints.dataset_quality import ANSWER_BYTES, FIELDS, NoRight, Quality, Said, read
from capi_stream.endpoints.debug_token import Invalid, Unanswered, Untold
from capi_stream.sandbox.faults import Fault
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import EMAIL_HASH, post, purchase
from tests.shells.quality_said import EVENT, NOTHING, ROW, asked, body, error, quality
from tests.shells.tiny_api import Connection, TinyApi

UNDOCUMENTED = Unanswered("HTTP 200 without the answer that is documented")


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, body(ROW), Quality((EVENT,))),
        (200, body(ROW, {}), Quality((EVENT, NOTHING))),
        (200, body(), Quality(())),
        (200, b'{"web": null}', Quality(())),
        (200, body(1, None, []), Quality(())),
        (403, error(200), NoRight("200")),
        (403, error(200, 99), NoRight("200/99")),
        (403, error(294), NoRight("294")),
        (403, error(10), NoRight("10")),
        (400, error(3), NoRight("3")),
        (400, error(100, 33), NoRight("100/33")),
        (400, error(100), Untold("100")),
        (400, error(4), Untold("4")),
        (500, error(2), Untold("2")),
        (400, error(190, 463), Invalid(True, "190/463")),
        (400, error(190), Invalid(False, "190")),
        (200, error("200"), UNDOCUMENTED),
        (200, b'{"web": {}}', UNDOCUMENTED),
        (200, b'{"success": true}', UNDOCUMENTED),
        (200, b"[]", UNDOCUMENTED),
        (200, b"", UNDOCUMENTED),
        (502, b"<html>", Unanswered("HTTP 502 without the answer that is documented")),
    ],
)
def test_an_answer_is_read_by_what_is_documented(status: int, answer: bytes, expected: Said) -> None:
    assert read(status, answer) == expected


@pytest.mark.parametrize("key", [key for key in ROW if key != "event_name"])
@pytest.mark.parametrize("value", [None, "", 7, [], {}, [None], {"percentage": None}])
def test_a_field_that_is_null_or_something_else_says_nothing(key: str, value: Any) -> None:
    (found,) = quality(read(200, body({**ROW, key: value}))).events
    (without,) = quality(read(200, body({name: each for name, each in ROW.items() if name != key}))).events
    assert found == without


@pytest.mark.parametrize("score", [None, "6.2", True, -1, 10.5, 1e308, [6.2]])
def test_what_is_no_score_of_0_to_10_is_none(score: Any) -> None:
    (found,) = quality(read(200, body({"event_match_quality": {"composite_score": score}}))).events
    assert found.score is None


def test_every_field_that_is_read_is_asked_for() -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        return set(value).union(*map(names, value.values())) if isinstance(value, dict) else set()

    assert names(ROW) <= set(FIELDS.replace("{", ",").replace("}", ",").split(","))


def test_the_sandbox_is_asked_as_the_api_documents_it() -> None:
    with Sandbox(pixels=["100"]) as sandbox:
        assert asked(sandbox.url) == Quality(())
        events = [purchase("a"), purchase("b", user_data={"em": [EMAIL_HASH], "external_id": "7"})]
        assert post(sandbox.url, events, "100").status == 200
        (found,) = quality(asked(sandbox.url)).events
    assert (found.event_name, found.coverage, found.coverage_goal, found.freshness) == (
        "Purchase",
        1.0,
        0.75,
        "real_time",
    )
    assert {each.name: each.coverage for each in found.identifiers} == {
        "email": 1.0,
        "external_id": 0.5,
        "user_agent": 0.5,
    }
    assert found.score is not None
    assert 0 < found.score < 10
    assert (found.dedupe_keys[0].server, found.dedupe_keys[0].browser) == (1.0, None)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("permission_missing", NoRight("200")),
        ("permission_denied", NoRight("10")),
        ("capability_missing", NoRight("3")),
        ("app_limit", Untold("4/1504022")),
        ("html", Unanswered("HTTP 502 without the answer that is documented")),
        ("not_success", UNDOCUMENTED),
        ("empty", UNDOCUMENTED),
        ("refused", Unanswered("ReadError")),
        ("hung_up", Unanswered("RemoteProtocolError")),
    ],
)
def test_what_goes_wrong_at_the_sandbox_is_told_as_a_value(fault: str, expected: Said) -> None:
    with Sandbox(pixels=["100"]) as sandbox:
        sandbox.always(Fault(fault, endpoint="dataset_quality"))
        assert asked(sandbox.url) == expected


def test_a_foreign_pixel_is_a_missing_right_and_an_expired_token_is_one() -> None:
    with Sandbox(pixels=["12", "100"]) as sandbox:
        assert asked(sandbox.url, "sandbox-12") == NoRight("100/33")
        sandbox.expire_token("100")
        assert asked(sandbox.url) == Invalid(True, "190/463")


@pytest.mark.parametrize("fault", [Fault("latency", delay_seconds=30), Fault("dripped", step_seconds=0.05)])
def test_it_ends_in_time_however_slow_the_answer(fault: Fault) -> None:
    with Sandbox(pixels=["100"]) as sandbox:
        sandbox.always(replace(fault, endpoint="dataset_quality"))
        post(sandbox.url, [purchase()], "100")
        began = time.monotonic()
        assert asked(sandbox.url) == Unanswered("ReadTimeout")
        assert time.monotonic() - began < 3.0


def test_an_answer_longer_than_any_is_not_read_to_its_end() -> None:
    def long(connection: Connection) -> None:
        connection.request()
        connection.answer(200, b" " * (ANSWER_BYTES + 1) + body(ROW))

    with TinyApi(long) as api:
        assert asked(api.url) == UNDOCUMENTED


def test_the_request_is_a_get_with_the_token_in_a_header() -> None:
    with TinyApi() as api:
        asked(api.url, "t0ken", app_secret="s")
    (request,) = api.requests
    assert request.line.startswith("GET /v25.0/dataset_quality?dataset_id=100&fields=web%7Bevent_name%2C")
    assert "appsecret_proof=" in request.line
    assert "t0ken" not in request.line
    assert request.headers["authorization"] == "Bearer t0ken"


def test_the_token_is_in_no_log_and_in_no_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "capi_stream")
    with TinyApi(Connection.reset) as api:
        said = asked(api.url, "s3cret-t0ken")
    assert "s3cret" not in repr(said) + caplog.text


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


def test_a_diagnostic_of_the_sandbox_is_read_whole() -> None:
    with Sandbox(pixels=["100"]) as sandbox:
        weak = {"client_user_agent": "x", "client_ip_address": "198.51.100.7"}
        post(sandbox.url, [purchase("a", user_data=weak)], "100")
        ((found,),) = (event.diagnostics for event in quality(asked(sandbox.url)).events)
    assert (found.name, found.share, found.affected, found.total) == ("Server sending few identifiers", 1.0, 1, 1)
    assert found.description
    assert found.solution
