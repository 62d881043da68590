"""A span for each post, linked to the traces that its records came from. docs/tracing.md says what is in it.

The one module that knows OpenTelemetry, which is an extra: it is imported only where `tracing` is set. Spans leave by a
thread of OpenTelemetry's own. What becomes of them changes nothing here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from capi_stream import __version__
from capi_stream.delivery.batches import Batch
from capi_stream.delivery.outcomes import Accepted, Outcome
from capi_stream.model import Destination
from capi_stream.observability.settings import TracingSettings

log = structlog.get_logger("capi_stream")

MOST_LINKS = 128  # OpenTelemetry's own bound of one span
WAITING_SPANS = 256  # with all their links 21 MB (636 bytes a link, measured); beyond it the oldest are lost
SENT_TOGETHER = 64
SEND_EVERY_SECONDS = 1.0
SEND_SECONDS = 3.0  # with all retries: a collector is near, and more spans wait behind

_TRACE_CONTEXT = TraceContextTextMapPropagator()
_NO_PARENT = Context()


class _Kind(NamedTuple):
    """What all posts to one destination share."""

    name: str
    attributes: Mapping[str, str | int]


class Tracing:
    """The spans of the posts that are out. Belongs to the loop's thread.

    `urls` says where each destination's posts go, without a secret in it.
    """

    def __init__(self, exporter: SpanExporter, settings: TracingSettings, urls: Mapping[Destination, str]) -> None:
        self._kinds = {destination: _kind(destination, url) for destination, url in urls.items()}
        self._open: dict[Batch, Span] = {}
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(settings.sample_ratio),
            resource=Resource.create({"service.name": settings.service_name, "service.version": __version__}),
            shutdown_on_exit=False,  # it would wait for a collector that does not answer
            span_limits=SpanLimits(max_links=MOST_LINKS),
        )
        sending = BatchSpanProcessor(
            exporter,
            max_queue_size=WAITING_SPANS,
            schedule_delay_millis=SEND_EVERY_SECONDS * 1_000,
            max_export_batch_size=SENT_TOGETHER,
        )
        self._provider.add_span_processor(sending)
        self._tracer = self._provider.get_tracer("capi_stream", __version__)

    def began(self, batch: Batch) -> None:
        """`batch` is handed out to be posted."""
        kind = self._kinds[batch.destination]
        span = self._tracer.start_span(kind.name, _NO_PARENT, SpanKind.CLIENT, kind.attributes)
        if not span.is_recording():
            return  # by the sample: its records' headers are not looked at
        span.set_attributes(
            {
                "capi_stream.events": len(batch.entries),
                "capi_stream.events_bytes": batch.size_bytes,
                "capi_stream.attempt": batch.attempts,
            }
        )
        for context in islice(origins(batch), MOST_LINKS):
            span.add_link(context)
        self._open[batch] = span

    def ended(self, batch: Batch, outcome: Outcome) -> None:
        """`batch` was answered, or could not be."""
        span = self._open.pop(batch, None)
        if span is None:
            return
        answer = outcome.answer
        if answer.status is not None:
            span.set_attribute("http.response.status_code", answer.status)
        if answer.fbtrace_id is not None:
            span.set_attribute("capi_stream.fbtrace_id", answer.fbtrace_id)
        span.set_attribute("capi_stream.outcome", type(outcome).__name__.lower())
        if not isinstance(outcome, Accepted):
            _fail(span, outcome.reason)
        span.end()

    def close(self, seconds: float) -> None:
        """Give what is still out no more time, and the last spans `seconds` to leave."""
        for span in self._open.values():
            _fail(span, "not_awaited")
            span.end()
        self._open.clear()
        # The provider's own end waits 30 s for a collector that hangs: a thread may, which dies with the process.
        last = threading.Thread(target=self._provider.shutdown, name="tracing-end", daemon=True)
        last.start()
        last.join(seconds)


def _kind(destination: Destination, url: str) -> _Kind:
    """The name and attributes of a post, by OpenTelemetry's conventions for spans of HTTP clients."""
    at = urlsplit(url)
    template = at.path.removesuffix(f"/{destination.pixel}/events") + "/{pixel}/events"
    attributes: dict[str, str | int] = {
        "http.request.method": "POST",
        "server.address": at.hostname or "",
        "server.port": at.port or (443 if at.scheme == "https" else 80),
        "url.full": url,
        "url.template": template,
        "capi_stream.pixel": destination.pixel,
        "capi_stream.endpoint": destination.endpoint,
    }
    return _Kind(f"POST {template}", attributes)


def _fail(span: Span, reason: str) -> None:
    span.set_attribute("error.type", reason)
    span.set_status(Status(StatusCode.ERROR, reason))


def origins(batch: Batch) -> Iterator[SpanContext]:
    """The distinct spans that the records of `batch` name in `traceparent` headers, in their order."""
    values = dict.fromkeys(
        value
        for entry in batch.entries
        for name, value in entry.ticket.record.headers
        if name == "traceparent" and value is not None
    )
    seen: set[tuple[int, int]] = set()
    for value in values:
        context = read(value)
        if context is not None and (context.trace_id, context.span_id) not in seen:
            seen.add((context.trace_id, context.span_id))
            yield context


def read(traceparent: bytes) -> SpanContext | None:
    """The span that a header names; None for one that is no W3C trace context. Total."""
    carrier = {"traceparent": traceparent.decode("ascii", "replace")}
    context = get_current_span(_TRACE_CONTEXT.extract(carrier, _NO_PARENT)).get_span_context()
    return context if context.is_valid else None


class Sender(SpanExporter):
    """Sends spans by OTLP over HTTP; logs when that begins to fail, with the first cause, and when it works again."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._otlp = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS)
        self._words = _FirstWords()
        theirs = logging.getLogger("opentelemetry.exporter")  # a line for each failure and each retry
        theirs.handlers[:] = [self._words]
        theirs.propagate = False
        self._works = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`, once more and again if need be; they are lost if that takes too long."""
        self._words.text = ""
        result = self._otlp.export(spans)
        works = result is SpanExportResult.SUCCESS
        if works and not self._works:
            log.info("traces_sent", endpoint=self._endpoint)
        elif self._works and not works:
            effect = "spans are lost; deliveries go on"
            log.warning("traces_not_sent", endpoint=self._endpoint, detail=self._words.text, effect=effect)
        self._works = works
        return result

    def shutdown(self) -> None:
        """Retry no more."""
        self._otlp.shutdown()  # type: ignore[no-untyped-call]


class _FirstWords(logging.Handler):
    """Keeps the first text since `text` was emptied."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = self.text or record.getMessage()
