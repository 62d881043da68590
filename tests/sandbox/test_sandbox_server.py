"""The stand-in of the API over real sockets: its answers, tokens, books and its admin paths."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from capi_stream.sandbox.faults import Naming
from capi_stream.sandbox.judging import Conduct
from capi_stream.sandbox.ledger import Keeping
from capi_stream.sandbox.poison import Poison
from capi_stream.sandbox.server import Sandbox
from tests.sandbox.sandbox_client import call, post, purchase


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pixels=["12", "13"]) as running:
        yield running


def test_a_valid_batch_is_accepted_and_counted(sandbox: Sandbox) -> None:
    answer = post(sandbox.url, [purchase("a"), purchase("b")])

    assert answer.status == 200
    assert answer.values["events_received"] == 2
    assert answer.values["messages"] == []
    assert answer.values["fbtrace_id"].startswith("A")
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 1
    assert sandbox.accepted("12") == {"a": 1, "b": 1}
    assert [event["event_id"] for event in sandbox.events("12")] == ["a", "b"]


def test_an_event_that_is_sent_twice_is_seen_twice(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("a"), purchase("b")])

    assert sandbox.accepted("12") == {"a": 2, "b": 1}
    assert sandbox.ledger.summary("12")["pixels"][0]["duplicates"] == 1


def test_one_bad_event_refuses_the_whole_batch(sandbox: Sandbox) -> None:
    answer = post(sandbox.url, [purchase("a"), purchase("b", event_time=int(time.time()) - 8 * 86_400)])

    assert answer.status == 400
    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 2804003)
    assert answer.error["fbtrace_id"]
    assert not sandbox.accepted("12")
    assert sandbox.requests[-1].outcome == "too_old"


@pytest.mark.parametrize(
    ("data", "expected"),
    [([], "1 to 1000"), ([purchase()] * 1001, "1 to 1000"), ({"a": 1}, "array"), ([["x"]], "$['data'][0]")],
)
def test_data_must_be_an_array_of_1_to_1000_events(sandbox: Sandbox, data: Any, expected: str) -> None:
    answer = post(sandbox.url, data)

    assert answer.error["code"] == 100
    assert expected in answer.error["error_user_msg"]


def test_a_thousand_events_are_one_batch(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase(str(number)) for number in range(1000)]).values["events_received"] == 1000


NAMED = [
    ("documented", {"surprise": 1}, "$['data'][1]", None),
    ("documented", {"event_time": 1}, None, None),
    ("always", {"surprise": 1}, "$['data'][1]", None),
    ("always", {"event_time": 1}, "$['data'][1]['event_time']", None),
    ("never", {"surprise": 1}, None, None),
    ("first", {"event_time": 1}, "$['data'][0]", None),
    ("error_data", {"event_time": 1}, None, 1),
]


@pytest.mark.parametrize(("naming", "fault", "named", "in_error_data"), NAMED)
def test_an_error_names_the_event_or_not_as_asked(
    naming: Naming, fault: dict[str, Any], named: str | None, in_error_data: int | None
) -> None:
    with Sandbox(conduct=Conduct(naming=naming)) as sandbox:
        error = post(sandbox.url, [purchase("a"), purchase("b", **fault)]).error

    text = error["error_user_msg"]
    assert named in text if named else "$['data']" not in text
    assert json.loads(error["error_data"]).get("event_index") == in_error_data


@pytest.mark.parametrize(
    ("token", "pixel", "code", "subcode"),
    [
        ("EAAB-a-real-one", "12", 190, None),
        ("sandbox-99", "12", 190, None),
        ("sandbox-13", "12", 100, 33),
        ("sandbox-12", "99", 100, 33),
    ],
)
def test_a_token_that_does_not_open_the_pixel_is_refused(
    sandbox: Sandbox, token: str, pixel: str, code: int, subcode: int | None
) -> None:
    error = post(sandbox.url, [purchase()], pixel, token).error

    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert not sandbox.accepted()


def test_a_foreign_token_is_told_of_whatever_fault_is_on(sandbox: Sandbox) -> None:
    sandbox.always("lost")

    assert post(sandbox.url, [purchase()], token="EAAB-a-real-one").error["code"] == 190


def test_a_token_that_looks_real_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="never give those"):
        Sandbox(tokens={"12": "EAABsbCS1iHgBO"})


def test_an_expired_token_is_refused_until_it_is_renewed(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    error = post(sandbox.url, [purchase()]).error
    assert (error["code"], error["error_subcode"]) == (190, 463)

    fresh = sandbox.renew_token("12")

    assert post(sandbox.url, [purchase()]).error["code"] == 190  # the old one
    assert post(sandbox.url, [purchase()], token=fresh).status == 200


def test_a_token_that_was_replaced_has_expired(sandbox: Sandbox) -> None:
    sandbox.renew_token("12")

    assert post(sandbox.url, [purchase()]).error["error_subcode"] == 463


def test_the_same_token_can_be_renewed(sandbox: Sandbox) -> None:
    sandbox.expire_token("12")
    sandbox.renew_token("12", "sandbox-12")

    assert post(sandbox.url, [purchase()]).status == 200


def test_one_token_can_open_several_pixels() -> None:
    with Sandbox(tokens={"12": "ours", "13": "ours"}) as sandbox:
        assert post(sandbox.url, [purchase()], "12", "ours").status == 200
        assert post(sandbox.url, [purchase()], "13", "ours").status == 200


def test_a_token_may_come_in_the_body(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()], "access_token": "sandbox-12"}).encode()

    assert call(sandbox.url, "POST", "/v25.0/12/events", body).status == 200
    assert sandbox.requests[-1].token_in == "body"


def test_a_token_in_the_url_is_taken_and_told_of_as_a_leak(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()]}).encode()

    answer = call(sandbox.url, "POST", "/v25.0/12/events?access_token=sandbox-12", body)

    assert answer.status == 200
    assert "query string" in answer.headers["X-Sandbox-Warning"]
    assert sandbox.ledger.summary()["warnings"] == {"token_in_url": 1}
    assert "sandbox-12" not in repr(sandbox.requests)


BOUNDARY = "xYz"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n{json.dumps([purchase("a")])}\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="access_token"\r\n\r\nsandbox-12\r\n--{BOUNDARY}--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps({"data": [json.dumps(purchase("a"))], "access_token": "sandbox-12"})),
        (
            "application/x-www-form-urlencoded",
            f"access_token=sandbox-12&data={quote(json.dumps([json.dumps(purchase('a'))]))}",
        ),
        (f"multipart/form-data; boundary={BOUNDARY}", MULTIPART),
    ],
)
def test_the_other_documented_encodings_are_read(sandbox: Sandbox, content_type: str, body: str) -> None:
    answer = call(sandbox.url, "POST", "/v25.0/12/events", body.encode(), Content_Type=content_type)

    assert answer.status == 200, answer.body
    assert sandbox.accepted("12") == {"a": 1}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"data": [NaN]}', b"[" * 100_000, b'{"data": "[{"}', b'{"data": ["{"]}']
)
def test_an_unreadable_body_is_an_invalid_parameter(sandbox: Sandbox, body: bytes) -> None:
    answer = call(sandbox.url, "POST", "/v25.0/12/events", body, Authorization="Bearer sandbox-12")

    assert answer.error["code"] == 100


def test_a_compressed_body_is_refused_since_none_is_documented(sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer sandbox-12", "Content_Encoding": "gzip"}

    assert call(sandbox.url, "POST", "/v25.0/12/events", b"x", **headers).error["code"] == 100


def test_a_body_over_the_limit_gets_413_in_html() -> None:
    with Sandbox(conduct=Conduct(max_body_bytes=200)) as sandbox:
        answer = post(sandbox.url, [purchase()])

    assert answer.status == 413
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), [("GET", "/v25.0/12/events", 400, 100), ("POST", "/12/events", 400, 2500)]
)
def test_other_requests_get_graphs_own_errors(sandbox: Sandbox, method: str, path: str, status: int, code: int) -> None:
    answer = call(sandbox.url, method, path)

    assert (answer.status, answer.error["code"]) == (status, code)


def gateway_post(sandbox: Sandbox, **body: Any) -> Any:
    return call(sandbox.url, "POST", "/capi/12/events", json.dumps(body).encode(), Content_Type="application/json")


def test_a_gateway_accepts_with_202_and_no_count(sandbox: Sandbox) -> None:
    answer = gateway_post(sandbox, data=[purchase("a")], accessKey="sandbox-12")

    assert answer.status == 202
    assert "events_received" not in answer.values
    assert sandbox.accepted("12", "gateway") == {"a": 1}
    assert not sandbox.accepted("12")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": [purchase()], "accessKey": "EAAB"}, 401),
        ({"data": [purchase()]}, 401),
        ({"data": [purchase()], "accessKey": "sandbox-13"}, 404),
        ({"data": [purchase(event_time=1)], "accessKey": "sandbox-12"}, 400),
    ],
)
def test_a_gateway_refuses_by_status(sandbox: Sandbox, body: dict[str, Any], status: int) -> None:
    assert gateway_post(sandbox, **body).status == status


def test_a_gateway_may_need_no_key() -> None:
    with Sandbox(conduct=Conduct(gateway_needs_key=False)) as sandbox:
        assert gateway_post(sandbox, data=[purchase()]).status == 202


@pytest.mark.parametrize(
    "poison",
    [
        Poison(prefix="bad-"),
        Poison(event_ids=frozenset(["bad-1"])),
        Poison(marker="is_poison"),
    ],
)
def test_poison_keeps_every_rule_and_is_refused(sandbox: Sandbox, poison: Poison) -> None:
    bad = purchase("bad-1", custom_data={"value": 1, "currency": "EUR", "is_poison": True})
    sandbox.poison(poison)

    assert post(sandbox.url, [purchase("a"), bad]).error["error_subcode"] == 2804019
    assert post(sandbox.url, [purchase("a")]).status == 200


def test_poison_can_cause_any_error_and_name_its_index_or_not(sandbox: Sandbox) -> None:
    sandbox.poison(Poison(prefix="x", naming="always"), Poison(prefix="y", error="unknown", naming="never"))

    assert "$['data'][1]" in post(sandbox.url, [purchase("a"), purchase("x")]).error["error_user_msg"]
    assert post(sandbox.url, [purchase("a"), purchase("y")]).error["code"] == 1


def test_a_strict_sandbox_refuses_what_is_only_warned_of_else() -> None:
    without_agent = purchase(user_data={"external_id": "7"})
    with Sandbox() as sandbox, Sandbox(conduct=Conduct(is_strict=True)) as strict:
        assert post(sandbox.url, [without_agent]).status == 200
        assert sandbox.ledger.summary()["warnings"] == {"website_without_user_agent": 1}
        assert "website_without_user_agent" in post(strict.url, [without_agent]).error["error_user_msg"]


BESIDE = {
    **dict.fromkeys(("partner_agent", "namespace_id", "upload_id", "upload_tag", "upload_source"), "12"),
    "appsecret_proof": "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
}


def test_the_parameters_beside_the_events_are_taken(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase()], **BESIDE).status == 200


@pytest.mark.parametrize("name", [*BESIDE, "test_event_code"])
def test_a_parameter_beside_the_events_must_be_a_string(sandbox: Sandbox, name: str) -> None:
    parameters: dict[str, Any] = {name: 12}
    error = post(sandbox.url, [purchase()], **parameters).error
    assert (error["code"], name in error["error_user_msg"]) == (100, True)
    assert sandbox.accepted() == {}


def test_a_proof_that_is_no_sha_256_is_refused(sandbox: Sandbox) -> None:
    assert post(sandbox.url, [purchase()], appsecret_proof="s3cret").error["code"] == 100


def test_a_test_event_code_is_warned_of(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase()], test_event_code="TEST1")

    assert sandbox.ledger.summary()["warnings"] == {"test_event_code": 1}


@pytest.mark.parametrize(
    ("keeping", "ids", "events"),
    [
        (Keeping(), {"a": 1, "b": 1, "c": 1}, ["a", "b", "c"]),
        (Keeping(events=2), {"a": 1, "b": 1, "c": 1}, ["b", "c"]),
        (Keeping(ids=False, events=0), {}, []),
    ],
)
def test_the_books_keep_as_much_as_they_should(keeping: Keeping, ids: dict[str, int], events: list[str]) -> None:
    with Sandbox(conduct=Conduct(keeping=keeping)) as sandbox:
        post(sandbox.url, [purchase("a"), purchase("b"), purchase("c")])

        assert sandbox.accepted() == ids
        assert [event["event_id"] for event in sandbox.events()] == events
        assert sandbox.ledger.total() == 3


def test_an_unchecked_sandbox_counts_events_without_reading_them() -> None:
    with Sandbox(conduct=Conduct(is_checked=False, keeping=Keeping(ids=False, events=0))) as sandbox:
        tricky = purchase("a", surprise='"action_source":', custom_data={"text": '{"action_source":1}'})
        answer = post(sandbox.url, [tricky, purchase("b")])

    assert answer.values["events_received"] == 2
    assert sandbox.ledger.total() == 2


def test_waiting_ends_when_the_events_are_there_and_gives_up_when_they_are_not(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a"), purchase("b")])

    assert sandbox.wait_for(2, "12")
    assert not sandbox.wait_for(3, "12", seconds=0.01)


def test_a_connection_is_kept_alive(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase()]}).encode()
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    for _ in range(3):
        connection.request("POST", "/v25.0/12/events", body, {"Authorization": "Bearer sandbox-12"})
        assert connection.getresponse().read()
    connection.close()

    assert len({posted.connection for posted in sandbox.requests}) == 1


def test_a_chunked_request_is_read(sandbox: Sandbox) -> None:
    body = json.dumps({"data": [purchase("a")]}).encode()
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.request("POST", "/v25.0/12/events", iter([body[:50], body[50:]]), {"Authorization": "Bearer sandbox-12"})

    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: many",
        "Content-Length: -1",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF",
    ],
)
def test_a_body_without_an_end_costs_only_its_connection(
    sandbox: Sandbox, head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection((urlsplit(sandbox.url).hostname or "", urlsplit(sandbox.url).port or 0)) as raw:
        raw.sendall(f"POST /v25.0/12/events HTTP/1.1\r\n{head}\r\n\r\nxyz\r\n".encode())
        with suppress(ConnectionResetError):
            assert raw.recv(100) == b""

    assert post(sandbox.url, [purchase()]).status == 200
    assert capsys.readouterr().err == ""


def test_it_stops_while_a_client_is_connected_and_another_waits() -> None:
    sandbox = Sandbox()
    sandbox.start()
    idle = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    idle.connect()
    started = time.monotonic()

    sandbox.stop()

    assert time.monotonic() - started < 2
    idle.close()


def admin(sandbox: Sandbox, method: str, path: str, values: Any = None) -> Any:
    return call(sandbox.url, method, f"/_sandbox/{path}", None if values is None else json.dumps(values).encode())


def test_the_books_can_be_read_over_http(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("a")])
    post(sandbox.url, [purchase("b", event_time=1)], "13")

    assert admin(sandbox, "GET", "health").values == {"status": "ok", "events_accepted": 2}
    rows = {row["pixel"]: row for row in admin(sandbox, "GET", "ledger?ids=true").values["pixels"]}
    assert rows["12"]["event_ids"] == {"a": 2}
    assert rows["12"]["duplicates"] == 1
    assert rows["13"]["requests"] == {"too_old": 1}
    assert [event["event_id"] for event in admin(sandbox, "GET", "events?pixel=12").values] == ["a", "a"]
    assert [posted["pixel"] for posted in admin(sandbox, "GET", "requests?last=2").values] == ["12", "13"]


def test_the_books_can_be_cleared_over_http(sandbox: Sandbox) -> None:
    post(sandbox.url, [purchase("a")])

    assert admin(sandbox, "DELETE", "ledger").status == 200
    assert admin(sandbox, "GET", "ledger").values == {"pixels": [], "faults": {}, "warnings": {}}


def test_faults_can_be_ordered_and_cleared_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "faults", [{"name": "app_limit", "times": 1}, {"name": "transient"}])

    assert [fault["name"] for fault in admin(sandbox, "GET", "faults").values] == ["app_limit", "transient"]
    assert [post(sandbox.url, [purchase()]).error["code"] for _ in range(2)] == [4, 2]
    admin(sandbox, "DELETE", "faults")
    assert post(sandbox.url, [purchase()]).status == 200


def test_tokens_can_be_expired_and_renewed_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "tokens", {"pixel": "12", "expire_in_seconds": 0})
    assert post(sandbox.url, [purchase()]).error["code"] == 190

    assert admin(sandbox, "POST", "tokens", {"pixel": "12", "token": "fresh"}).values == {"12": "fresh"}
    assert post(sandbox.url, [purchase()], token="fresh").status == 200


def test_poison_can_be_ordered_and_cleared_over_http(sandbox: Sandbox) -> None:
    admin(sandbox, "POST", "poison", {"event_ids": ["a"], "error": "too_broad"})
    assert post(sandbox.url, [purchase("a")]).error["error_subcode"] == 2804050

    admin(sandbox, "DELETE", "poison")
    assert post(sandbox.url, [purchase("a")]).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "faults", {"name": "transent"}, 400, "Did you mean 'transient'?"),
        ("POST", "faults", {"name": "transient", "rate": 7}, 400, "from 0 to 1"),
        ("POST", "faults", {"name": "transient", "times": 0}, 400, "1 or more"),
        ("POST", "faults", {"name": "transient", "speed": 7}, 400, "no setting of a fault"),
        ("POST", "faults", {"name": "down"}, 400, "no fault of this server"),
        ("POST", "faults", {}, 400, "needs a name"),
        ("POST", "faults", 7, 400, "JSON object"),
        ("POST", "poison", {}, 400, "needs a prefix"),
        ("POST", "poison", {"prefix": "x", "error": "bad"}, 400, "no error of the API"),
        ("POST", "poison", {"event_ids": "x"}, 400, "array"),
        ("POST", "tokens", {"pixel": 12}, 400, "both strings"),
        ("POST", "tokens", {"pixel": "12", "token": "EAAB1"}, 400, "never give those"),
        ("GET", "nothing", None, 404, "/_sandbox/ledger"),
    ],
)
def test_a_wrong_order_says_what_is_wrong(
    sandbox: Sandbox, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = admin(sandbox, method, path, body)

    assert answer.status == status
    assert said in answer.values["error"]
