"""What the API's answers mean: every row of its documented errors, and everything that is no answer of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery import answers
from capi_stream.delivery.answers import read_gateway, read_graph
from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.delivery.outcomes import POLICY, Accepted, Outcome, Rejected, Scope, Unavailable, Usage
from capi_stream.delivery.waits import read_usage, retry_after

NOON = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
PIXEL, CREDENTIAL, ENDPOINT = Scope.PIXEL, Scope.CREDENTIAL, Scope.ENDPOINT
HTML = b"<html><body>502 Bad Gateway</body></html>"


def envelope(code: object = None, subcode: object = None, **others: Any) -> bytes:
    """Graph's error envelope; None leaves a key out."""
    error = {"message": "Invalid parameter", "type": "OAuthException", "fbtrace_id": "A6U", **others}
    numbers = {"code": code, "error_subcode": subcode}
    return json.dumps(
        {"error": {**error, **{key: value for key, value in numbers.items() if value is not None}}}
    ).encode()


def graph(status: int, body: bytes, **headers: str) -> Outcome:
    return read_graph(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, NOON)


def gist(outcome: Outcome) -> tuple[str, Scope | None]:
    """What an outcome blames, and why; no scope where it blames the data."""
    assert not isinstance(outcome, Accepted)
    return outcome.reason, outcome.scope if isinstance(outcome, Unavailable) else None


GRAPH_ROWS: list[tuple[int, int | None, str, Scope | None]] = [
    (1, None, "unknown_error", PIXEL),
    (1, 99, "unknown_error", PIXEL),
    (2, None, "service_down", ENDPOINT),
    (5000, None, "unknown_error", PIXEL),
    (21009, None, "not_ready", PIXEL),
    (-3, None, "transient", PIXEL),
    (-3, 2804003, "transient", PIXEL),
    (341, None, "app_limit", CREDENTIAL),
    (368, None, "blocked", PIXEL),
    (4, None, "app_limit", CREDENTIAL),
    (4, 1504022, "app_limit", CREDENTIAL),
    (4, 1504039, "app_limit", CREDENTIAL),
    (17, None, "user_limit", CREDENTIAL),
    (17, 2446079, "user_limit", CREDENTIAL),
    (32, None, "user_limit", CREDENTIAL),
    (613, 1487742, "account_limit", CREDENTIAL),
    (613, 5044001, "account_limit", CREDENTIAL),
    (613, None, "blocked", CREDENTIAL),
    *[(code, subcode, "business_limit", CREDENTIAL) for code in range(80000, 80015) for subcode in (None, 2446079)],
    *[(190, subcode, "token_invalid", CREDENTIAL) for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 77)],
    (102, None, "token_invalid", CREDENTIAL),
    (104, None, "token_invalid", CREDENTIAL),
    (3, None, "permission_missing", PIXEL),
    (10, None, "permission_missing", PIXEL),
    *[(code, None, "permission_missing", PIXEL) for code in (200, 253, 294, 299)],
    (100, 33, "unknown_pixel", PIXEL),
    (100, 34, "unknown_pixel", PIXEL),
    (803, None, "unknown_pixel", PIXEL),
    (100, 2804003, "event_time_too_old", None),
    (100, 2804004, "event_time_in_future", None),
    (100, 2804001, "fbc_malformed", None),
    (100, 2804009, "purchase_without_value", None),
    (100, 2804016, "user_data_not_hashed", None),
    (100, 2804019, "malformed_parameter", None),
    (100, 2804050, "user_data_too_broad", None),
    (100, 2804007, "invalid_parameter", None),
    (100, 2804017, "invalid_parameter", None),
    (100, 2804048, "invalid_parameter", None),
    (100, 2804030, "ldu_incomplete", None),
    (100, 1815356, "invalid_parameter", None),
    (100, None, "invalid_parameter", None),
    (100, 123456, "invalid_parameter", None),
    (105, None, "too_many_parameters", None),
    (2500, None, "unclassified", PIXEL),
    (987654, 1, "unclassified", PIXEL),
]


