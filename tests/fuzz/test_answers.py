"""Any answer means something: no status, header or body makes its reader raise, or take longer than it is long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.answers import MESSAGE_CHARACTERS, read_gateway, read_graph
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected, Unavailable, Usage, fate
from capi_stream.delivery.waits import MAX_WAIT_SECONDS
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of

UNIX_NOW = 1_790_000_000.0
Reply = tuple[int, dict[str, str], bytes]


def understood(reply: Reply) -> None:
    """Both readers, and what becomes of batches of one and of several."""
    for read in (read_graph, read_gateway):
        outcome = read(*reply, UNIX_NOW)
        _holds(outcome)
        for size in (1, 2):
            fate(outcome, size, 1)


def _holds(outcome: Outcome) -> None:
    match outcome:
        case Accepted(received=count):
            assert count is None or count >= 0
        case Rejected(index=index):
            assert index is None or index >= 0
        case Unavailable(hold_seconds=hold):
            assert hold is None or 0 < hold <= MAX_WAIT_SECONDS
    assert outcome.answer is not None
    assert len(outcome.answer.message) <= MESSAGE_CHARACTERS
    usage = outcome.usage
    assert usage is None or isinstance(usage, Usage)


def reply_in(content: bytes) -> Reply:
    """A corpus file: the status, lines of headers, an empty line, the body."""
    head, _, body = content.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    return int(status), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize("file", corpus("answers"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    understood(reply_in(file.read_bytes()))


STATUSES = st.sampled_from([200, 202, 204, 301, 400, 401, 403, 404, 413, 429, 500, 502, 503, 599]) | st.integers()
NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, 4, 17, 100, 190, 200, 368, 80004, 2804003, 10**40])
WORDS = st.text(max_size=9) | st.sampled_from(["$['data'][3]", "$['data'][" + "9" * 40 + "]", "\ud800", "190", "-" * 9])
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
KEYS = st.sampled_from(
    [
        *("error", "events_received", "fbtrace_id", "code", "error_subcode", "is_transient", "message"),
        *("error_user_msg", "error_user_title", "error_data", "event_index", "messages", "call_count"),
        *("acc_id_util_pct", "reset_time_duration", "estimated_time_to_regain_access"),
    ]
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=12)
ERRORS = st.dictionaries(KEYS, JSON).map(lambda error: {"error": error})
TEXTS = (JSON | ERRORS).map(json.dumps)
DATES = st.sampled_from(["Tue, 24 Nov 2026 15:00:00 GMT", "Tue, 24 Nov 9999 23:59:59 -2359", "0 Jan 0 0:0:0 +999999"])
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "retry-after", "X-App-Usage", "X-Business-Use-Case-Usage", "x-ad-account-usage"])
    | st.text(max_size=9),
    TEXTS | DATES | NUMBERS.map(str) | st.text(max_size=30),
)
BODIES = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary()


@fuzzed(300)
@given(st.tuples(STATUSES, HEADERS, BODIES))
def test_any_answer(reply: Any) -> None:
    understood(reply)


@fuzzed(200)
@given(st.sampled_from(corpus("answers")), st.integers(min_value=0), st.binary(max_size=4))
def test_an_answer_with_a_few_bytes_changed(file: Path, at: int, put: bytes) -> None:
    status, headers, body = reply_in(file.read_bytes())
    at %= len(body) + 1
    understood((status, headers, body[:at] + put + body[at + len(put) :]))


@pytest.mark.parametrize("status", [200, 400, 502])
@pytest.mark.parametrize(
    ("prefix", "piece", "suffix"),
    [
        ("", " ", ""),
        ("", "<", ""),
        ("", "[", ""),
        ("", '{"error":', ""),
        ("", "\udcff", ""),
        ("[", "1,", "1]"),
        ("[", "9", "]"),
        ('{"error":{"code":"', "9", '"}}'),
        ('{"error":{"message":"', "$['data'][", '"}}'),
        ('{"error":{"message":"', "$['data'][999999999", '"}}'),
        ('{"error":{"error_data":"', " ", '"}}'),
        ('{"error":{"code":4,"fbtrace_id":"', "A", '"}}'),
        ('{"error":{"error_data":"', "[", '"}}'),
        ("{", '"error":{},', '"error":1}'),
    ],
)
def test_time_grows_with_the_body_and_no_faster(status: int, prefix: str, piece: str, suffix: str) -> None:
    def made(size: int) -> Reply:
        text = prefix + piece * (size // len(piece)) + suffix
        return status, {}, text.encode("utf-8", "surrogateescape")

    assert_linear(understood, made, 20_000)


@pytest.mark.parametrize("name", ["retry-after", "x-app-usage", "x-business-use-case-usage"])
@pytest.mark.parametrize(
    "piece", ["9", " ", "a", "a,", "(", ")", "-", "+1", ":", "1:", "Mon, ", "\u0663", "[", '{"a":', "0.", "\\", '"']
)
def test_time_grows_with_a_header_and_no_faster(name: str, piece: str) -> None:
    assert_linear(understood, lambda size: (503, {name: piece * (size // len(piece))}, b""), 5_000)
