"""Spans of posts: what is in them, what is not, and that nothing waits for whoever collects them."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from structlog.testing import capture_logs

from capi_stream.delivery.batches import Batch, Entry
from capi_stream.delivery.ledger import RecordCounts
from capi_stream.delivery.offsets import OffsetTracker, Ticket
from capi_stream.delivery.outcomes import Accepted, Answer, Outcome, Rejected, Scope, Unavailable
from capi_stream.endpoints.shadow import ShadowPosters
from capi_stream.model import Destination, Headers
from capi_stream.observability.settings import TracingSettings
from capi_stream.observability.tracing import MOST_LINKS, Sender, Tracing, read
from capi_stream.outlets import TracedPosting
from capi_stream.sandbox.wire import Answer as Reply
from capi_stream.sandbox.wire import Listener, Request
from tests.builders import PIXEL, ROOT, event, record

GRAPH, GATEWAY = Destination(PIXEL), Destination(PIXEL, "gateway")
URLS = {
    GRAPH: f"https://graph.facebook.com/v25.0/{PIXEL}/events",
    GATEWAY: f"http://gateway:8080/here/capi/{PIXEL}/events",
}
TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CONFIG = """
kafka: {common: {bootstrap.servers: "localhost:9092"}, consumer: {group.id: capi-stream}}
topics: {commerce.events: {framing: bare, writer_schema_files: [%s]}}
dead_letters: {topic: dead-letters}
parked: {topic: parked}
pixels: {"1": {token: EAA}}
"""


def a_traceparent(number: int) -> bytes:
    return b"00-%032x-%016x-01" % (number + 1, number + 1)


def a_batch(*headers: Headers, destination: Destination = GRAPH, attempts: int = 1) -> Batch:
    """A batch of as many events as there are `headers`, each of a record with those."""
    entries = []
    for offset, each in enumerate(headers):
        source = record(b"", offset=offset, headers=each)
        entries.append(Entry(event(), Ticket(OffsetTracker(source.partition, 0, RecordCounts()), source), 0.0))
    return Batch(destination, entries, sum(len(entry.event.body) + 1 for entry in entries), attempts)


def spans_of(*posts: tuple[Batch, Outcome], sample_ratio: float = 1.0) -> tuple[ReadableSpan, ...]:
    """The spans of `posts`, one after the other."""
    memory = InMemorySpanExporter()
    tracing = Tracing(memory, TracingSettings("http://collector", sample_ratio, "shop"), URLS)
    for batch, outcome in posts:
        tracing.began(batch)
        tracing.ended(batch, outcome)
    tracing.close(5.0)
    return memory.get_finished_spans()


def span_of(batch: Batch, outcome: Outcome | None = None) -> ReadableSpan:
    (span,) = spans_of((batch, outcome or Accepted(len(batch.entries))))
    return span


def links_of(*headers: Headers) -> list[bytes]:
    """The links of one batch's span, as `traceparent` has them."""
    links = span_of(a_batch(*headers)).links
    return [
        b"00-%032x-%016x-%02x" % (to.trace_id, to.span_id, to.trace_flags) for to in (each.context for each in links)
    ]


# What is in a span.


def test_a_span_is_named_after_the_path_and_not_after_the_pixel() -> None:
    assert span_of(a_batch(())).name == "POST /v25.0/{pixel}/events"
    assert span_of(a_batch((), destination=GATEWAY)).name == "POST /here/capi/{pixel}/events"


def test_a_span_says_what_was_posted_and_what_was_answered() -> None:
    batch = a_batch((), (), attempts=3)
    span = span_of(batch, Accepted(2, Answer(200, fbtrace_id="Abc")))
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "server.address": "graph.facebook.com",
        "server.port": 443,
        "url.full": URLS[GRAPH],
        "url.template": "/v25.0/{pixel}/events",
        "http.response.status_code": 200,
        "capi_stream.pixel": PIXEL,
        "capi_stream.endpoint": "graph",
        "capi_stream.events": 2,
        "capi_stream.events_bytes": batch.size_bytes,
        "capi_stream.attempt": 3,
        "capi_stream.outcome": "accepted",
        "capi_stream.fbtrace_id": "Abc",
    }
    assert (span.kind, span.parent) == (SpanKind.CLIENT, None)
    assert span.resource.attributes["service.name"] == "shop"


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Accepted(1, Answer(200)), StatusCode.UNSET, None),
        (Rejected("event_time_too_old", answer=Answer(400)), StatusCode.ERROR, "event_time_too_old"),
        (Unavailable("timeout", Scope.ENDPOINT), StatusCode.ERROR, "timeout"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Outcome) else "",
)
def test_what_was_not_accepted_is_an_error_with_its_reason(
    outcome: Outcome, status: StatusCode, reason: str | None
) -> None:
    span = span_of(a_batch(()), outcome)
    attributes = span.attributes or {}
    assert attributes["capi_stream.outcome"] == type(outcome).__name__.lower()
    assert (span.status.status_code, span.status.description, attributes.get("error.type")) == (status, reason, reason)