@pytest.mark.parametrize(("code", "subcode", "reason", "scope"), GRAPH_ROWS)
def test_graph_errors_are_read_by_code_and_subcode(
    code: int, subcode: int | None, reason: str, scope: Scope | None
) -> None:
    assert gist(graph(400, envelope(code, subcode))) == (reason, scope)


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 429, 500, 503])
def test_a_known_code_beats_the_http_status(status: int) -> None:
    assert gist(graph(status, envelope(100, 2804003))) == ("event_time_too_old", None)
    assert gist(graph(status, envelope(4))) == ("app_limit", CREDENTIAL)


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (100, 2804003, "transient"),
        (100, None, "transient"),
        (100, 33, "transient"),
        (190, 463, "transient"),
        (987654, None, "transient"),
        (4, None, "app_limit"),
        (80004, 2446079, "business_limit"),
        (2, None, "service_down"),
        (1, None, "unknown_error"),
    ],
)
def test_is_transient_outweighs_all_but_outages_and_limits(code: int, subcode: int | None, reason: str) -> None:
    outcome = graph(400, envelope(code, subcode, is_transient=True))
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("code", "subcode", "message", "expected"),
    [
        (1, None, "Please reduce the amount of data you're asking for", ("too_large", None)),
        (1, 99, "Please reduce the amount of data you're asking for", ("too_large", None)),
        (100, None, "API calls from the server require an... requires an appsecret_proof argument",
         ("token_invalid", CREDENTIAL)),
        (100, 2804019, 'Unexpected key "requires an appsecret_proof argument"', ("malformed_parameter", None)),
        (100, 2804019, 'Unexpected key "reduce the amount of data"', ("malformed_parameter", None)),
    ],
)  # fmt: skip
def test_a_text_decides_only_where_no_number_does(
    code: int, subcode: int | None, message: str, expected: tuple[str, Scope | None]
) -> None:
    assert gist(graph(400, envelope(code, subcode, message=message))) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, b"", ("throttled", CREDENTIAL)),
        (429, HTML, ("throttled", CREDENTIAL)),
        (429, envelope(987654), ("throttled", CREDENTIAL)),
        (500, HTML, ("server_error", ENDPOINT)),
        (503, b"", ("server_error", ENDPOINT)),
        (500, envelope(987654), ("server_error", PIXEL)),
        (500, b'{"events_received":2}', ("server_error", ENDPOINT)),
        (200, b"", ("unreadable_answer", ENDPOINT)),
        (200, HTML, ("unreadable_answer", ENDPOINT)),
        (200, b'{"events_rec', ("unreadable_answer", ENDPOINT)),
        (200, b"{}", ("unreadable_answer", ENDPOINT)),
        (200, b"[1]", ("unreadable_answer", ENDPOINT)),
        (200, b'{"events_received":"2"}', ("unreadable_answer", ENDPOINT)),
        (200, b'{"events_received":true}', ("unreadable_answer", ENDPOINT)),
        (200, b'{"events_received":-1}', ("unreadable_answer", ENDPOINT)),
        (302, b'{"events_received":2}', ("unreadable_answer", ENDPOINT)),
        (400, HTML, ("unreadable_answer", ENDPOINT)),
        (400, b'{"events_received":2}', ("unreadable_answer", ENDPOINT)),
        (404, HTML, ("unreadable_answer", ENDPOINT)),
        (400, b'{"error":"went wrong"}', ("unclassified", PIXEL)),
        (400, b'{"error":["went wrong"]}', ("unclassified", PIXEL)),
        (400, envelope(None), ("unclassified", PIXEL)),
        (400, envelope(True), ("unclassified", PIXEL)),
        (400, envelope("190"), ("token_invalid", CREDENTIAL)),
        (200, b'{"events_received":2,"error":{"code":2}}', ("service_down", ENDPOINT)),
        (413, b"", ("too_large", None)),
        (413, HTML, ("too_large", None)),
        (413, envelope(190), ("too_large", None)),
    ],
)  # fmt: skip
def test_what_is_neither_success_nor_a_known_error_is_retried(
    status: int, body: bytes, expected: tuple[str, Scope | None]
) -> None:
    assert gist(graph(status, body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"events_received":2,"messages":[],"fbtrace_id":"A1b"}',
        b'{"events_received":2,"fbtrace_id":"A1b"}',
        b'{"events_received":2,"messages":["deprecated"],"error":null,"fbtrace_id":"A1b"}',
    ],
)
def test_success_is_an_integer_number_of_events_received(body: bytes) -> None:
    outcome = graph(200, body)
    assert isinstance(outcome, Accepted)
    assert (outcome.received, outcome.answer.fbtrace_id) == (2, "A1b")


