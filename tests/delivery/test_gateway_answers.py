"""A gateway's answers, which have no error codes: the HTTP status decides."""

from __future__ import annotations

import pytest

from capi_stream.delivery.answers import read_gateway
from capi_stream.delivery.outcomes import Accepted, Scope, Unavailable
from tests.delivery.answering import CREDENTIAL, ENDPOINT, HTML, NOON, PIXEL, gist

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
