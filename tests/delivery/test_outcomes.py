"""What becomes of a batch, and how long failures wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.outcomes import POLICY, Accepted, Fate, Outcome, Rejected, Scope, Unavailable, backoff, fate

UNKNOWN_ERROR = Unavailable("unknown_error", Scope.PIXEL)


@pytest.mark.parametrize(
    ("outcome", "size", "attempts", "expected"),
    [
        (Accepted(3), 3, 1, Fate.SETTLE),
        (Rejected("event_time_too_old"), 1, 1, Fate.DEAD_LETTER),
        (Rejected("event_time_too_old"), 2, 1, Fate.SPLIT),
        (Unavailable("transient", Scope.PIXEL), 1_000, 99, Fate.RETRY),
        (UNKNOWN_ERROR, 2, 3, Fate.RETRY),
        (UNKNOWN_ERROR, 2, 4, Fate.SPLIT),
        (UNKNOWN_ERROR, 1, 99, Fate.RETRY),
    ],
)
def test_fate_follows_outcome_size_and_attempts(outcome: Outcome, size: int, attempts: int, expected: Fate) -> None:
    assert fate(outcome, size, attempts) is expected


@pytest.mark.parametrize("reason", sorted(POLICY))
@given(attempts=st.integers(1, 1_000))
def test_an_unavailable_answer_never_dead_letters(reason: str, attempts: int) -> None:
    assert fate(Unavailable(reason, Scope.PIXEL), 1, attempts) is Fate.RETRY


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_keeps_its_jitter_and_its_cap(attempt: int, jitter: float) -> None:
    seconds = backoff(attempt, jitter, base=0.5, cap=300.0)
    whole = min(300.0, 0.5 * 2.0 ** min(attempt - 1, 100))
    assert whole / 2 <= seconds <= whole