@pytest.mark.parametrize(
    ("status", "body", "is_unknown"),
    [
        (500, HTML, True),
        (502, b"", True),
        (200, HTML, True),
        (200, b"{}", True),
        (500, envelope(1), True),
        (503, envelope(2), True),
        (400, envelope(2), False),
        (200, envelope(2), False),
        (400, HTML, False),
        (302, b"", False),
        (429, b"", False),
        (500, envelope(190), False),
        (500, envelope(4), False),
    ],
)
def test_a_5xx_and_a_success_that_cannot_be_read_leave_the_outcome_unknown(
    status: int, body: bytes, is_unknown: bool
) -> None:
    outcome = graph(status, body)
    assert isinstance(outcome, Unavailable)
    assert outcome.is_unknown is is_unknown


@pytest.mark.parametrize(
    ("others", "index"),
    [
        ({"message": 'Unexpected key "x" on param "$[\'data\'][7]"'}, 7),
        ({"error_user_msg": "The parameter $['data'][12]['custom_data']['contents'] must be an array."}, 12),
        ({"error_user_msg": "$['data'][3]['a']", "message": "$['data'][9]"}, 3),
        ({"error_data": {"event_index": 4}}, 4),
        ({"error_data": '{"event_index": 5}'}, 5),
        ({"error_data": {"event_index": True}}, None),
        ({"error_data": {"event_index": -1}}, None),
        ({"error_data": "not JSON"}, None),
        ({"error_data": {"blame_field_specs": [["data"]]}}, None),
        ({"message": "$['data'][99999999999999999999]"}, None),
        ({"message": 7, "error_user_msg": ["$['data'][1]"]}, None),
        ({}, None),
    ],
)
def test_the_event_that_the_api_names_is_found(others: dict[str, Any], index: int | None) -> None:
    outcome = graph(400, envelope(100, 2804019, **others))
    assert isinstance(outcome, Rejected)
    assert outcome.index == index


def test_an_answer_is_kept_with_all_that_support_asks_for() -> None:
    answer = graph(400, envelope(100, 2804003, error_user_title="Too Old", error_user_msg="Send it earlier")).answer
    assert (answer.status, answer.code, answer.subcode, answer.fbtrace_id) == (400, 100, 2804003, "A6U")
    assert answer.message == "Invalid parameter: Too Old: Send it earlier"


@pytest.mark.parametrize("body", [envelope(100, message="x" * 9_000), b"<" + b"x" * 9_000, "é".encode() * 9_000])
def test_messages_end_after_2048_characters(body: bytes) -> None:
    assert len(graph(400, body).answer.message) == 2_048


@pytest.mark.parametrize("trace", ["a b", "x" * 200, "<script>", 7, None, ""])
def test_what_does_not_look_like_a_trace_id_is_not_shown_as_one(trace: object) -> None:
    assert graph(400, envelope(100, fbtrace_id=trace), x_fb_trace_id="Header1").answer.fbtrace_id == "Header1"


