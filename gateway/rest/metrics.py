"""Metrics of the fleet over REST."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from contracts.refusals import Code
from contracts.telemetry import Described
from gateway.auth.guards import READERS, reads_of
from gateway.federation import metrics as federation
from gateway.federation.metrics import DescriptionWanted, MetricsWanted, Steps
from gateway.gate import Gate
from gateway.rest.documented_metrics import (
    MetricAnswer,
    MetricMetadata,
    MetricNames,
    MetricQuery,
    MetricSeriesFound,
)
from gateway.rest.federated import HEADERS, answers_of, duration_seconds, fresh, shown
from gateway.rest.shared import AnyRequest, Several, WithGate, field_error, ids

_CODES = (Code.INVALID_PROMQL, Code.BUS_UNAVAILABLE)
Match = Annotated[
    list[str] | None, QueryParameter(name="match[]", description="Selectors; may be repeated.")
]
Limit = Annotated[int | None, QueryParameter(ge=1, le=1_000_000)]
Timeout = Annotated[int, QueryParameter(ge=1, le=300, description="Seconds.")]
Moment = Annotated[datetime | None, QueryParameter(description="RFC 3339.")]
Metric = Annotated[str | None, QueryParameter(min_length=1, description="Only of this metric.")]


@post("/query", operation_id="queryMetrics", summary="PromQL at one time", status_code=200,
      opt=READERS, response_headers=HEADERS,
      responses=answers_of(MetricAnswer, *_CODES))  # fmt: skip
async def query_metrics(
    gate: WithGate, request: AnyRequest, data: JSONBody[MetricQuery]
) -> Response[MetricAnswer]:
    """Evaluate PromQL in each cluster at ``end_time``; 206 where not all of them answered."""
    return await _queried(gate, _wanted(request, data, None))


@post("/query_range", operation_id="queryMetricsRange", opt=READERS, summary="PromQL over a range",
      status_code=200, response_headers=HEADERS,
      responses=answers_of(MetricAnswer, *_CODES))  # fmt: skip
async def query_metrics_range(
    gate: WithGate, request: AnyRequest, data: JSONBody[MetricQuery]
) -> Response[MetricAnswer]:
    """Evaluate PromQL in each cluster at every step; 206 where not all of them answered."""
    steps = Steps(_seconds(data.step), data.start_time, data.end_time)
    return await _queried(gate, _wanted(request, data, steps))


@get("/series", operation_id="listMetricSeries", summary="Series", response_headers=HEADERS,
     opt=READERS, responses=answers_of(MetricSeriesFound, *_CODES))  # fmt: skip
async def list_series(
    gate: WithGate,
    request: AnyRequest,
    match: Match = None,
    cluster_id: Several = None,
    start: Moment = None,
    end: Moment = None,
    limit: Limit = None,
    timeout: Timeout = 30,
) -> Response[MetricSeriesFound]:
    """The label sets of all series that a selector matches, each with its ``cluster``."""
    wanted = DescriptionWanted(
        Described.SERIES,
        ids("cluster_id", cluster_id),
        match=tuple(match or ()),
        start=_zoned("start", start),
        end=_zoned("end", end),
        limit=limit,
        **_about(request, timeout),
    )
    return await _described(gate, wanted)


@get("/labels", operation_id="listMetricLabels", opt=READERS, summary="Names of labels",
     response_headers=HEADERS, responses=answers_of(MetricNames, *_CODES))  # fmt: skip
async def list_labels(
    gate: WithGate,
    request: AnyRequest,
    match: Match = None,
    cluster_id: Several = None,
    start: Moment = None,
    end: Moment = None,
    limit: Limit = None,
    timeout: Timeout = 30,
) -> Response[MetricNames]:
    """The names of labels that any of the clusters has."""
    wanted = DescriptionWanted(
        Described.LABELS,
        ids("cluster_id", cluster_id),
        match=tuple(match or ()),
        start=_zoned("start", start),
        end=_zoned("end", end),
        limit=limit,
        **_about(request, timeout),
    )
    return await _described(gate, wanted)


@get("/label/{name:str}/values", operation_id="listMetricLabelValues", summary="Values of a label",
     opt=READERS, response_headers=HEADERS, responses=answers_of(MetricNames, *_CODES))  # fmt: skip
async def list_label_values(
    gate: WithGate,
    request: AnyRequest,
    name: FromPath[str],
    match: Match = None,
    cluster_id: Several = None,
    start: Moment = None,
    end: Moment = None,
    limit: Limit = None,
    timeout: Timeout = 30,
) -> Response[MetricNames]:
    """The values that a label has in any of the clusters."""
    wanted = DescriptionWanted(
        Described.LABEL_VALUES,
        ids("cluster_id", cluster_id),
        match=tuple(match or ()),
        label=name,
        start=_zoned("start", start),
        end=_zoned("end", end),
        limit=limit,
        **_about(request, timeout),
    )
    return await _described(gate, wanted)


@get("/metadata", operation_id="getMetricMetadata", summary="Type, help and unit of metrics",
     opt=READERS, response_headers=HEADERS,
     responses=answers_of(MetricMetadata, *_CODES))  # fmt: skip
async def get_metadata(
    gate: WithGate,
    request: AnyRequest,
    metric: Metric = None,
    cluster_id: Several = None,
    limit: Limit = None,
    timeout: Timeout = 30,
) -> Response[MetricMetadata]:
    """What is known of each metric, over all clusters."""
    wanted = DescriptionWanted(
        Described.METADATA,
        ids("cluster_id", cluster_id),
        metric=metric,
        limit=limit,
        **_about(request, timeout),
    )
    return await _described(gate, wanted)


async def _described(gate: Gate, wanted: DescriptionWanted) -> Response[Any]:
    found = (await federation.describe(gate, wanted)).or_refused()
    return shown(gate, found, found.described())


async def _queried(gate: Gate, wanted: MetricsWanted) -> Response[Any]:
    found = (await federation.query(gate, wanted)).or_refused()
    return shown(gate, found, found.pieces())


def _wanted(request: AnyRequest, asked: MetricQuery, steps: Steps | None) -> MetricsWanted:
    return MetricsWanted(
        asked.query,
        asked.cluster_ids,
        time=None if steps else asked.end_time,
        steps=steps,
        aggregation=asked.aggregation,
        **_about(request, asked.timeout),
    )


def _about(request: AnyRequest, timeout: float) -> dict[str, Any]:
    return {
        "timeout": timeout,
        "fresh": fresh(request),
        "mine": reads_of(request),
        "traceparent": request.scope["state"].get("traceparent"),
    }


def _seconds(step: str) -> float:
    seconds = duration_seconds(step)
    if seconds == 0:
        raise field_error("step", "must be a duration such as 15s, 1m or 1h")
    return seconds


def _zoned(name: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise field_error(name, "must have a time zone, for example 2026-01-31T12:00:00Z")
    return moment


metrics = Router(
    "/metrics",
    route_handlers=[
        query_metrics,
        query_metrics_range,
        list_series,
        list_labels,
        list_label_values,
        get_metadata,
    ],
    tags=["Observability"],
)
