"""No answer and any answer: each gives an outcome of the closed set."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery import answers
from capi_stream.delivery.answers import read_gateway, read_graph
from capi_stream.delivery.error_table import REJECTIONS
from capi_stream.delivery.outcomes import POLICY, Accepted, Outcome, Rejected, Scope, Unavailable
from tests.delivery.answering import CREDENTIAL, ENDPOINT, gist


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