GATEWAY_ROWS: list[tuple[int, bytes, str, Scope | None]] = [
    (401, b"", "token_invalid", CREDENTIAL),
    (403, b'{"error":"no"}', "token_invalid", CREDENTIAL),
    (404, b"", "unknown_pixel", PIXEL),
    (400, b'{"error":"bad"}', "invalid_parameter", None),
    (422, b"", "invalid_parameter", None),
    (413, HTML, "too_large", None),
    (429, b"", "throttled", CREDENTIAL),
    (500, b"", "server_error", ENDPOINT),
    (503, HTML, "server_error", ENDPOINT),
    (200, b'{"events_received":2}', "transient", ENDPOINT),
    (201, b"", "transient", ENDPOINT),
    (302, b"", "transient", ENDPOINT),
    (418, b"", "transient", ENDPOINT),
    (400, HTML, "unreadable_answer", ENDPOINT),
    (404, HTML, "unreadable_answer", ENDPOINT),
]


@pytest.mark.parametrize(("status", "body", "reason", "scope"), GATEWAY_ROWS)
def test_a_gateways_answer_is_read_by_its_status(status: int, body: bytes, reason: str, scope: Scope | None) -> None:
    assert gist(read_gateway(status, {}, body, NOON)) == (reason, scope)


@pytest.mark.parametrize("body", [b"", b"{}", b"anything"])
def test_a_gateway_accepts_with_202_and_counts_nothing(body: bytes) -> None:
    outcome = read_gateway(202, {}, body, NOON)
    assert isinstance(outcome, Accepted)
    assert outcome.received is None


def test_a_gateway_that_answers_200_may_have_accepted() -> None:
    outcome = read_gateway(200, {}, b"", NOON)
    assert isinstance(outcome, Unavailable)
    assert outcome.is_unknown


@pytest.mark.parametrize(
    ("outcome", "reason", "scope", "is_unknown"),
    [
        (answers.not_connected("refused"), "not_connected", ENDPOINT, False),
        (answers.connection_lost(), "connection_lost", ENDPOINT, True),
        (answers.timed_out(is_unknown=True), "timeout", ENDPOINT, True),
        (answers.timed_out(is_unknown=False), "timeout", ENDPOINT, False),
        (answers.answer_too_large(200), "answer_too_large", ENDPOINT, True),
        (answers.answer_too_large(400), "answer_too_large", ENDPOINT, False),
        (answers.token_unusable(), "token_invalid", CREDENTIAL, False),
    ],
)
def test_a_post_without_an_answer_is_unavailable(outcome: Outcome, reason: str, scope: Scope, is_unknown: bool) -> None:
    assert gist(outcome) == (reason, scope)
    assert isinstance(outcome, Unavailable)
    assert outcome.is_unknown is is_unknown


