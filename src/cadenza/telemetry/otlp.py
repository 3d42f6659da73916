"""Spans to a collector over OTLP/HTTP, by the OpenTelemetry SDK (the extra ``telemetry``)."""

from __future__ import annotations

from datetime import datetime

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from cadenza.telemetry import Place, Span

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("cadenza")


class Otlp:
    """``Tracer`` that sends in batches from a thread of its own; a collector that is away costs spans."""

    is_on = True

    def __init__(self, url: str, *, process: str) -> None:
        self._resource = Resource.create({"service.name": "cadenza", "cadenza.process": process})
        self._batches = BatchSpanProcessor(OTLPSpanExporter(endpoint=url), schedule_delay_millis=1000)

    def tell(self, span: Span) -> None:
        """Queue one span."""
        self._batches.on_end(
            ReadableSpan(
                name=span.name,
                context=_context(span.place),
                parent=None if span.parent is None else _context(span.parent),
                resource=self._resource,
                attributes=dict(span.attributes),
                links=() if span.link is None else (Link(_context(span.link)),),
                kind=SpanKind.SERVER if span.is_request else SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR if span.is_failed else StatusCode.UNSET),
                start_time=_ns(span.began_at),
                end_time=_ns(span.ended_at),
                instrumentation_scope=_SCOPE,
            )
        )

    def close(self) -> None:
        """Send what is queued."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]


def _context(place: Place) -> SpanContext:
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=True, trace_flags=_SAMPLED)


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
