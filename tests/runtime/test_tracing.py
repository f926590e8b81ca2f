"""Traces: what is opened where they are on, and nothing at all where they are off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode

from services.runtime.tracing import UNTRACED, Tracing, carried, new_traceparent, trace_id


@dataclass
class Delivery:
    headers: Mapping[str, str]


def _sampled(number: int) -> Delivery:
    return Delivery({"traceparent": f"00-{number:032x}-{number:016x}-01"})


class Untouchable:
    """Headers of a batch that nobody may look at."""

    def __iter__(self) -> Iterator[Delivery]:
        raise AssertionError("traces are off")


def test_without_an_exporter_nothing_is_opened_or_looked_at() -> None:
    with UNTRACED.folding("fleet", Untouchable()), UNTRACED.append("EVT"):
        assert carried() == {}
    with UNTRACED.request("GET", "host", 443) as span:
        assert span is None
    # One object for all: what is not recorded is not even made.
    assert UNTRACED.append("EVT") is UNTRACED.statement("select 1")
    assert UNTRACED.request("GET", "a", 1) is UNTRACED.request("POST", "b", 2)


def _context(span: ReadableSpan) -> SpanContext:
    assert span.context is not None
    return span.context


@pytest.fixture
def exporter() -> SpanExporter:
    return InMemorySpanExporter()


def test_a_batch_has_spans_in_the_traces_of_its_first_events(
    exporter: InMemorySpanExporter,
) -> None:
    tracing = Tracing("projector", exporter)
    unsampled = [Delivery({"traceparent": new_traceparent()}), Delivery({})]
    batch = [*unsampled * 20, *(_sampled(number) for number in range(1, 101))]
    with tracing.folding("fleet", batch):
        pass
    tracing.close()
    spans = exporter.get_finished_spans()
    assert {_context(each).trace_id for each in spans} == set(range(1, 17))
    assert len(spans) == 32
    folds = {_context(each).span_id: each for each in spans if each.name == "fold fleet"}
    for written in (each for each in spans if each.name == "postgresql"):
        assert written.parent is not None
        fold = folds[written.parent.span_id]
        assert fold.parent is not None
        assert fold.parent.span_id == _context(written).trace_id, "each below its own event"


def test_a_batch_that_fails_says_so_without_its_text(exporter: InMemorySpanExporter) -> None:
    tracing = Tracing("projector", exporter)
    with pytest.raises(ValueError, match="hunter2"), tracing.folding("fleet", [_sampled(1)]):
        raise ValueError("hunter2")
    tracing.close()
    for span in exporter.get_finished_spans():
        assert span.status.status_code is StatusCode.ERROR
        assert "hunter2" not in span.to_json()


def test_what_is_handed_on_is_the_current_span(exporter: InMemorySpanExporter) -> None:
    tracing = Tracing("workers", exporter)
    with tracing.span("handle", None) as handle, tracing.request("GET", "host", 443):
        headers = carried()
    tracing.close()
    assert trace_id(headers["traceparent"]) == trace_id(handle)
    assert headers["traceparent"] != handle
