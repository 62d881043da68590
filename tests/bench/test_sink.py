"""The benchmarks' sink: it counts, remembers when, and refuses a post with poison as the API would."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.processes import answers, asked, running, wait_until
from bench.sink import POISON_ID
from capi_stream.delivery.answers import read_graph
from capi_stream.delivery.outcomes import Accepted, Outcome, Rejected
from tests.real.broker import free_port


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    with running(["-m", "bench.sink", str(port), "0"], None, tmp_path / "log"):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}"), 30, "the sink answers")
        yield f"127.0.0.1:{port}"


def posted(sink: str, *event_ids: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(sink, timeout=10)
    events = [{"event_name": "Purchase", "event_id": event_id} for event_id in event_ids]
    connection.request("POST", "/v25.0/1/events", json.dumps({"data": events}, separators=(",", ":")))
    with connection.getresponse() as response:
        body = response.read()
    connection.close()
    return response.status, body


def test_what_was_accepted_is_told_with_when_and_which(sink: str) -> None:
    before = time.monotonic()
    for event_ids in [("n-0000000007", "n-0000000012"), ("another",)]:
        assert isinstance(outcome_of(*posted(sink, *event_ids)), Accepted)
    told, accepted = asked(f"http://{sink}"), asked(f"http://{sink}/answers")
    assert (told["events"], told["requests"], told["most_in_flight"]) == (3, 2, 1)
    assert [(events, numbers) for _, events, numbers in accepted] == [(2, [7, 12]), (1, [])]
    assert before < accepted[0][0] <= accepted[1][0] < time.monotonic()  # one clock for all processes


def test_a_post_with_poison_is_refused_whole_and_names_no_event(sink: str) -> None:
    outcome = outcome_of(*posted(sink, "one", f"{POISON_ID}2", "three"))
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.index) == ("malformed_parameter", None)
    posted(sink, f"{POISON_ID}2")
    told = asked(f"http://{sink}")
    assert (told["events"], told["requests"], told["refused_alone"]) == (0, 2, 1)


def outcome_of(status: int, body: bytes) -> Outcome:
    return read_graph(status, {}, body, 0.0)
