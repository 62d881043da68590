"""Faults on demand: which request each strikes, and what the client sees of it, over real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from capi_stream.sandbox.errors import ERRORS
from capi_stream.sandbox.faults import FAULTS, REPLACING, SPOILING, Fault, Schedule, fault_from_text
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def schedule(*faults: Fault, now: float = 0.0) -> Schedule:
    made = Schedule(FAULTS)
    for fault in faults:
        made.add(fault, now)
    return made


def drawn(made: Schedule, pixel: str = "12", endpoint: str = "graph", now: float = 0.0) -> list[str]:
    return [fault.name for fault in made.drawn(pixel, endpoint, now)]


def test_faults_with_times_are_taken_in_order_one_a_request() -> None:
    made = schedule(Fault("lost", times=2), Fault("html", times=1))

    assert [drawn(made) for _ in range(4)] == [["lost"], ["lost"], ["html"], []]


def test_a_fault_waits_for_the_pixel_and_endpoint_it_is_meant_for() -> None:
    made = schedule(Fault("lost", pixel="13", times=1), Fault("html", endpoint="gateway", times=1))

    assert drawn(made) == []
    assert drawn(made, "13") == ["lost"]
    assert drawn(made, endpoint="gateway") == ["html"]


def test_a_standing_fault_ends_after_its_seconds() -> None:
    made = schedule(Fault("app_limit", seconds=30), now=100)

    assert drawn(made, now=129) == ["app_limit"]
    assert drawn(made, now=130) == []
    assert made.active(130) == []


def test_what_waits_comes_before_what_stands() -> None:
    made = schedule(Fault("transient"), Fault("lost", times=1))

    assert [drawn(made) for _ in range(2)] == [["lost", "transient"], ["transient"]]


def test_a_rate_strikes_about_that_share_and_repeats_with_its_seed() -> None:
    first, second = schedule(Fault("lost", rate=0.1)), schedule(Fault("lost", rate=0.1))

    struck = [drawn(first) for _ in range(2000)]

    assert 150 < sum(map(len, struck)) < 250
    assert [drawn(second) for _ in range(2000)] == struck


def test_every_error_of_the_table_is_answered_as_documented(sandbox: Sandbox) -> None:
    for name, error in ERRORS.items():
        sandbox.next(name)
        answer = post(sandbox.url, [purchase()])

        assert answer.status == error.status
        assert (answer.error["code"], answer.error.get("error_subcode")) == (error.code, error.subcode), name
        assert answer.error.get("is_transient", False) == error.is_transient
    assert not sandbox.accepted()


def test_a_gateway_answers_the_same_errors_by_status(sandbox: Sandbox) -> None:
    sandbox.next("token_expired", "unknown_pixel", "schema", "app_limit", "transient")
    body = json.dumps({"data": [purchase()], "accessKey": "sandbox-12"}).encode()

    assert [call(sandbox.url, "POST", "/capi/12/events", body).status for _ in range(5)] == [401, 404, 400, 429, 503]


def test_an_error_about_the_data_can_name_an_event(sandbox: Sandbox) -> None:
    sandbox.next(Fault("schema", index=7))

    assert "$['data'][7]" in post(sandbox.url, [purchase()]).error["error_user_msg"]


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        (Fault("html"), 502, b"<!DOCTYPE html>"),
        (Fault("html", status=503), 503, b"<!DOCTYPE html>"),
        (Fault("too_many_requests"), 429, b"<!DOCTYPE html>"),
        (Fault("too_large"), 413, b"<!DOCTYPE html>"),
        (Fault("empty"), 200, b""),
        (Fault("unreadable"), 200, b'{"events_received": '),
        (Fault("not_success"), 200, b'{"success": true}'),
        (Fault("error_as_200"), 200, b'{"error": {'),
        (Fault("error_as_text"), 400, b'{"error": "'),
        (Fault("huge", body_bytes=100_000), 200, b" " * 100_000),
    ],
)
def test_a_replacing_fault_answers_and_accepts_nothing(
    sandbox: Sandbox, fault: Fault, status: int, start: bytes
) -> None:
    sandbox.next(fault)

    answer = post(sandbox.url, [purchase()])

    assert answer.status == status
    assert answer.body.startswith(start)
    assert not sandbox.accepted()
    assert sandbox.requests[-1].faults == (fault.name,)


def test_429_names_the_wait(sandbox: Sandbox) -> None:
    sandbox.next(Fault("too_many_requests", retry_after_seconds=7))

    assert post(sandbox.url, [purchase()]).headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("name", "is_accepted", "error"),
    [
        ("refused", False, ConnectionResetError),
        ("hung_up", False, http.client.RemoteDisconnected),
        ("reset", True, ConnectionResetError),
        ("lost", True, http.client.RemoteDisconnected),
        ("cut", True, http.client.IncompleteRead),
    ],
)
def test_a_connection_ends_before_or_after_the_events_were_accepted(
    sandbox: Sandbox, name: str, is_accepted: bool, error: type[Exception]
) -> None:
    sandbox.next(name)

    with pytest.raises(error) as seen:
        post(sandbox.url, [purchase("a")])

    assert type(seen.value) is error  # RemoteDisconnected is a ConnectionResetError too
    assert sandbox.accepted("12") == ({"a": 1} if is_accepted else {})
    assert sandbox.requests[-1].answered == (200 if name == "cut" else None)
    assert post(sandbox.url, [purchase("b")]).status == 200


def test_an_answer_lost_behind_a_proxy_was_accepted_all_the_same(sandbox: Sandbox) -> None:
    sandbox.next("lost_behind_proxy")

    assert post(sandbox.url, [purchase("a")]).status == 502
    assert sandbox.accepted("12") == {"a": 1}


def test_latency_delays_the_answer_and_not_the_acceptance(sandbox: Sandbox) -> None:
    sandbox.next(Fault("latency", delay_seconds=30))
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=0.05)
    body = json.dumps({"data": [purchase("a")]}).encode()
    connection.request("POST", "/v25.0/12/events", body, {"Authorization": "Bearer sandbox-12"})

    with pytest.raises(TimeoutError):
        connection.getresponse()

    connection.close()
    assert sandbox.accepted("12") == {"a": 1}


def test_latency_spreads_around_its_middle() -> None:
    made = schedule()
    delays = [made.delay([Fault("latency", delay_seconds=1.0, spread_seconds=0.5)]) for _ in range(200)]

    assert 0.5 <= min(delays) < 0.7 < 1.3 < max(delays) <= 1.5


def test_a_dripped_answer_comes_byte_by_byte(sandbox: Sandbox) -> None:
    sandbox.next(Fault("dripped", step_seconds=0.002))
    body = json.dumps({"data": [purchase("a")]}).encode()
    head = f"POST /v25.0/12/events HTTP/1.1\r\nAuthorization: Bearer sandbox-12\r\nContent-Length: {len(body)}\r\n\r\n"
    parts = []
    with socket.create_connection((urlsplit(sandbox.url).hostname or "", urlsplit(sandbox.url).port or 0)) as raw:
        raw.sendall(head.encode() + body)
        while part := raw.recv(65536):
            parts.append(part)

    assert len(parts) > 20
    assert json.loads(b"".join(parts).partition(b"\r\n\r\n")[2])["events_received"] == 1


def test_a_drip_ends_when_the_sandbox_stops() -> None:
    with Sandbox() as sandbox, socket.socket() as raw:
        sandbox.next(Fault("dripped", step_seconds=60))
        raw.connect((urlsplit(sandbox.url).hostname or "", urlsplit(sandbox.url).port or 0))
        body = json.dumps({"data": [purchase("a")], "access_token": "sandbox-12"}).encode()
        raw.sendall(f"POST /v25.0/12/events HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert sandbox.wait_for(1)
        started = time.monotonic()

    assert time.monotonic() - started < 2


@pytest.mark.parametrize(("name", "key", "value"), [("short_count", "events_received", 1), ("messages", "messages", 1)])
def test_a_success_can_count_too_few_or_have_something_to_say(
    sandbox: Sandbox, name: str, key: str, value: int
) -> None:
    sandbox.next(name)

    found = post(sandbox.url, [purchase("a"), purchase("b")]).values[key]

    assert (found if isinstance(found, int) else len(found)) == value
    assert sandbox.accepted("12") == {"a": 1, "b": 1}


def test_the_usage_headers_show_what_was_ordered(sandbox: Sandbox) -> None:
    sandbox.always(Fault("usage", percent=100, minutes=3))

    headers = post(sandbox.url, [purchase()]).headers

    assert json.loads(headers["X-App-Usage"])["call_count"] == 100
    assert json.loads(headers["X-Ad-Account-Usage"])["reset_time_duration"] == 180


def test_a_business_limit_names_the_minutes_to_wait(sandbox: Sandbox) -> None:
    sandbox.next(Fault("business_limit", minutes=19))

    usage = json.loads(post(sandbox.url, [purchase()]).headers["X-Business-Use-Case-Usage"])

    assert usage["12"][0]["estimated_time_to_regain_access"] == 19


def test_one_pixel_can_be_throttled_while_another_passes(sandbox: Sandbox) -> None:
    sandbox.always(Fault("business_limit", pixel="12"))

    assert post(sandbox.url, [purchase()], "12").error["code"] == 80004
    assert post(sandbox.url, [purchase()], "13").status == 200
    sandbox.clear_faults()
    assert post(sandbox.url, [purchase()], "12").status == 200


def test_a_fault_can_be_written_as_text() -> None:
    assert fault_from_text("app_limit,pixel=12,seconds=30,times=2") == Fault("app_limit", "12", times=2, seconds=30.0)


@pytest.mark.parametrize("text", ["app_limit,seconds", "app_limit,seconds=long", "app_limit,endpoint=x", "nothing"])
def test_a_fault_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"NAME,KEY=VALUE|number|graph or gateway|no fault"):
        fault_from_text(text)


@pytest.mark.parametrize("replacing", [*REPLACING, "transient"])
@pytest.mark.parametrize("spoiling", ["short_count", "messages", "usage", "cut"])
def test_faults_can_strike_together(sandbox: Sandbox, replacing: str, spoiling: str) -> None:
    sandbox.always(Fault(replacing, body_bytes=10), spoiling)

    with suppress(ConnectionError, http.client.HTTPException):  # as ordered
        post(sandbox.url, [purchase()])

    assert sandbox.requests[-1].faults == (replacing, spoiling)


def test_no_fault_has_two_meanings() -> None:
    assert len(FAULTS) == len(ERRORS) + len(REPLACING) + len(SPOILING)
