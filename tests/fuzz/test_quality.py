"""Any answer of the Dataset Quality API means something, and can be shown as a table and as lines."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.cli.quality import lines, table
from capi_stream.endpoints.dataset_quality import FIELDS, MOST_SCORE, Quality, read
from capi_stream.endpoints.quality_poller import ended
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of


def understood(status: int, body: bytes) -> None:
    said = read(status, body)
    assert all(ended(said))
    for line in lines.of("12", "http://api", said):
        assert "\n" not in line
        json.loads(line)
    for line in table.of("12", "http://api", said):
        assert line == "" or line.isprintable()
    if isinstance(said, Quality):
        for event in said.events:
            assert event.score is None or 0 <= event.score <= MOST_SCORE
            shares = [event.coverage, *(each.coverage for each in event.identifiers)]
            assert all(share is None or (share >= 0 and math.isfinite(share)) for share in shares)


@pytest.mark.parametrize("file", corpus("quality"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    understood(200, file.read_bytes())


NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 100, 190, 200, 1e308, 10**40, -0.0])
WORDS = st.text(max_size=9) | st.sampled_from(["\x1b[2J", "\u202e", "\n", "\ud800", "email", "real_time"])
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
KEYS = st.sampled_from(sorted(set(FIELDS.replace("{", ",").replace("}", ",").split(",")) - {""}))
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=12)
PERCENTAGE = st.fixed_dictionaries({}, optional={"percentage": LEAVES, "goal_percentage": LEAVES, "description": JSON})
QUALITY = st.fixed_dictionaries(
    {},
    optional={
        "composite_score": LEAVES,
        "match_key_feedback": st.lists(
            st.fixed_dictionaries({}, optional={"identifier": LEAVES, "coverage": PERCENTAGE | JSON}), max_size=3
        ),
        "diagnostics": JSON
        | st.lists(st.dictionaries(st.sampled_from(["name", "solution", "total_event_count"]), LEAVES), max_size=2),
    },
)
ROWS = st.fixed_dictionaries(
    {}, optional={"event_name": LEAVES, "event_match_quality": QUALITY | JSON, "event_coverage": PERCENTAGE}
)
ANSWERS = JSON | st.fixed_dictionaries({"web": JSON | st.lists(ROWS | JSON, max_size=3)})
BODIES = ANSWERS.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")) | st.binary()


@fuzzed(300)
@given(st.sampled_from([200, 204, 302, 400, 403, 500]) | st.integers(), BODIES)
def test_any_answer(status: int, body: bytes) -> None:
    understood(status, body)


@fuzzed(200)
@given(st.sampled_from(corpus("quality")), st.integers(min_value=0), st.binary(max_size=4))
def test_an_answer_with_a_few_bytes_changed(file: Path, at: int, put: bytes) -> None:
    body = file.read_bytes()
    at %= len(body) + 1
    understood(200, body[:at] + put + body[at + len(put) :])


@pytest.mark.parametrize(
    ("prefix", "piece", "suffix"),
    [
        ("", "[", ""),
        ("", '{"web":', ""),
        ('{"web":[', "{},", "{}]}"),
        ('{"web":[{"event_name":"', "a ", '"}]}'),
        ('{"web":[{"event_match_quality":{"match_key_feedback":[', "{},", "{}]}}]}"),
        ('{"web":[{"event_match_quality":{"diagnostics":[{"solution":"', "ab ", '"}]}}]}'),
    ],
)
def test_time_grows_with_the_body_and_no_faster(prefix: str, piece: str, suffix: str) -> None:
    def work(body: Any) -> None:
        read(200, body)

    assert_linear(work, lambda size: (prefix + piece * (size // len(piece)) + suffix).encode(), 5_000)
