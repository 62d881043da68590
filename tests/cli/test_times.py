"""Times as people write them, and what they are told where they wrote none."""

from __future__ import annotations

import pytest

from capi_stream.cli.times import unix_time, unix_time_or_ago
from capi_stream.cli.usage import UsageError

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1_800), ("6h", 21_600), ("2d", 172_800), ("1w", 604_800), ("0w", 0)],
)
def test_a_time_may_be_so_long_ago(text: str, seconds: int) -> None:
    assert unix_time_or_ago(text, NOON) == NOON - seconds


@pytest.mark.parametrize("text", ["1D", "1.5h", "-1d", "", "w", "1y", "٣d", "1000000d", "soon"])
def test_where_it_may_the_forms_are_named(text: str) -> None:
    with pytest.raises(UsageError, match="or how long ago it was: 90s, 30m, 6h, 2d, 1w") as raised:
        unix_time_or_ago(text, NOON)
    assert text in str(raised.value)


def test_a_time_of_another_century_is_told_the_forms_too() -> None:
    with pytest.raises(UsageError, match=r"no time from 1970 to 9999.*30m"):
        unix_time_or_ago("-5", NOON)


@pytest.mark.parametrize("text", ["1w", "90s", "soon"])
def test_where_it_may_not_they_are_not(text: str) -> None:
    with pytest.raises(UsageError, match=r"write one such as 2026-01-01T12:00:00Z\.$"):
        unix_time(text)


def test_a_time_is_the_same_with_and_without_its_zone() -> None:
    assert {unix_time(each) for each in ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00", str(NOON))} == {NOON}
