"""Traces of the fleet over REST: searched and put together over many clusters."""

import re
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.refusals import Code, Refused
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from gateway.federation import logs, sampling, service_map as maps, traces as federation
from gateway.federation.completeness import completeness
from gateway.federation.otlp import Span
from gateway.federation.outcome import ClusterAnswer
from gateway.federation.traceql import Wanted, traceql
from gateway.gate import Gate
from gateway.rest.documented_logs import NamesAnswer
from gateway.rest.documented_traces import (
    TRACE_ID,
    ServiceMapAnswer,
    SpanList,
    TraceList,
    TraceQuery,
    WholeTrace,
)
from gateway.rest.federated import (
    Asking,
    Clusters,
    End,
    Start,
    answers_of,
    asking,
    cluster_ids,
    span_of,
    window,
)
from gateway.rest.shared import AnyRequest, PageNumber, PageSize, Text, WithGate, field_error

_SEARCH = answers_of(TraceList, Code.INVALID_JSON, Code.INVALID_TRACEQL, Code.BODY_TOO_LARGE)
_WORDS = {"service_name", "operation_name", "min_duration_ms", "max_duration_ms", "tags"}
_MOST_NAME = 1_024
Sampled = Annotated[
    int, QueryParameter(ge=1, le=200, description="The newest traces that the map is made of.")
]


@post("/search", operation_id="searchTraces", summary="Search traces", status_code=200,
      responses=_SEARCH)  # fmt: skip
async def search_traces(
    gate: WithGate, request: AnyRequest, data: JSONBody[TraceQuery]
) -> Response[TraceList]:
    """Traces of all chosen clusters, newest first, without their spans."""
    if data.trace_id is not None:
        return await _by_id(gate, request, data, data.trace_id)
    question = _question(gate, data)
    round_ = await asking(gate, request, data.cluster_ids, "tempo")
    read, found = federation.searched(await round_.ask(question), data.limit)
    return round_.answer(read, {"traces": found})


@get("/services", operation_id="listTraceServices", summary="Services that traces know",
     responses=answers_of(NamesAnswer))  # fmt: skip
async def trace_services(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: Clusters = None,
    start_time: Start = None,
    end_time: End = None,
) -> Response[NamesAnswer]:
    """Names of services that have spans in any cluster."""
    since, until = span_of(gate, start_time, end_time)
    question = DescribeTraces(attribute="service.name", start=since, end=until)
    return await _names(gate, request, cluster_id, question)


@get("/operations", operation_id="listTraceOperations", summary="Operations that traces know",
     responses=answers_of(NamesAnswer))  # fmt: skip
async def trace_operations(
    gate: WithGate,
    request: AnyRequest,
    service_name: Text = None,
    cluster_id: Clusters = None,
    start_time: Start = None,
    end_time: End = None,
) -> Response[NamesAnswer]:
    """Names of spans in any cluster, of all services or of one."""
    if service_name is not None and len(service_name) > _MOST_NAME:
        raise field_error("service_name", f"has at most {_MOST_NAME} characters")
    since, until = span_of(gate, start_time, end_time)
    question = DescribeTraces(
        attribute="name", service=service_name or None, start=since, end=until
    )
    return await _names(gate, request, cluster_id, question)


@get("/service-map", operation_id="getServiceMap", summary="Which services call which",
     responses=answers_of(ServiceMapAnswer))  # fmt: skip
async def service_map(
    gate: WithGate,
    request: AnyRequest,
    cluster_id: Clusters = None,
    start_time: Start = None,
    end_time: End = None,
    limit: Sampled = 50,
) -> Response[ServiceMapAnswer]:
    """Calls between services with errors and durations, of the newest traces of a window."""
    since, until = window(gate, start_time, end_time)
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    question = SearchTraces(traceql=traceql(Wanted()), start=since, end=until, limit=limit)
    read, found = federation.searched(await round_.ask(question), limit)
    sample = await sampling.read_whole(
        gate, found, read, seconds=round_.left, traceparent=round_.traceparent
    )
    made = maps.service_map(sample.traces)
    told = {"traces_found": len(found), "traces_read": len(sample.traces)}
    return round_.answer(sample.answers, {"nodes": made.nodes, "edges": made.edges, **told})


