"""Graph's documented errors, row by row: the numbers decide, then is_transient, then a text."""

from __future__ import annotations

import pytest

from capi_stream.delivery.outcomes import Scope, Unavailable
from tests.delivery.answering import CREDENTIAL, ENDPOINT, PIXEL, envelope, gist, graph

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
