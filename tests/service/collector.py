"""A collector of traces, on a real socket."""

from __future__ import annotations

import threading
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from capi_stream.sandbox.wire import Answer, Listener, Request


class Collector:
    """Takes spans by OTLP over HTTP, and keeps them."""

    def __init__(self) -> None:
        self._requests: list[ExportTraceServiceRequest] = []
        self._lock = threading.Lock()
        self._listener = Listener(self._answer)

    def _answer(self, request: Request) -> Answer:
        assert (request.path, request.headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        with self._lock:
            self._requests.append(ExportTraceServiceRequest.FromString(request.body))
        return Answer(200, content_type="application/x-protobuf")

    @property
    def settings(self) -> dict[str, Any]:
        return {"endpoint": f"{self._listener.url}/v1/traces", "service_name": "shop"}

    @property
    def bodies(self) -> list[bytes]:
        """All that was exported, as it came."""
        with self._lock:
            return [request.SerializeToString() for request in self._requests]

    @property
    def spans(self) -> list[Span]:
        """All that arrived."""
        with self._lock:
            requests = list(self._requests)
        return [
            span for request in requests for of in request.resource_spans for by in of.scope_spans for span in by.spans
        ]

    @property
    def services(self) -> set[str]:
        """Who sent them."""
        with self._lock:
            requests = list(self._requests)
        return {values(of.resource.attributes)["service.name"] for request in requests for of in request.resource_spans}

    def __enter__(self) -> Collector:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()


def values(attributes: Any) -> dict[str, Any]:
    """Attributes by name."""
    return {each.key: _value(each) for each in attributes}


def _value(attribute: KeyValue) -> Any:
    return getattr(attribute.value, attribute.value.WhichOneof("value") or "string_value")


def traceparent(number: int) -> str:
    """The header of a record that span `number` of trace `number` published."""
    return f"00-{number:032x}-{number:016x}-01"