def test_a_span_holds_nothing_of_a_record_but_the_trace_that_it_names() -> None:
    batch = a_batch([("traceparent", TRACEPARENT), ("email", b"ana@example.com")])
    outcome = Rejected("invalid", answer=Answer(400, message="ana@example.com is no email"))
    text = span_of(batch, outcome).to_json()
    assert TRACEPARENT[3:35].decode() in text
    for secret in ("ana", "order-1001", "event_name", "no email"):
        assert secret not in text


def test_each_attempt_is_a_span_and_a_trace_of_its_own() -> None:
    batch = a_batch([("traceparent", TRACEPARENT)])
    first, second = spans_of((batch, Unavailable("timeout", Scope.PIXEL)), (batch, Accepted(1)))
    assert first.context != second.context
    assert first.context is not None
    assert second.context is not None
    assert first.context.trace_id != second.context.trace_id
    assert [len(span.links) for span in (first, second)] == [1, 1]


# Links.


def test_each_trace_is_linked_once_and_in_the_records_order() -> None:
    one, two = a_traceparent(1), a_traceparent(2)
    again = one[:-2] + b"00"  # the same span, not sampled
    assert links_of(
        [("traceparent", two)], [("traceparent", one)], [("traceparent", two)], [("traceparent", again)]
    ) == [
        two,
        one,
    ]


def test_records_without_a_trace_have_no_link() -> None:
    assert links_of((), [("tracestate", TRACEPARENT)], [("traceparent", None)]) == []


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\xfe",
        b"0af7651916cd43dd8448eb211c80319c",
        TRACEPARENT[:-1],
        TRACEPARENT + b"-00",
        TRACEPARENT.upper(),
        b"ff" + TRACEPARENT[2:],
        b"00-" + b"0" * 32 + TRACEPARENT[35:],
        TRACEPARENT[:36] + b"0" * 16 + b"-01",
    ],
)
def test_a_header_that_is_no_trace_context_is_ignored(value: bytes) -> None:
    assert links_of([("traceparent", value)], [("traceparent", TRACEPARENT)]) == [TRACEPARENT]


def test_of_many_traces_the_first_are_linked() -> None:
    many = [a_traceparent(number) for number in range(1_000)]
    assert links_of(*([("traceparent", each)] for each in many)) == many[:MOST_LINKS]


@given(
    st.binary(max_size=80) | st.from_regex(rb"[0-9a-fF]{2}-[0-9a-f]{31,33}-[0-9a-f]{16}-[0-9a-f]{2}.?", fullmatch=True)
)
@example(TRACEPARENT)
@example(b"01" + TRACEPARENT[2:] + b"-more")
def test_any_bytes_name_a_span_or_none(value: bytes) -> None:
    context = read(value)
    if context is not None:
        assert b"-%032x-%016x-" % (context.trace_id, context.span_id) in value
        assert context.is_valid
        assert context.is_remote


# What it must never cost.


def test_one_module_knows_opentelemetry() -> None:
    knowing = [path for path in (ROOT / "capi_stream").rglob("*.py") if "from opentelemetry" in path.read_text()]
    assert [path.name for path in knowing] == ["tracing.py"]


def config(folder: Path, text: str = "") -> Path:
    path = folder / "capi-stream.yaml"
    path.write_text(CONFIG % (ROOT / "avro/commerce_event.avsc") + text)
    return path


