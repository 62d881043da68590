"""How long to wait, by Retry-After and the usage headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.outcomes import Unavailable, Usage
from capi_stream.delivery.waits import read_usage, retry_after
from tests.delivery.answering import HTML, NOON, envelope, graph


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


@given(st.text() | st.dates().map(lambda day: f"{day:%a, %d %b %Y} 22:13:50 GMT"), st.floats(0, 1e11))
def test_any_retry_after_is_none_or_bounded(value: str, unix_now: float) -> None:
    seconds = retry_after(value, unix_now)
    assert seconds is None or 1.0 <= seconds <= 3600.0
