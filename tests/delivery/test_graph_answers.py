"""What else Graph says: success, no answer of the API, which event it means, and what is kept for support."""

from __future__ import annotations

from typing import Any

import pytest

from capi_stream.delivery.outcomes import Accepted, Rejected, Scope, Unavailable
from capi_stream.delivery.words import MOST_CHARACTERS
from tests.delivery.answering import CREDENTIAL, ENDPOINT, HTML, PIXEL, envelope, gist, graph


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


@pytest.mark.parametrize("body", [envelope(100, message="limit " * 2_000), b"limit " * 2_000])
def test_long_messages_are_cut(body: bytes) -> None:
    assert len(graph(400, body).answer.message) == MOST_CHARACTERS


def test_what_a_message_quotes_is_left_out() -> None:
    answer = graph(400, envelope(100, message="Invalid parameter: ana.silva@example.com, 198.51.100.7")).answer
    assert answer.message == "Invalid parameter: …"


@pytest.mark.parametrize("trace", ["a b", "x" * 200, "<script>", 7, None, ""])
def test_what_does_not_look_like_a_trace_id_is_not_shown_as_one(trace: object) -> None:
    assert graph(400, envelope(100, fbtrace_id=trace), x_fb_trace_id="Header1").answer.fbtrace_id == "Header1"