@get("/{trace_id:str}", operation_id="getTrace", summary="One trace",
     responses=answers_of(WholeTrace, Code.NOT_FOUND))  # fmt: skip
async def get_trace(
    gate: WithGate, request: AnyRequest, trace_id: FromPath[str], cluster_id: Clusters = None
) -> Response[WholeTrace]:
    """A trace with all spans that any cluster has of it, and its critical path."""
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    read, spans = await _spans(round_, trace_id)
    fields = msgspec.structs.asdict(federation.summary_of(trace_id, spans))
    fields["spans"] = [federation.view_of(span) for span in spans]
    fields["critical_path"] = federation.path_of(spans)
    return round_.answer(read, fields)


@get("/{trace_id:str}/spans", operation_id="listSpans", summary="Spans of a trace",
     responses=answers_of(SpanList, Code.NOT_FOUND))  # fmt: skip
async def list_spans(
    gate: WithGate,
    request: AnyRequest,
    trace_id: FromPath[str],
    cluster_id: Clusters = None,
    page: PageNumber = 1,
    page_size: PageSize = 100,
) -> Response[SpanList]:
    """The spans that any cluster has of a trace, in time order."""
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    read, spans = await _spans(round_, trace_id)
    first = (page - 1) * page_size
    fields: dict[str, Any] = {
        "items": [federation.view_of(span) for span in spans[first : first + page_size]],
        "total": len(spans),
        "page": page,
        "page_size": page_size,
        "total_pages": -(-len(spans) // page_size),
    }
    return round_.answer(read, fields)


async def _by_id(
    gate: Gate, request: AnyRequest, wanted: TraceQuery, trace_id: str
) -> Response[Any]:
    if wanted.traceql is not None or wanted.model_fields_set & _WORDS:
        raise field_error("trace_id", "cannot be searched for together with anything else")
    round_ = await asking(gate, request, wanted.cluster_ids, "tempo")
    read, spans = federation.united(await round_.ask(GetTrace(trace_id=trace_id)))
    found = [federation.summary_of(trace_id, spans)] if spans else []
    return round_.answer(read, {"traces": found})


def _question(gate: Gate, wanted: TraceQuery) -> SearchTraces:
    start, end = window(gate, wanted.start_time, wanted.end_time)
    if wanted.traceql is not None and wanted.model_fields_set & _WORDS:
        raise field_error("traceql", "cannot be given together with names, durations or tags")
    least, most = wanted.min_duration_ms, wanted.max_duration_ms
    if least is not None and most is not None and least > most:
        raise field_error("min_duration_ms", "must not be above max_duration_ms")
    meant = Wanted(wanted.service_name, wanted.operation_name, least, most, wanted.tags)
    text = wanted.traceql or traceql(meant)
    return SearchTraces(traceql=text, start=start, end=end, limit=wanted.limit)


async def _spans(round_: Asking, trace_id: str) -> tuple[list[ClusterAnswer], list[Span]]:
    """A trace's spans; NOT_FOUND, saying who has not answered, if there are none."""
    if not re.fullmatch(TRACE_ID, trace_id):
        raise field_error("trace_id", "must be up to 32 hexadecimal digits")
    read, spans = federation.united(await round_.ask(GetTrace(trace_id=trace_id)))
    if spans:
        return read, spans
    whole = completeness(read).or_refused({})
    told = whole.fields()
    text = f"no trace {federation.full_id(trace_id)} in {whole.clusters_succeeded} clusters"
    more = f"; {len(whole.missing)} have not answered" if whole.missing else ""
    raise Refused(Code.NOT_FOUND, text + more, told)


async def _names(
    gate: Gate, request: AnyRequest, cluster_id: list[str] | None, question: DescribeTraces
) -> Response[Any]:
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    read, found = logs.names(await round_.ask(question))
    return round_.answer(read, {"data": found})


traces = Router(
    "/traces",
    route_handlers=[
        search_traces,
        trace_services,
        trace_operations,
        service_map,
        get_trace,
        list_spans,
    ],
    tags=["Observability"],
)
