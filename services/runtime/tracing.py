"""Traces across HTTP, bus and database (W3C Trace Context, OpenTelemetry)."""

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.runtime.ids import new_trace_ids

_UNTRACED: AbstractContextManager[object] = nullcontext()
_NO_SPAN: AbstractContextManager[None] = nullcontext()
_PROPAGATOR = TraceContextTextMapPropagator()
_MOST_FOLLOWED = 16
"""Events of one batch that get spans: a batch has up to a thousand."""
_NOT_SAMPLED = "-00"
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")


class Headed(Protocol):
    """A message as far as traces look at it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""
        ...


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
        with _open(self._tracer, name, kind, {}, parent):
            sent: dict[str, str] = {}
            _PROPAGATOR.inject(sent)
            yield sent.get("traceparent") or new_traceparent()

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """A span around one statement to PostgreSQL, without its parameters; nothing if untraced.

        Attributes by OpenTelemetry's semantic conventions for database calls.
        """
        if self._tracer is None:
            return _UNTRACED
        attributes = {"db.system.name": "postgresql", "db.query.text": sql}
        return _open(self._tracer, "postgresql", SpanKind.CLIENT, attributes)

    def append(self, stream: str) -> AbstractContextManager[object]:
        """A span around an append, until it is durable; nothing if untraced."""
        if self._tracer is None:
            return _UNTRACED
        attributes = {"messaging.system": "nats", "messaging.destination.name": stream}
        return _open(self._tracer, f"append {stream}", SpanKind.PRODUCER, attributes)

    def request(self, method: str, host: str, port: int) -> AbstractContextManager[Span | None]:
        """A span around a request to another system, until the head of its answer.

        None if untraced. Of the address only the host: a path or a query may hold a secret.
        """
        if self._tracer is None:
            return _NO_SPAN
        attributes = {"http.request.method": method, "server.address": host, "server.port": port}
        return _open(self._tracer, method, SpanKind.CLIENT, attributes)

    def folding(
        self, projection: str, deliveries: Iterable[Headed]
    ) -> AbstractContextManager[object]:
        """Spans around the write of a batch, each in the trace of an event; nothing if untraced.

        Events beyond the first 16 that are traced have none: their share is in the metrics.
        """
        if self._tracer is None:
            return _UNTRACED
        told = (each.headers.get("traceparent") for each in deliveries)
        sampled = (each for each in told if each and not each.endswith(_NOT_SAMPLED))
        return _folding(self._tracer, projection, [*islice(sampled, _MOST_FOLLOWED)])

    def close(self) -> None:
        """Send what is pending."""
        if self._provider is not None:
            self._provider.shutdown()


@contextmanager
def _open(
    tracer: trace.Tracer,
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, str | int],
    parent: Context | None = None,
) -> Generator[Span]:
    """The current span of a block. Of an error only the type is told: its text may hold values."""
    with tracer.start_as_current_span(
        name,
        parent,
        kind,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def _folding(tracer: trace.Tracer, projection: str, traceparents: Iterable[str]) -> Generator[None]:
    spans: list[Span] = []
    for each in traceparents:
        within = _PROPAGATOR.extract({"traceparent": each})
        fold = tracer.start_span(f"fold {projection}", within, SpanKind.CONSUMER)
        write = tracer.start_span(
            "postgresql",
            trace.set_span_in_context(fold),
            SpanKind.CLIENT,
            {"db.system.name": "postgresql", "db.namespace": projection},
        )
        spans += [write, fold]
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        for span in spans:
            span.end()


def otlp(endpoint: str) -> SpanExporter | None:
    """The exporter to an OpenTelemetry collector over HTTP, None without an endpoint."""
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - 20 MB
        OTLPSpanExporter,
    )

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)


UNTRACED = Tracing("", None)
"""Of what runs without traces."""


def carried() -> dict[str, str]:
    """The headers that hand the current span on to another system; none without a span."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers


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
