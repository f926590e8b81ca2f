"""Traces of the fleet over REST: searched and put together over many clusters."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.refusals import Code, Refused
from contracts.telemetry import DescribeTraces, GetTrace, SearchTraces
from gateway.auth.guards import READERS
from gateway.federation import sampling, service_map as maps, sharing, traces as federation
from gateway.federation.answers import Federated, Made, fielded
from gateway.federation.memory import Room
from gateway.federation.outcome import ClusterAnswer
from gateway.federation.sharing import Matter
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
    HEADERS,
    Asking,
    Clusters,
    End,
    Start,
    answers_of,
    asking,
    cluster_ids,
    shown,
    span_of,
    telling,
    window,
)
from gateway.rest.shared import AnyRequest, PageNumber, PageSize, Text, WithGate, field_error

_SEARCH = answers_of(TraceList, Code.INVALID_JSON, Code.INVALID_TRACEQL, Code.BODY_TOO_LARGE)
_WORDS = {"service_name", "operation_name", "min_duration_ms", "max_duration_ms", "tags"}
_MOST_NAME = 1_024
_OF_SPANS = frozenset({"spans", "critical_path"})
Sampled = Annotated[
    int, QueryParameter(ge=1, le=200, description="The newest traces that the map is made of.")
]


class _Spans(msgspec.Struct):
    """Of a whole trace as it is kept: its spans."""

    spans: list[msgspec.Raw]


@post("/search", operation_id="searchTraces", opt=READERS, summary="Search traces", status_code=200,
      response_headers=HEADERS, responses=_SEARCH)  # fmt: skip
async def search_traces(
    gate: WithGate, request: AnyRequest, data: JSONBody[TraceQuery]
) -> Response[TraceList]:
    """Traces of all chosen clusters, newest first, without their spans."""
    if data.trace_id is not None:
        return await _by_id(gate, request, data, data.trace_id)
    question = _question(gate, data)
    round_ = await asking(gate, request, data.cluster_ids, "tempo")
    told = (data.model_dump_json(exclude={"cluster_ids"}),)
    matter = Matter("traces", told, _kept_for(question))
    return telling(gate, await round_.about(matter, question, partial(_found, data.limit)))


@get("/services", operation_id="listTraceServices", summary="Services that traces know",
     opt=READERS, response_headers=HEADERS, responses=answers_of(NamesAnswer))  # fmt: skip
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
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    return await round_.names("trace_names", question, start_time, end_time)


@get("/operations", operation_id="listTraceOperations", summary="Operations that traces know",
     opt=READERS, response_headers=HEADERS, responses=answers_of(NamesAnswer))  # fmt: skip
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
    round_ = await asking(gate, request, cluster_ids(cluster_id), "tempo")
    return await round_.names("trace_names", question, start_time, end_time)


@get("/service-map", operation_id="getServiceMap", opt=READERS, summary="Which services call which",
     response_headers=HEADERS, responses=answers_of(ServiceMapAnswer))  # fmt: skip
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
    matter = Matter("service_map", (start_time, end_time, limit), _kept_for(question))
    return telling(gate, await round_.shared(matter, partial(_map, round_, question)))


@get("/{trace_id:str}", operation_id="getTrace", opt=READERS, summary="One trace",
     response_headers=HEADERS, responses=answers_of(WholeTrace, Code.NOT_FOUND))  # fmt: skip
async def get_trace(
    gate: WithGate, request: AnyRequest, trace_id: FromPath[str], cluster_id: Clusters = None
) -> Response[WholeTrace]:
    """A trace with all spans that any cluster has of it, and its critical path."""
    found = _there(await _trace(gate, request, trace_id, cluster_ids(cluster_id)), trace_id)
    return shown(gate, found, found.telling())


@get("/{trace_id:str}/spans", operation_id="listSpans", opt=READERS, summary="Spans of a trace",
     response_headers=HEADERS, responses=answers_of(SpanList, Code.NOT_FOUND))  # fmt: skip
async def list_spans(
    gate: WithGate,
    request: AnyRequest,
    trace_id: FromPath[str],
    cluster_id: Clusters = None,
    page: PageNumber = 1,
    page_size: PageSize = 100,
) -> Response[SpanList]:
    """The spans that any cluster has of a trace, in time order."""
    found = _there(await _trace(gate, request, trace_id, cluster_ids(cluster_id)), trace_id)
    spans = found.fields(_Spans).spans
    first = (page - 1) * page_size
    fields: dict[str, Any] = {
        "items": spans[first : first + page_size],
        "total": len(spans),
        "page": page,
        "page_size": page_size,
        "total_pages": -(-len(spans) // page_size),
    }
    return shown(gate, found, found.telling(fields))


async def _by_id(
    gate: Gate, request: AnyRequest, wanted: TraceQuery, trace_id: str
) -> Response[Any]:
    if wanted.traceql is not None or wanted.model_fields_set & _WORDS:
        raise field_error("trace_id", "cannot be searched for together with anything else")
    found = (await _trace(gate, request, trace_id, wanted.cluster_ids)).fields_or_refused()
    told = found.fields(dict[str, msgspec.Raw])
    summary = {name: value for name, value in told.items() if name not in _OF_SPANS}
    return shown(gate, found, found.telling({"traces": [summary] if summary else []}))


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


def _kept_for(question: SearchTraces) -> float:
    if question.start is None or question.end is None:
        return sharing.INSTANT
    return sharing.kept_for(question.start, question.end)


def _found(limit: int, answers: Sequence[ClusterAnswer]) -> Made:
    read, found = federation.searched(answers, limit)
    return fielded({"traces": found}, read)


async def _map(round_: Asking, question: SearchTraces, room: Room) -> Made:
    read, found = federation.searched(await round_.ask(question, room), question.limit)
    sample = await sampling.read_whole(
        round_.gate, found, read, room, seconds=round_.left, traceparent=round_.traceparent
    )
    made = maps.service_map(sample.traces)
    told = {"traces_found": len(found), "traces_read": len(sample.traces)}
    return fielded({"nodes": made.nodes, "edges": made.edges, **told}, sample.answers)


async def _trace(
    gate: Gate, request: AnyRequest, trace_id: str, wanted: Sequence[UUID]
) -> Federated:
    """All that is known of a trace; only ``spans``, which are none, where nobody has it."""
    if not re.fullmatch(TRACE_ID, trace_id):
        raise field_error("trace_id", "must be up to 32 hexadecimal digits")
    round_ = await asking(gate, request, wanted, "tempo")
    full = federation.full_id(trace_id)
    matter = Matter("trace", (full,), sharing.RANGE)
    return await round_.about(matter, GetTrace(trace_id=trace_id), partial(_united, full))


def _united(trace_id: str, answers: Sequence[ClusterAnswer]) -> Made:
    read, spans = federation.united(answers)
    if not spans:  # It may be on its way: that nobody has it is not kept.
        return fielded({"spans": []}, read, lasting=False)
    fields = msgspec.structs.asdict(federation.summary_of(trace_id, spans))
    fields["spans"] = [federation.view_of(span) for span in spans]
    fields["critical_path"] = federation.path_of(spans)
    return fielded(fields, read)


def _there(found: Federated, trace_id: str) -> Federated:
    """A trace that has spans; NOT_FOUND, saying who has not answered, if there are none."""
    whole = found.completeness
    if whole.code is not None:
        whole.or_refused({})
    if found.fields(_Spans).spans:
        return found
    text = f"no trace {federation.full_id(trace_id)} in {whole.clusters_succeeded} clusters"
    more = f"; {len(whole.missing)} have not answered" if whole.missing else ""
    raise Refused(Code.NOT_FOUND, text + more, whole.fields())


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
