"""Traces across HTTP, bus and database (W3C Trace Context, OpenTelemetry)."""

import re
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.runtime.ids import new_trace_ids

_UNTRACED: AbstractContextManager[object] = nullcontext()
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")


class Tracing:
    """Opens spans where an exporter is set, and hands the trace on in any case."""

    def __init__(self, part: str, exporter: SpanExporter | None) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer | None = None
        if exporter is not None:
            resource = Resource.create({"service.name": f"aiops-{part}"})
            self._provider = TracerProvider(resource=resource)
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
            self._tracer = self._provider.get_tracer("aiops")

    @contextmanager
    def span(
        self, name: str, traceparent: str | None, kind: SpanKind = SpanKind.INTERNAL
    ) -> Generator[str]:
        """A span below ``traceparent`` or the current one; yields the traceparent to hand on."""
        if self._tracer is None:
            yield valid_traceparent(traceparent) or new_traceparent()
            return
        carrier = {"traceparent": traceparent} if traceparent else None
        parent = _PROPAGATOR.extract(carrier) if carrier else None
        with self._tracer.start_as_current_span(name, context=parent, kind=kind):
            sent: dict[str, str] = {}
            _PROPAGATOR.inject(sent)
            yield sent.get("traceparent") or new_traceparent()

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """A span around one statement to PostgreSQL, without its parameters; nothing if untraced.

        Attributes by OpenTelemetry's semantic conventions for database calls.
        """
        if self._tracer is None:
            return _UNTRACED
        return self._tracer.start_as_current_span(
            "postgresql",
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": sql},
        )

    def close(self) -> None:
        """Send what is pending."""
        if self._provider is not None:
            self._provider.shutdown()


def otlp(endpoint: str) -> SpanExporter | None:
    """The exporter to an OpenTelemetry collector over HTTP, None without an endpoint."""
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - 20 MB
        OTLPSpanExporter,
    )

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)


def new_traceparent() -> str:
    """The start of a new trace that nobody records."""
    trace_id, span_id = new_trace_ids()
    return f"00-{trace_id}-{span_id}-00"


def valid_traceparent(text: str | None) -> str | None:
    """The header if it is well-formed, None otherwise."""
    return text if text is not None and _TRACEPARENT.match(text) else None


def trace_id(traceparent: str) -> str:
    """The trace id in a traceparent."""
    return traceparent[3:35]
