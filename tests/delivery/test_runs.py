"""The text beside a committed offset: what is written is read back, and nothing else is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.runs import LIMIT_CHARACTERS, Runs, Unread, read, written

OFFSETS = st.integers(0, 2**63 - 1)


def runs_from(start: int, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Rising runs above `start`, from gaps and lengths."""
    runs, at = [], start
    for gap, length in pairs:
        runs.append((at + gap, at + gap + length))
        at += gap + length
    return runs


@given(OFFSETS, st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), max_size=50))
def test_what_is_written_is_read_back(committed: int, pairs: list[tuple[int, int]]) -> None:
    runs = runs_from(committed, pairs)
    found = read(written(committed, runs), committed)
    assert isinstance(found, Runs)
    assert list(found.above(0)) == runs
    for start, end in runs:
        assert start in found
        assert end - 1 in found
        assert start - 1 not in found
        assert end not in found


def test_more_runs_than_the_broker_takes_are_cut_and_what_is_left_is_true() -> None:
    runs = runs_from(0, [(1_000, 1)] * 5_000)
    text = written(0, runs)
    found = read(text, 0)
    assert len(text) <= LIMIT_CHARACTERS
    assert isinstance(found, Runs)
    kept = list(found.above(0))
    assert 900 < len(kept) < 5_000
    assert kept == runs[: len(kept)]


def test_nothing_settled_is_no_text() -> None:
    assert written(7, []) == ""
    assert isinstance(read("", 7), Runs)


TEXT = written(7, [(9, 12)])


@pytest.mark.parametrize(
    ("text", "committed", "reason"),
    [
        ("written by another tool", 7, "foreign"),
        ("cs2:AAAA", 7, "newer"),
        ("cs1:", 7, "damaged"),
        ("cs1:!!!", 7, "damaged"),
        (TEXT[:-1], 7, "damaged"),
        (TEXT[:5] + ("A" if TEXT[5] != "A" else "B") + TEXT[6:], 7, "damaged"),
        (TEXT, 8, "other_offset"),
        (TEXT, 6, "other_offset"),
    ],
)
def test_a_text_that_is_not_surely_ours_says_nothing(text: str, committed: int, reason: str) -> None:
    assert read(text, committed) == Unread(reason)


@given(st.text(max_size=60), OFFSETS)
def test_no_text_makes_the_reader_raise(text: str, committed: int) -> None:
    for each in (text, "cs1:" + text):
        found = read(each, committed)
        assert isinstance(found, Unread) or not found