MAKE = """
import sys
from pathlib import Path
from capi_stream.config.loading import read
from capi_stream.endpoints.tokens import Tokens
from capi_stream.outlets import live
settings = read(Path(sys.argv[1]), {}).settings
made = live(settings, Tokens(settings.posters.credentials, 5.0))
print(type(made.posters).__name__, any(name.startswith("opentelemetry") for name in sys.modules), flush=True)
import os; os._exit(0)
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Posters False"),
        ("tracing:\n", "Posters False"),
        ("tracing: {endpoint: 'http://127.0.0.1:9/v1/traces'}\n", "TracedPosting True"),
    ],
)
def test_without_the_setting_nothing_stands_between_loop_and_posters_and_nothing_is_imported(
    tmp_path: Path, text: str, told: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MAKE, config(tmp_path, text)], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.strip() == told, run.stderr


def test_without_the_extra_the_setting_is_a_mistake_that_names_it(tmp_path: Path) -> None:
    text = "import sys; sys.modules['opentelemetry'] = None; from capi_stream.cli import main; main()"
    path = config(tmp_path, "tracing: {endpoint: 'http://127.0.0.1:9/v1/traces'}\n")
    run = subprocess.run(
        [sys.executable, "-c", text, "config", "--config", path], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 2
    assert "tracing: OpenTelemetry, which this needs, is not installed" in run.stderr
    assert "pip install capi-stream[tracing]" in run.stderr


def test_what_is_not_sampled_is_not_kept() -> None:
    unread: Headers = Unread()
    assert spans_of((a_batch(unread), Accepted(1)), sample_ratio=0.0) == ()


class Unread(tuple[tuple[str, bytes | None], ...]):
    """Headers that nobody may look at."""

    def __iter__(self) -> Iterator[tuple[str, bytes | None]]:
        raise AssertionError


def test_what_is_out_at_the_end_is_told_as_such() -> None:
    memory = InMemorySpanExporter()
    tracing = Tracing(memory, TracingSettings("http://collector"), URLS)
    tracing.began(a_batch(()))
    tracing.close(5.0)
    (span,) = memory.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "not_awaited")


def test_traced_posting_makes_a_span_of_each_post_and_sends_the_last_when_it_closes() -> None:
    memory = InMemorySpanExporter()
    posting = TracedPosting(ShadowPosters(), Tracing(memory, TracingSettings("http://collector"), URLS))
    batches = [a_batch(()), a_batch(())]
    for batch in batches:
        posting.submit(batch)
    assert [batch for batch, _ in posting.answers()] == batches
    assert posting.close(time.monotonic())
    assert [(span.attributes or {})["capi_stream.outcome"] for span in memory.get_finished_spans()] == ["accepted"] * 2


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1/traces"


@pytest.fixture(params=["closed", "hanging"])
def unreachable(request: pytest.FixtureRequest) -> Iterator[str]:
    """A collector's address where nobody answers."""
    before = set(threading.enumerate())
    if request.param == "closed":
        yield closed_port()
    else:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            yield f"http://127.0.0.1:{deaf.getsockname()[1]}/v1/traces"
    for thread in set(threading.enumerate()) - before:
        thread.join(20)  # it draws from `random` for its retries, which Hypothesis would take for a test that is flaky
        assert not thread.is_alive(), thread.name


def test_nobody_waits_for_a_collector_that_does_not_answer(unreachable: str) -> None:
    tracing = Tracing(Sender(unreachable), TracingSettings(unreachable), URLS)
    batch = a_batch([("traceparent", TRACEPARENT)])
    began = time.monotonic()
    for _ in range(2_000):  # eight times what waits at most
        tracing.began(batch)
        tracing.ended(batch, Accepted(1))
    tracing.close(0.2)
    assert time.monotonic() - began < 2.0  # one send alone may take 3


def test_an_exporter_that_breaks_changes_nothing() -> None:
    class Broken(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            raise OSError

    tracing = Tracing(Broken(), TracingSettings("http://collector"), URLS)
    batch = a_batch(())
    tracing.began(batch)
    tracing.ended(batch, Accepted(1))
    tracing.close(5.0)


def test_the_log_says_once_that_spans_are_refused_and_once_that_they_are_taken_again() -> None:
    statuses = iter((200, 401, 401, 200, 200))

    def answer(_: Request) -> Reply:
        return Reply(next(statuses))

    (span,) = spans_of((a_batch(()), Accepted(1)))
    with Listener(answer) as collector, capture_logs() as lines:
        sender = Sender(f"{collector.url}/v1/traces")
        results = [sender.export([span]) for _ in range(5)]
        sender.shutdown()
    assert [result.name for result in results] == ["SUCCESS", "FAILURE", "FAILURE", "SUCCESS", "SUCCESS"]
    assert [line["event"] for line in lines] == ["traces_not_sent", "traces_sent"]
    assert "401" in lines[0]["detail"]
    assert lines[0]["endpoint"] == f"{collector.url}/v1/traces"