# How long to wait.


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("99999999999999999999", 3600.0),
        ("9" * 5_000, 3600.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 30.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", None),
        ("Tue, 14 Nov 2033 22:13:00 GMT", 3600.0),
        ("Tue, 99 Nov 2023 22:13:00 GMT", None),
        ("²", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_bounded(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOON) == seconds


@pytest.mark.parametrize(
    ("name", "value", "usage"),
    [
        ("x-app-usage", '{"call_count":28,"total_time":25,"total_cputime":31}', Usage(0.31)),
        ("x-ad-account-usage", '{"acc_id_util_pct":9.5,"reset_time_duration":100}', Usage(0.095)),
        ("x-ad-account-usage", '{"acc_id_util_pct":100,"reset_time_duration":100}', Usage(1.0, 100.0)),
        (
            "x-business-use-case-usage",
            '{"123":[{"type":"ads_management","call_count":118,"total_time":2,"estimated_time_to_regain_access":19}]}',
            Usage(1.18, 1140.0),
        ),
        (
            "x-business-use-case-usage",
            '{"1":[{"call_count":5}],"2":[{"total_time":50},{"total_cputime":60,"estimated_time_to_regain_access":0}]}',
            Usage(0.6),
        ),
        ("x-business-use-case-usage", '{"1":[{"estimated_time_to_regain_access":2}]}', Usage(1.0, 120.0)),
        ("x-business-use-case-usage", '{"1":[{"call_count":100,"estimated_time_to_regain_access":1e9}]}',
         Usage(1.0, 3600.0)),
        ("x-app-usage", "not JSON", None),
        ("x-app-usage", "[1]", None),
        ("x-app-usage", '{"call_count":"28"}', None),
        ("x-app-usage", '{"call_count":true,"total_time":-1}', None),
        ("x-app-usage", "\ud800", None),
    ],
)  # fmt: skip
def test_usage_headers_tell_the_highest_share_and_the_wait(name: str, value: str, usage: Usage | None) -> None:
    assert read_usage({name: value}) == usage


def test_a_limit_is_waited_out_as_long_as_the_longest_wait_named() -> None:
    usage = '{"1":[{"call_count":100,"estimated_time_to_regain_access":2}]}'
    outcome = graph(400, envelope(80004), retry_after="30", x_business_use_case_usage=usage)
    assert isinstance(outcome, Unavailable)
    assert outcome.hold_seconds == 120.0
    assert outcome.usage == Usage(1.0, 120.0)


def test_an_outage_waits_as_retry_after_says_and_does_not_heed_usage() -> None:
    usage = '{"1":[{"call_count":100,"estimated_time_to_regain_access":2}]}'
    outcome = graph(503, HTML, Retry_After="30", X_Business_Use_Case_Usage=usage)
    assert isinstance(outcome, Unavailable)
    assert outcome.hold_seconds == 30.0


def test_success_carries_the_usage_too() -> None:
    outcome = graph(200, b'{"events_received":1}', X_App_Usage='{"call_count":90}')
    assert outcome.usage == Usage(0.9)


# Total.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ERROR_KEYS = ["message", "code", "error_subcode", "is_transient", "error_user_msg", "error_data", "fbtrace_id"]
errors = json_values | st.dictionaries(st.sampled_from(ERROR_KEYS), json_values)
bodies = st.one_of(
    st.binary(),
    json_values.map(lambda value: json.dumps(value).encode()),
    errors.map(lambda value: json.dumps({"error": value}).encode()),
    json_values.map(lambda value: json.dumps({"events_received": value}).encode()),
    st.just(b"[" * 100_000),
)
HEADERS = ["Retry-After", "X-App-Usage", "x-business-use-case-usage", "X-AD-ACCOUNT-USAGE", "x-fb-trace-id"]
usage_texts = st.dictionaries(
    st.sampled_from(["call_count", "acc_id_util_pct", "reset_time_duration", "1"]),
    json_values | st.lists(st.dictionaries(st.just("estimated_time_to_regain_access"), json_values), max_size=2),
).map(json.dumps)
header_maps = st.dictionaries(st.sampled_from(HEADERS) | st.text(), st.text() | usage_texts, max_size=5)


@pytest.mark.parametrize("read", [read_graph, read_gateway])
@given(status=st.integers(-1, 1_000), headers=header_maps, body=bodies, unix_now=st.floats(0, 1e11))
def test_any_answer_gives_an_outcome_of_the_closed_set(
    read: Any, status: int, headers: dict[str, str], body: bytes, unix_now: float
) -> None:
    match read(status, headers, body, unix_now):
        case Accepted(received):
            assert 200 <= status < 300
            assert received is None or received >= 0
        case Rejected(reason, index):
            assert reason in REJECTIONS
            assert index is None or index >= 0
        case Unavailable(reason, hold_seconds=hold):
            assert reason in POLICY
            assert hold is None or 1.0 <= hold <= 3600.0
        case other:
            pytest.fail(f"{other!r} is no outcome")


@given(st.text() | st.dates().map(lambda day: f"{day:%a, %d %b %Y} 22:13:50 GMT"), st.floats(0, 1e11))
def test_any_retry_after_is_none_or_bounded(value: str, unix_now: float) -> None:
    seconds = retry_after(value, unix_now)
    assert seconds is None or 1.0 <= seconds <= 3600.0
