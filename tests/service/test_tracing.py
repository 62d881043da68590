"""A running service with a collector of spans beside it: what arrives there, and what does not wait for it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from capi_stream.sandbox.faults import Fault
from tests.builders import PIXEL
from tests.real.clients import wait_until
from tests.service.collector import Collector, traceparent, values
from tests.service.shop import Shop, fresh, logged


def test_each_post_is_a_span_with_links_to_the_records_traces(shop: Shop) -> None:
    with Collector() as collector:
        member = shop.run(tracing=collector.settings)
        for number in range(1, 11):
            events = [fresh(f"order-{number}-{each}") for each in range(2)]
            shop.publish(events, headers=[("traceparent", traceparent(number).encode())])
        shop.publish([fresh("order-none"), fresh("order-bad")], headers=[("traceparent", b"bad")])
        shop.wait_until_committed()
        assert member.stop(60) == 0
    assert collector.services == {"shop"}
    linked = {(link.trace_id.hex(), link.span_id.hex()) for span in collector.spans for link in span.links}
    assert linked == {(f"{number:032x}", f"{number:016x}") for number in range(1, 11)}
    assert sum(values(span.attributes)["capi_stream.events"] for span in collector.spans) == 22
    assert len(collector.spans) == len(shop.sandbox.requests)
    for span in collector.spans:
        said = values(span.attributes)
        assert (span.name, span.kind) == ("POST /v25.0/{pixel}/events", Span.SPAN_KIND_CLIENT)
        assert said["url.full"] == f"{shop.sandbox.url}/v25.0/{PIXEL}/events"
        assert (said["capi_stream.outcome"], said["http.response.status_code"]) == ("accepted", 200)
        assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 30e9
        for secret in (shop.sandbox.token(str(PIXEL)).encode(), b"order-", b"Ana", b"example.com"):
            assert secret not in span.SerializeToString()


def test_an_attempt_that_fails_is_an_error_and_the_next_has_the_same_links(shop: Shop) -> None:
    shop.sandbox.next(Fault("transient"))
    with Collector() as collector:
        member = shop.run(tracing=collector.settings)
        shop.publish([fresh("order-1")], headers=[("traceparent", traceparent(7).encode())])
        shop.wait_until_committed()
        assert member.stop(60) == 0
    first, second = sorted(collector.spans, key=lambda span: span.start_time_unix_nano)
    assert [values(span.attributes)["capi_stream.attempt"] for span in (first, second)] == [1, 2]
    assert [span.status.code for span in (first, second)] == [Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET]
    assert values(first.attributes)["error.type"] == first.status.message == "service_down"
    assert [link.trace_id for link in first.links] == [link.trace_id for link in second.links] == [(7).to_bytes(16)]


@contextmanager
def no_collector(*, hangs: bool) -> Iterator[str]:
    """A collector's address where connections are refused, or wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        if not hangs:
            deaf.close()
        yield f"http://127.0.0.1:{port}/v1/traces"


PATIENCE_SECONDS = 25.0  # OpenTelemetry itself would wait for the collector for 30


def deliver_a_lot(shop: Shop) -> None:
    """Ten times fifty orders, each accepted once and without delay."""
    began = time.monotonic()
    for part in range(10):
        events = (fresh(f"order-{part}-{number}") for number in range(50))
        shop.publish(events, headers=[("traceparent", traceparent(9).encode())])
    shop.wait_until_committed(60)
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert shop.accepted() == {f"order-{part}-{number}": 1 for part in range(10) for number in range(50)}


def test_a_collector_that_hangs_slows_neither_deliveries_nor_the_stop(shop: Shop) -> None:
    with no_collector(hangs=True) as endpoint:
        member = shop.run(tracing={"endpoint": endpoint})
        deliver_a_lot(shop)
        began = time.monotonic()
        assert member.stop(60) == 0
        assert time.monotonic() - began < PATIENCE_SECONDS
    assert shop.committed == shop.ends


def test_a_collector_that_is_not_there_is_told_of_once_and_changes_nothing(shop: Shop) -> None:
    with no_collector(hangs=False) as endpoint:
        member = shop.run(tracing={"endpoint": endpoint})
        deliver_a_lot(shop)
        wait_until(lambda: len(logged(member, "traces_not_sent")) == 1, 15, "the log tells of it")
        assert member.metrics().total("gate_holding") == 0
        assert member.stop(60) == 0
    (line,) = logged(member, "traces_not_sent")
    assert line["endpoint"] == endpoint
    assert "refused" in line["detail"]
    assert shop.committed == shop.ends
